// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "secrets_file.hpp"
#include "state.hpp"
#include "usage.hpp"

/// A state that was read is written and read again the same; a file of secrets too, and one of counts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet::keystored;
  const signet::ByteView input = signet::test::fuzz_input(data, size);
  if (const auto state = DeviceState::parse(input)) {
    const signet::Bytes written = state->encode();
    const auto again = DeviceState::parse(written);
    FUZZ_ASSERT(again.has_value());
    FUZZ_ASSERT(again->encode() == written);
  }
  if (const auto keys = Usage::parse(input)) {
    const signet::Bytes written = Usage::encode(*keys);
    const auto again = Usage::parse(written);
    FUZZ_ASSERT(again.has_value());
    FUZZ_ASSERT(Usage::encode(*again) == written);
  }
  const auto secrets = parse_secrets(signet::Secret::copy_of(input), "signet birth  1", 3);
  if (secrets) FUZZ_ASSERT(secrets->size() == 3);
  return 0;
}
