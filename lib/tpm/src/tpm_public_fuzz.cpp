// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/tpm_data.hpp"

using namespace signet;

// What is read is written as it stood: nothing behind it and nothing missing is taken, and a name is of these bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  Bytes longer = to_bytes(input);
  longer.push_back(std::byte{0});
  if (const auto area = tpm::Public::parse(input)) {
    FUZZ_ASSERT(equal(area->wire, input) && !area->name.empty());
    FUZZ_ASSERT(!tpm::Public::parse(longer).has_value() && !tpm::Public::parse(input.first(size - 1)).has_value());
  }
  if (const auto index = tpm::NvPublic::parse(input)) {
    FUZZ_ASSERT(equal(index->wire, input));
    FUZZ_ASSERT(!tpm::NvPublic::parse(longer).has_value());
  }
  return 0;
}
