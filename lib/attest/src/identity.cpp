// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attest.hpp"

#include "attested.hpp"

namespace signet::attest {

namespace {

// 802.1AR: an IDevID's chain travels with it, but for the root.
Result<pki::DeviceCertificate> validate(const std::vector<pki::Certificate>& chain, pki::DevicePurpose purpose,
                                        const pki::ValidationInput& by) {
  if (chain.empty()) return Error(Errc::invalid_input, "attest.statement", "an identity without a certificate");
  pki::ValidationInput input = by;
  input.intermediates.insert(input.intermediates.end(), chain.begin() + 1, chain.end());
  return pki::validate_device(chain.front(), purpose, input);
}

Result<void> check_key(const pki::Certificate& certificate, const tpm::Public& area, const char* reason,
                       const std::string& whose) {
  const auto key = certificate.public_key();
  if (key && area.key && *key == *area.key) return {};
  return Error(Errc::untrusted, reason, "the certificate and the proof of the " + whose + " are of two keys");
}

Result<Presence> judge_answer(const IdentityStatement& statement, const IdentityPolicy& policy,
                              const ResidentKey& key) {
  if (!policy.challenge_nonce) return Presence::not_asked;
  if (!statement.fresh_nonce || !statement.fresh_signature) {
    return Error(Errc::untrusted, "attest.no-answer", "the device did not answer the challenge",
                 "What it shows is true of a device, but may have been copied from it.");
  }
  if (!equal(*statement.fresh_nonce, *policy.challenge_nonce)) {
    return Error(Errc::untrusted, "attest.replayed", "the device answered another challenge");
  }
  const auto scheme = key.area().scheme.value_or(crypto::default_scheme(key.key().algorithm()));
  if (key.key().verify(scheme, challenge_message(*policy.challenge_nonce), *statement.fresh_signature)) {
    return Presence::proven;
  }
  return Error(Errc::untrusted, "attest.bad-answer", "the answer to the challenge is not signed by the device's key");
}

}  // namespace

Result<VerifiedIdentity> verify_identity(const IdentityStatement& statement, const IdentityPolicy& policy) {
  TRY_ASSIGN(auto idevid, validate(statement.idevid, pki::DevicePurpose::idevid, policy.validation));
  TRY_ASSIGN(auto iak, validate(statement.iak, pki::DevicePurpose::iak, policy.validation));
  if (pki::same_device(idevid, iak) == pki::SameDevice::other) {
    return Error(Errc::untrusted, "attest.two-devices",
                 "the identity of '" + idevid.serial() + "' is shown with the attestation key of another device");
  }
  TRY_ASSIGN(auto iak_area, tpm::Public::parse(statement.iak_area));
  TRY(check_key(iak.certificate(), iak_area, "attest.iak-key", "attestation key"));
  TRY(check_iak_template(iak_area));  // the certificate vouches for the key only, not for the rest of the area
  TRY_ASSIGN(auto key, verify_resident(iak_area, statement.idevid_evidence, statement.birth_nonce));
  TRY(check_key(idevid.certificate(), key.area(), "attest.idevid-key", "device's identity"));
  TRY_ASSIGN(const Presence presence, judge_answer(statement, policy, key));
  return VerifiedIdentity(std::move(idevid), std::move(iak), std::move(key), std::move(iak_area), presence);
}

}  // namespace signet::attest
