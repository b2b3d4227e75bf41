// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#include "byte_reader.hpp"
#include "keys.hpp"

#include <array>

namespace signet::video {

namespace {

constexpr std::string_view k_name_front = "Axis Edge Vault Attestation ";
constexpr std::size_t k_chip_id_size_bytes = 18;
constexpr std::size_t k_time_size_bytes = 12;
constexpr std::size_t k_point_size_bytes = 65;

// The secure element signs its answer to one command: read object 7b000201 with attestation, with a fixed freshness.
constexpr std::string_view k_command_hex =
    "8022000000002141047b0002014504f00000124601214710"
    "92bbedfb9882ac16c7f01ae459059604";
constexpr std::string_view k_attributes_hex =
    "7b000201290100007b0000030000087b000003"
    "1f3c00000800000000002000000200000000";

Error refused(const std::string& what) {
  return {Errc::untrusted, "video.attestation", "the device's attestation does not vouch for the key: " + what};
}

/// The value of an attribute of the subject, which the chain's issuer wrote.
Result<std::string> subject_text(const pki::Certificate& certificate, int nid) {
  const unsigned char* at = as_uchar(ByteView(certificate.der()));
  const ossl::X509Cert x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  if (x509 == nullptr) return refused("its certificate cannot be read");
  const X509_NAME* subject = X509_get_subject_name(x509.get());
  const int index = X509_NAME_get_index_by_NID(subject, nid, -1);
  if (index < 0) return refused("its certificate does not name the device");
  const ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  return std::string(as_text(
      std::as_bytes(std::span(ASN1_STRING_get0_data(data), static_cast<std::size_t>(ASN1_STRING_length(data))))));
}

Result<Bytes> chip_id_of(const pki::Certificate& leaf) {
  TRY_ASSIGN(const std::string name, subject_text(leaf, NID_commonName));
  if (!name.starts_with(k_name_front)) return refused("its certificate is not one for attestation");
  const auto id = from_hex(std::string_view(name).substr(k_name_front.size()));
  if (!id || id->size() != k_chip_id_size_bytes || to_hex(ByteView(*id).first(4)) != "04005001") {
    return refused("its certificate does not name a chip");
  }
  return *id;
}

void append_object(Bytes& to, std::uint8_t tag, ByteView value) {
  std::array<std::byte, 4> head{std::byte{tag}, std::byte{0x82}};
  put_be16(ByteSpan(head).subspan(2), static_cast<std::uint16_t>(value.size()));
  append(to, head);
  append(to, value);
}

}  // namespace

Result<std::string> factory_serial(const pki::Certificate& leaf) {
  TRY_ASSIGN(const std::string name, subject_text(leaf, NID_commonName));
  const std::size_t first = name.find('-');
  const std::size_t second = first == std::string::npos ? first : name.find('-', first + 1);
  if (second == std::string::npos || second == first + 1) return refused("its certificate names no serial number");
  return printable(name.substr(first + 1, second - first - 1));
}

Result<std::string> check_attestation(const crypto::PublicKey& key, ByteView attestation,
                                      const pki::Certificate& leaf) {
  ByteReader reader(attestation);
  reader.take(8);  // header, version, object id
  const std::uint8_t count = reader.u8();
  const ByteView time = reader.take(k_time_size_bytes);
  const std::size_t signature_size = reader.u16();
  const ByteView signature = reader.take(signature_size);
  if (reader.failed() || count != 1 || reader.left() != 0) return refused("it cannot be read");
  // The uncompressed point ends the SubjectPublicKeyInfo of a P-256 key (RFC 5480 section 2.2).
  if (key.algorithm() != crypto::KeyAlgorithm::ec_p256) return refused("the key is not on P-256");
  const ByteView point = ByteView(key.spki_der()).last(k_point_size_bytes);
  TRY_ASSIGN(const Bytes chip_id, chip_id_of(leaf));
  TRY_ASSIGN(const Bytes command, from_hex(k_command_hex));
  TRY_ASSIGN(const Bytes attributes, from_hex(k_attributes_hex));
  Bytes signed_data = crypto::digest(crypto::HashAlgorithm::sha256, command);
  append_object(signed_data, 0x41, point);
  append_object(signed_data, 0x42, chip_id);
  append_object(signed_data, 0x43, attributes);
  append_object(signed_data, 0x44, std::array{std::byte{0x00}, std::byte{0x20}});
  append_object(signed_data, 0x4f, time);
  TRY_ASSIGN(const crypto::PublicKey attesting, leaf.public_key());
  if (!attesting.verify(crypto::SignatureScheme::ecdsa_sha256, signed_data, signature)) {
    return refused("its signature does not hold");
  }
  TRY_ASSIGN(const std::string serial, subject_text(leaf, NID_serialNumber));
  return printable(serial);
}

}  // namespace signet::video
