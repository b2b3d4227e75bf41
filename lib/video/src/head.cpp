// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Before the first picture that a signature holds for. A recording that was cut out of a longer one begins with
// signatures over what was cut away: nothing is wrong with it. But what is here in full, and does not fit, is altered.
#include "engine.hpp"

#include <algorithm>

namespace signet::video {

/// Where the part of a SEI ends by its position: at the I picture or, within a GOP, at the picture that the SEI stands
/// behind.
std::size_t Engine::end_of_part(const Sei& sei, std::uint64_t unit) const {
  const auto behind = std::ranges::lower_bound(items_, unit, {}, &Item::unit);
  const auto end = static_cast<std::size_t>(behind - items_.begin());
  if (end == 0) return 0;
  const std::uint64_t frame = items_[end - 1].frame;
  std::size_t part_end = end;
  if (sei.general->partial == true) {
    while (part_end > 0 && items_[part_end - 1].frame == frame) --part_end;
    return part_end;
  }
  while (part_end > 0 && !items_[part_end - 1].is_anchor) --part_end;
  if (part_end == 0) return end;
  --part_end;
  // Whoever signs as a stream ends has no I picture behind the part.
  const bool is_last = items_[part_end].frame != frame && end - part_end == sei.general->units;
  return is_last ? end : part_end;
}

/// The units that a SEI can be for, however many it says; from the first I picture on, since without one no unit has an
/// entry.
Engine::Stretch Engine::part_of(const Sei& sei, std::uint64_t unit) const {
  const std::size_t end = end_of_part(sei, unit);
  std::size_t begin = 0;
  while (!anchor_before_ && begin < end && !items_[begin].is_anchor) ++begin;
  return {begin, end};
}

bool Engine::covers_what_was_cut_away(const Sei& sei, std::uint64_t unit, std::uint64_t units) const {
  return !timeline_.span_started() && part_of(sei, unit).size() < units;
}

/// A signature that holds over none of the units before it, while none has held over any.
void Engine::judge_orphan_at_head(const Sei& sei, std::uint64_t unit, std::uint64_t units) {
  head_orphan_ = sei.general->counter;
  const Stretch part = part_of(sei, unit);
  if (units == 0 || part.size() < units) {
    return report(FindingKind::note, gop_now(), std::nullopt, unit, units,
                  "this signature covers pictures before the beginning of the recording, which are not here");
  }
  // As many units are here as were signed. A later signature may still be theirs, where a signer is slow.
  for (std::size_t i = part.end - units; i < part.end; ++i) items_[i].is_claimed = true;
  report(FindingKind::note, timeline_.gop_of(items_[part.end - units].frame), std::nullopt, unit, units,
         "none of the units before this signature is one that it covers");
}

/// Whether of a part only unsigned SEI can be found in its list, since they alone hang on no I picture: that of its
/// pictures was cut away, and nobody can compute their entries.
bool Engine::lacks_its_anchor(const Alignment& alignment) const {
  if (timeline_.span_started() || anchor_before_) return false;
  const std::size_t end = alignment.pairs.back().second;
  for (std::size_t i = 0; i < end; ++i) {
    if (items_[i].is_anchor) return false;
  }
  return std::ranges::all_of(alignment.pairs, [this](const auto& pair) { return items_[pair.second].is_plain; });
}

/// What such a part says of the unsigned SEI in it has been taken; its pictures stay uncovered.
void Engine::judge_without_anchor(const Sei& sei, std::uint64_t unit) {
  report(FindingKind::note, gop_now(), std::nullopt, unit, sei.general->units,
         "the recording begins behind the I picture of these signed pictures: without it nobody can check them");
}

/// Each part names the first unit of the one before it. If that unit is here, then that part is, and its own signature
/// did not fit: without hash list nobody could tell before.
void Engine::claim_linked_head(const Sei& sei, std::size_t end) {
  if (timeline_.span_started() || !head_orphan_ || *head_orphan_ + 1 != sei.general->counter) return;
  const Digest& link = sei.general->link;
  if (link.size_bytes == 0) return;
  const auto waiting = std::span(entries_).first(end);
  const auto linked = std::ranges::find(waiting, link);
  for (auto i = static_cast<std::size_t>(linked - waiting.begin()); i < end; ++i) items_[i].is_claimed = true;
}

}  // namespace signet::video
