// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#include "tlv.hpp"

#include "byte_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::video {

namespace {

constexpr std::int64_t k_ticks_1601_to_1970 = 116'444'736'000'000'000;
constexpr std::int64_t k_us_1990 = 631'152'000'000'000;  // what lies before is no date of a recording
constexpr std::int64_t k_us_2200 = 7'258'118'400'000'000;
constexpr std::size_t k_list_entries_max = 8192;
constexpr std::size_t k_chains_max = 4;
constexpr std::size_t k_signature_size_bytes_max = 1024;

constexpr std::array k_sha2_oid_front{std::byte{0x06}, std::byte{0x09}, std::byte{0x60}, std::byte{0x86},
                                      std::byte{0x48}, std::byte{0x01}, std::byte{0x65}, std::byte{0x03},
                                      std::byte{0x04}, std::byte{0x02}};

Error broken(const std::string& what) { return {Errc::invalid_input, "video.sei-broken", what}; }

bool is_date(std::int64_t us) { return us >= k_us_1990 && us < k_us_2200; }

std::string text_of(ByteView bytes) {
  std::string_view text = as_text(bytes);
  while (text.ends_with('\0')) text.remove_suffix(1);
  return printable(text);
}

std::string short_text(ByteReader& reader) {
  const std::size_t size = reader.u8();
  return text_of(reader.take(size));
}

std::string version_text(ByteView three) {
  std::string text;
  for (const std::byte each : three) {
    text += (text.empty() ? "" : ".") + std::to_string(std::to_integer<unsigned>(each));
  }
  return text;
}

template <typename T>
T swapped(T value) {
  T out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) out = static_cast<T>(out << 8U | (value >> (8 * i) & 0xffU));
  return out;
}

/// The specification says little endian, its reference implementation writes big endian; the one that gives a date
/// wins.
void set_onvif_times(General& general, std::uint64_t start, std::uint64_t end) {
  const auto us = [](std::uint64_t ticks) { return unix_us_from_1601(static_cast<std::int64_t>(ticks)); };
  const bool is_little = !is_date(us(start)) && is_date(us(swapped(start)));
  if (is_little) {
    start = swapped(start);
    end = swapped(end);
    general.counter = swapped(general.counter);
  }
  general.is_date = is_date(us(start)) && is_date(us(end));
  general.start_us = us(start);
  general.end_us = us(end);
}

Result<void> read_onvif_general(ByteReader reader, Sei& sei) {
  const std::uint8_t version = reader.u8();
  if (version != 1 && version != 2) return broken("general information of an unknown version");
  General general;
  sei.signer_version = version_text(reader.take(3));
  general.partial = reader.u8() != 0;
  const std::uint64_t start = reader.u64();
  const std::uint64_t end = version == 2 ? reader.u64() : start;
  general.counter = reader.u32();
  general.units = reader.u16();
  const std::size_t hash_size = reader.left() / 2;
  if (reader.failed() || reader.left() % 2 != 0 || hash_size < 32 || hash_size > 64) {
    return broken("general information of a wrong length");
  }
  general.gop_hash = Digest::of(reader.take(hash_size));
  general.link = Digest::of(reader.take(hash_size));
  set_onvif_times(general, start, end);
  sei.general = general;
  return {};
}

Result<void> read_axis_general(ByteReader reader, Sei& sei) {
  constexpr std::uint8_t k_has_times = 1, k_is_partial = 2;
  const std::uint8_t version = reader.u8();
  if (version < 1 || version > 4) return broken("general information of an unknown version");
  General general;
  general.counter = reader.u32();
  general.units = reader.u16();
  sei.signer_version = version_text(reader.take(3));
  const std::uint8_t flags = version >= 2 ? reader.u8() : std::uint8_t{0};
  if ((flags & k_has_times) != 0) {
    general.start_us = static_cast<std::int64_t>(reader.u64());
    general.end_us = version >= 4 ? static_cast<std::int64_t>(reader.u64()) : *general.start_us;
    general.is_date = is_date(*general.start_us) && is_date(*general.end_us);
  }
  if (version >= 4) general.partial = (flags & k_is_partial) != 0;
  if (version >= 3) {
    const std::size_t hash_size = reader.left() / 2;
    if (reader.left() % 2 != 0 || hash_size < 32 || hash_size > 64)
      return broken("general information of a wrong length");
    general.link = Digest::of(reader.take(hash_size));
    general.gop_hash = Digest::of(reader.take(hash_size));
  }
  if (reader.failed() || reader.left() != 0) return broken("general information of a wrong length");
  sei.general = general;
  return {};
}

