// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "order_watch.hpp"

#include <algorithm>

namespace signet::video {

namespace {

constexpr std::size_t k_counts_max = 4096;  // of a longer GOP only the end counts
constexpr std::size_t k_counts_min = 4;     // fewer do not tell in which steps an encoder counts
constexpr std::size_t k_gaps_max = 256;

}  // namespace

void OrderWatch::add(const OrderKey& key, bool is_cra, std::uint64_t frame, std::uint64_t unit) {
  if (key.run != run_) {
    run_ = key.run;
    counts_.clear();
    open_.reset();
  }
  if (open_ && key.count < open_->count) {
    ++open_->seen;
    return;
  }
  close();
  if (is_cra) {
    open_ = Open{.count = key.count, .frame = frame, .unit = unit, .expected = leading_pictures(key.count)};
    counts_.clear();
  }
  if (counts_.size() >= k_counts_max) counts_.erase(counts_.begin(), counts_.begin() + k_counts_max / 2);
  counts_.push_back(key.count);
}

/// How many pictures an encoder that counts in even steps has shown between those before a CRA picture and itself. None
/// if it counts otherwise: then a gap proves nothing.
std::uint64_t OrderWatch::leading_pictures(std::int64_t count) {
  if (counts_.size() < k_counts_min) return 0;
  std::ranges::sort(counts_);
  const std::int64_t step = counts_[1] - counts_[0];
  for (std::size_t i = 1; i < counts_.size(); ++i) {
    if (step <= 0 || counts_[i] - counts_[i - 1] != step) return 0;
  }
  const std::int64_t between = count - counts_.back();
  return between > 0 && between % step == 0 ? static_cast<std::uint64_t>(between / step) - 1 : 0;
}

/// All leading pictures precede the others in decoding order (H.265 7.4.2.2), so none comes any more.
void OrderWatch::close() {
  if (!open_) return;
  if (open_->seen < open_->expected && gaps_.size() < k_gaps_max) {
    gaps_.push_back({open_->frame, open_->unit, open_->expected - open_->seen});
  }
  open_.reset();
}

void OrderWatch::verified(Engine& engine, const Item& item) {
  while (!gaps_.empty() && gaps_.front().frame <= item.frame) {
    const Gap gap = gaps_.front();
    gaps_.pop_front();
    Timeline& timeline = engine.timeline();
    if (!timeline.span_started_before(gap.frame)) continue;  // what stood before a clip was cut away
    // Signed pictures that are missing or altered leave such gaps as well, and are told already.
    const bool is_told = timeline.totals().any_bad || timeline.totals().any_missing;
    const std::uint64_t gop = timeline.gop_of(gap.frame);
    absent_ += gap.pictures;
    if (!is_told) timeline.unprotected_are_gone(gop);
    findings_.found({.kind = is_told ? FindingKind::note : FindingKind::unprotected_missing,
                     .gop = gop,
                     .frame = gap.frame,
                     .unit = gap.unit,
                     .count = gap.pictures,
                     .text = "by the order in which pictures are shown, " + std::to_string(gap.pictures) +
                             (gap.pictures == 1 ? " is" : " are") +
                             " missing before this one, of a kind that no signature covers"});
  }
}

}  // namespace signet::video
