// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/untrusted.hpp"
#include "signet/crypto.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What rooms hand to each other: a payload in a signed envelope (DSSE v1, github.com/secure-systems-lab/dsse).
namespace signet::documents {

// Whoever sends an envelope decides how often its payload is hashed before it is refused: once for each pair of
// signature and trusted key. These bounds keep that at half a gigabyte.
inline constexpr std::size_t k_payload_size_bytes_max = 4U << 20U;
inline constexpr std::size_t k_signatures_max = 8;
inline constexpr std::size_t k_trusted_keys_max = 16;
/// A payload of that size in base64, and room for the signatures.
inline constexpr std::size_t k_envelope_size_bytes_max = k_payload_size_bytes_max / 3 * 4 + (64U << 10U);
inline constexpr std::size_t k_payload_type_size_bytes_max = 255;

/// A payload that enough trusted keys have signed, as this type. Only open_envelope() makes one.
class VerifiedPayload {
 public:
  [[nodiscard]] const std::string& type() const { return type_; }
  /// The bytes that were signed; parse these and no others.
  [[nodiscard]] const Bytes& payload() const { return payload_; }
  /// The trusted keys whose signatures hold, each once, in the order in which they were trusted.
  [[nodiscard]] const std::vector<crypto::PublicKey>& signers() const { return signers_; }

 private:
  friend Result<VerifiedPayload> open_envelope(Untrusted<ByteView>, std::string_view,
                                               std::span<const crypto::PublicKey>, std::size_t);
  VerifiedPayload(std::string type, Bytes payload, std::vector<crypto::PublicKey> signers)
      : type_(std::move(type)), payload_(std::move(payload)), signers_(std::move(signers)) {}

  std::string type_;
  Bytes payload_;
  std::vector<crypto::PublicKey> signers_;
};

/// Signs `payload` as a document of `payload_type` (a media type or a URI, printable ASCII) with every one of `signers`
/// and writes the envelope: JSON on one line, ended by LF. Each signs in its default scheme; ECDSA signatures are DER;
/// the keyid is the SHA-256 of the key's SubjectPublicKeyInfo in hexadecimal.
///
/// Usage: "documents.payload-type" (empty, too long, not printable), "documents.too-big", "documents.signers" (none,
/// more than k_signatures_max, or two with one key, whose signatures would count once). What a signer refuses is passed
/// on.
Result<Bytes> sign_envelope(std::string_view payload_type, ByteView payload, std::span<crypto::Signer* const> signers);

/// Opens an envelope that at least `threshold` of the `trusted` keys have signed as `expected_type`. Keys are counted,
/// not signatures; a stranger's signature neither counts nor harms. A keyid is a hint that changes no verdict (DSSE
/// protocol, "keyid"): every trusted key is tried on every signature.
///
/// Untrusted: "documents.unsigned", "documents.wrong-signer", "documents.altered" (a signature names a trusted key, but
/// does not hold), "documents.too-few-signers". Malformed: "documents.envelope", "documents.payload-type" (of another
/// type), "json.…". A threshold of 0 or above the number of different keys, or more keys than k_trusted_keys_max, is
/// "documents.threshold" (usage).
Result<VerifiedPayload> open_envelope(Untrusted<ByteView> envelope, std::string_view expected_type,
                                      std::span<const crypto::PublicKey> trusted, std::size_t threshold = 1);

}  // namespace signet::documents
