// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ossl.hpp"
#include "sei.hpp"

namespace signet::video {

/// A key that the stream brought along, and what came with it.
struct StreamKey {
  crypto::PublicKey key;
  std::shared_ptr<EVP_PKEY> evp;
  std::vector<pki::Certificate> chain = {};  ///< leaf first; of the key itself, or of the attestation
  std::optional<Bytes> attestation = {};     ///< Axis: not empty if `chain` attests the key instead of certifying it
  bool user_provisioned = false;
  bool has_signed = false;      ///< a signature of its own held
  bool signs_pictures = false;  ///< and covered pictures; a factory's key may sign a certificate SEI only
};

/// The keys of one family in one stream. A key enters only with a SEI whose signature holds under one of its keys.
class KeyRing {
 public:
  /// Checks the signature of a SEI with its own keys and those known; gives the index of the key that made it.
  /// `digest` is what was signed. "video.no-key" (not_found), "video.bad-signature" (untrusted).
  Result<std::size_t> check(const Sei& sei, crypto::HashAlgorithm hash, const Digest& digest);

  /// Whether a key that has signed pictures made this signature.
  [[nodiscard]] bool is_by_signer(Family family, crypto::HashAlgorithm hash, const Digest& digest,
                                  ByteView signature) const;
  /// The key has signed pictures, not only certificates.
  void note_use(std::size_t key) { keys_.at(key).signs_pictures = true; }

  [[nodiscard]] const std::vector<StreamKey>& keys() const { return keys_; }

 private:
  std::size_t keep(StreamKey key);
  std::vector<StreamKey> keys_;
  std::string known_text_;  ///< what the last SEI brought whose signature held
};

/// Whose keys these are, judged at the recording time.
struct ProvenanceInput {
  const std::vector<pki::Certificate>& anchors;
  Instant now;
  std::optional<Instant> from;
  std::optional<Instant> to;
  TimeSource time_source;
  std::string serial = {};  ///< of the device, by its own signed account
};
[[nodiscard]] ProvenanceReport judge_provenance(const std::vector<StreamKey>& keys, const ProvenanceInput& input);

/// Whether the attestation of a secure element vouches for `key` under the (validated) leaf; gives the device's serial
/// number. "video.attestation" (untrusted).
Result<std::string> check_attestation(const crypto::PublicKey& key, ByteView attestation, const pki::Certificate& leaf);

/// Axis, keys provisioned in the factory: the serial number in the common name of the key's own certificate, between
/// its first two hyphens. "video.attestation" (untrusted).
Result<std::string> factory_serial(const pki::Certificate& leaf);

}  // namespace signet::video
