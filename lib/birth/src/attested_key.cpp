// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attested_key.hpp"

#include "signet/device_certificate.hpp"

namespace signet::birth {

namespace {

pki::ValidationInput validation_of(const IdentityTrust& trust) {
  return {.anchors = trust.anchors, .crls = trust.crls, .at = trust.at, .usage = pki::Usage::any};
}

/// The verifier's own trust, for the device's identity. The nonce is for the key, not for the identity; a station that
/// the vendor certified is as good as one that the verifier knows.
Result<IdentityTrust> trust_in_device(const attest::ResidencyProof& proof, const attest::VerifiedIdentity& identity,
                                      const IdentityTrust& trust) {
  IdentityTrust wider = trust;
  wider.nonce.reset();
  if (proof.station.empty()) return wider;
  pki::ValidationInput input = validation_of(trust);
  input.intermediates.assign(proof.station.begin() + 1, proof.station.end());
  // A device outlives its station's certificate. That one has to hold when the factory's authority certified the
  // device, which says when itself: a station's key that is stolen later cannot date a record back.
  if (input.at > proof.station.front().not_after()) input.at = identity.idevid().certificate().not_before();
  TRY_ASSIGN(const auto chain, pki::validate_station(proof.station.front(), input));
  TRY_ASSIGN(auto key, chain.leaf().public_key());
  wider.stations.push_back(std::move(key));
  return wider;
}

/// What the record says of a TPM is said of the attestation key that was certified at that birth, and of no other.
Result<void> check_witness(const Record& record, const attest::VerifiedIdentity& identity) {
  const auto named = record.certificates.find("iak");
  if (named != record.certificates.end() && named->second == to_hex(identity.iak().certificate().fingerprint())) {
    return {};
  }
  return Error(Errc::untrusted, "identity.record", "the birth record is of another attestation key",
               "Do not trust this device. Ask its maker, and name the serial and this reason.");
}

std::vector<std::string> notes_of(const attest::KeyStatement& statement, const std::optional<GenuineDevice>& device,
                                  const IdentityTrust& trust) {
  std::vector<std::string> notes;
  if (device) {
    if (!device->record()) notes.emplace_back("no birth record counts, so what kind of TPM it is remains unproven");
  } else if (std::get<attest::PossessionProof>(statement.proof).claims.backend == "file") {
    notes.emplace_back("the key is in a file: whoever can read it can copy it");
  } else {
    notes.emplace_back("the key's own store says so, and nobody vouches for the store: a program could say the same");
  }
  if (!trust.nonce) notes.emplace_back("no nonce was asked for: the statement may be a copy of an older one");
  return notes;
}

}  // namespace

Result<JudgedKey> judge_key(const attest::KeyStatement& statement, const IdentityTrust& trust,
                            const std::optional<crypto::PublicKey>& key) {
  std::optional<GenuineDevice> device;
  const auto strength = [&](const attest::ResidencyProof& proof,
                            const attest::VerifiedIdentity& identity) -> Result<std::optional<attest::Strength>> {
    TRY_ASSIGN(const IdentityTrust wider, trust_in_device(proof, identity, trust));
    TRY_ASSIGN(device, judge_identity(proof.identity, wider));
    if (!device->record()) return std::optional<attest::Strength>();
    TRY(check_witness(*device->record(), identity));
    return std::optional(device->record()->strength);
  };
  TRY_ASSIGN(
      auto attested,
      attest::verify_key(statement,
                         {.validation = validation_of(trust), .nonce = trust.nonce, .key = key, .strength = strength}));
  auto notes = notes_of(statement, device, trust);
  return JudgedKey(std::move(attested), std::move(device), std::move(notes));
}

}  // namespace signet::birth
