// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "align.hpp"

#include <algorithm>
#include <unordered_map>

namespace signet::video {

namespace {

constexpr std::uint32_t k_none = UINT32_MAX;
constexpr int k_repetitions_max = 16;  // of one entry in a list: beyond that a match may be missed, never invented

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

std::optional<std::uint32_t> find_whole(std::span<const Digest> entries, std::span<const Digest> list) {
  for (std::size_t at = 0; at + list.size() <= entries.size(); ++at) {
    if (std::ranges::equal(entries.subspan(at, list.size()), list)) return static_cast<std::uint32_t>(at);
  }
  return std::nullopt;
}

/// Where the entries of a list stand in it; equal ones are chained, the last one first.
class ListIndex {
 public:
  explicit ListIndex(std::span<const Digest> list) : list_(list), next_(list.size(), k_none) {
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      auto [at, is_new] = last_.try_emplace(list[i].key(), i);
      if (!is_new) next_[i] = std::exchange(at->second, i);
    }
  }
  [[nodiscard]] std::uint32_t last(const Digest& entry) const {
    const auto found = last_.find(entry.key());
    return found == last_.end() || entry.size_bytes == 0 ? k_none : found->second;
  }
  [[nodiscard]] std::uint32_t before(std::uint32_t i) const { return next_[i]; }
  [[nodiscard]] bool equals(std::uint32_t i, const Digest& entry) const { return list_[i] == entry; }

 private:
  std::span<const Digest> list_;
  std::vector<std::uint32_t> next_;
  std::unordered_map<std::uint64_t, std::uint32_t> last_;
};

/// The longest common subsequence by Hunt and Szymanski: n log n for lists without repetitions.
Pairs longest_common(std::span<const Digest> entries, std::span<const Digest> list) {
  struct Node {
    std::uint32_t entry, item, previous;
  };
  const ListIndex index(list);
  std::vector<Node> nodes;
  std::vector<std::uint32_t> tails;  // node that ends the best chain of each length
  for (std::uint32_t j = 0; j < entries.size(); ++j) {
    int repetitions = 0;
    for (std::uint32_t i = index.last(entries[j]); i != k_none && repetitions < k_repetitions_max;
         i = index.before(i), ++repetitions) {
      if (!index.equals(i, entries[j])) continue;
      const auto at = std::ranges::lower_bound(tails, i, {}, [&](std::uint32_t node) { return nodes[node].entry; });
      nodes.push_back({i, j, at == tails.begin() ? k_none : *(at - 1)});
      const auto node = static_cast<std::uint32_t>(nodes.size() - 1);
      if (at == tails.end()) {
        tails.push_back(node);
      } else {
        *at = node;
      }
    }
  }
  Pairs pairs;
  for (std::uint32_t node = tails.empty() ? k_none : tails.back(); node != k_none; node = nodes[node].previous) {
    pairs.emplace_back(nodes[node].entry, nodes[node].item);
  }
  std::ranges::reverse(pairs);
  return pairs;
}

std::vector<Digest> entries_under(UnitHasher& hasher, std::span<const Item> items, const Digest& anchor) {
  std::vector<Digest> entries;
  entries.reserve(items.size());
  for (const Item& item : items) {
    entries.push_back(item.is_anchor || item.is_plain ? item.hash : hasher.chained(anchor, item.hash));
  }
  return entries;
}

}  // namespace

void compute_entries(UnitHasher& hasher, std::span<const Item> items, const std::optional<Digest>& before,
                     std::vector<Digest>& entries) {
  entries.clear();
  const Digest* anchor = before ? &*before : nullptr;
  for (const Item& item : items) {
    if (item.is_anchor) anchor = &item.hash;
    if (item.is_anchor || item.is_plain) {
      entries.push_back(item.hash);
    } else {
      entries.push_back(anchor == nullptr ? Digest{} : hasher.chained(*anchor, item.hash));
    }
  }
}

Alignment align(UnitHasher& hasher, std::span<const Item> items, std::span<const Digest> entries,
                std::span<const Digest> list, const std::optional<Digest>& trusted) {
  Alignment best;
  if (const auto at = find_whole(entries, list)) {
    for (std::uint32_t i = 0; i < list.size(); ++i) best.pairs.emplace_back(i, *at + i);
    return best;
  }
  best.pairs = longest_common(entries, list);
  const auto consider = [&](const Digest& anchor, bool is_first_entry) {
    Pairs pairs = longest_common(entries_under(hasher, items, anchor), list);
    if (pairs.size() <= best.pairs.size()) return;
    best.pairs = std::move(pairs);
    best.anchor = anchor;
    best.is_anchor_foreign = is_first_entry;
  };
  if (list.size() > 1) consider(list.front(), true);
  if (trusted) consider(*trusted, false);
  if (!best.pairs.empty() && best.pairs.front().first == 0) best.is_anchor_foreign = false;
  return best;
}

}  // namespace signet::video
