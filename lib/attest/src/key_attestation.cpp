// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/key_attestation.hpp"

#include "signet/tpm_policy.hpp"

#include <array>
#include <variant>

namespace signet::attest {

namespace {

constexpr std::array<std::string_view, 3> k_bases{"possession", "claim", "certified"};  // in the order of the enum

Error other_key(std::string text) {
  return {Errc::untrusted, "attest.other-key", std::move(text), "Is it the right file, and the right key?"};
}

/// What the policy asks of every statement, before anything else is looked at.
Result<Presence> check_question(const KeyStatement& statement, const KeyPolicy& policy) {
  if (policy.key && !(*policy.key == statement.key)) {
    return other_key("the statement is of another key than the one asked about");
  }
  if (!policy.nonce) return Presence::not_asked;
  if (equal(statement.nonce, *policy.nonce)) return Presence::proven;
  return Error(Errc::untrusted, "attest.replayed", "the statement answers another nonce than the one that was asked",
               "Was it kept from an earlier time?");
}

/// That the TPM holds the key to this state: by a policy that nothing else leads round (TPM 2.0 Library, Part 1,
/// section 19.7.1: userWithAuth clear).
Result<void> check_boot_state(const tpm::Public& area, const std::vector<tpm::PcrValue>& state) {
  if (state.empty()) return {};
  if (!area.has(tpm::k_user_with_auth) && equal(area.auth_policy, tpm::digest_of(tpm::boot_policy(state)))) return {};
  return Error(Errc::untrusted, "attest.boot-state", "the key is not bound to the boot state that the statement tells",
               "Somebody changed the statement. Have it made anew.");
}

}  // namespace

std::string_view name_of(Basis basis) { return k_bases.at(static_cast<std::size_t>(basis)); }

Result<AttestedKey> verify_key(const KeyStatement& statement, const KeyPolicy& policy) {
  TRY_ASSIGN(const Presence freshness, check_question(statement, policy));
  if (const auto* own = std::get_if<PossessionProof>(&statement.proof)) {
    const auto scheme = crypto::default_scheme(statement.key.algorithm());
    if (!statement.key.verify(scheme, statement.possession_message(), own->signature)) {
      return Error(Errc::untrusted, "attest.no-possession", "the statement is not signed by the key that it speaks of",
                   "Somebody changed it, or made it without having the key. Have it made anew.");
    }
    // The store's name is a claim like all others, so it only ever lowers what is said.
    AttestedKey verdict(statement.key, own->claims.backend == "file" ? Basis::possession : Basis::claim, freshness);
    verdict.claims_ = own->claims;
    return verdict;
  }
  const auto& proof = std::get<ResidencyProof>(statement.proof);
  TRY_ASSIGN(auto device, verify_identity(proof.identity, {.validation = policy.validation}));
  TRY_ASSIGN(const ResidentKey resident,
             verify_resident(device.iak_area(), proof.evidence, residency_challenge(statement.nonce)));
  if (!(resident.key() == statement.key)) return other_key("the TPM speaks of another key than the statement");
  TRY(check_boot_state(resident.area(), proof.boot_state));
  AttestedKey verdict(statement.key, Basis::certified, freshness);
  verdict.boot_state_ = proof.boot_state;
  if (policy.strength) {
    TRY_ASSIGN(const std::optional<Strength> strength, policy.strength(proof, device));
    verdict.strength_ = strength.value_or(Strength::software);
  }
  verdict.device_ = std::move(device);
  return verdict;
}

}  // namespace signet::attest
