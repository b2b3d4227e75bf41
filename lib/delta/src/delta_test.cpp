// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/delta.hpp"

#include "signet/test/expect.hpp"

#include "chunker.hpp"
#include "tables.hpp"
#include "test_images.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace signet::delta {
namespace {

using test::MemoryImage;
using test::MemoryRanges;
using test::noise;

/// An image like a file system's: files at borders of blocks, padded with zeros.
Bytes image_of(const std::vector<Bytes>& files) {
  Bytes image;
  for (const Bytes& file : files) {
    append(image, file);
    image.resize((image.size() + k_block_bytes) / k_block_bytes * k_block_bytes + k_block_bytes);
  }
  return image;
}

std::vector<Bytes> files_of(std::size_t count, std::size_t spread = 20'000) {
  std::vector<Bytes> files;
  for (std::size_t i = 0; i < count; ++i) files.push_back(noise(3000 + i * 7919 % spread, i + 1));
  return files;
}

/// Noise does not compress, however long one tries.
const MakeOptions k_quick{.level_new = 1, .level = 1, .frame_size_bytes = k_chunk_size_bytes_max};

/// Two releases: a byte is inserted into one file, one file is new, one is gone.
struct Releases {
  Releases() {
    std::vector<Bytes> files = files_of(30);
    old_image.bytes = image_of(files);
    files[12].insert(files[12].begin() + 1000, std::byte{7});
    files.insert(files.begin() + 20, noise(50'000, 4711));
    files.erase(files.begin() + 10);
    fresh.bytes = image_of(files);
    index = must(make_index(fresh, store, k_quick));
    old_index = must(make_index(old_image, old_store, k_quick));
  }
  template <typename T>
  static T must(Result<T> result) {
    EXPECT_OK(result);
    return *std::move(result);
  }

  MemoryImage old_image;
  MemoryImage fresh;
  MemoryImage store;
  MemoryImage old_store;
  Index index{std::make_shared<IndexTables>()};
  Index old_index{std::make_shared<IndexTables>()};
};

TEST(Chunker, P_DELTA_001_ChunksFillTheImageWithinTheirBounds) {
  MemoryImage image(image_of(files_of(10, 150'000)));
  std::uint64_t at = 0;
  ASSERT_OK(for_each_chunk(image, [&](std::uint64_t offset, ByteView chunk) -> Result<void> {
    EXPECT_EQ(offset, at);
    EXPECT_GT(chunk.size(), 0U);
    EXPECT_LE(chunk.size(), k_chunk_size_bytes_max);
    EXPECT_TRUE(equal(chunk, ByteView(image.bytes).subspan(at, chunk.size())));
    at += chunk.size();
    return {};
  }));
  EXPECT_EQ(at, image.bytes.size());
}

TEST(Chunker, P_DELTA_001_AChangedFileSpoilsNoNeighbour) {
  const Releases releases;
  const Inventory old = Inventory::of(releases.old_index);
  // The chunks around the inserted byte, and the new file.
  std::uint64_t missing = 0;
  for (const Chunk& chunk : releases.index.tables().chunks) {
    const bool known =
        std::ranges::any_of(old.entries(), [&](const auto& entry) { return entry.digest == chunk.digest; });
    if (!known) missing += chunk.size_bytes;
  }
  EXPECT_LE(missing, 50'000U + 2 * k_chunk_size_bytes_max);
}

TEST(Index, P_DELTA_002_IsReadAsItWasWritten) {
  const Releases releases;
  const Bytes bytes = releases.index.encode();
  const auto read = Index::parse(bytes);
  ASSERT_OK(read);
  EXPECT_EQ(read->encode(), bytes);
  EXPECT_EQ(read->image_size_bytes(), releases.fresh.bytes.size());
  EXPECT_EQ(read->store_size_bytes(), releases.store.bytes.size());
}

TEST(Index, P_DELTA_003_CutOffOrLongerIsRefused) {
  const Bytes bytes = Releases().index.encode();
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
    EXPECT_FALSE(Index::parse(ByteView(bytes).first(size)).has_value()) << size;
  }
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_REASON(Index::parse(longer), "delta.index");
}

struct Spoiled {
  const char* name;
  std::size_t at;
  std::uint32_t value;
};
class SpoiledIndex : public ::testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledIndex, P_DELTA_003_HostileNumbersAreRefused) {
  static const Bytes k_sound = Releases().index.encode();
  Bytes bytes = k_sound;
  put_be32(ByteSpan(bytes).subspan(GetParam().at), GetParam().value);
  EXPECT_FALSE(Index::parse(bytes).has_value());
}
INSTANTIATE_TEST_SUITE_P(All, SpoiledIndex,
                         ::testing::Values(Spoiled{"magic", 0, 0}, Spoiled{"version", 8, 0x00020000},
                                           Spoiled{"image size", 16, 0xffffffff}, Spoiled{"image size", 20, 1},
                                           Spoiled{"store size", 28, 1}, Spoiled{"frames", 32, 0xffffffff},
                                           Spoiled{"chunks", 36, 0xffffffff}, Spoiled{"runs", 40, 0xffffffff},
                                           Spoiled{"reserved", 44, 1}, Spoiled{"stored", 80 + 32, 0xffffffff},
                                           Spoiled{"stored", 80 + 32, 0}, Spoiled{"chunk count", 80 + 36, 0xffffffff},
                                           Spoiled{"chunk count", 80 + 36, 0}),
                         [](const auto& param) {
                           std::string name = std::string(param.param.name) + std::to_string(param.index);
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(Apply, P_DELTA_010_MakesTheNewImageFromAnyOldOne) {
  Releases releases;
  MemoryImage other(noise(300'000, 99));
  const std::vector<std::pair<ImageReader*, Inventory>> olds{
      {&releases.old_image, Inventory::of(releases.old_index)},
      {&releases.old_image, *Inventory::scan(releases.old_image)},
      {&releases.fresh, Inventory::of(releases.index)},
      {&other, *Inventory::scan(other)},
      {nullptr, Inventory::none()}};
  for (const auto& [image, inventory] : olds) {
    MemoryImage out;
    MemoryRanges ranges(releases.store.bytes);
    const Plan todo = plan(releases.index, inventory);
    const auto applied = apply(todo, image, ranges, out);
    ASSERT_OK(applied);
    EXPECT_EQ(out.bytes, releases.fresh.bytes);
    EXPECT_EQ(applied->fetched_bytes, todo.fetched_bytes);
    EXPECT_EQ(ranges.requests, todo.ranges.size());
    EXPECT_EQ(applied->mended_chunks, 0U);
    EXPECT_OK(check_image(releases.index, out));
  }
}

TEST(Apply, P_DELTA_011_NeverMakesMoreRequestsThanAllowed) {
  Releases releases;
  std::vector<Bytes> files = files_of(100, 6000);
  MemoryImage before(image_of(files));
  for (std::size_t i = 0; i < files.size(); i += 12) files[i] = noise(files[i].size(), i + 1000);
  MemoryImage fresh(image_of(files));
  MemoryImage store;
  const auto index = make_index(fresh, store, k_quick);
  ASSERT_OK(index);
  EXPECT_GT(plan(*index, *Inventory::scan(before), 1000).ranges.size(), 5U) << "there are gaps to be bridged";
  std::uint64_t fetched = 0;
  for (const std::size_t requests : {1000U, 5U, 1U, 0U}) {
    const Plan todo = plan(*index, *Inventory::scan(before), requests);
    EXPECT_LE(todo.ranges.size(), std::max<std::size_t>(requests, 1));
    EXPECT_GE(todo.fetched_bytes, fetched) << "fewer requests fetch no less";
    fetched = todo.fetched_bytes;
    MemoryImage out;
    MemoryRanges ranges(store.bytes, 100'000);
    ASSERT_OK(apply(todo, &before, ranges, out));
    EXPECT_EQ(out.bytes, fresh.bytes);
    EXPECT_EQ(ranges.requests, todo.ranges.size());
  }
}

TEST(Apply, P_DELTA_012_WhatIsNewSinceTheReleaseBeforeIsOneRequest) {
  Releases releases;
  MakeOptions options = k_quick;
  options.since = {releases.old_index};
  MemoryImage store;
  const auto index = make_index(releases.fresh, store, options);
  ASSERT_OK(index);
  const Plan todo = plan(*index, Inventory::of(releases.old_index));
  EXPECT_EQ(todo.ranges.size(), 1U);
  EXPECT_LE(todo.fetched_bytes, 50'000U + 2 * k_chunk_size_bytes_max);
  MemoryImage out;
  MemoryRanges ranges(store.bytes);
  ASSERT_OK(apply(todo, &releases.old_image, ranges, out));
  EXPECT_EQ(out.bytes, releases.fresh.bytes);
  MemoryImage from_nothing;
  ASSERT_OK(apply(plan(*index, Inventory::none()), nullptr, ranges, from_nothing));
  EXPECT_EQ(from_nothing.bytes, releases.fresh.bytes);
}

TEST(Apply, P_DELTA_013_GoesOnFromEachCursorAfterAKill) {
  Releases releases;
  const Plan todo = plan(releases.index, Inventory::of(releases.old_index));
  for (std::uint64_t kill = 0; kill <= todo.steps(); kill += 1 + todo.steps() / 25) {
    MemoryImage out;
    std::uint64_t kept = 0;
    ApplyOptions options;
    options.checkpoint_bytes = 1;
    options.checkpoint = [&](std::uint64_t cursor) -> Result<void> {
      if (cursor > kill) return Error(Errc::unavailable, "test.killed", "killed");
      kept = cursor;
      return {};
    };
    MemoryRanges ranges(releases.store.bytes);
    const auto first = apply(todo, &releases.old_image, ranges, out, options);
    EXPECT_TRUE(first.has_value() || first.error().reason() == "test.killed");
    // What was written after the cursor was kept may be lost or torn.
    ApplyOptions again;
    again.from = kept;
    MemoryRanges rest(releases.store.bytes);
    ASSERT_OK(apply(todo, &releases.old_image, rest, out, again));
    EXPECT_EQ(out.bytes, releases.fresh.bytes) << "killed after step " << kill;
    EXPECT_LE(rest.requests, todo.ranges.size());
  }
  ApplyOptions beyond;
  beyond.from = todo.steps() + 1;
  MemoryImage out;
  MemoryRanges ranges(releases.store.bytes);
  EXPECT_REASON(apply(todo, &releases.old_image, ranges, out, beyond), "delta.cursor");
}

TEST(Apply, P_DELTA_014_AnAlteredStoreIsNeverWritten) {
  Releases releases;
  const Plan todo = plan(releases.index, Inventory::none());
  for (std::size_t at = 0; at < releases.store.bytes.size(); at += 1 + releases.store.bytes.size() / 50) {
    Bytes spoiled = releases.store.bytes;
    spoiled[at] ^= std::byte{1};
    MemoryImage out;
    MemoryRanges ranges(spoiled, 1U << 20U);
    EXPECT_REASON(apply(todo, nullptr, ranges, out), "delta.store-altered");
    EXPECT_TRUE(equal(out.bytes, ByteView(releases.fresh.bytes).first(out.bytes.size())));
    MemoryRanges cut_off(spoiled = to_bytes(ByteView(releases.store.bytes).first(at)), 1U << 20U);
    EXPECT_REASON(apply(todo, nullptr, cut_off, out), "delta.truncated");
  }
}

TEST(Apply, P_DELTA_015_AnOldImageThatChangedIsMendedByFetching) {
  Releases releases;
  const Inventory promised = Inventory::of(releases.old_index);
  for (const std::size_t at : {std::size_t{0}, releases.old_image.bytes.size() / 2}) {
    releases.old_image.bytes[at] ^= std::byte{1};
  }
  const Plan todo = plan(releases.index, promised);
  MemoryImage out;
  MemoryRanges ranges(releases.store.bytes);
  const auto applied = apply(todo, &releases.old_image, ranges, out);
  ASSERT_OK(applied);
  EXPECT_GE(applied->mended_chunks, 1U);
  EXPECT_EQ(out.bytes, releases.fresh.bytes);
}

TEST(Apply, P_DELTA_015_AnotherOldImageIsRefusedOnceTooMuchIsMissing) {
  MemoryImage before(image_of(files_of(1100, 1000)));
  MemoryImage store;
  MemoryImage other(noise(before.bytes.size() / 2, 5));
  const auto index = make_index(before, store, k_quick);
  ASSERT_OK(index);
  MemoryImage out;
  MemoryRanges ranges(store.bytes, 1U << 20U);
  EXPECT_REASON(apply(plan(*index, Inventory::of(*index)), &other, ranges, out), "delta.old-altered");
}

TEST(Apply, P_DELTA_016_AFrameLargerThanPromisedIsRefused) {
  // The digest of the stored bytes is right, as only the signer could make it: the sizes are not.
  Releases releases;
  IndexTables tables = releases.index.tables();
  tables.chunks.back().size_bytes -= 1;
  tables.frames.back().size_bytes -= 1;
  const Index shorter(std::make_shared<IndexTables>(tables));
  MemoryImage out;
  MemoryRanges ranges(releases.store.bytes, 1U << 20U);
  EXPECT_REASON(apply(plan(shorter, Inventory::none()), nullptr, ranges, out), "delta.store-altered");
}

TEST(CheckImage, P_DELTA_017_EveryByteCounts) {
  Releases releases;
  for (std::size_t at = 0; at < releases.fresh.bytes.size(); at += 1 + releases.fresh.bytes.size() / 30) {
    MemoryImage spoiled(releases.fresh.bytes);
    spoiled.bytes[at] ^= std::byte{1};
    EXPECT_REASON(check_image(releases.index, spoiled), "delta.image-differs");
  }
}

}  // namespace
}  // namespace signet::delta
