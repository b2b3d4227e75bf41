// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystored_policy.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace signet::keystored {

/// Token buckets, one for each user under each rule: a user gains nothing by more connections or processes. Safe to
/// call from several threads.
class Allowances {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  /// Takes one use; nothing, or in how many seconds (rounded up) there is one again.
  std::optional<std::int64_t> take(std::size_t rule, uid_t uid, const Rate& rate, Moment now);
  /// All are full again.
  void clear();

 private:
  /// What is in it, in parts of a use: whole numbers, so that the second which is promised is the second that comes.
  struct Bucket {
    std::int64_t parts;
    Moment at;
    Rate rate;
  };
  static std::int64_t filled(const Bucket& bucket, Moment now);
  /// A bucket that is full is as good as none.
  void forget_full(Moment now);

  std::mutex mutex_;
  std::map<std::pair<std::size_t, uid_t>, Bucket> buckets_;
  std::size_t tidy_at_ = 1024;
};

}  // namespace signet::keystored
