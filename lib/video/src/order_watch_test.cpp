// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "order_watch.hpp"

#include "signet/test/expect.hpp"

#include "signed_for_test.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

/// H.265 with open GOPs, in each but the first three RASL pictures, which no signature covers.
std::vector<Bytes> open_gops() {
  std::vector<Bytes> units;
  const auto path =
      std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video/generated/axis/modify_all_rasl.h265";
  auto recording = Recording::open(std::make_shared<MemorySource>(read_whole(path)));
  while (recording) {
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    units.push_back(to_bytes((*piece)->bytes));
  }
  return units;
}

unsigned type_of(const Bytes& unit) { return std::to_integer<unsigned>(unit[0]) >> 1U & 0x3fU; }
bool is_rasl(const Bytes& unit) { return type_of(unit) == 8 || type_of(unit) == 9; }

Verdict judge_units(const std::vector<Bytes>& units) {
  StreamJudge judge(Codec::h265, {.now = k_today});
  for (const Bytes& unit : units) judge.add({.bytes = unit});
  return std::move(judge).finish();
}

bool has(const Verdict& verdict, FindingKind kind) {
  return std::ranges::find(verdict.findings(), kind, &Finding::kind) != verdict.findings().end();
}

TEST(OrderWatch, P_VIDEO_033_pictures_of_an_open_gop_are_missed) {
  std::vector<Bytes> units = open_gops();
  ASSERT_EQ(std::ranges::count_if(units, is_rasl), 24);
  const Verdict whole = judge_units(units);
  EXPECT_EQ(whole.coverage().frames_absent, 0U);
  EXPECT_FALSE(has(whole, FindingKind::unprotected_missing));
  std::erase_if(units, is_rasl);
  const Verdict none = judge_units(units);
  EXPECT_EQ(none.authenticity(), Authenticity::partly_unprotected);
  EXPECT_EQ(none.coverage().frames_absent, 21U) << "those of the last GOP lie behind the signed span";
  EXPECT_EQ(none.first_bad_gop(), 1U);
  EXPECT_TRUE(has(none, FindingKind::unprotected_missing));
}

TEST(OrderWatch, P_VIDEO_033_a_single_one_is_missed) {
  for (const std::size_t which : {0U, 4U, 20U}) {
    std::vector<Bytes> units = open_gops();
    std::size_t n = which;
    units.erase(std::ranges::find_if(units, [&](const Bytes& unit) { return is_rasl(unit) && n-- == 0; }));
    const Verdict verdict = judge_units(units);
    EXPECT_EQ(verdict.coverage().frames_absent, 1U) << which;
    EXPECT_EQ(verdict.authenticity(), Authenticity::partly_unprotected) << which;
  }
}

TEST(OrderWatch, a_recording_may_begin_with_an_open_gop) {
  std::vector<Bytes> units = open_gops();
  const auto cra = [](const Bytes& unit) { return type_of(unit) == 21; };
  auto first = std::find_if(std::ranges::find_if(units, cra) + 1, units.end(), cra);
  const std::vector<Bytes> sets(units.begin(),
                                std::ranges::find_if(units, [](const Bytes& u) { return type_of(u) < 32; }));
  ASSERT_NE(first, units.end());
  // A player cannot show them there, and who cuts leaves them out.
  const auto next = std::find_if(first + 1, units.end(), [](const Bytes& unit) { return type_of(unit) < 2; });
  std::vector<Bytes> clip = sets;
  for (auto unit = first; unit != units.end(); ++unit) {
    if (unit > next || !is_rasl(*unit)) clip.push_back(*unit);
  }
  EXPECT_EQ(judge_units(clip).coverage().frames_absent, 0U);
}

TEST(OrderWatch, signed_pictures_that_are_gone_are_told_once) {
  std::vector<Bytes> units = open_gops();
  std::erase_if(units, is_rasl);
  // The last picture before the second I picture: its signature misses it.
  const auto is_signed = [](const Bytes& unit) { return type_of(unit) < 2; };
  const auto second = std::find_if(units.begin() + 10, units.end(), [](const Bytes& u) { return type_of(u) == 21; });
  const auto last = std::find_if(std::make_reverse_iterator(second), units.rend(), is_signed);
  units.erase(std::next(last).base());
  const Verdict verdict = judge_units(units);
  EXPECT_EQ(verdict.authenticity(), Authenticity::authentic_with_missing);
  EXPECT_FALSE(has(verdict, FindingKind::unprotected_missing));
  EXPECT_TRUE(has(verdict, FindingKind::note));
}

}  // namespace

}  // namespace signet::video
