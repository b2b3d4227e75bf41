// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <gtest/gtest.h>

#include <string>

/// EXPECT_OK(result): succeeds if the Result holds a value; prints the error otherwise.
#define EXPECT_OK(...) EXPECT_TRUE(::signet::test::is_ok(__VA_ARGS__))
#define ASSERT_OK(...) ASSERT_TRUE(::signet::test::is_ok(__VA_ARGS__))
/// EXPECT_REASON(result, "module.slug"): succeeds if the Result is an error with that reason.
#define EXPECT_REASON(result, slug) EXPECT_TRUE(::signet::test::has_reason((result), (slug)))

namespace signet::test {

/// Whether a Result holds a value, with the error as the failure's text.
template <typename T>
::testing::AssertionResult is_ok(const Result<T>& result) {
  if (result.has_value()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().reason() << ": " << result.error().message();
}

/// Whether a Result is an error with this reason.
template <typename T>
::testing::AssertionResult has_reason(const Result<T>& result, const std::string& slug) {
  if (result.has_value()) return ::testing::AssertionFailure() << "a value, where '" << slug << "' was expected";
  if (result.error().reason() == slug) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << result.error().reason() << "' (" << result.error().message()
                                       << "), where '" << slug << "' was expected";
}

}  // namespace signet::test
