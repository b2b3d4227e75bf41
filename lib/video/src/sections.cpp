// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What one valid signature says of the units before it. The other half of Engine is in engine.cpp.
#include "engine.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_starts_max = 64;  // places where a part without hash list is looked for
constexpr std::uint32_t k_count_overflow = 65'535;
constexpr std::int64_t k_time_gap_us = 1'000'000;

bool is_zero(const Digest& digest) {
  return std::ranges::all_of(digest.view(), [](std::byte each) { return each == std::byte{0}; });
}

bool is_list_mode(const Sei& sei) { return sei.hash_list.has_value(); }

/// In the legacy scheme the list of a GOP ends with the I picture of the next, chained to this GOP's anchor.
std::span<const Digest> own_list(const Sei& sei) {
  const std::span<const Digest> list(*sei.hash_list);
  return sei.profile == Profile::axis_legacy && !list.empty() ? list.first(list.size() - 1) : list;
}

}  // namespace

bool Engine::has_gop_hash(const Sei& sei, std::size_t start, std::size_t length) {
  if (length == 0 || start + length > items_.size() || !spend(length)) return false;
  if (sei.signs_gop_hash) {  // legacy: a chain of hashes that the SEI's own document closes, and the signature on top
    constexpr std::byte k_salt{1};
    const std::optional<Digest> anchor = items_[start].is_anchor ? std::optional(items_[start].hash) : anchor_before_;
    hasher_.update(ByteView(&k_salt, 1));
    Digest chain = hasher_.finish();
    for (std::size_t i = 0; i < length; ++i) {
      // The closing I picture is chained to the anchor of the GOP that it ends.
      const bool closes = i > 0 && items_[start + i].is_anchor && anchor;
      const Digest entry = closes ? hasher_.chained(*anchor, items_[start + i].hash) : entries_[start + i];
      chain = hasher_.chained(chain, entry);
    }
    hasher_.update(sei.document);
    chain = hasher_.chained(chain, hasher_.finish());
    const auto key = keys_.check(sei, hash_, chain);
    if (key) gop_hash_key_ = *key;
    return key.has_value();
  }
  if (sei.family == Family::axis) {
    constexpr std::byte k_salt{1};
    hasher_.update(ByteView(&k_salt, 1));
  }
  for (std::size_t i = 0; i < length; ++i) hasher_.update(entries_[start + i].view());
  return hasher_.finish() == sei.general->gop_hash;
}

std::optional<std::size_t> Engine::length_with_gop_hash(const Sei& sei, std::size_t start, bool by_anchor) {
  const std::size_t counted = sei.general->units;
  if (!by_anchor) return has_gop_hash(sei, start, counted) ? std::optional(counted) : std::nullopt;
  std::size_t end = start + 1;
  while (end < items_.size() && !items_[end].is_anchor) ++end;
  const std::size_t length = end - start;
  return length != counted && has_gop_hash(sei, start, length) ? std::optional(length) : std::nullopt;
}

Alignment Engine::match_by_gop_hash(const Sei& sei, std::uint64_t unit) {
  Alignment found;
  std::vector<std::size_t> starts;
  // A part among others that wait, which one signature vouches for.
  const std::size_t end = end_of_part(sei, unit);
  if (end > sei.general->units) starts.push_back(end - sei.general->units);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i == 0 || items_[i].is_anchor) starts.push_back(i);
  }
  const std::size_t likely = starts.size();
  for (std::size_t i = 1; i < items_.size() && starts.size() < k_starts_max; ++i) {
    if (!items_[i].is_anchor && sei.general->partial == true) starts.push_back(i);
  }
  for (std::size_t i = 0; i < starts.size() && i < k_starts_max; ++i) {
    auto length = length_with_gop_hash(sei, starts[i], false);
    if (!length && i < likely && sei.general->units == k_count_overflow) {
      length = length_with_gop_hash(sei, starts[i], true);
    }
    if (!length) continue;
    // The legacy count includes the I picture that closes the GOP, which is judged with its own.
    const std::size_t own = sei.profile == Profile::axis_legacy ? *length - 1 : *length;
    for (std::uint32_t k = 0; k < own; ++k) {
      found.pairs.emplace_back(k, static_cast<std::uint32_t>(starts[i]) + k);
    }
    found.holds = true;
    return found;
  }
  return found;
}

/// Bounds what signatures can cost by what the stream holds, whoever made it.
bool Engine::spend(std::uint64_t entries) {
  if (entries > work_left_) return false;
  work_left_ -= entries;
  return true;
}

