// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/core/ensure.hpp"
#include "signet/os/clock.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/tpm.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// A unit on the production line: a software TPM with an attester, an attestation key and an identity. For tests only.
namespace signet::attest::unit {

inline constexpr std::uint32_t k_iak_handle = 0x81020001;
inline const Bytes k_nonce = to_bytes("a nonce of thirty-two bytes ....");

template <typename T>
T must(Result<T> result) {
  ensure(result.has_value(), result ? "" : result.error().reason() + ": " + result.error().message());
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  ensure(result.has_value(), result ? "" : result.error().reason() + ": " + result.error().message());
}

class Unit {
 public:
  explicit Unit(test::SwtpmOptions options = {}, tpm::DevidTemplate which = tpm::DevidTemplate::h2_p256)
      : swtpm_(options),
        tpm_(must(tpm::Tpm::connect(swtpm_.tcti()))),
        iak_(must(tpm_->create_iak(which, Secret(), Secret()))),
        attester_(must(tpm_->create_key(parent(), crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::attest, Secret()))) {
    // A TPM has three slots: what stays is persistent, what is made again is not kept.
    must(tpm_->persist(iak_.object, k_iak_handle, Secret()));
    iak_.object = must(tpm_->open_persistent(k_iak_handle, Secret()));
  }

  [[nodiscard]] tpm::Tpm& tpm() { return *tpm_; }
  [[nodiscard]] const tpm::Object& iak() const { return iak_.object; }
  [[nodiscard]] const tpm::Public& iak_area() const { return iak_.object.public_area(); }
  [[nodiscard]] std::vector<Bytes> certificates() { return must(tpm_->endorsement_certificates()); }
  [[nodiscard]] tpm::Public ek_area() { return must(tpm_->endorsement_key(Secret())).public_area(); }
  [[nodiscard]] EkPolicy policy() const {
    EkPolicy policy{.anchors = {}, .at = os::SystemClock().now()};
    policy.anchors.push_back({must(pki::Certificate::from_pem(swtpm_.ek_root_pem())), Strength::software});
    policy.intermediates = must(pki::Certificate::all_from_pem(swtpm_.ek_issuer_pem()));
    return policy;
  }
  [[nodiscard]] VerifiedEk ek() { return must(verify_ek(certificates(), ek_area(), policy())); }
  Result<Secret> activate(const tpm::Credential& credential) {
    const auto attester = loaded_attester();
    TRY_ASSIGN(const auto ek, tpm_->endorsement_key(Secret()));
    return tpm_->activate_credential(attester, ek, Secret(), credential);
  }
  [[nodiscard]] tpm::Public attester_area() const { return must(tpm::Public::parse(attester_.public_area)); }
  /// The attester's word that the TPM made the attestation key.
  [[nodiscard]] KeyEvidence iak_evidence(ByteView nonce = k_nonce) {
    const auto attester = loaded_attester();
    return {iak_area().wire, must(tpm_->certify_creation(iak_, attester, nonce))};
  }
  /// The identity and the proof that the TPM made it.
  [[nodiscard]] KeyEvidence idevid(ByteView nonce = k_nonce, tpm::DevidTemplate which = tpm::DevidTemplate::h2_p256) {
    const auto primary = must(tpm_->create_idevid(which, Secret(), Secret()));
    auto attestation = must(tpm_->certify_creation(primary, iak_.object, nonce));
    return {primary.object.public_area().wire, std::move(attestation)};
  }
  [[nodiscard]] KeyEvidence idevid_by_attester(ByteView nonce = k_nonce) {
    const auto primary = must(tpm_->create_idevid(tpm::DevidTemplate::h2_p256, Secret(), Secret()));
    const auto attester = loaded_attester();
    return {primary.object.public_area().wire, must(tpm_->certify_creation(primary, attester, nonce))};
  }
  /// A signature by the identity key, whose primary is made again.
  [[nodiscard]] Bytes sign(ByteView message) {
    const auto primary = must(tpm_->create_idevid(tpm::DevidTemplate::h2_p256, Secret(), Secret()));
    const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, message);
    return must(tpm_->sign(primary.object, crypto::SignatureScheme::ecdsa_sha256, digest));
  }
  /// A key below a storage primary, and the TPM's word for it.
  [[nodiscard]] KeyEvidence certified(const tpm::Object& parent, const tpm::Blob& blob, ByteView nonce = k_nonce) {
    const auto key = must(tpm_->load(parent, blob, Secret()));
    auto attestation = must(tpm_->certify(key, iak_.object, nonce));
    return {key.public_area().wire, std::move(attestation)};
  }

 private:
  [[nodiscard]] tpm::Object parent() {
    return must(tpm_->create_storage_primary(tpm::Hierarchy::endorsement, Secret(), "test attester"));
  }
  [[nodiscard]] tpm::Object loaded_attester() { return must(tpm_->load(parent(), attester_, Secret())); }

  test::Swtpm swtpm_;
  std::shared_ptr<tpm::Tpm> tpm_;
  tpm::Primary iak_;
  tpm::Blob attester_;
};

}  // namespace signet::attest::unit
