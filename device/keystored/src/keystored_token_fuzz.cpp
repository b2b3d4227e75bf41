// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "token.hpp"

/// A token's file that was read is written and read again the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using signet::keystored::TokenState;
  const auto state = TokenState::parse(signet::test::fuzz_input(data, size));
  if (!state) return 0;
  const signet::Bytes written = state->encode();
  const auto again = TokenState::parse(written);
  FUZZ_ASSERT(again.has_value());
  FUZZ_ASSERT(again->encode() == written);
  return 0;
}
