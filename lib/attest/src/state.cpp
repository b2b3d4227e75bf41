// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attest.hpp"
#include "signet/tpm_policy.hpp"

#include "attested.hpp"

#include <algorithm>
#include <variant>

namespace signet::attest {

namespace {

Result<void> check_closed(const tpm::HierarchyState& state) {
  std::string open;
  const auto note = [&open](bool closed, const char* what) {
    if (!closed) open += (open.empty() ? "" : ", ") + std::string(what);
  };
  note(state.owner_auth_set, "the owner hierarchy has no auth");
  note(state.endorsement_auth_set, "the endorsement hierarchy has no auth");
  note(state.lockout_auth_set, "the lockout hierarchy has no auth");
  note(state.clear_disabled, "TPM2_Clear is allowed");
  note(!state.platform_enabled, "the platform hierarchy is enabled");
  if (open.empty()) return {};
  return Error(Errc::untrusted, "attest.open-hierarchy", "the TPM is not closed: " + open,
               "Whoever has a hierarchy can make the device's keys again, or erase what they rest on.");
}

// One digest over the values in the order of the selection (TPM 2.0 Library, Part 3, section 18.4), by the hash with
// which the key signs.
Result<Bytes> digest_of(const tpm::Quoted& quoted, const std::vector<tpm::PcrValue>& values,
                        crypto::HashAlgorithm hash) {
  crypto::Hasher hasher(hash);
  std::size_t used = 0;
  for (const auto& [bank, indexes] : quoted.selection) {
    for (const unsigned index : indexes) {
      const auto value = std::ranges::find_if(
          values, [&](const tpm::PcrValue& each) { return each.bank == bank && each.index == index; });
      if (value == values.end()) {
        return Error(Errc::untrusted, "attest.pcr-digest", "PCR " + std::to_string(index) + " is quoted but not shown");
      }
      hasher.update(value->value);
      ++used;
    }
  }
  if (used == values.size()) return hasher.finish();
  return Error(Errc::untrusted, "attest.pcr-digest", "PCRs are shown that are not quoted");
}

crypto::HashAlgorithm quote_hash(const tpm::Public& iak) {
  const auto hash = iak.scheme ? crypto::hash_of(*iak.scheme) : std::nullopt;
  return hash.value_or(iak.name_algorithm);
}

}  // namespace

Result<ClosedTpm> verify_closed(const tpm::Public& iak, const StateEvidence& evidence, ByteView nonce) {
  TRY_ASSIGN(const auto session,
             attested<tpm::AuditedSession>(iak, evidence.attestation, nonce, "what was asked of the TPM"));
  if (!equal(session.session_digest, tpm::state_audit_digest(evidence.answer))) {
    return Error(Errc::untrusted, "attest.state-digest", "the state of the hierarchies is not what the TPM answered",
                 "Somebody changed the answer on its way.");
  }
  TRY_ASSIGN(const auto state, tpm::parse_hierarchy_state(evidence.answer));
  TRY(check_closed(state));
  return ClosedTpm(state);
}

Result<AttestedFloor> verify_floor(const tpm::Public& iak, const FloorEvidence& evidence,
                                   const crypto::PublicKey& floor_key, ByteView nonce) {
  TRY_ASSIGN(const auto shown, tpm::NvPublic::parse(evidence.nv_public));
  TRY_ASSIGN(const auto nv, attested<tpm::CertifiedNv>(iak, evidence.attestation, nonce, "an NV index"));
  TRY_ASSIGN(const auto wanted, tpm::floor_public(floor_key, true));
  // An index's name is a digest of its attributes and policy: this one can be written only as the floor key allows.
  const bool is_floor = equal(nv.index_name, wanted.name) && equal(shown.name, wanted.name);
  if (!is_floor || nv.offset != 0 || nv.contents.size() != sizeof(std::uint64_t)) {
    return Error(Errc::untrusted, "attest.other-floor",
                 "what the TPM attested is not the version floor that this floor key rules");
  }
  return AttestedFloor(get_be64(nv.contents));
}

Result<QuotedPcrs> verify_quote(const tpm::Public& iak, const tpm::Attestation& quote,
                                const std::vector<tpm::PcrValue>& values, ByteView nonce) {
  TRY_ASSIGN(const auto attest, tpm::verify(iak, quote));
  TRY(check_nonce(attest, nonce));
  const auto* quoted = std::get_if<tpm::Quoted>(&attest.body());
  if (quoted == nullptr) {
    return Error(Errc::untrusted, "attest.other-kind", "the attestation speaks of something else than PCRs");
  }
  TRY_ASSIGN(const Bytes digest, digest_of(*quoted, values, quote_hash(iak)));
  if (!equal(digest, quoted->pcr_digest)) {
    return Error(Errc::untrusted, "attest.pcr-digest", "the PCRs did not hold the values that are shown");
  }
  QuotedPcrs pcrs;
  pcrs.values_ = values;
  pcrs.clock_ = attest.clock();
  return pcrs;
}

}  // namespace signet::attest