Alignment Engine::match(const Sei& sei, std::uint64_t unit) {
  constexpr std::uint64_t k_passes = 4;
  if (!spend(items_.size() * k_passes)) return {};
  compute_entries(hasher_, items_, anchor_before_, entries_);
  if (is_list_mode(sei)) return align(hasher_, items_, entries_, own_list(sei), trusted_anchor_);
  return match_by_gop_hash(sei, unit);
}

void Engine::judge_deferred(const Sei& sei, std::uint64_t at_unit) {
  // The units of the unsigned SEI that this part vouches for; those before them follow by recursion.
  std::vector<std::uint64_t> vouched;
  for (const auto& [entry, item] : match(sei, at_unit).pairs) {
    if (items_[item].is_plain) vouched.push_back(items_[item].unit);
  }
  for (const std::uint64_t unit : vouched) {
    const auto found = std::ranges::find(deferred_, unit, &Deferred::unit);
    if (found == deferred_.end()) continue;
    const Sei deferred = std::move(found->sei);
    deferred_.erase(found);
    note_signed_facts(deferred);
    judge_section(deferred, unit);
  }
}

void Engine::judge_section(const Sei& sei, std::uint64_t unit) {
  if (!deferred_.empty()) judge_deferred(sei, unit);
  const Alignment alignment = match(sei, unit);
  if (sei.signs_gop_hash) {
    // Nobody can check it without the units that it is over.
    const std::uint64_t own = std::max<std::uint64_t>(sei.general->units, 1) - 1;
    if (!alignment.holds && covers_what_was_cut_away(sei, unit, own)) return judge_orphan_at_head(sei, unit, own);
    if (!alignment.holds) {
      ++signatures_invalid_;
      return refuse(sei, unit, FindingKind::signature_invalid,
                    "a signature does not hold over the units before it; without a hash list nobody can say which");
    }
    ++signatures_valid_;
    note_signed_facts(sei);
    note_key(gop_hash_key_, unit);
    if (alignment.pairs.empty()) return;
  }
  if (alignment.pairs.empty()) return judge_orphan(sei, unit);
  if (lacks_its_anchor(alignment)) return judge_without_anchor(sei, unit);
  if (!is_list_mode(sei) && sei.general->units == k_count_overflow) {
    report(FindingKind::signer_defect, timeline_.gop_of(items_[alignment.pairs.front().second].frame), std::nullopt,
           unit, 1, "the signer's count of units overflowed; its hash fits the units up to the next I picture");
  }
  judge_sequence(sei, alignment, unit);
  const std::size_t first = alignment.pairs.front().second;
  const std::size_t altered = altered_before(alignment);
  if (alignment.is_anchor_foreign && altered == 0 && timeline_.span_started()) {
    timeline_.insert_gop_before(items_[first].frame);
    timeline_.bad_gop(timeline_.gop_of(items_[first].frame));
    report(FindingKind::missing, timeline_.gop_of(items_[first].frame), std::nullopt, items_[first].unit, 1,
           "the I picture of this GOP is missing; its other pictures cannot be shown as they were recorded");
  }
  const std::span<const Digest> list = is_list_mode(sei) ? own_list(sei) : std::span<const Digest>();
  const Digest first_entry = list.empty() ? entries_[first] : list.front();
  claim_linked_head(sei, first);
  resolve_before(first, altered);
  const std::size_t end = resolve_section(sei, alignment, list);
  if (items_[first].is_anchor) trusted_anchor_ = items_[first].hash;
  if (alignment.is_anchor_foreign) trusted_anchor_ = alignment.anchor;
  note_closing_anchor(sei, end);
  const std::size_t next_part = end_of_part(sei, unit);
  previous_ = Previous{.counter = sei.general->counter,
                       .first_entry = first_entry,
                       .end_us = sei.general->is_date ? sei.general->end_us : std::nullopt,
                       .partial = sei.general->partial,
                       .tail_missing = list.empty() ? 0 : list.size() - 1 - alignment.pairs.back().first,
                       .next_part_unit = next_part < items_.size() ? items_[next_part].unit : unit};
  drop_front(end);
  timeline_.settle(items_.empty() ? timeline_.current_frame() + 1 : items_.front().frame);
}

