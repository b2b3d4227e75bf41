// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/delta_patch.hpp"
#include "signet/test/expect.hpp"

#include "match.hpp"
#include "patch_tables.hpp"
#include "test_images.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace signet::delta {
namespace {

using test::MemoryImage;
using test::MemoryRanges;
using test::noise;

/// Code as it comes out of a compiler again: all addresses moved, a function more, one less.
Bytes recompiled(Bytes code) {
  for (std::size_t at = 100; at + 1 < code.size(); at += 97) code[at] ^= std::byte{3};
  code.erase(code.begin() + 50'000, code.begin() + 51'000);
  const Bytes added = noise(3000, 77);
  code.insert(code.begin() + 200'000, added.begin(), added.end());
  return code;
}

/// Made once: comparing takes its time where every access is checked.
struct Versions {
  static Versions made() {
    static const Versions k_made;
    return k_made;
  }
  MemoryImage old_image;
  MemoryImage fresh;
  MemoryImage data;
  Patch patch{std::make_shared<PatchTables>()};

 private:
  Versions() {
    // Code, then what stays as it is, so that there are two blocks; a little code in the second.
    const Bytes code = noise(300'000, 1);
    const Bytes behind = noise(20'000, 2);
    for (auto& [image, front] : {std::pair{&old_image, code}, std::pair{&fresh, recompiled(code)}}) {
      image->bytes = front;
      image->bytes.resize(k_patch_block_bytes + 1000);
      append(image->bytes, behind);
    }
    fresh.bytes.back() ^= std::byte{1};
    auto made = make_patch(old_image, fresh, data, 1);
    EXPECT_OK(made);
    patch = *std::move(made);
  }
};

TEST(Match, P_DELTA_020_StepsMakeTheNewFile) {
  const Bytes old = noise(300'000, 3);
  for (const Bytes& fresh : {recompiled(old), Bytes{}, noise(5, 9), noise(70'000, 9), old, Bytes(100'000)}) {
    for (const Bytes& from : {old, Bytes{}, noise(3, 1), Bytes(50'000)}) {
      std::size_t at = 0;
      match(from, fresh, [&](const Step& step) {
        ASSERT_LE(step.old_at + step.copied, from.size());
        at += step.copied + step.literal;
        ASSERT_LE(at, fresh.size());
      });
      EXPECT_EQ(at, fresh.size());
    }
  }
}

TEST(Patch, P_DELTA_020_MakesTheNewImage) {
  Versions versions = Versions::made();
  MemoryImage out;
  MemoryRanges ranges(versions.data.bytes);
  ASSERT_OK(apply_patch(versions.patch, versions.old_image, ranges, out));
  EXPECT_EQ(out.bytes, versions.fresh.bytes);
  EXPECT_EQ(ranges.requests, 1U);
  ASSERT_EQ(versions.patch.block_count(), 2U);
}

TEST(Patch, P_DELTA_020_RecompiledCodeIsSmall) {
  MemoryImage old(noise(400'000, 1));
  MemoryImage fresh(recompiled(old.bytes));
  MemoryImage data;
  ASSERT_OK(make_patch(old, fresh, data, 1));
  EXPECT_LT(data.bytes.size(), fresh.bytes.size() / 20) << "noise does not compress: copies do";
}

TEST(Patch, P_DELTA_021_IsReadAsItWasWrittenAndRefusedOtherwise) {
  const Versions versions = Versions::made();
  const Bytes bytes = versions.patch.encode();
  const auto read = Patch::parse(bytes);
  ASSERT_OK(read);
  EXPECT_EQ(read->encode(), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Patch::parse(ByteView(bytes).first(size)).has_value());
  }
  for (const std::size_t at : {0U, 9U, 12U, 16U, 24U, 32U, 40U, 44U, 112U, 116U}) {
    Bytes spoiled = bytes;
    spoiled[at] = std::byte{0xff};
    EXPECT_FALSE(Patch::parse(spoiled).has_value()) << at;
  }
}

TEST(Patch, P_DELTA_022_GoesOnFromEachBlock) {
  Versions versions = Versions::made();
  for (std::uint64_t kill = 0; kill <= versions.patch.block_count(); ++kill) {
    MemoryImage out;
    std::uint64_t kept = 0;
    ApplyOptions options;
    options.checkpoint = [&](std::uint64_t cursor) -> Result<void> {
      if (cursor > kill) return Error(Errc::unavailable, "test.killed", "killed");
      kept = cursor;
      return {};
    };
    MemoryRanges ranges(versions.data.bytes, 1U << 16U);
    const auto first = apply_patch(versions.patch, versions.old_image, ranges, out, options);
    EXPECT_TRUE(first.has_value() || first.error().reason() == "test.killed");
    ApplyOptions again;
    again.from = kept;
    ASSERT_OK(apply_patch(versions.patch, versions.old_image, ranges, out, again));
    EXPECT_EQ(out.bytes, versions.fresh.bytes);
  }
  ApplyOptions beyond;
  beyond.from = versions.patch.block_count() + 1;
  MemoryImage out;
  MemoryRanges ranges(versions.data.bytes);
  EXPECT_REASON(apply_patch(versions.patch, versions.old_image, ranges, out, beyond), "delta.cursor");
}

TEST(Patch, P_DELTA_023_AWrongOrChangedOldImageIsRefusedBeforeAByteOfItIsWritten) {
  Versions versions = Versions::made();
  MemoryRanges ranges(versions.data.bytes, 1U << 16U);
  MemoryImage out;
  MemoryImage shorter(noise(1000, 1));
  EXPECT_REASON(apply_patch(versions.patch, shorter, ranges, out), "delta.wrong-old");
  MemoryImage other(noise(versions.old_image.bytes.size(), 2));
  EXPECT_REASON(apply_patch(versions.patch, other, ranges, out), "delta.wrong-old");
  versions.old_image.bytes[1000] ^= std::byte{1};
  EXPECT_REASON(apply_patch(versions.patch, versions.old_image, ranges, out), "delta.wrong-old");
  EXPECT_TRUE(out.bytes.empty());
}

TEST(Patch, P_DELTA_024_AlteredOrCutOffDataIsRefused) {
  Versions versions = Versions::made();
  for (std::size_t at = 0; at < versions.data.bytes.size(); at += 1 + versions.data.bytes.size() / 10) {
    Bytes spoiled = versions.data.bytes;
    spoiled[at] ^= std::byte{1};
    MemoryImage out;
    MemoryRanges ranges(spoiled, 1U << 20U);
    EXPECT_REASON(apply_patch(versions.patch, versions.old_image, ranges, out), "delta.store-altered");
    const Bytes shorter = to_bytes(ByteView(versions.data.bytes).first(at));
    MemoryRanges cut_off(shorter, 1U << 20U);
    EXPECT_REASON(apply_patch(versions.patch, versions.old_image, cut_off, out), "delta.truncated");
    EXPECT_TRUE(equal(out.bytes, ByteView(versions.fresh.bytes).first(out.bytes.size())));
  }
}

struct HostileBlock {
  const char* name;
  std::vector<std::uint64_t> steps;
  std::vector<std::uint64_t> runs;
  std::size_t changes = 0;
  std::size_t literals = 0;
};
class HostileBlocks : public ::testing::TestWithParam<HostileBlock> {};

TEST_P(HostileBlocks, P_DELTA_025_HostileInstructionsAreRefused) {
  const auto stream = [](const std::vector<std::uint64_t>& numbers) {
    Bytes bytes;
    for (const std::uint64_t number : numbers) put_varint(bytes, number);
    return bytes;
  };
  Bytes content(PatchStreams::k_head_bytes);
  std::size_t at = 0;
  for (const Bytes& part :
       {stream(GetParam().steps), stream(GetParam().runs), Bytes(GetParam().changes), Bytes(GetParam().literals)}) {
    put_be32(ByteSpan(content).subspan(at), static_cast<std::uint32_t>(part.size()));
    append(content, part);
    at += 4;
  }
  MemoryImage old(noise(1000, 1));
  Bytes out(100);
  EXPECT_REASON(run_block(content, old, out), "delta.patch");
}
constexpr std::uint64_t k_huge = ~std::uint64_t{0};
INSTANTIATE_TEST_SUITE_P(
    All, HostileBlocks,
    ::testing::Values(
        HostileBlock{"Nothing", {}, {}}, HostileBlock{"TooShort", {99, 0, 0}, {99, 0}},
        HostileBlock{"TooLong", {101, 0, 0}, {101, 0}}, HostileBlock{"CopyOverflows", {k_huge, 0, 0}, {k_huge, 0}},
        HostileBlock{"LiteralOverflows", {1, k_huge, 0}, {1, 0}, 0, 99},
        HostileBlock{"BeyondOld", {100, 0, 2 * 901}, {100, 0}}, HostileBlock{"BeforeOld", {100, 0, 1}, {100, 0}},
        HostileBlock{"PositionWraps", {100, 0, k_huge - 1}, {100, 0}},
        HostileBlock{"EmptyStep", {0, 0, 0, 100, 0, 0}, {100, 0}},
        HostileBlock{"EmptyRun", {100, 0, 0}, {0, 0, 100, 0}}, HostileBlock{"RunsEndEarly", {100, 0, 0}, {50, 0}},
        HostileBlock{"RunsGoOn", {100, 0, 0}, {101, 0}}, HostileBlock{"ChangesEndEarly", {100, 0, 0}, {50, 50}, 49},
        HostileBlock{"ChangesGoOn", {100, 0, 0}, {50, 50}, 51},
        HostileBlock{"LiteralsEndEarly", {50, 50, 0}, {50, 0}, 0, 49},
        HostileBlock{"LiteralsGoOn", {50, 50, 0}, {50, 0}, 0, 51}, HostileBlock{"StepCutOff", {100, 0}, {100, 0}}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace signet::delta
