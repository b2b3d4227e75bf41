// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attest.hpp"

#include "attested.hpp"

#include <variant>

namespace signet::attest {

namespace {

Result<Bytes> name_in(const tpm::VerifiedAttest& attest) {
  if (const auto* object = std::get_if<tpm::CertifiedObject>(&attest.body())) return object->name;
  if (const auto* creation = std::get_if<tpm::CertifiedCreation>(&attest.body())) return creation->name;
  return Error(Errc::untrusted, "attest.other-kind", "the attestation speaks of something else than a key");
}

// The name that the TPM signed is a digest of the whole public area, so the area's attributes are the TPM's own word.
Result<void> check_attributes(const tpm::Public& area) {
  struct Row {
    std::uint32_t bit;
    const char* text;
  };
  constexpr Row rows[] = {
      {tpm::k_fixed_tpm, "it can be moved to another TPM"},
      {tpm::k_fixed_parent, "it can be moved below another key"},
      {tpm::k_sensitive_data_origin, "it was made outside of the TPM and imported"},
  };
  for (const Row& row : rows) {
    if (area.has(row.bit)) continue;
    return Error(Errc::untrusted, "attest.not-resident", std::string("the key is not resident: ") + row.text,
                 "Only a key that a TPM made itself and never gives out is resident.");
  }
  return {};
}

}  // namespace

Result<ResidentKey> verify_resident(const tpm::Public& iak, const KeyEvidence& evidence, ByteView nonce) {
  TRY_ASSIGN(auto area, tpm::Public::parse(evidence.public_area));
  TRY_ASSIGN(const auto attest, tpm::verify(iak, evidence.attestation));
  TRY(check_nonce(attest, nonce));
  TRY_ASSIGN(const Bytes name, name_in(attest));
  if (!equal(name, area.name)) {
    return Error(Errc::untrusted, "attest.other-key", "the attestation speaks of another key than the one shown");
  }
  TRY(check_attributes(area));
  if (!area.key) {
    return Error(Errc::unsupported, "crypto.key-unsupported",
                 "the key is resident, but of a kind that is not used here");
  }
  return ResidentKey(std::move(area));
}

}  // namespace signet::attest
