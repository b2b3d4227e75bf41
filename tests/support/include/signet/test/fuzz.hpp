// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>
#include <cstdlib>

/// FUZZ_ASSERT(holds): the invariant of a fuzz target; a violation is a finding.
#define FUZZ_ASSERT(...)              \
  do {                                \
    if (!(__VA_ARGS__)) std::abort(); \
  } while (false)

namespace signet::test {

/// The fuzzer's input as the project's bytes.
inline ByteView fuzz_input(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span(data, size)); }

}  // namespace signet::test
