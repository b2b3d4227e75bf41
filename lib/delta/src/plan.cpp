// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "chunker.hpp"
#include "inventory.hpp"
#include "tables.hpp"

#include <algorithm>

namespace signet::delta {

Inventory::Inventory(std::vector<Entry> entries) {
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return a.digest != b.digest ? a.digest < b.digest : a.offset < b.offset;
  });
  const auto twice = std::ranges::unique(entries, {}, &Entry::digest);
  entries.erase(twice.begin(), twice.end());
  entries_ = std::make_shared<const std::vector<Entry>>(std::move(entries));
}

Inventory Inventory::none() { return Inventory(std::vector<Entry>{}); }

Inventory Inventory::of(const Index& index) {
  std::vector<Entry> entries;
  for_each_place(index.tables(), [&](std::uint32_t chunk, std::uint64_t offset) {
    const Chunk& what = index.tables().chunks[chunk];
    entries.push_back({what.digest, offset, what.size_bytes});
  });
  return Inventory(std::move(entries));
}

Result<Inventory> Inventory::scan(ImageReader& image, const Progress& progress) {
  std::vector<Entry> entries;
  TRY(for_each_chunk(
      image,
      [&](std::uint64_t offset, ByteView chunk) -> Result<void> {
        if (entries.size() == k_positions_max) {
          return Error(Errc::invalid_input, "delta.image-size", "the old image has more chunks than are looked at",
                       "Images of some gigabytes are what this is for; is it the right file?");
        }
        entries.push_back({sha256(chunk), offset, static_cast<std::uint32_t>(chunk.size())});
        return {};
      },
      progress));
  return Inventory(std::move(entries));
}

const Inventory::Entry* find(const Inventory& inventory, const Digest& digest) {
  const auto& entries = inventory.entries();
  const auto at = std::ranges::lower_bound(entries, digest, {}, &Inventory::Entry::digest);
  return at != entries.end() && at->digest == digest ? &*at : nullptr;
}

namespace {

/// Chunks of the index as one device needs them.
struct Needs {
  std::vector<const Inventory::Entry*> old;  ///< by chunk; null where the old image has none
  std::vector<std::uint32_t> used;           ///< in the order of the image, each once
};

Needs needs_of(const IndexTables& tables, const Inventory& old) {
  Needs needs;
  needs.old.resize(tables.chunks.size());
  std::vector<std::uint8_t> seen(tables.chunks.size());
  for_each_place(tables, [&](std::uint32_t chunk, std::uint64_t) {
    if (seen[chunk] != 0) return;
    seen[chunk] = 1;
    needs.used.push_back(chunk);
    const Inventory::Entry* entry = find(old, tables.chunks[chunk].digest);
    if (entry != nullptr && entry->size_bytes == tables.chunks[chunk].size_bytes) needs.old[chunk] = entry;
  });
  return needs;
}

std::vector<std::uint32_t> frames_needed(const IndexTables& tables, const Needs& needs) {
  std::vector<std::uint32_t> frame_of(tables.chunks.size());
  for (std::uint32_t i = 0; i < tables.frames.size(); ++i) {
    const Frame& frame = tables.frames[i];
    std::fill_n(frame_of.begin() + frame.first_chunk, frame.chunk_count, i);
  }
  std::vector<std::uint32_t> frames;
  for (const std::uint32_t chunk : needs.used) {
    if (needs.old[chunk] == nullptr) frames.push_back(frame_of[chunk]);
  }
  std::ranges::sort(frames);
  const auto twice = std::ranges::unique(frames);
  frames.erase(twice.begin(), twice.end());
  return frames;
}

/// Bridges the smallest gaps, so that no more than `requests_max` ranges are left, and takes what is fetched that way.
void coalesce(const IndexTables& tables, std::size_t requests_max, Plan& plan) {
  const std::vector<std::uint32_t> needed = std::move(plan.frames);
  plan.frames.clear();
  if (needed.empty()) return;
  const auto start = [&](std::uint32_t frame) { return tables.frames[frame].offset; };
  const auto end = [&](std::uint32_t frame) { return start(frame) + tables.frames[frame].stored_bytes; };
  std::vector<std::uint64_t> gaps;
  for (std::size_t i = 1; i < needed.size(); ++i) gaps.push_back(start(needed[i]) - end(needed[i - 1]));
  std::vector<std::uint64_t> sorted = gaps;
  std::ranges::sort(sorted, std::greater<>());
  const std::size_t keep = std::max<std::size_t>(requests_max, 1) - 1;
  const std::uint64_t bridged = keep < sorted.size() ? sorted[keep] : 0;  // this gap and smaller ones
  std::size_t first = 0;
  for (std::size_t i = 1; i <= needed.size(); ++i) {
    if (i < needed.size() && gaps[i - 1] <= bridged) continue;
    plan.ranges.push_back({start(needed[first]), end(needed[i - 1]) - start(needed[first])});
    plan.fetched_bytes += plan.ranges.back().size_bytes;
    for (std::uint32_t frame = needed[first]; frame <= needed[i - 1]; ++frame) plan.frames.push_back(frame);
    first = i;
  }
}

}  // namespace

Plan plan(const Index& index, const Inventory& old, std::size_t requests_max) {
  const IndexTables& tables = index.tables();
  const Needs needs = needs_of(tables, old);
  Plan plan{.index = index, .ranges = {}, .frames = frames_needed(tables, needs), .copies = {}, .origins = {}};
  coalesce(tables, requests_max, plan);
  std::vector<std::uint8_t> fetched(tables.chunks.size());
  for (const std::uint32_t frame : plan.frames) {
    std::fill_n(fetched.begin() + tables.frames[frame].first_chunk, tables.frames[frame].chunk_count, 1);
  }
  for (const std::uint32_t chunk : needs.used) {
    if (fetched[chunk] != 0) continue;
    plan.copies.push_back(chunk);
    plan.origins.push_back(needs.old[chunk]->offset);
  }
  for_each_place(tables, [&](std::uint32_t chunk, std::uint64_t) {
    if (fetched[chunk] == 0) plan.copied_bytes += tables.chunks[chunk].size_bytes;
  });
  return plan;
}

}  // namespace signet::delta
