// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "segments.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>

namespace signet::camerad {
namespace {

const Instant k_began{1'780'315'200};  // 2026-06-01T12:00:00Z

TEST(Segments, NamesAreReadBack) {
  EXPECT_EQ(file_name({.number = 42, .began = k_began, .format = SegmentFormat::mp4}), "00000042-20260601T120000Z.mp4");
  EXPECT_EQ(file_name({.number = 7, .began = k_began, .format = SegmentFormat::annexb, .codec = video::Codec::h265}),
            "00000007-20260601T120000Z.h265");
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{99'999'999}, std::uint64_t{123'456'789'012}}) {
    EXPECT_EQ(segment_number(file_name({.number = number, .began = k_began})), number);
  }
}

TEST(Segments, P_CAMERAD_006_NothingElseIsTakenForASegment) {
  for (const std::string_view name :
       {"", ".mp4", "00000042.mp4", "holiday.mp4", "00000042-20260601T120000Z.mp4.new-12-0",
        "0000042-20260601T120000Z.mp4", "00000042-20260601T120000Z.avi", "00000042-2026o601T120000Z.mp4",
        "00000042-20260601T120000.mp4", "x00000042-20260601T120000Z.mp4",
        "99999999999999999999999-20260601T120000Z.mp4", "../00000042-20260601T120000Z.mp4",
        "+0000042-20260601T120000Z.mp4"}) {
    EXPECT_FALSE(segment_number(name).has_value()) << name;
  }
}

std::string put(const test::TempDir& folder, std::uint64_t number, std::size_t size_bytes) {
  const std::string name = file_name({.number = number, .began = k_began});
  folder.write(name, Bytes(size_bytes));
  return name;
}

TEST(Segments, P_CAMERAD_006_TheOldestGoFirstAndOnlyAsManyAsNeeded) {
  struct Case {
    std::uint64_t keep, coming;
    std::vector<std::uint64_t> left;
  };
  const std::vector<Case> cases{{500, 0, {3, 4, 9}}, {300, 0, {3, 4, 9}}, {299, 0, {4, 9}}, {300, 1, {4, 9}},
                                {300, 150, {9}},     {100, 100, {}},      {1, 0, {}},       {1, 999, {}}};
  for (const Case& each : cases) {
    const test::TempDir folder;
    for (const std::uint64_t number : {9U, 3U, 4U}) put(folder, number, 100);
    folder.write("holiday.mp4", Bytes(100'000));
    auto store = SegmentStore::open(folder.path());
    ASSERT_OK(store);
    EXPECT_EQ(store->next_number(), 10U);
    ASSERT_OK(store->make_room(each.keep, each.coming));
    std::vector<std::uint64_t> left;
    for (const std::uint64_t number : {3U, 4U, 9U}) {
      const bool exists = std::filesystem::exists(folder / file_name({.number = number, .began = k_began}));
      if (exists) left.push_back(number);
    }
    EXPECT_EQ(left, each.left) << each.keep << " " << each.coming;
    EXPECT_EQ(store->size_bytes(), 100 * left.size());
    EXPECT_EQ(store->removed(), 3 - left.size());
    EXPECT_TRUE(std::filesystem::exists(folder / "holiday.mp4"));
  }
}

TEST(Segments, P_CAMERAD_005_WhatAKilledWriterLeftIsRemoved) {
  const test::TempDir folder;
  const std::string name = put(folder, 5, 10);
  folder.write(file_name({.number = 6, .began = k_began}) + ".new-999999-0", Bytes(10));
  folder.write("mine.new-1-0", Bytes(10));
  const auto store = SegmentStore::open(folder.path());
  ASSERT_OK(store);
  EXPECT_EQ(store->count(), 1U);
  EXPECT_TRUE(std::filesystem::exists(folder / name));
  EXPECT_TRUE(std::filesystem::exists(folder / "mine.new-1-0"));
  EXPECT_FALSE(std::filesystem::exists(folder / (file_name({.number = 6, .began = k_began}) + ".new-999999-0")));
}

}  // namespace
}  // namespace signet::camerad
