// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace signet::cli::video_cli {

/// A unit on its way from the reader to the signer.
struct QueuedUnit {
  Bytes bytes;
  std::optional<std::int64_t> time_us = {};
  std::uint64_t offset = 0;  ///< how far the reader was
  std::chrono::steady_clock::time_point read = {};
};

/// Between a reader and a signer that may be slow for a while. It is bounded by units and bytes; a full queue makes the
/// reader wait, so nothing is ever dropped: a pipe then fills, and whoever writes into it waits as well.
class UnitQueue {
 public:
  explicit UnitQueue(std::size_t units_max) : units_max_(units_max) {}

  /// Waits for room. False if nobody takes units any more.
  [[nodiscard]] bool push(QueuedUnit unit) {
    std::unique_lock lock(mutex_);
    if (is_full()) ++waits_;
    room_.wait(lock, [this] { return is_closed_ || !is_full(); });
    if (is_closed_) return false;
    size_bytes_ += unit.bytes.size();
    units_.push_back(std::move(unit));
    depth_max_ = std::max(depth_max_, units_.size());
    filled_.notify_one();
    return true;
  }
  /// Waits for a unit; none when the reader has ended and all units are taken.
  [[nodiscard]] std::optional<QueuedUnit> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return is_ended_ || is_closed_ || !units_.empty(); });
    if (units_.empty()) return std::nullopt;
    QueuedUnit unit = std::move(units_.front());
    units_.pop_front();
    size_bytes_ -= unit.bytes.size();
    room_.notify_one();
    return unit;
  }
  /// The reader has no more.
  void end() {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
    filled_.notify_all();
  }
  /// Nobody takes units any more.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    room_.notify_all();
    filled_.notify_all();
  }
  [[nodiscard]] std::size_t depth_max() const {
    const std::lock_guard lock(mutex_);
    return depth_max_;
  }
  /// How often the reader had to wait.
  [[nodiscard]] std::uint64_t waits() const {
    const std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  static constexpr std::size_t k_size_bytes_max = std::size_t{64} << 20U;
  [[nodiscard]] bool is_full() const {
    return units_.size() >= units_max_ || (!units_.empty() && size_bytes_ >= k_size_bytes_max);
  }
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<QueuedUnit> units_;
  std::size_t units_max_;
  std::size_t size_bytes_ = 0;
  std::size_t depth_max_ = 0;
  std::uint64_t waits_ = 0;
  bool is_ended_ = false;
  bool is_closed_ = false;
};

}  // namespace signet::cli::video_cli
