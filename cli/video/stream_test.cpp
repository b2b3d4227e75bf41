// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "video/cut.hpp"
#include "video/elementary.hpp"
#include "video/pipe_units.hpp"
#include "video/unit_queue.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace signet::cli::video_cli {
namespace {

Bytes from(std::string_view hex) { return *from_hex(hex); }

TEST(UnitQueue, P_VIDEO_026_a_full_queue_makes_the_source_wait_and_drops_nothing) {
  UnitQueue queue(3);
  constexpr std::uint64_t k_units = 1000;
  std::thread source([&] {
    for (std::uint64_t i = 0; i < k_units; ++i) EXPECT_TRUE(queue.push({.bytes = Bytes(10), .offset = i}));
    queue.end();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a slow key
  EXPECT_EQ(queue.depth_max(), 3U);
  std::uint64_t next = 0;
  while (const auto unit = queue.pop()) EXPECT_EQ(unit->offset, next++);
  source.join();
  EXPECT_EQ(next, k_units);
  EXPECT_EQ(queue.depth_max(), 3U);
  EXPECT_GE(queue.waits(), 1U);
}

TEST(UnitQueue, a_signer_that_gives_up_frees_the_source) {
  UnitQueue queue(1);
  EXPECT_TRUE(queue.push({}));
  std::thread source([&] { EXPECT_FALSE(queue.push({})); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  queue.close();
  source.join();
}

/// Units of a stream that arrives in parts of `size`.
std::vector<Bytes> units_through_pipe(ByteView stream, std::size_t size) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  PipeUnits reader{os::Fd(ends[0])};
  std::thread writer([&, fd = ends[1]] {
    for (std::size_t at = 0; at < stream.size(); at += size) {
      const ByteView part = stream.subspan(at, std::min(size, stream.size() - at));
      EXPECT_EQ(::write(fd, part.data(), part.size()), static_cast<ssize_t>(part.size()));
    }
    ::close(fd);
  });
  std::vector<Bytes> units;
  while (true) {
    const auto piece = reader.next();
    EXPECT_OK(piece);
    if (!piece || !*piece) break;
    units.push_back(to_bytes((*piece)->bytes));
  }
  writer.join();
  return units;
}

TEST(PipeUnits, P_VIDEO_025_units_are_the_same_however_their_bytes_arrive) {
  const Bytes stream = from("ff0000000167640000000168ee3c80000001658880000003000001000000010900000001");
  const std::vector<Bytes> expected{from("6764"), from("68ee3c80"), from("65888000000300"), from("09")};
  for (const std::size_t size : {1U, 2U, 3U, 5U, 100U}) {
    auto found = units_through_pipe(stream, size);
    // Trailing zeros belong to the start code behind, so 03 00 00 01 ends the slice at 03.
    ASSERT_EQ(found.size(), 4U) << size;
    EXPECT_EQ(found[0], expected[0]);
    EXPECT_EQ(found[1], expected[1]);
    EXPECT_EQ(found[2], from("658880000003"));
    EXPECT_EQ(found[3], expected[3]);
  }
  EXPECT_TRUE(units_through_pipe({}, 1).empty());
  EXPECT_TRUE(units_through_pipe(from("0000000000"), 1).empty());
}

TEST(ParameterSets, are_taken_out_of_mp4_however_it_is_cut_off) {
  const Bytes avcc = from("0164001fffe1000467640a0b01000368eb01");
  const std::vector<Bytes> sets{from("67640a0b"), from("68eb01")};
  EXPECT_EQ(video::parameter_sets_in(video::Codec::h264, avcc), sets);
  Bytes hvcc(22);
  append(hvcc, from("02a000010003400102a1000100024201"));
  EXPECT_EQ(video::parameter_sets_in(video::Codec::h265, hvcc), (std::vector<Bytes>{from("400102"), from("4201")}));
  EXPECT_EQ(video::parameter_sets_in(video::Codec::av1, from("810500000a0100")), std::vector<Bytes>{from("0a0100")});
  for (const auto& [codec, whole] : {std::pair{video::Codec::h264, avcc}, {video::Codec::h265, hvcc}}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto cut = video::parameter_sets_in(codec, ByteView(whole).first(size));
      EXPECT_LE(cut.size(), 2U) << size;
      for (const Bytes& set : cut) EXPECT_LE(set.size(), size);
    }
  }
}

TEST(EscapedIfNeeded, no_start_code_is_left_within_a_unit) {
  EXPECT_EQ(escaped_if_needed(video::Codec::h264, from("06050000030180")), std::nullopt);
  EXPECT_EQ(escaped_if_needed(video::Codec::h264, from("0605000001000000000280")),
            from("0605000003010000030000030280"));
  EXPECT_EQ(escaped_if_needed(video::Codec::av1, from("2a00000180")), std::nullopt);
}

TEST(Place, is_a_time_a_gop_or_a_picture) {
  struct Row {
    const char* text;
    Place::Kind kind;
    std::uint64_t value;
  };
  for (const Row& row : {Row{"12.5", Place::Kind::time, 12'500'000}, Row{"0:01:30", Place::Kind::time, 90'000'000},
                         Row{"1:2", Place::Kind::time, 62'000'000}, Row{"gop:3", Place::Kind::gop, 3},
                         Row{"picture:81", Place::Kind::picture, 81}}) {
    const auto place = place_from(row.text);
    ASSERT_OK(place) << row.text;
    EXPECT_EQ(place->kind, row.kind) << row.text;
    EXPECT_EQ(place->value, row.value) << row.text;
  }
  for (const char* text :
       {"", ":", "gop:", "gop:-1", "gop:1x", "frame:1", "1:2:3:4", "-1", "nan", "inf", "1e300", "1:"}) {
    EXPECT_FALSE(place_from(text)) << text;
  }
}

}  // namespace
}  // namespace signet::cli::video_cli
