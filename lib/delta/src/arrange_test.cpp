// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "arrange.hpp"

#include "signet/test/expect.hpp"

#include "pairing.hpp"
#include "test_erofs.hpp"
#include "test_images.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace signet::delta {
namespace {

using test::ErofsFile;
using test::ErofsMaker;
using test::MemoryImage;
using test::MemoryRanges;
using test::noise;

constexpr std::size_t k_files = 80;

/// Files of one release; each `every`-th was changed in `release`, and says so by its time if `timed`.
std::vector<ErofsFile> changed(std::vector<ErofsFile> files, std::size_t every, std::uint64_t release, bool timed) {
  for (std::size_t i = 1; i < files.size(); i += every) {
    files[i].content = noise(files[i].content.size(), release * 1000 + i);
    if (timed) files[i].modified = static_cast<std::int64_t>(release);
  }
  return files;
}

std::vector<ErofsFile> first_release() {
  std::vector<ErofsFile> files;
  for (std::size_t i = 0; i < k_files; ++i) {
    files.push_back({"file" + std::to_string(100 + i), 1, noise(9000 + i * 51, i + 1)});
  }
  return files;
}

struct Made {
  MemoryImage store;
  Index index;
};
Made make(const std::vector<ErofsFile>& files, std::vector<Index> since = {}) {
  MemoryImage image(ErofsMaker(files).image());
  MemoryImage store;
  const MakeOptions options{
      .since = std::move(since), .level_new = 1, .level = 1, .frame_size_bytes = k_chunk_size_bytes_max};
  auto index = make_index(image, store, options);
  EXPECT_OK(index);
  return {std::move(store), *std::move(index)};
}

Plan plan_between(const std::vector<ErofsFile>& old, const Index& fresh) {
  MemoryImage image(ErofsMaker(old).image());
  return plan(fresh, *Inventory::scan(image), 1000);
}

TEST(Erofs, P_DELTA_004_FilesAreFoundWithTheirPathsAndTimes) {
  MemoryImage image(ErofsMaker(changed(first_release(), 3, 7, true)).image());
  const auto extents = erofs::extents(image);
  ASSERT_TRUE(extents.has_value());
  ASSERT_EQ(extents->size(), k_files + 1);
  EXPECT_EQ(extents->front().path, "/");
  for (std::size_t i = 0; i < k_files; ++i) {
    EXPECT_EQ(extents->at(i + 1).path, "/file" + std::to_string(100 + i));
    EXPECT_EQ(extents->at(i + 1).size_bytes, 9000 + i * 51);
    EXPECT_EQ(extents->at(i + 1).modified, i % 3 == 1 ? 7 : 1);
  }
  MemoryImage nothing(noise(20'000, 1));
  EXPECT_FALSE(erofs::extents(nothing).has_value());
}

TEST(Pairs, P_DELTA_004_FilesMeetTheirPredecessors) {
  const auto file = [](std::string name) { return ErofsFile{std::move(name), 1, noise(5000, 1)}; };
  MemoryImage old(ErofsMaker({file("lib.so.1"), file("only-old"), file("vmlinuz-6.1.0-47")}).image());
  MemoryImage fresh(ErofsMaker({file("a-new-one"), file("lib.so.1"), file("vmlinuz-6.1.0-50")}).image());
  const auto of = [](MemoryImage& image, const std::string& path) {
    const auto extents = erofs::extents(image);
    const auto found = std::ranges::find(*extents, path, &erofs::Extent::path);
    return Range{found->offset, found->size_bytes};
  };
  const auto all = pairs(old, fresh);
  const auto old_of = [&](const std::string& path) {
    return std::ranges::find(all, of(fresh, path), &Pair::fresh)->old;
  };
  EXPECT_EQ(old_of("/lib.so.1"), of(old, "/lib.so.1"));
  EXPECT_EQ(old_of("/vmlinuz-6.1.0-50"), of(old, "/vmlinuz-6.1.0-47"));
  EXPECT_EQ(old_of("/a-new-one").size_bytes, 0U);
}

TEST(Arrange, P_DELTA_018_WithoutHistoryWhatIsNewerStandsInFrontAndTogether) {
  const auto before = first_release();
  const Made timed = make(changed(before, 16, 2, true));
  const Made untimed = make(changed(before, 16, 2, false));
  const Plan todo = plan_between(before, timed.index);
  const Plan scattered = plan_between(before, untimed.index);
  EXPECT_EQ(todo.ranges.size(), 1U);
  EXPECT_EQ(todo.ranges.front().offset, 0U);
  EXPECT_GT(scattered.ranges.size(), 3U) << "the times make the difference";
  EXPECT_LT(todo.fetched_bytes, scattered.fetched_bytes);
}

TEST(Arrange, P_DELTA_018_CompiledFilesOfOneTimeStandBeforeOthers) {
  auto files = first_release();
  for (std::size_t i = 0; i < files.size(); i += 9) {
    std::ranges::copy(as_bytes("\177ELF"), files[i].content.begin());
  }
  auto rebuilt = files;
  for (std::size_t i = 0; i < files.size(); i += 9) rebuilt[i].content[100] ^= std::byte{1};
  EXPECT_LE(plan_between(files, make(rebuilt).index).ranges.size(), 2U) << "inodes and directories, then code";
}

TEST(Arrange, P_DELTA_019_EachReleaseThatIsNamedNeedsOneRequest) {
  const auto first = first_release();
  const auto second = changed(first, 17, 2, false);
  const auto third = changed(second, 13, 3, false);
  const Index known_first = make(first).index;
  const Index known_second = make(second).index;
  const Made made = make(third, {known_second, known_first});
  const Made other_order = make(third, {known_first, known_second});
  EXPECT_EQ(made.index.encode(), other_order.index.encode());
  const Plan from_second = plan(made.index, Inventory::of(known_second), 1000);
  const Plan from_first = plan(made.index, Inventory::of(known_first), 1000);
  EXPECT_EQ(from_first.ranges.size(), 1U);
  EXPECT_LE(from_second.ranges.size(), 2U) << "what came with the second release is behind what came with the third";
  EXPECT_LT(from_second.fetched_bytes, from_first.fetched_bytes);
  for (const auto& [old, todo] : {std::pair{&first, &from_first}, std::pair{&second, &from_second}}) {
    MemoryImage image(ErofsMaker(*old).image());
    MemoryRanges ranges(made.store.bytes);
    MemoryImage out;
    ASSERT_OK(apply(*todo, &image, ranges, out));
    EXPECT_EQ(out.bytes, ErofsMaker(third).image());
  }
}

}  // namespace
}  // namespace signet::delta
