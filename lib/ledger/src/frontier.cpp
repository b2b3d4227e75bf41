// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "frontier.hpp"

#include "merkle.hpp"

namespace signet::ledger {

Hash fold_row(std::span<const Hash> row) {
  ensure(!row.empty(), "fold_row: at least one hash");
  std::vector<Hash> level(row.begin(), row.end());
  while (level.size() >
         1) {  // pairs from the left; an odd last one rises unchanged, as the split at a power of two has it
    std::size_t out = 0;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) level[out++] = node_hash(level[i], level[i + 1]);
    if (level.size() % 2 == 1) level[out++] = level.back();
    level.resize(out);
  }
  return level.front();
}

std::size_t partial_width(std::uint64_t size, unsigned level) {
  return static_cast<std::size_t>((size >> (k_tile_height * level)) % k_tile_width);
}

Frontier::Frontier(std::uint64_t size, std::vector<std::vector<Hash>> edge) : size_(size), edge_(std::move(edge)) {
  for (unsigned level = 0; level < k_tile_levels_max; ++level) {
    const std::size_t width = level < edge_.size() ? edge_[level].size() : 0;
    ensure(width == partial_width(size_, level), "Frontier: the edge fits the size");
  }
}

Result<void> Frontier::push(const Hash& leaf, const TileSink& sink) {
  ++size_;
  return push_at(0, leaf, sink);
}

Result<void> Frontier::push_at(unsigned level, const Hash& hash, const TileSink& sink) {
  if (edge_.size() <= level) edge_.resize(level + 1);
  std::vector<Hash>& row = edge_[level];
  row.push_back(hash);
  if (row.size() < k_tile_width) return {};
  TRY(sink(level, (size_ >> (k_tile_height * (level + 1))) - 1, row));
  const Hash up = fold_row(row);
  row.clear();
  return push_at(level + 1, up, sink);
}

Hash Frontier::root() const {
  std::optional<Hash> lower;
  for (const std::vector<Hash>& row : edge_) {
    if (row.empty()) continue;
    std::vector<Hash> whole = row;
    if (lower) whole.push_back(*lower);
    lower = fold_row(whole);
  }
  return lower.value_or(empty_root());
}

}  // namespace signet::ledger
