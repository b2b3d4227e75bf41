// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "edit_list.hpp"

#include <algorithm>
#include <limits>

namespace signet::video {

namespace {

constexpr std::uint32_t k_edits_max = 1024;
constexpr std::int64_t k_ticks_max = std::int64_t{1} << 60;
constexpr std::uint32_t k_normal_rate = 0x00010000;

}  // namespace

std::int64_t ticks_to_us(std::int64_t ticks, std::uint32_t timescale) {
  const auto scale = static_cast<std::int64_t>(timescale);
  constexpr std::int64_t k_us = 1'000'000;
  std::int64_t whole = ticks / scale;
  std::int64_t rest = ticks % scale;
  if (rest < 0) {
    rest += scale;
    --whole;
  }
  constexpr std::int64_t k_seconds_max = std::int64_t{1} << 40;
  if (whole > k_seconds_max || whole < -k_seconds_max) return 0;
  return whole * k_us + (rest * k_us + scale / 2) / scale;
}

Result<EditList> EditList::read(Source& source, const Box& track, std::uint32_t movie_timescale,
                                std::uint32_t timescale) {
  EditList list;
  TRY_ASSIGN(const std::optional<Box> holder, find_box(source, track, "edts"));
  if (!holder || movie_timescale == 0) return list;
  TRY_ASSIGN(const std::optional<Box> box, find_box(source, *holder, "elst"));
  if (!box) return list;
  TRY_ASSIGN(const Bytes head, read_front(source, *box, 8));
  const bool is_wide = head[0] == std::byte{1};
  const std::size_t entry_size = is_wide ? 20 : 12;
  const std::uint32_t count = get_be32(ByteView(head).subspan(4));
  if (count > k_edits_max) return malformed("an edit list that is too long", box->begin);
  TRY_ASSIGN(const Bytes table, read_front(source, *box, 8 + count * entry_size));
  std::int64_t shown_us = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const ByteView entry = ByteView(table).subspan(8 + i * entry_size, entry_size);
    const std::uint64_t duration = is_wide ? get_be64(entry) : get_be32(entry);
    const auto begin = is_wide ? static_cast<std::int64_t>(get_be64(entry.subspan(8)))
                               : std::int64_t{static_cast<std::int32_t>(get_be32(entry.subspan(4)))};
    if (duration > std::uint64_t{k_ticks_max} || begin > k_ticks_max) {
      return malformed("an edit list beyond all times", box->begin);
    }
    // Slow motion and stills: who is to say what is shown then? All of it, at its own time.
    if (get_be32(entry.subspan(entry_size - 4)) != k_normal_rate) return EditList();
    const std::int64_t lasts_us = ticks_to_us(static_cast<std::int64_t>(duration), movie_timescale);
    const std::int64_t lasts = static_cast<std::int64_t>(static_cast<double>(lasts_us) * timescale / 1e6);
    // A negative begin is a pause; without a duration an edit goes on to the end (8.8.2, in fragments).
    if (begin >= 0) {
      const std::int64_t end = duration == 0 ? std::numeric_limits<std::int64_t>::max() : begin + lasts;
      list.edits_.push_back({.begin = begin, .end = end, .shown_us = shown_us});
    }
    shown_us = std::min(shown_us + lasts_us, k_ticks_max);
  }
  return list;
}

EditList::Place EditList::place(std::int64_t ticks, std::uint32_t duration, std::uint32_t timescale) const {
  if (edits_.empty()) return {.time_us = ticks_to_us(ticks, timescale)};
  const Edit* nearest = &edits_.front();
  for (const Edit& edit : edits_) {
    const bool reaches_in = ticks >= edit.begin || edit.begin - ticks < std::int64_t{duration};
    if (reaches_in && ticks < edit.end) {
      return {.time_us = edit.shown_us + ticks_to_us(ticks - edit.begin, timescale)};
    }
    if (edit.begin <= ticks && edit.begin >= nearest->begin) nearest = &edit;
  }
  return {.time_us = nearest->shown_us + ticks_to_us(ticks - nearest->begin, timescale), .is_presented = false};
}

}  // namespace signet::video