/// The legacy scheme links GOPs by this entry alone.
void Engine::note_closing_anchor(const Sei& sei, std::size_t end) {
  if (sei.profile != Profile::axis_legacy || !is_list_mode(sei) || !trusted_anchor_) return;
  if (end >= items_.size() || !items_[end].is_anchor) return;
  if (hasher_.chained(*trusted_anchor_, items_[end].hash) == sei.hash_list->back()) return;
  const std::uint64_t gop = timeline_.gop_of(items_[end].frame);
  timeline_.bad_gop(gop);
  report(FindingKind::altered, gop, items_[end].frame, items_[end].unit, 1,
         "this I picture is not the one that followed when the GOP before it was signed");
}

void Engine::judge_orphan(const Sei& sei, std::uint64_t unit) {
  // Legacy: the very first SEI signs the I picture that it stands behind, as a closing one.
  if (sei.profile == Profile::axis_legacy && is_list_mode(sei) && own_list(sei).empty()) return;
  const std::uint64_t units = is_list_mode(sei) ? own_list(sei).size() : sei.general->units;
  if (!timeline_.span_started()) return judge_orphan_at_head(sei, unit, units);
  const std::uint64_t claimed = claim(sei);
  if (previous_ && sei.general->counter <= previous_->counter && claimed == 0) {
    report(FindingKind::note, gop_now(), std::nullopt, unit, 1, "an older signature is repeated here");
    return;
  }
  const std::uint64_t gop = claimed > 0 ? timeline_.gop_of(items_.front().frame) : gop_now();
  timeline_.bad_gop(gop);
  report(is_list_mode(sei) ? FindingKind::gops_missing : FindingKind::section_mismatch, gop, std::nullopt, unit, units,
         is_list_mode(sei)
             ? "none of the units that this signature covers is here"
             : "the units before this signature do not have the signed hash; without a hash list nobody can say which");
}

void Engine::judge_sequence(const Sei& sei, const Alignment& alignment, std::uint64_t unit) {
  const Item& first = items_[alignment.pairs.front().second];
  const std::uint64_t gop = timeline_.gop_of(first.frame);
  starts_anew_ = false;
  if (lost_from_gop_) {
    timeline_.bad_gop(*lost_from_gop_);
    report(FindingKind::signature_missing, *lost_from_gop_, std::nullopt, std::nullopt, 1,
           "a very long stretch of pictures within the signed span has no signature");
    lost_from_gop_.reset();
  }
  if (!previous_) return;
  const General& general = *sei.general;
  const bool is_legacy = sei.profile == Profile::axis_legacy;
  if (general.counter <= previous_->counter) {
    const bool starts_anew = general.is_date && previous_->end_us && *general.start_us >= *previous_->end_us;
    if (!starts_anew) timeline_.bad_gop(gop);
    starts_anew_ = starts_anew;
    report(starts_anew ? FindingKind::note : FindingKind::replayed, gop, first.frame, unit, 1,
           starts_anew ? "the signer started anew here; nothing proves what was between"
                       : "this signed part was before in the stream, or comes from another place: a replay");
  } else if (!is_legacy && !is_zero(general.link) && !(general.link == previous_->first_entry)) {
    // Where only a SEI was lost, the part that the link names waits in front of this one.
    const auto waiting = std::span(entries_).first(alignment.pairs.front().second);
    if (std::ranges::find(waiting, general.link) == waiting.end()) {
      timeline_.bad_gop(gop);
      report(FindingKind::gops_missing, gop, first.frame, unit, 1,
             "this part does not follow the one before it: whole signed parts are missing between them");
    }
  } else if (is_legacy && general.counter != previous_->counter + 1 && alignment.pairs.front().second == 0) {
    timeline_.bad_gop(gop);
    report(FindingKind::gops_missing, gop, first.frame, unit, general.counter - previous_->counter - 1,
           "whole signed parts are missing before this one");
  }
  if (general.is_date && previous_->end_us && *general.start_us - *previous_->end_us > k_time_gap_us &&
      *general.start_us != *general.end_us) {
    ++time_gaps_;
    report(FindingKind::time_gap, gop, first.frame, unit, 1,
           "the signed times leave a gap of " + describe_seconds((*general.start_us - *previous_->end_us) / 1'000'000) +
               " before this part");
  }
}

void Engine::verify_item(const Item& item) {
  if (item.is_plain) return;
  timeline_.verified(item.frame);
  verified_.verified(*this, item);
}

void Engine::condemn(const Item& item, FindingKind kind, const std::string& text) {
  if (item.is_plain) return;  // an unsigned SEI shows nothing
  timeline_.bad(item.frame);
  report(kind, timeline_.gop_of(item.frame), item.frame, item.unit, 1, text);
}

