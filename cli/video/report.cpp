// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/report.hpp"

#include "video/report_words.hpp"

#include <algorithm>

namespace signet::cli::video_cli {

namespace {

// A signed report must fit into an envelope of 4 MiB.
constexpr std::size_t k_gops_max = 12'000;
constexpr std::size_t k_runs_max = 12'000;
constexpr std::size_t k_starts_max = 100'000;
constexpr std::size_t k_cells_max = 4096;

TimelineCell joined(const TimelineCell& a, const TimelineCell& b) {
  TimelineCell both = a;
  both.last_gop = b.last_gop;
  both.frames += b.frames;
  if (weight_of(b.verdict) > weight_of(a.verdict)) both.verdict = b.verdict;
  return both;
}

}  // namespace

void ReportCollector::on_frame(const video::FrameReport& frame) {
  if (frame.gop != gop_now_ && frame.time_us && starts_.size() < k_starts_max) {
    starts_.emplace_back(frame.frame, *frame.time_us);
  }
  gop_now_ = frame.gop;
  last_frame_ = frame.frame;
  if (frame.time_us) last_us_ = std::max(last_us_.value_or(*frame.time_us), *frame.time_us);
  if (!runs_.empty() && runs_.back().first.verdict == frame.verdict && runs_.back().last + 1 == frame.frame) {
    runs_.back().last = frame.frame;
  } else if (runs_.size() < k_runs_max) {
    runs_.push_back({frame, frame.frame});
  } else {
    cut_ = true;
  }
}

void ReportCollector::on_gop(const video::GopReport& gop) {
  if (gops_.size() < k_gops_max) {
    gops_.push_back(gop);
  } else {
    cut_ = true;
  }
  const TimelineCell cell{gop.verdict, gop.gop, gop.gop, gop.first_frame, gop.frames, time_of(gop.first_frame)};
  if (!cells_.empty() && cells_.back().last_gop - cells_.back().first_gop + 1 < gops_per_cell_) {
    cells_.back() = joined(cells_.back(), cell);
    return;
  }
  cells_.push_back(cell);
  if (cells_.size() < k_cells_max) return;
  for (std::size_t i = 0; i + 1 < cells_.size(); i += 2) cells_[i / 2] = joined(cells_[i], cells_[i + 1]);
  cells_.resize(k_cells_max / 2);
  gops_per_cell_ *= 2;
}

std::optional<std::int64_t> ReportCollector::time_of(std::uint64_t frame) const {
  const auto after = std::ranges::upper_bound(starts_, frame, {}, &decltype(starts_)::value_type::first);
  if (after == starts_.begin() || !last_us_) return std::nullopt;
  const auto [first, first_us] = *std::prev(after);
  const std::uint64_t next = after == starts_.end() ? last_frame_ : after->first;
  const std::int64_t next_us = after == starts_.end() ? *last_us_ : after->second;
  if (next <= first) return first_us;
  const double share = static_cast<double>(frame - first) / static_cast<double>(next - first);
  return first_us + static_cast<std::int64_t>(share * static_cast<double>(next_us - first_us));
}

std::optional<video::FrameVerdict> ReportCollector::verdict_of(std::uint64_t frame) const {
  const auto after = std::ranges::upper_bound(runs_, frame, {}, [](const FrameRun& run) { return run.first.frame; });
  if (after == runs_.begin() || std::prev(after)->last < frame) return std::nullopt;
  return std::prev(after)->first.verdict;
}

}  // namespace signet::cli::video_cli