Result<void> read_hash_list(ByteReader reader, crypto::HashAlgorithm algorithm, Sei& sei) {
  if (reader.u8() != 1) return broken("a hash list of an unknown version");
  const std::size_t size = crypto::digest_size_bytes(sei.hash.value_or(algorithm));
  if (reader.left() % size != 0) return broken("a hash list that is no whole number of hashes");
  if (reader.left() / size > k_list_entries_max) return broken("a hash list of more than 8192 entries");
  std::vector<Digest> list;
  list.reserve(reader.left() / size);
  while (reader.left() > 0) list.push_back(Digest::of(reader.take(size)));
  if (list.empty()) return broken("an empty hash list");
  sei.hash_list = std::move(list);
  return {};
}

Result<void> read_signature(ByteReader reader, Sei& sei) {
  const std::uint8_t version = reader.u8();
  if (sei.family == Family::axis) {
    if (version != 1 && version != 2) return broken("a signature of an unknown version");
    reader.u8();
    if (version == 1) sei.signs_gop_hash = reader.u8() == 0;
  } else if (version != 1) {
    return broken("a signature of an unknown version");
  }
  const std::size_t size = reader.u16();
  const ByteView signature = reader.take(size);
  if (reader.failed() || size == 0 || size > k_signature_size_bytes_max) return broken("a signature of a wrong length");
  sei.signature = to_bytes(signature);
  return {};
}

Result<void> read_crypto(ByteReader reader, Sei& sei) {
  if (reader.u8() != 1) return broken("cryptographic information of an unknown version");
  const std::size_t size = reader.u8();
  const ByteView oid = reader.take(size);
  if (reader.failed() || oid.size() != k_sha2_oid_front.size() + 1 ||
      !equal(oid.first(k_sha2_oid_front.size()), k_sha2_oid_front)) {
    return broken("a hash algorithm that is not SHA-2");
  }
  switch (std::to_integer<unsigned>(oid.back())) {
    case 1:
      sei.hash = crypto::HashAlgorithm::sha256;
      return {};
    case 2:
      sei.hash = crypto::HashAlgorithm::sha384;
      return {};
    case 3:
      sei.hash = crypto::HashAlgorithm::sha512;
      return {};
    default:
      return broken("a hash algorithm that is not SHA-2 of 256, 384 or 512 bits");
  }
}

Result<void> read_onvif_vendor(ByteReader reader, Sei& sei) {
  if (reader.u8() != 1) return broken("vendor information of an unknown version");
  Device device;
  device.firmware = short_text(reader);
  device.serial = short_text(reader);
  device.manufacturer = short_text(reader);
  if (reader.failed()) return broken("vendor information that is cut off");
  sei.device = std::move(device);
  return {};
}

Result<void> read_certificates(ByteReader reader, Sei& sei) {
  if (reader.u8() != 1) return broken("certificates of an unknown version");
  const bool user_provisioned = reader.u8() != 0;
  if (reader.failed() || sei.chains.size() >= k_chains_max) return broken("too many certificate chains");
  sei.chains.push_back({std::string(as_text(reader.rest())), user_provisioned});
  return {};
}

Result<void> read_axis_key(ByteReader reader, Sei& sei) {
  const std::uint8_t version = reader.u8();
  if (version == 1) {
    reader.u8();  // an algorithm number that the PEM text makes superfluous
  } else if (version != 2) {
    return broken("a public key of an unknown version");
  }
  sei.public_key_pem = std::string(as_text(reader.rest()));
  while (sei.public_key_pem.ends_with('\0')) sei.public_key_pem.pop_back();
  return {};
}

Result<void> read_axis_product(ByteReader reader, Sei& sei) {
  const std::uint8_t version = reader.u8();
  if (version != 1 && version != 2) return broken("product information of an unknown version");
  Device device;
  device.hardware = short_text(reader);
  device.firmware = short_text(reader);
  device.serial = short_text(reader);
  device.manufacturer = short_text(reader);
  device.address = short_text(reader);
  if (reader.failed()) return broken("product information that is cut off");
  sei.device = std::move(device);
  return {};
}

Result<void> read_axis_vendor(ByteReader reader, Sei& sei) {
  if (reader.u8() != 1) return broken("an attestation of an unknown version");
  const std::size_t size = reader.u8();
  sei.attestation = to_bytes(reader.take(size));
  if (reader.failed() || sei.chains.size() >= k_chains_max) return broken("an attestation that is cut off");
  sei.chains.push_back({std::string(as_text(reader.rest())), false});
  return {};
}

