// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/result.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace signet {
namespace {

Error sample() { return {Errc::untrusted, "test.sample", "does not hold", "try another"}; }

Result<std::unique_ptr<int>> make(bool good) {
  if (!good) return sample();
  return std::make_unique<int>(7);
}

Result<int> twice(bool good) {
  TRY_ASSIGN(const auto number, make(good));
  TRY(make(true));
  return *number * 2;
}

TEST(Result, TRY_ASSIGN_hands_on_values_and_errors) {
  EXPECT_EQ(*twice(true), 14);
  EXPECT_REASON(twice(false), "test.sample");
}

TEST(Result, and_then_and_transform_skip_errors) {
  const auto to_text = [](std::unique_ptr<int> number) { return std::to_string(*number); };
  EXPECT_EQ(*make(true).transform(to_text), "7");
  EXPECT_REASON(make(false).transform(to_text), "test.sample");
  const auto refuse = [](std::unique_ptr<int>) -> Result<void> { return sample(); };
  EXPECT_REASON(make(true).and_then(refuse), "test.sample");
  EXPECT_EQ(Result<int>(sample()).value_or(3), 3);
}

TEST(Result, context_is_read_from_the_outside_in) {
  const auto result = Result<int>(sample()).context("read the manifest").context("verify x.sbn");
  EXPECT_EQ(result.error().message(), "verify x.sbn: read the manifest: does not hold");
  EXPECT_EQ(result.error().hint(), "try another");
  EXPECT_OK(Result<void>().context("nothing"));
}

TEST(ResultDeathTest, P_CORE_001_access_without_value_stops_the_program) {
  const Result<int> failed = sample();
  EXPECT_DEATH((void)failed.value(), "broken invariant: Result: value\\(\\) of an error");
  const Result<int> good = 1;
  EXPECT_DEATH((void)good.error(), "broken invariant: Result: error\\(\\) of a value");
}

}  // namespace
}  // namespace signet
