// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "sei_writer.hpp"

#include "signet/core/ensure.hpp"

#include "sei_reader.hpp"
#include "tlv.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace signet::video {

namespace {

constexpr std::byte k_stop{0x80};
constexpr std::array k_onvif_version{std::byte{25}, std::byte{12}, std::byte{0}};  // of the specification
constexpr std::array k_axis_version{std::byte{2}, std::byte{3}, std::byte{0}};
constexpr std::size_t k_text_size_bytes_max = 255;

void put8(Bytes& to, std::size_t value) { to.push_back(static_cast<std::byte>(value)); }

void put16(Bytes& to, std::size_t value) {
  std::array<std::byte, 2> bytes{};
  put_be16(bytes, static_cast<std::uint16_t>(value));
  append(to, bytes);
}

void put32(Bytes& to, std::uint32_t value) {
  std::array<std::byte, 4> bytes{};
  put_be32(bytes, value);
  append(to, bytes);
}

void put64(Bytes& to, std::int64_t value) {
  std::array<std::byte, 8> bytes{};
  put_be64(bytes, static_cast<std::uint64_t>(value));
  append(to, bytes);
}

void put_text(Bytes& to, std::string_view text) {
  text = text.substr(0, k_text_size_bytes_max);
  put8(to, text.size());
  append(to, as_bytes(text));
}

/// A tag with a length of two bytes; make() refuses options that would need more.
void put_tag(Bytes& to, std::uint8_t tag, const Bytes& value) {
  ensure(value.size() <= std::numeric_limits<std::uint16_t>::max(), "a tag fits its length");
  put8(to, tag);
  put16(to, value.size());
  append(to, value);
}

void put_short_tag(Bytes& to, std::uint8_t tag, const Bytes& value) {
  ensure(value.size() <= std::numeric_limits<std::uint8_t>::max(), "a tag fits its length");
  put8(to, tag);
  put8(to, value.size());
  append(to, value);
}

void put_oid(Bytes& to, crypto::HashAlgorithm hash) {
  put8(to, sha2_oid_front().size() + 1);
  append(to, sha2_oid_front());
  put8(to, static_cast<std::size_t>(hash) + 1);
}

Bytes list_value(const std::vector<Digest>& entries) {
  Bytes value;
  put8(value, 1);
  for (const Digest& entry : entries) append(value, entry.view());
  return value;
}

void put_leb128(Bytes& to, std::size_t value) {
  do {
    const std::size_t low = value & 0x7fU;
    value >>= 7U;
    put8(to, value > 0 ? low | 0x80U : low);
  } while (value > 0);
}

/// 0 for keys on curves.
std::size_t rsa_size_bytes(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::rsa_2048:
      return 256;
    case crypto::KeyAlgorithm::rsa_3072:
      return 384;
    case crypto::KeyAlgorithm::rsa_4096:
      return 512;
    default:
      return 0;
  }
}

/// DER of an ECDSA signature: two integers as long as the curve's order, each with a head and perhaps a zero byte.
std::size_t signature_size_max(crypto::KeyAlgorithm algorithm) {
  if (const std::size_t size = rsa_size_bytes(algorithm); size > 0) return size;
  return algorithm == crypto::KeyAlgorithm::ec_p384 ? 104 : 72;
}

crypto::SignatureScheme scheme_of(crypto::HashAlgorithm hash, crypto::KeyAlgorithm algorithm) {
  if (rsa_size_bytes(algorithm) > 0) return crypto::SignatureScheme::rsa_pss_sha256;
  constexpr std::array k_schemes{crypto::SignatureScheme::ecdsa_sha256, crypto::SignatureScheme::ecdsa_sha384,
                                 crypto::SignatureScheme::ecdsa_sha512};
  return k_schemes.at(static_cast<std::size_t>(hash));
}

}  // namespace

std::size_t list_entries_max(crypto::HashAlgorithm hash) {
  constexpr std::size_t k_tag_size_bytes_max = 60'000;
  return k_tag_size_bytes_max / crypto::digest_size_bytes(hash);
}

Bytes escape(ByteView plain) {
  Bytes escaped;
  escaped.reserve(plain.size() + plain.size() / 64);
  std::size_t zeros = 0;
  for (const std::byte each : plain) {
    if (zeros == 2 && each <= std::byte{3}) {
      escaped.push_back(std::byte{3});
      zeros = 0;
    }
    zeros = each == std::byte{0} ? zeros + 1 : 0;
    escaped.push_back(each);
  }
  return escaped;
}

SeiWriter::SeiWriter(const SignOptions& options, const crypto::PublicKey& key)
    : options_(options),
      key_pem_(key.pem()),
      key_algorithm_(key.algorithm()),
      signature_size_bytes_max_(signature_size_max(key.algorithm())) {
  for (const pki::Certificate& certificate : options_.chain) chain_pem_ += certificate.pem();
}

crypto::SignatureScheme SeiWriter::scheme() const { return scheme_of(options_.hash, key_algorithm_); }

