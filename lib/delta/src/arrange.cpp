// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "arrange.hpp"

#include "inventory.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <string_view>

namespace signet::delta {

namespace {

/// The magic number of ELF: programs, libraries, modules of the kernel.
constexpr std::string_view k_elf = "\177ELF";

bool is_code(ImageReader& image, const erofs::Extent& file) {
  std::array<std::byte, k_elf.size()> front{};
  return file.size_bytes >= front.size() && image.read_at(file.offset, front).has_value() && as_text(front) == k_elf;
}

/// How many of the releases have each chunk.
std::vector<std::size_t> holders_of(const std::vector<Chunk>& chunks, std::span<const Index> since) {
  std::vector<std::size_t> holders(chunks.size());
  for (const Index& release : since) {
    const Inventory has = Inventory::of(release);
    for (std::size_t i = 0; i < chunks.size(); ++i) holders[i] += find(has, chunks[i].digest) != nullptr ? 1U : 0U;
  }
  return holders;
}

}  // namespace

Ages Ages::of(ImageReader& image) {
  Ages ages;
  const auto files = erofs::extents(image);
  if (!files) return ages;
  for (const erofs::Extent& file : *files) {
    // A directory's bytes are those of the file system, like its inodes.
    if (file.path.ends_with('/')) continue;
    ages.files_.push_back({{file.offset, file.size_bytes}, {file.modified, is_code(image, file)}});
  }
  return ages;
}

Age Ages::at(std::uint64_t offset) {
  if (files_.empty()) return {};
  while (next_ < files_.size() && offset >= files_[next_].range.offset + files_[next_].range.size_bytes) ++next_;
  if (next_ < files_.size() && offset >= files_[next_].range.offset) return files_[next_].age;
  return {std::numeric_limits<std::int64_t>::max(), false};
}

std::vector<Batch> arrange(const std::vector<Chunk>& chunks, const std::vector<Age>& ages,
                           std::span<const Index> since) {
  const std::vector<std::size_t> holders = holders_of(chunks, since);
  std::vector<std::uint32_t> order(chunks.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return holders[a] != holders[b] ? holders[a] < holders[b] : ages[a] > ages[b];
  });
  std::vector<Batch> batches;
  for (const std::uint32_t chunk : order) {
    if (batches.empty() || batches.back().holders != holders[chunk] || batches.back().age != ages[chunk]) {
      batches.push_back({{}, holders[chunk], ages[chunk], 0});
    }
    batches.back().chunks.push_back(chunk);
    batches.back().size_bytes += chunks[chunk].size_bytes;
  }
  return batches;
}

}  // namespace signet::delta
