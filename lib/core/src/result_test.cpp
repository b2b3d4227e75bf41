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

/// Counts how many of its kind there are.
struct Counted {
  explicit Counted(int& count) : count_(&count) { ++*count_; }
  Counted(const Counted& other) : count_(other.count_) { ++*count_; }
  Counted(Counted&& other) noexcept : count_(other.count_) { ++*count_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*count_; }
  int* count_;
};

TEST(Result, whatever_it_holds_is_made_and_ended_once) {
  int count = 0;
  {
    Result<Counted> first = Counted(count);
    const Result<Counted> copy = first;
    EXPECT_EQ(count, 2);
    Result<Counted> moved = std::move(first);
    Result<Counted> failed = sample();
    const Result<Counted> failed_too = failed;
    EXPECT_REASON(failed_too, "test.sample");
    EXPECT_EQ(count, 3) << "one was moved from";
    moved = failed;  // a value gives way to an error
    EXPECT_REASON(moved, "test.sample");
    EXPECT_EQ(count, 2);
    failed = copy;  // and an error to a value
    ASSERT_OK(failed);
    EXPECT_EQ(count, 3);
    const Result<Counted>& itself = failed;
    failed = itself;
    ASSERT_OK(failed);
    EXPECT_EQ(count, 3);
    failed = std::move(moved);
    EXPECT_REASON(failed, "test.sample");
  }
  EXPECT_EQ(count, 0);
  static_assert(!std::copy_constructible<Result<std::unique_ptr<int>>>);
  static_assert(std::is_nothrow_move_constructible_v<Result<std::unique_ptr<int>>>);
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