Result<void> read_onvif_tag(std::uint8_t tag, ByteReader value, crypto::HashAlgorithm algorithm, Sei& sei) {
  switch (tag) {
    case onvif_tag::k_general:
      return read_onvif_general(value, sei);
    case onvif_tag::k_hash_list:
      return read_hash_list(value, algorithm, sei);
    case onvif_tag::k_signature:
      return read_signature(value, sei);
    case onvif_tag::k_crypto:
      return read_crypto(value, sei);
    case onvif_tag::k_vendor:
      return read_onvif_vendor(value, sei);
    case onvif_tag::k_certificates:
      return read_certificates(value, sei);
    case onvif_tag::k_arbitrary:
      sei.has_arbitrary_data = true;
      return {};
    default:
      return {};  // a tag of a later version; its length lets it be passed over
  }
}

Result<void> read_axis_tag(std::uint8_t tag, ByteReader value, crypto::HashAlgorithm algorithm, Sei& sei) {
  switch (tag) {
    case axis_tag::k_general:
      return read_axis_general(value, sei);
    case axis_tag::k_public_key:
      return read_axis_key(value, sei);
    case axis_tag::k_product:
      return read_axis_product(value, sei);
    case axis_tag::k_hash_list:
      return read_hash_list(value, algorithm, sei);
    case axis_tag::k_signature:
      return read_signature(value, sei);
    case axis_tag::k_arbitrary:
      sei.has_arbitrary_data = true;
      return {};
    case axis_tag::k_crypto:
      return read_crypto(value, sei);
    case axis_tag::k_axis:
      return read_axis_vendor(value, sei);
    default:
      return broken("an unknown tag " + std::to_string(tag));  // its length field has one byte or two: nobody can tell
  }
}

std::optional<crypto::HashAlgorithm> hash_of_size(std::size_t size_bytes) {
  for (const auto hash :
       {crypto::HashAlgorithm::sha256, crypto::HashAlgorithm::sha384, crypto::HashAlgorithm::sha512}) {
    if (crypto::digest_size_bytes(hash) == size_bytes) return hash;
  }
  return std::nullopt;
}

enum class Pass : std::uint8_t { names_hash, all };

Result<std::optional<std::size_t>> walk_tags(ByteView tags, crypto::HashAlgorithm list_hash, Pass pass, Sei& sei) {
  const bool is_axis = sei.family == Family::axis;
  const std::uint8_t signature_tag = is_axis ? axis_tag::k_signature : onvif_tag::k_signature;
  const std::uint8_t crypto_tag = is_axis ? axis_tag::k_crypto : onvif_tag::k_crypto;
  const std::uint8_t general_tag = is_axis ? axis_tag::k_general : onvif_tag::k_general;
  std::optional<std::size_t> signature_at;
  ByteReader reader(tags);
  while (reader.left() > 0) {
    const std::size_t at = tags.size() - reader.left();
    const std::uint8_t tag = reader.u8();
    if (signature_at) return broken("tags behind the signature, which no signature covers");
    const bool is_short = is_axis && (tag == axis_tag::k_general || tag == axis_tag::k_crypto);
    const std::size_t size = is_short ? reader.u8() : reader.u16();
    const ByteView value = reader.take(size);
    if (reader.failed()) return broken("a tag that is longer than the SEI");
    if (pass == Pass::all || tag == crypto_tag || tag == general_tag) {
      TRY(is_axis ? read_axis_tag(tag, ByteReader(value), list_hash, sei)
                  : read_onvif_tag(tag, ByteReader(value), list_hash, sei));
    }
    if (tag == signature_tag) signature_at = at;
  }
  return signature_at;
}

}  // namespace

ByteView sha2_oid_front() { return k_sha2_oid_front; }

std::int64_t unix_us_from_1601(std::int64_t ticks) {
  return (std::max(ticks, std::int64_t{0}) - k_ticks_1601_to_1970) / 10;
}

std::int64_t ticks_1601_from_unix(std::int64_t us) { return us * 10 + k_ticks_1601_to_1970; }

Result<std::optional<std::size_t>> read_tags(ByteView tags, crypto::HashAlgorithm list_hash, Sei& sei) {
  // Any order of tags is legal, but the size of a hash must be known before a list is read: the hash's name goes first.
  TRY(walk_tags(tags, list_hash, Pass::names_hash, sei));
  // Where identities are sent once, a clip has lost them; the length of its GOP hash still tells.
  if (!sei.hash && sei.general && sei.general->gop_hash.size_bytes > 0) {
    sei.hash = hash_of_size(sei.general->gop_hash.size_bytes);
  }
  return walk_tags(tags, list_hash, Pass::all, sei);
}

}  // namespace signet::video
