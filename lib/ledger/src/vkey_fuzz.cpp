// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/ledger.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;
using namespace signet::ledger;

// A verifier key has one spelling, and its name cannot break a note's lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(signet::test::fuzz_input(data, size));
  const auto key = VerifierKey::parse(text);
  if (!key) return 0;
  FUZZ_ASSERT(key->str() == text);
  FUZZ_ASSERT(key->name().find_first_of(" +\n") == std::string::npos);
  const bool is_witness = key->type() == NoteKeyType::cosignature_v1;
  const auto again =
      is_witness ? VerifierKey::for_witness(key->name(), key->key()) : VerifierKey::for_log(key->name(), key->key());
  FUZZ_ASSERT(again && again->id() == key->id() && again->str() == text);
  return 0;
}
