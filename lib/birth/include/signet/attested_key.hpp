// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/identity.hpp"
#include "signet/key_attestation.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Where a key lives, as somebody far away may believe it: the one function that puts the key's attestation, the
/// device's certificates, its birth record and freshness together. Works offline.
namespace signet::birth {

/// An attestation that held. Only judge_key() makes one.
class JudgedKey {
 public:
  [[nodiscard]] const attest::AttestedKey& key() const { return key_; }
  /// The device that the key is in; none where no TPM vouches for it.
  [[nodiscard]] const std::optional<GenuineDevice>& device() const { return device_; }
  /// What the verifier could not check and why, for people.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend Result<JudgedKey> judge_key(const attest::KeyStatement&, const IdentityTrust&,
                                     const std::optional<crypto::PublicKey>&);
  JudgedKey(attest::AttestedKey key, std::optional<GenuineDevice> device, std::vector<std::string> notes)
      : key_(std::move(key)), device_(std::move(device)), notes_(std::move(notes)) {}
  attest::AttestedKey key_;
  std::optional<GenuineDevice> device_;
  std::vector<std::string> notes_;
};

/// Judges a statement; `trust.nonce` is what the key's holder was asked, `key` the only key that will do. The strength
/// is that of the birth record, where the record counts: it is in a trusted line's ledger, or signed by a trusted
/// station, or by a station whose certificate is in the statement and leads to an anchor. Reasons: those of
/// attest::verify_key and judge_identity; of pki::validate_station for the station.
Result<JudgedKey> judge_key(const attest::KeyStatement& statement, const IdentityTrust& trust,
                            const std::optional<crypto::PublicKey>& key = std::nullopt);

}  // namespace signet::birth
