// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit_hash.hpp"

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace signet::video {

/// A unit that takes part in hash lists and waits for the SEI that covers it.
struct Item {
  Digest hash;
  std::uint64_t unit = 0;
  std::uint64_t frame = 0;
  bool is_anchor = false;
  bool is_plain = false;    ///< an unsigned SEI of ours: stands in the list as it is
  bool is_claimed = false;  ///< a signature that does not hold, or does not fit, was for it
};

/// How the entries of a signed hash list meet the items of a stream.
struct Alignment {
  /// (entry, item), rising in both; empty if nothing fits.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  Digest anchor;  ///< under which the entries were computed, if the anchor itself is not among the items
  bool is_anchor_foreign = false;  ///< entry 0 is an I picture that is not here
  bool holds = false;              ///< by GOP hash: the hash fits, even if it covers nothing but a closing I picture
};

/// The entry of each item, as the nearest anchor before it in the stream makes it. `before` is the anchor of what
/// stands before the first item. An item without any anchor has an empty entry, which equals nothing.
void compute_entries(UnitHasher& hasher, std::span<const Item> items, const std::optional<Digest>& before,
                     std::vector<Digest>& entries);

/// Aligns a signed list with the items, in time that is linear but for repetitions. Where the list's own first entry,
/// or `trusted` (the signed anchor of the part before), explains more items than the stream's anchors do, that is
/// taken: so an altered or lost I picture does not hide that the others are genuine.
Alignment align(UnitHasher& hasher, std::span<const Item> items, std::span<const Digest> entries,
                std::span<const Digest> list, const std::optional<Digest>& trusted);

}  // namespace signet::video
