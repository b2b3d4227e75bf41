// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "allowance.hpp"

#include <algorithm>

namespace signet::keystored {

namespace {

/// A rate of one a minute fills one part each nanosecond.
constexpr std::int64_t k_parts = 60'000'000'000;

/// At most 6e16: rates are bounded where they are read.
std::int64_t room(const Rate& rate) { return static_cast<std::int64_t>(rate.burst) * k_parts; }

}  // namespace

std::int64_t Allowances::filled(const Bucket& bucket, Moment now) {
  const auto per_minute = static_cast<std::int64_t>(bucket.rate.per_minute);
  const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(now - bucket.at).count();
  const std::int64_t missing = room(bucket.rate) - bucket.parts;
  if (elapsed > missing / per_minute) return room(bucket.rate);  // compared so that nothing overflows
  return bucket.parts + std::max<std::int64_t>(elapsed, 0) * per_minute;
}

std::optional<std::int64_t> Allowances::take(std::size_t rule, uid_t uid, const Rate& rate, Moment now) {
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= tidy_at_) forget_full(now);
  Bucket& bucket =
      buckets_.try_emplace({rule, uid}, Bucket{.parts = room(rate), .at = now, .rate = rate}).first->second;
  bucket.parts = filled(bucket, now);
  bucket.at = now;
  if (bucket.parts >= k_parts) {
    bucket.parts -= k_parts;
    return std::nullopt;
  }
  const std::int64_t parts_a_second = static_cast<std::int64_t>(rate.per_minute) * 1'000'000'000;
  return (k_parts - bucket.parts + parts_a_second - 1) / parts_a_second;
}

void Allowances::clear() {
  const std::lock_guard lock(mutex_);
  buckets_.clear();
}

void Allowances::forget_full(Moment now) {
  std::erase_if(buckets_, [&](const auto& each) { return filled(each.second, now) >= room(each.second.rate); });
  tidy_at_ = std::max<std::size_t>(1024, 2 * buckets_.size());
}

}  // namespace signet::keystored
