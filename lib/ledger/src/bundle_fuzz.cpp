// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "tiles.hpp"

using namespace signet;
using namespace signet::ledger;

// A bundle has one spelling and never more entries than a tile has hashes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = signet::test::fuzz_input(data, size);
  const auto entries = decode_bundle(input);
  if (!entries) return 0;
  FUZZ_ASSERT(entries->size() <= k_tile_width);
  Bytes again;
  for (const Bytes& entry : *entries) append_to_bundle(again, entry);
  FUZZ_ASSERT(equal(again, input));
  return 0;
}
