// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attest.hpp"

#include "attested.hpp"

#include <algorithm>
#include <array>

namespace signet::attest {

namespace {

constexpr std::size_t k_secret_size_bytes = 32;
constexpr std::array k_templates{tpm::DevidTemplate::h1_rsa2048, tpm::DevidTemplate::h2_p256,
                                 tpm::DevidTemplate::h3_p384};
// TPM 2.0 Library, Part 1, section 24.6: a credential proves that an object of this name is loaded; only these
// attributes make that a key which never leaves the TPM and signs nothing but what the TPM says.
constexpr std::uint32_t k_attester_needs =
    tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_sensitive_data_origin | tpm::k_restricted | tpm::k_sign;

}  // namespace

Challenge::Challenge(VerifiedEk ek, tpm::Public attester, tpm::Credential credential, Secret expected)
    : ek_(std::move(ek)),
      attester_(std::move(attester)),
      credential_(std::move(credential)),
      expected_(std::move(expected)) {}

Result<Challenge> Challenge::make(VerifiedEk ek, tpm::Public attester) {
  if (!attester.key || !attester.has(k_attester_needs) || attester.has(tpm::k_decrypt)) {
    return Error(Errc::untrusted, "attest.attester",
                 "the key that is to vouch for the unit could sign statements that its TPM never made",
                 "It must be restricted, made by the TPM, and unable to leave it.");
  }
  Secret secret = crypto::random_secret(k_secret_size_bytes);
  TRY_ASSIGN(auto credential, tpm::make_credential(ek.area(), attester.name, secret));
  return Challenge(std::move(ek), std::move(attester), std::move(credential), std::move(secret));
}

Result<VerifiedAttester> Challenge::answer(const Secret& secret) && {
  // The TPM opens a credential only where it holds both keys (TPM 2.0 Library, Part 1, section 24).
  const bool opened = secret.size() == k_secret_size_bytes && secret == expected_;
  expected_ = Secret();
  if (opened) return VerifiedAttester(std::move(attester_), std::move(ek_));
  return Error(Errc::untrusted, "attest.wrong-tpm",
               "the answer to the challenge is wrong: the endorsement key and the attesting key are not in one TPM");
}

Result<VerifiedIak> verify_iak(const VerifiedAttester& attester, const KeyEvidence& evidence, ByteView nonce) {
  TRY_ASSIGN(const ResidentKey resident, verify_resident(attester.area(), evidence, nonce));
  TRY(check_iak_template(resident.area()));
  return VerifiedIak(resident.area(), attester.ek());
}

// TPM 2.0 Keys for Device Identity and Attestation, section 5.2: what the IAK attests is worth what the IAK is.
Result<void> check_iak_template(const tpm::Public& iak) {
  const bool fits = std::ranges::any_of(
      k_templates, [&iak](auto which) { return tpm::fits_iak(which, iak) == tpm::TemplateFit::fits; });
  if (fits && iak.has(k_attester_needs)) return {};
  return Error(Errc::untrusted, "attest.iak-template",
               "the attestation key is not made from one of the TCG's templates H-1, H-2 and H-3",
               "A key of another kind may sign statements that its TPM never made.");
}

}  // namespace signet::attest
