// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/release.hpp"
#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace signet::release {
namespace {

const Instant k_now = *from_rfc3339("2026-11-22T12:00:00Z");

/// "11.9.60 7 active,lts-2026 [stone] [from=V] [back=V] [fixes=CVE]", published a day after the one before.
Release release(const std::string& line, std::int64_t day) {
  std::istringstream in(line);
  Release one;
  std::string tracks;
  in >> one.version >> one.security_version >> tracks;
  std::istringstream list(tracks);
  for (std::string track; std::getline(list, track, ',');) one.tracks.push_back(track);
  for (std::string word; in >> word;) {
    if (word == "stone") one.terms.stepping_stone = true;
    if (word.starts_with("from=")) one.terms.upgrade_from = word.substr(5);
    if (word.starts_with("back=")) one.terms.downgrade_to = word.substr(5);
    if (word.starts_with("fixes=")) one.terms.fixes.push_back(word.substr(6));
  }
  one.path = "cam-a/" + one.version + ".bundle";
  one.hardware = {"r2"};
  one.published = k_now.plus_days(day - 10);
  return one;
}

/// Versions in ascending order.
Catalogue catalogue(const std::vector<std::string>& lines) {
  Catalogue all{.product = "cam-a", .releases = {}, .tracks = {}};
  for (const std::string& line : lines) {
    all.releases.push_back(release(line, static_cast<std::int64_t>(all.releases.size())));
  }
  return all;
}

std::string way_of(const Answer& answer) {
  std::string way;
  for (const Release& step : answer.way) way += (way.empty() ? "" : " ") + step.version;
  return way;
}

struct Case {
  const char* name;
  std::vector<std::string> releases;
  std::string installed;
  Wish wish;
  std::uint64_t floor;
  std::string standing;
  std::string way;
};

class Decide : public ::testing::TestWithParam<Case> {};

TEST_P(Decide, P_RELEASE_001_the_way_to_the_newest_release_of_the_track) {
  const Case& one = GetParam();
  const auto answer = decide(catalogue(one.releases), {"r2", one.installed, one.floor}, one.wish, k_now);
  ASSERT_OK(answer);
  EXPECT_EQ(name_of(answer->standing), one.standing);
  EXPECT_EQ(way_of(*answer), one.way);
  const bool leads_nowhere = answer->way.empty() && answer->standing != Standing::current;
  EXPECT_EQ(leads_nowhere && (answer->standing != Standing::ahead || one.wish.downgrade), !answer->reason.empty());
}

const std::vector<std::string> k_line{"1.2 1 active", "1.9 1 active,lts-1", "1.10 2 active,lts-1", "2.0 3 active"};
const std::vector<std::string> k_stones{"1.0 1 active", "1.5 1 active stone", "2.0 1 active stone", "2.4 1 active"};
const std::vector<std::string> k_ladder{"1.0 1 active", "1.4 1 active", "2.0 1 active from=1.4",
                                        "3.0 1 active from=2.0"};

INSTANTIATE_TEST_SUITE_P(
    Ways, Decide,
    ::testing::Values(
        Case{"newest_runs", k_line, "2.0", {"active"}, 0, "current", ""},
        Case{"numbers_not_letters", k_line, "1.9", {"lts-1"}, 0, "behind", "1.10"},
        Case{"in_one_step", k_line, "1.2", {"active"}, 0, "behind", "2.0"},
        Case{"older_than_all", k_line, "0.1", {"lts-1"}, 0, "behind", "1.10"},
        Case{"unlisted_in_between", k_line, "1.9.5", {"active"}, 0, "behind", "2.0"},
        Case{"candidate_before_release",
             {"1.0~rc1 1 active", "1.0 1 active"},
             "1.0~rc1",
             {"active"},
             0,
             "behind",
             "1.0"},
        Case{"stones", k_stones, "1.0", {"active"}, 0, "behind", "1.5 2.0 2.4"},
        Case{"between_stones", k_stones, "1.7", {"active"}, 0, "behind", "2.0 2.4"},
        Case{"past_stones", k_stones, "2.1", {"active"}, 0, "behind", "2.4"},
        Case{"on_a_stone", k_stones, "2.0", {"active"}, 0, "behind", "2.4"},
        Case{"ladder", k_ladder, "1.0", {"active"}, 0, "behind", "1.4 2.0 3.0"},
        Case{"ladder_higher_up", k_ladder, "1.6", {"active"}, 0, "behind", "2.0 3.0"},
        Case{"ladder_from_the_bottom", k_ladder, "0.5", {"active"}, 0, "behind", "1.4 2.0 3.0"},
        Case{"broken_ladder", {"2.0 1 active from=1.4"}, "1.0", {"active"}, 0, "no-way", ""},
        Case{"floor_hides_a_step", k_ladder, "1.0", {"active"}, 2, "nothing", ""},
        Case{"floor_hides_old", k_line, "1.2", {"lts-1"}, 2, "behind", "1.10"},
        Case{"other_track_is_older", k_line, "2.0", {"lts-1"}, 0, "ahead", ""},
        Case{"no_way_back", k_line, "2.0", {"lts-1", true}, 0, "ahead", ""},
        Case{"way_back", {"1.10 2 lts-1", "2.0 3 active back=1.10"}, "2.0", {"lts-1", true}, 0, "ahead", "1.10"},
        Case{"way_back_ends", {"1.9 2 lts-1", "2.0 3 active back=1.10"}, "2.0", {"lts-1", true}, 0, "ahead", ""},
        Case{"way_back_unwished", {"1.10 2 lts-1", "2.0 3 active back=1.10"}, "2.0", {"lts-1"}, 0, "ahead", ""},
        Case{"way_back_below_floor",
             {"1.10 2 lts-1", "2.0 3 active back=1.10"},
             "2.0",
             {"lts-1", true},
             3,
             "nothing",
             ""}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Decide, P_RELEASE_002_says_how_far_behind_a_device_is_and_what_it_lacks) {
  const Catalogue all = catalogue({"1.0 1 active fixes=CVE-2026-1", "1.1 1 active fixes=CVE-2026-3",
                                   "1.2 1 other fixes=CVE-2026-9", "1.3 1 active fixes=CVE-2026-2"});
  const auto answer = decide(all, {"r2", "1.0", 0}, {"active"}, k_now);
  ASSERT_OK(answer);
  EXPECT_EQ(answer->releases_behind, 2U);
  EXPECT_EQ(answer->seconds_behind, 9 * 86'400);
  EXPECT_EQ(answer->fixes, (std::vector<std::string>{"CVE-2026-2", "CVE-2026-3"}));
  EXPECT_FALSE(answer->unlisted);
}

TEST(Decide, P_RELEASE_003_says_when_support_ends) {
  Catalogue all = catalogue({"1.0 1 active,lts-1"});
  all.releases.front().terms.supported_until = k_now.plus_days(30);
  const std::vector<std::pair<std::optional<std::int64_t>, Support>> ends{
      {std::nullopt, Support::open}, {181, Support::lasts}, {180, Support::ending},
      {1, Support::ending},          {0, Support::ended},   {-1, Support::ended}};
  for (const auto& [days, support] : ends) {
    all.tracks = {{.name = "lts-1", .kind = TrackKind::long_term}};
    if (days) all.tracks.front().supported_until = k_now.plus_days(*days);
    const auto answer = decide(all, {"r2", "1.0", 0}, {"lts-1"}, k_now);
    ASSERT_OK(answer);
    EXPECT_EQ(answer->track_support, support) << days.value_or(0);
    EXPECT_EQ(answer->track_supported_until, all.tracks.front().supported_until);
    EXPECT_EQ(answer->release_supported_until, k_now.plus_days(30));
  }
}

TEST(Decide, P_RELEASE_004_a_track_that_does_not_exist_and_hardware_that_is_not_served_are_told_apart) {
  Catalogue all = catalogue({"1.0 1 active"});
  EXPECT_REASON(decide(all, {"r2", "1.0", 0}, {"lts-1"}, k_now), "release.no-track");
  all.tracks = {{.name = "lts-1", .kind = TrackKind::long_term}};
  const auto announced = decide(all, {"r2", "1.0", 0}, {"lts-1"}, k_now);
  ASSERT_OK(announced);
  EXPECT_EQ(announced->standing, Standing::nothing);
  const auto elsewhere = decide(all, {"r3", "1.0", 0}, {"active"}, k_now);
  ASSERT_OK(elsewhere);
  EXPECT_EQ(elsewhere->standing, Standing::nothing);
  const auto withdrawn = decide(all, {"r2", "0.9", 0}, {"active"}, k_now);
  ASSERT_OK(withdrawn);
  EXPECT_TRUE(withdrawn->unlisted);
}

}  // namespace
}  // namespace signet::release