/// How many items directly before the first one that fits stand where others were signed.
std::size_t Engine::altered_before(const Alignment& alignment) const {
  const auto [first_entry, first_item] = alignment.pairs.front();
  if (first_item == 0) return 0;
  // Nothing was signed before the front of a recording: what precedes a part's middle there was put in its place.
  if (!timeline_.span_started()) return std::min<std::size_t>(first_entry, first_item);
  return alignment.is_anchor_foreign && items_[first_item - 1].is_anchor ? 1 : 0;
}

/// Units before the first one that the new signature covers: their own signature never came; the last `altered` ones
/// stand where others were signed.
void Engine::resolve_before(std::size_t end, std::size_t altered) {
  for (std::size_t i = 0; i < end; ++i) {
    const Item& item = items_[i];
    if (i + altered >= end) {
      condemn(item, FindingKind::altered,
              item.is_anchor ? "this I picture is not the one that was signed here"
                             : "this unit is not the one that was signed here");
    } else if (item.is_claimed) {
      condemn(item, FindingKind::signature_invalid, "the signature for this unit does not hold or does not fit");
    } else if (!timeline_.span_started()) {
      timeline_.uncovered(item.frame);
    } else if (starts_anew_) {
      timeline_.unprotected(item.frame);
    } else if (previous_ && previous_->tail_missing > 0) {
      condemn(item, FindingKind::added, "this unit was not signed here");
    } else {
      condemn(item, FindingKind::signature_missing, "no signature covers this unit, though the signed span goes on");
    }
  }
}

/// Between two units that are genuine: `missing` signed ones are not here, and `from` to `to` stand in their place.
void Engine::resolve_gap(std::uint32_t missing, std::size_t from, std::size_t to, std::uint64_t frame,
                         std::optional<std::uint64_t> before_unit) {
  std::uint32_t in_place = 0;
  for (std::size_t i = from; i < to; ++i) {
    const bool replaces = in_place < missing && !items_[i].is_plain;
    if (replaces) ++in_place;
    condemn(items_[i], replaces ? FindingKind::altered : FindingKind::added,
            replaces ? "this unit is not the one that was signed here" : "this unit was not signed here");
  }
  if (missing <= in_place) return;
  const std::uint64_t gop = timeline_.gop_of(frame);
  timeline_.missing(gop, missing - in_place);
  report(FindingKind::missing, gop, frame, before_unit, missing - in_place,
         missing - in_place == 1 ? "a signed unit is missing here"
                                 : std::to_string(missing - in_place) + " signed units are missing here");
}

/// How far units that were not signed stand in the place of the last, missing ones. A GOP ends at the next I picture;
/// the end of a part of one is only known once the next part is.
std::size_t Engine::end_of_tail(const Sei& sei, std::size_t from, std::size_t missing) const {
  if (sei.general->partial == true) return from;
  std::size_t end = from;
  while (end < items_.size() && !items_[end].is_anchor && end - from < missing) ++end;
  return end;
}

std::size_t Engine::resolve_section(const Sei& sei, const Alignment& alignment, std::span<const Digest> list) {
  const auto [first_entry, first_item] = alignment.pairs.front();
  // Entry 0 of a foreign anchor has been reported; what else is missing in front of a stream was cut away.
  const std::uint32_t reported = alignment.is_anchor_foreign ? 1 : 0;
  const bool was_started = timeline_.span_started();
  if (first_entry > reported) {
    if (was_started) {
      resolve_gap(first_entry - reported, first_item, first_item, items_[first_item].frame, items_[first_item].unit);
    } else if (first_item < first_entry) {
      report(FindingKind::note, timeline_.gop_of(items_[first_item].frame), std::nullopt, items_[first_item].unit,
             first_entry - first_item, "the recording begins within a signed part");
    }
  }
  std::uint32_t entry = first_entry;
  std::size_t item = first_item;
  for (const auto& [next_entry, next_item] : alignment.pairs) {
    if (next_entry > entry + 1 || next_item > item + 1) {
      resolve_gap(next_entry - entry - 1, item + 1, next_item, items_[item].frame, items_[next_item].unit);
    }
    verify_item(items_[next_item]);
    entry = next_entry;
    item = next_item;
  }
  if (list.empty() || entry + 1 >= list.size()) return item + 1;
  const std::size_t missing = list.size() - entry - 1;
  const std::size_t end = end_of_tail(sei, item + 1, missing);
  resolve_gap(static_cast<std::uint32_t>(missing), item + 1, end, items_[item].frame,
              end < items_.size() ? std::optional(items_[end].unit) : std::nullopt);
  return end;
}

}  // namespace signet::video
