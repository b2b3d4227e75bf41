// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/birth.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A policy that is understood is written so that it means the same, and its floor is approved by its floor key.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = birth::Policy::parse(test::fuzz_input(data, size));
  if (!policy) {
    FUZZ_ASSERT(policy.error().reason() == "birth.policy");
    return 0;
  }
  FUZZ_ASSERT(policy->first_floor.check().has_value() && policy->first_floor.key == policy->floor_key);
  const Bytes again = policy->encode();
  const auto parsed = birth::Policy::parse(again);
  FUZZ_ASSERT(parsed.has_value() && equal(parsed->encode(), again));
  return 0;
}
