// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video.hpp"

#include <map>
#include <utility>
#include <vector>

namespace signet::video {

/// Sums of one timeline.
struct TimelineTotals {
  Coverage coverage;
  bool any_bad = false;
  bool any_unprotected = false;
  bool any_missing = false;
  std::optional<std::uint64_t> first_bad_gop;
};

/// A queue in one vector: once it is as long as it gets, it allocates no more.
template <typename T>
class Queue {
 public:
  [[nodiscard]] bool empty() const { return head_ == all_.size(); }
  [[nodiscard]] std::size_t size() const { return all_.size() - head_; }
  [[nodiscard]] T& operator[](std::size_t i) { return all_[head_ + i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return all_[head_ + i]; }
  void push_back(T value) {
    if (head_ > 0 && all_.size() == all_.capacity()) {
      all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(std::exchange(head_, 0)));
    }
    all_.push_back(std::move(value));
  }
  T pop_front() {
    T first = std::move(all_[head_++]);
    if (empty()) {
      all_.clear();
      head_ = 0;
    }
    return first;
  }

 private:
  std::vector<T> all_;
  std::size_t head_ = 0;
};

/// The frames that wait for their verdict, and the GOP that is being summed up. Frames leave in order: verified ones
/// when the part that they belong to is judged, the others when a later one is, or at the end.
class Timeline {
 public:
  /// Reports to `observer` while it is set; may be null.
  void report_to(JudgeObserver* observer) { observer_ = observer; }

  // As units arrive.
  void open_frame(std::uint64_t unit, bool starts_gop, std::optional<std::int64_t> time_us);
  void add_unprotected();
  /// The frame that units belong to now; 0 before the first.
  [[nodiscard]] std::uint64_t current_frame() const { return next_frame_ == 0 ? 0 : next_frame_ - 1; }
  [[nodiscard]] std::uint64_t waiting() const { return rows_.size(); }

  // As they are judged. Frames that have left already are passed over.
  void verified(std::uint64_t frame);
  void bad(std::uint64_t frame);
  void uncovered(std::uint64_t frame);
  void unprotected(std::uint64_t frame);
  void missing(std::uint64_t gop, std::uint64_t count);
  void bad_gop(std::uint64_t gop);
  /// Pictures that no signature covers were in this GOP once.
  void unprotected_are_gone(std::uint64_t gop);
  [[nodiscard]] std::uint64_t gop_of(std::uint64_t frame) const;
  /// A GOP whose I picture is gone began with this frame.
  void insert_gop_before(std::uint64_t frame);
  [[nodiscard]] bool span_started() const { return span_first_.has_value(); }
  [[nodiscard]] bool span_started_before(std::uint64_t frame) const { return span_first_ && *span_first_ < frame; }

  /// All frames before this one get the verdict that their units have earned.
  void settle(std::uint64_t frame_end);
  /// The rest is behind the span.
  void finish();

  [[nodiscard]] TimelineTotals& totals() { return totals_; }

 private:
  struct Row {
    std::uint64_t unit = 0;
    std::uint64_t gop = 0;
    std::optional<std::int64_t> time_us;
    std::uint32_t verified = 0;
    std::uint32_t bad = 0;
    std::uint32_t uncovered = 0;
    std::uint32_t unprotected = 0;
  };
  struct Mark {
    std::uint64_t missing = 0;
    bool is_bad = false;
    bool is_unprotected = false;
  };

  Row* row(std::uint64_t frame);
  void leave(const Row& row, std::uint64_t frame, bool is_tail);
  [[nodiscard]] FrameVerdict verdict_of(const Row& row, std::uint64_t frame, bool is_tail) const;
  void close_gops_before(std::uint64_t gop);
  void close_gop();
  void report_gop(GopReport gop, const Mark& mark);

  JudgeObserver* observer_ = nullptr;
  Queue<Row> rows_;
  std::uint64_t next_frame_ = 0;
  std::uint64_t gops_ = 0;
  std::optional<std::uint64_t> span_first_;
  std::optional<GopReport> gop_;
  std::uint64_t gop_authentic_ = 0;
  std::uint64_t gops_reported_ = 0;  ///< all below have been told
  std::map<std::uint64_t, Mark> marks_;
  TimelineTotals totals_;
};

}  // namespace signet::video
