// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// What is read is written back and read again as the same value, within the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json =
      Json::parse(test::fuzz_input(data, size), {.size_bytes_max = 65'536, .depth_max = 16, .values_max = 10'000});
  if (!json) return 0;
  const auto again = Json::parse(as_bytes(json->dump()));
  FUZZ_ASSERT(again.has_value());
  FUZZ_ASSERT(*again == *json);
  return 0;
}
