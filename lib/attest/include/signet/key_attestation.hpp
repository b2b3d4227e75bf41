// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/pki.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Where one key lives, as a file that anybody can check with the vendor's root alone
/// (docs/formats/key-attestation.md): by the word of a TPM whose attestation key a factory certified, or, where there
/// is no such witness, by the word of whoever holds the key, which is worth less and says so.
namespace signet::attest {

/// The word of a TPM: the key was made in it and cannot leave it, and this is the device that the TPM is in.
struct ResidencyProof {
  KeyEvidence evidence;                        ///< the key, certified by the IAK, qualified by residency_challenge()
  IdentityStatement identity;                  ///< whose IAK that is
  std::vector<pki::Certificate> station = {};  ///< of who signed the birth record, and its issuers; may be empty
  std::vector<tpm::PcrValue> boot_state = {};  ///< that the TPM demands at each use of the key; may be empty
};

/// What a key store says of a key; nobody vouches for it but the key itself.
struct KeyClaims {
  std::string backend = {};      ///< "pkcs11", "tpm", "keystored", "file"; of at most 32 bytes
  std::string model = {};        ///< manufacturer and model; this and the rest of at most 256 bytes each
  std::string serial = {};       ///< of the token
  std::string protection = {};   ///< "hardware", "token", "software"
  std::string extractable = {};  ///< "never", "no", "yes"
  std::vector<std::pair<std::string, bool>> attributes = {};  ///< "CKA_LOCAL" and the like, at most 16
  friend bool operator==(const KeyClaims&, const KeyClaims&) = default;
};
/// The claims, and the key's signature over all that the statement says.
struct PossessionProof {
  KeyClaims claims;
  Bytes signature = {};  ///< over KeyStatement::possession_message(), in the key's default scheme
};

/// A statement as it travels; only the form has been checked.
struct KeyStatement {
  crypto::PublicKey key;
  Bytes nonce;  ///< 16 to 64 bytes: of the verifier, or chance where nobody asked
  std::variant<ResidencyProof, PossessionProof> proof;

  /// JSON of at most 1 MiB: "attest.key-statement" (invalid_input).
  static Result<KeyStatement> parse(ByteView json);
  [[nodiscard]] Bytes encode() const;
  /// What the key signs where it speaks for itself: a prefix that nothing else begins with, and the digest of the
  /// statement without its signature.
  [[nodiscard]] Bytes possession_message() const;
};
/// The qualifying data of an attestation that answers `nonce`: 32 bytes, which fit every TPM, and which no birth and no
/// quote has.
[[nodiscard]] Bytes residency_challenge(ByteView nonce);

/// Whom to believe about keys.
struct KeyPolicy {
  pki::ValidationInput validation = {};       ///< anchors: the vendor's roots; `usage` is not looked at
  std::optional<Bytes> nonce = {};            ///< demands an answer to it
  std::optional<crypto::PublicKey> key = {};  ///< demands that the statement is of this key
  /// What the TPM of a device is worth, by somebody whom the verifier believes, such as its birth record. None, or no
  /// function: nobody says, so the key counts as software.
  std::function<Result<std::optional<Strength>>(const ResidencyProof&, const VerifiedIdentity&)> strength = {};
};

/// On what it rests that a key is where it is said to be.
enum class Basis : std::uint8_t {
  possession,  ///< nothing: somebody has the key; it is in a file
  claim,       ///< the store's own word, signed by the key; a program could say the same
  certified,   ///< a TPM's word, whose attestation key a factory of the vendor certified
};
/// "possession", "claim", "certified".
[[nodiscard]] std::string_view name_of(Basis basis);

/// A key whose statement held. Only verify_key() makes one.
class AttestedKey {
 public:
  [[nodiscard]] const crypto::PublicKey& key() const { return key_; }
  [[nodiscard]] Basis basis() const { return basis_; }
  /// What is proven. Only a certified key is more than SOFTWARE: a claim proves nothing, whatever it says.
  [[nodiscard]] Strength strength() const { return strength_; }
  /// Whether the statement answers the policy's nonce.
  [[nodiscard]] Presence freshness() const { return freshness_; }
  /// The device that a certified key is in.
  [[nodiscard]] const std::optional<VerifiedIdentity>& device() const { return device_; }
  /// A certified key works only while these PCRs hold these values: the TPM's own word. Empty where it is not bound so.
  [[nodiscard]] const std::vector<tpm::PcrValue>& boot_state() const { return boot_state_; }
  /// What the store claims; foreign text, print through printable().
  [[nodiscard]] const std::optional<KeyClaims>& claims() const { return claims_; }

 private:
  friend Result<AttestedKey> verify_key(const KeyStatement&, const KeyPolicy&);
  AttestedKey(crypto::PublicKey key, Basis basis, Presence freshness)
      : key_(std::move(key)), basis_(basis), freshness_(freshness) {}
  crypto::PublicKey key_;
  Basis basis_;
  Strength strength_ = Strength::software;
  Presence freshness_;
  std::optional<VerifiedIdentity> device_;
  std::vector<tpm::PcrValue> boot_state_;
  std::optional<KeyClaims> claims_;
};

/// Judges a statement. A certified one: what verify_identity() and verify_resident() say. One of claims:
/// "attest.no-possession" (untrusted: the key did not sign it). "attest.boot-state" (untrusted: the key is not bound to
/// the state that the statement tells). Both: "attest.other-key" (the statement or its evidence
/// is of another key) and "attest.replayed" (it answers another nonce), untrusted.
Result<AttestedKey> verify_key(const KeyStatement& statement, const KeyPolicy& policy);

}  // namespace signet::attest
