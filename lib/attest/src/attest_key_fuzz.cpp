// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/key_attestation.hpp"
#include "signet/test/fuzz.hpp"

#include <variant>

using namespace signet;

// A statement that is read is written with the same meaning; to somebody who trusts no vendor no key is in a TPM, and
// what a key says of itself never makes it more than software.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const auto statement = attest::KeyStatement::parse(input);
  if (!statement) {
    FUZZ_ASSERT(statement.error().reason() == "attest.key-statement");
    return 0;
  }
  const Bytes written = statement->encode();
  const auto again = attest::KeyStatement::parse(written);
  FUZZ_ASSERT(again.has_value() && again->encode() == written);
  FUZZ_ASSERT(again->key == statement->key && again->nonce == statement->nonce);
  FUZZ_ASSERT(again->possession_message() == statement->possession_message());
  const auto verdict = attest::verify_key(
      *statement, {.strength = [](const auto&, const auto&) { return std::optional(attest::Strength::strong); }});
  if (!verdict) return 0;
  FUZZ_ASSERT(std::holds_alternative<attest::PossessionProof>(statement->proof));
  FUZZ_ASSERT(verdict->basis() != attest::Basis::certified && verdict->strength() == attest::Strength::software);
  return 0;
}
