// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "units.hpp"

#include <algorithm>

using namespace signet;

// What was split and is written again splits into the same units, none of which holds a start code.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<ByteView> units;
  camerad::split_units(test::fuzz_input(data, size), units);
  Bytes again;
  for (const ByteView unit : units) {
    FUZZ_ASSERT(!unit.empty() && unit.back() != std::byte{0});
    camerad::append_unit(again, unit);
  }
  std::vector<ByteView> seen;
  camerad::split_units(again, seen);
  FUZZ_ASSERT(std::ranges::equal(units, seen, [](ByteView a, ByteView b) { return equal(a, b); }));
  return 0;
}
