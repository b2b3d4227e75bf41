// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "timeline.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_marks_max = 4096;
constexpr std::size_t k_rows_max = 16'384;  // frames without any signed slice wait as well

}  // namespace

void Timeline::open_frame(std::uint64_t unit, bool starts_gop, std::optional<std::int64_t> time_us) {
  if (starts_gop) ++gops_;
  rows_.push_back({.unit = unit, .gop = gops_ == 0 ? 0 : gops_ - 1, .time_us = time_us});
  ++next_frame_;
  ++totals_.coverage.frames;
  if (rows_.size() > k_rows_max) settle(next_frame_ - k_rows_max);
}

void Timeline::add_unprotected() {
  ++totals_.coverage.slices_unprotected;
  unprotected(current_frame());
}

Timeline::Row* Timeline::row(std::uint64_t frame) {
  const std::uint64_t first = next_frame_ - rows_.size();
  return frame < first || frame >= next_frame_ ? nullptr : &rows_[frame - first];
}

void Timeline::verified(std::uint64_t frame) {
  Row* const found = row(frame);
  if (found == nullptr) return;
  ++found->verified;
  span_first_ = std::min(span_first_.value_or(frame), frame);
}

void Timeline::bad(std::uint64_t frame) {
  totals_.any_bad = true;
  if (Row* const found = row(frame)) ++found->bad;
}

void Timeline::uncovered(std::uint64_t frame) {
  if (Row* const found = row(frame)) ++found->uncovered;
}

void Timeline::unprotected(std::uint64_t frame) {
  if (Row* const found = row(frame)) ++found->unprotected;
}

void Timeline::missing(std::uint64_t gop, std::uint64_t count) {
  totals_.any_missing = true;
  totals_.coverage.units_missing += count;
  if (gop < gops_reported_) return;  // too late for its report, not for the verdict
  if (marks_.size() < k_marks_max || marks_.contains(gop)) marks_[gop].missing += count;
}

void Timeline::bad_gop(std::uint64_t gop) {
  totals_.any_bad = true;
  totals_.first_bad_gop = std::min(totals_.first_bad_gop.value_or(gop), gop);
  if (gop < gops_reported_) return;
  if (marks_.size() < k_marks_max || marks_.contains(gop)) marks_[gop].is_bad = true;
}

void Timeline::unprotected_are_gone(std::uint64_t gop) {
  totals_.any_unprotected = true;
  totals_.first_bad_gop = std::min(totals_.first_bad_gop.value_or(gop), gop);
  if (gop < gops_reported_) return;
  if (marks_.size() < k_marks_max || marks_.contains(gop)) marks_[gop].is_unprotected = true;
}

std::uint64_t Timeline::gop_of(std::uint64_t frame) const {
  const std::uint64_t first = next_frame_ - rows_.size();
  if (rows_.empty()) return gops_ == 0 ? 0 : gops_ - 1;
  return rows_[std::min<std::uint64_t>(frame < first ? 0 : frame - first, rows_.size() - 1)].gop;
}

void Timeline::insert_gop_before(std::uint64_t frame) {
  const std::uint64_t first = next_frame_ - rows_.size();
  for (std::size_t i = frame < first ? 0 : frame - first; i < rows_.size(); ++i) ++rows_[i].gop;
  ++gops_;
}

FrameVerdict Timeline::verdict_of(const Row& row, std::uint64_t frame, bool is_tail) const {
  if (row.bad > 0) return FrameVerdict::not_authentic;
  if (is_tail || !span_first_ || frame < *span_first_) return FrameVerdict::not_covered;
  if (row.unprotected > 0) return FrameVerdict::unprotected;
  if (row.uncovered > 0 || row.verified == 0) return FrameVerdict::not_covered;
  return FrameVerdict::authentic;
}

void Timeline::leave(const Row& row, std::uint64_t frame, bool is_tail) {
  const FrameVerdict verdict = verdict_of(row, frame, is_tail);
  Coverage& coverage = totals_.coverage;
  switch (verdict) {
    case FrameVerdict::authentic:
      ++coverage.frames_authentic;
      break;
    case FrameVerdict::unprotected:
      ++coverage.frames_unprotected;
      totals_.any_unprotected = true;
      break;
    case FrameVerdict::not_authentic:
      ++coverage.frames_bad;
      break;
    case FrameVerdict::not_covered:
      ++(span_first_ && frame > *span_first_ ? coverage.tail_frames : coverage.head_frames);
      break;
  }
  close_gops_before(row.gop);
  if (!gop_) gop_ = GopReport{.gop = row.gop, .first_frame = frame};
  ++gop_->frames;
  if (verdict == FrameVerdict::not_authentic) ++gop_->frames_bad;
  if (verdict == FrameVerdict::authentic) ++gop_authentic_;
  if (verdict == FrameVerdict::unprotected) gop_->slices_unprotected += row.unprotected;
  if (observer_ != nullptr) {
    observer_->on_frame({.frame = frame, .unit = row.unit, .gop = row.gop, .time_us = row.time_us, .verdict = verdict});
  }
}

void Timeline::close_gops_before(std::uint64_t gop) {
  if (gop_ && gop_->gop < gop) close_gop();
  while (!marks_.empty() && marks_.begin()->first < gop) {  // GOPs of which not one frame is here
    const auto mark = marks_.extract(marks_.begin());
    report_gop({.gop = mark.key()}, mark.mapped());
  }
}

void Timeline::close_gop() {
  if (!gop_) return;
  Mark mark;
  if (const auto found = marks_.find(gop_->gop); found != marks_.end()) {
    mark = found->second;
    marks_.erase(found);
  }
  report_gop(*std::exchange(gop_, std::nullopt), mark);
  gop_authentic_ = 0;
}

void Timeline::report_gop(GopReport gop, const Mark& mark) {
  gops_reported_ = gop.gop + 1;
  gop.units_missing = mark.missing;
  if (mark.is_bad || gop.frames_bad > 0) {
    gop.verdict = GopVerdict::not_authentic;
  } else if (gop.slices_unprotected > 0 || mark.is_unprotected) {
    gop.verdict = GopVerdict::partly_unprotected;
  } else if (mark.missing > 0) {
    gop.verdict = GopVerdict::authentic_with_missing;
  } else if (gop_authentic_ > 0) {
    gop.verdict = GopVerdict::authentic;
  }
  if (gop.verdict != GopVerdict::authentic && gop.verdict != GopVerdict::not_covered) {
    totals_.first_bad_gop = std::min(totals_.first_bad_gop.value_or(gop.gop), gop.gop);
  }
  if (observer_ != nullptr) observer_->on_gop(gop);
}

void Timeline::settle(std::uint64_t frame_end) {
  while (!rows_.empty() && next_frame_ - rows_.size() < frame_end) {
    const std::uint64_t frame = next_frame_ - rows_.size();
    const Row row = rows_.pop_front();
    leave(row, frame, false);
  }
}

void Timeline::finish() {
  while (!rows_.empty()) {
    const std::uint64_t frame = next_frame_ - rows_.size();
    const Row row = rows_.pop_front();
    leave(row, frame, true);
  }
  close_gop();
  close_gops_before(UINT64_MAX);
}

}  // namespace signet::video
