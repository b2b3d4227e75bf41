// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

/// SKIP_UNDER_EMULATOR(why): leaves a test out, with the reason printed, where the emulator of another processor
/// (qemu-user, set by the build as SIGNET_EMULATOR) does not do what the kernel does. On hardware the test runs.
#define SKIP_UNDER_EMULATOR(why) \
  if (::signet::test::emulator() != nullptr) GTEST_SKIP() << "under " << ::signet::test::emulator() << ": " << (why)

namespace signet::test {

/// The name of the emulator, or null where the processor is a real one.
inline const char* emulator() { return std::getenv("SIGNET_EMULATOR"); }

}  // namespace signet::test
