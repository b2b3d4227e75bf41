// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attest.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// An identity that is read is written with the same meaning, and proves nothing to somebody who trusts nobody. The
// proofs are read as they come: whatever they say, no key is resident by the word of a key that is not restricted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const auto statement = attest::IdentityStatement::parse(input);
  if (!statement) {
    FUZZ_ASSERT(statement.error().reason() == "attest.statement");
    return 0;
  }
  const Bytes written = statement->encode();
  const auto again = attest::IdentityStatement::parse(written);
  FUZZ_ASSERT(again.has_value() && again->encode() == written);
  FUZZ_ASSERT(again->idevid == statement->idevid && again->iak_area == statement->iak_area);
  FUZZ_ASSERT(!attest::verify_identity(*statement, {.validation = {.at = statement->idevid.front().not_before()}}));
  const auto iak = tpm::Public::parse(statement->iak_area);
  if (!iak) return 0;
  const auto resident = attest::verify_resident(*iak, statement->idevid_evidence, statement->birth_nonce);
  if (resident) FUZZ_ASSERT(iak->has(tpm::k_restricted | tpm::k_sign) && resident->area().has(tpm::k_fixed_tpm));
  return 0;
}
