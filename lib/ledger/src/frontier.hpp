// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger.hpp"

#include <functional>
#include <span>

namespace signet::ledger {

inline constexpr std::size_t k_tile_width = 256;  ///< tlog-tiles: hashes in a full tile
inline constexpr unsigned k_tile_height = 8;
inline constexpr unsigned k_tile_levels_max = 8;  ///< 256^8 entries fill 64 bits

/// Takes a tile that has become full: its level, its index there, its 256 hashes.
using TileSink = std::function<Result<void>(unsigned level, std::uint64_t index, std::span<const Hash> hashes)>;

/// The right edge of a growing tree: per tile level the hashes of the tile that is not full yet. All that is needed to
/// append and to compute the root, in memory that grows with the logarithm of the size.
class Frontier {
 public:
  Frontier() = default;
  /// `edge[l]` holds the partial tile of level l of a tree of `size` entries.
  Frontier(std::uint64_t size, std::vector<std::vector<Hash>> edge);

  Result<void> push(const Hash& leaf, const TileSink& sink);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;
  /// The partial tile of each level; empty where the last one is full.
  [[nodiscard]] const std::vector<std::vector<Hash>>& edge() const { return edge_; }

 private:
  Result<void> push_at(unsigned level, const Hash& hash, const TileSink& sink);
  std::uint64_t size_ = 0;
  std::vector<std::vector<Hash>> edge_;
};

/// The root over hashes of neighbouring nodes, all of one height but for the last, which may be lower.
[[nodiscard]] Hash fold_row(std::span<const Hash> row);
/// Hashes in the last tile of a level that is not full, in a tree of `size` entries.
[[nodiscard]] std::size_t partial_width(std::uint64_t size, unsigned level);

}  // namespace signet::ledger
