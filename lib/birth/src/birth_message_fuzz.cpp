// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/birth.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// What either side understands it can say again, and means the same by it: one message has one meaning and one bound.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = birth::parse_message(test::fuzz_input(data, size));
  if (!message) {
    FUZZ_ASSERT(message.error().reason() == "birth.message" && message.error().code() == Errc::invalid_input);
    return 0;
  }
  const Bytes again = birth::encode(*message);
  const auto parsed = birth::parse_message(again);
  FUZZ_ASSERT(parsed.has_value());
  FUZZ_ASSERT(birth::name_of(*parsed) == birth::name_of(*message));
  FUZZ_ASSERT(equal(birth::encode(*parsed), again));
  return 0;
}