Bytes SeiWriter::onvif_tags(const SeiContent& content) const {
  Bytes tags;
  Bytes value;
  if (content.with_identity) {
    put8(value, 1);
    put_oid(value, options_.hash);
    put8(value, 0);  // no signing algorithm: it follows from the key
    put16(value, rsa_size_bytes(key_algorithm_));
    put_tag(tags, onvif_tag::k_crypto, value);
    value.clear();
    put8(value, 1);
    put_text(value, options_.device.firmware);
    put_text(value, options_.device.serial);
    put_text(value, options_.device.manufacturer);
    put_tag(tags, onvif_tag::k_vendor, value);
    value.clear();
    put8(value, 1);
    put8(value, options_.user_provisioned ? 1 : 0);
    append(value, as_bytes(chain_pem_));
    put_tag(tags, onvif_tag::k_certificates, value);
  }
  if (content.is_certificate) return tags;
  value.clear();
  put8(value, 2);
  append(value, k_onvif_version);
  put8(value, content.is_partial ? 1 : 0);
  put64(value, ticks_1601_from_unix(content.start_us));
  put64(value, ticks_1601_from_unix(content.end_us));
  put32(value, content.counter);
  put16(value, content.entries.size());
  append(value, content.gop_hash.view());
  append(value, content.link.view());
  put_tag(tags, onvif_tag::k_general, value);
  if (options_.hash_list) put_tag(tags, onvif_tag::k_hash_list, list_value(content.entries));
  return tags;
}

Bytes SeiWriter::axis_tags(const SeiContent& content) const {
  constexpr std::uint8_t k_has_times = 1, k_is_partial = 2;
  Bytes tags;
  Bytes value;
  if (content.with_identity) {
    put8(value, 2);
    append(value, as_bytes(key_pem_));
    put_tag(tags, axis_tag::k_public_key, value);
    value.clear();
    put8(value, 2);
    for (const std::string* text : {&options_.device.hardware, &options_.device.firmware, &options_.device.serial,
                                    &options_.device.manufacturer, &options_.device.address}) {
      put_text(value, *text);
    }
    put_tag(tags, axis_tag::k_product, value);
    value.clear();
    put8(value, 1);
    put_oid(value, options_.hash);
    put_short_tag(tags, axis_tag::k_crypto, value);
  }
  if (content.is_certificate) return tags;
  value.clear();
  put8(value, 4);
  put32(value, content.counter);
  put16(value, content.entries.size());
  append(value, k_axis_version);
  put8(value, content.is_partial ? k_has_times | k_is_partial : k_has_times);
  put64(value, content.start_us);
  put64(value, content.end_us);
  append(value, content.link.view());
  append(value, content.gop_hash.view());
  put_short_tag(tags, axis_tag::k_general, value);
  if (options_.hash_list) put_tag(tags, axis_tag::k_hash_list, list_value(content.entries));
  return tags;
}

Bytes SeiWriter::tags_of(const SeiContent& content) const {
  return options_.profile == Profile::onvif ? onvif_tags(content) : axis_tags(content);
}

Bytes SeiWriter::front_of(const SeiContent& content, std::size_t payload_size_bytes) const {
  const bool is_onvif = options_.profile == Profile::onvif;
  Bytes front;
  if (options_.codec == Codec::av1) {
    put8(front, 0x2a);                              // METADATA with a size field
    put_leb128(front, payload_size_bytes + 2 + 1);  // metadata type, 80, payload, stop byte
    put8(front, 0x19);
    put8(front, 0x80);
  } else {
    if (options_.codec == Codec::h264) {
      put8(front, 0x06);
    } else {
      put16(front, 0x4e01);
    }
    put8(front, 5);  // user_data_unregistered
    std::size_t size = payload_size_bytes;
    for (; size >= 255; size -= 255) put8(front, 255);
    put8(front, size);
  }
  append(front, uuid_of(is_onvif ? Family::onvif : Family::axis));
  std::size_t flags = 0;
  const bool is_escaped = options_.codec != Codec::av1;
  if (is_onvif) {
    flags = (content.is_certificate ? 0x80U : 0U) | (is_escaped ? 0x40U : 0U);
  } else {
    flags = (is_escaped ? 0x80U : 0U) | (content.is_certificate ? 0x40U : 0U) | 0x30U;
  }
  put8(front, flags);
  return front;
}

Bytes SeiWriter::escaped(ByteView plain) const {
  return options_.codec == Codec::av1 ? to_bytes(plain) : escape(plain);
}

Result<Bytes> SeiWriter::write(const SeiContent& content, crypto::Signer* signer) const {
  const bool is_onvif = options_.profile == Profile::onvif;
  const std::size_t head = is_onvif ? 3 : 4;  // version, (info,) size
  const Bytes tags = tags_of(content);
  const std::size_t signature_tag_size = signer == nullptr ? 0 : 3 + head + signature_size_bytes_max_;
  Bytes plain = front_of(content, k_uuid_size_bytes + 1 + tags.size() + signature_tag_size);
  append(plain, tags);
  if (signer != nullptr) {
    // The signed document is the escaped form; escaping goes on behind it as if nothing had been.
    TRY_ASSIGN(const Bytes signature, signer->sign(scheme(), escaped(plain)));
    if (signature.size() > signature_size_bytes_max_) {
      return Error(Errc::internal, "video.signature-size",
                   "the key made a signature that is longer than its kind allows");
    }
    Bytes value;
    put8(value, is_onvif ? 1 : 2);
    if (!is_onvif) put8(value, 0);
    put16(value, signature.size());
    append(value, signature);
    value.resize(head + signature_size_bytes_max_, std::byte{1});  // padding
    put_tag(plain, is_onvif ? onvif_tag::k_signature : axis_tag::k_signature, value);
  }
  plain.push_back(k_stop);
  return escaped(plain);
}

}  // namespace signet::video
