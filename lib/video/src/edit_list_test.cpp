// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "edit_list.hpp"

#include "signet/test/expect.hpp"

#include "box_writer.hpp"
#include "vector_files.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

constexpr std::uint32_t k_movie_timescale = 1000;
constexpr std::uint32_t k_timescale = 90'000;
constexpr std::uint32_t k_picture = 3600;  // 40 ms
constexpr std::uint32_t k_normal = 0x00010000;

struct Edit {
  std::uint64_t duration;
  std::int64_t begin;
  std::uint32_t rate = k_normal;
};

Bytes track(const std::vector<Edit>& edits, bool is_wide, std::uint32_t count) {
  BoxWriter out;
  out.open("edts");
  out.open("elst", is_wide ? 1 : 0, 0);
  out.u32(count);
  for (const Edit& edit : edits) {
    if (is_wide) {
      out.u64(edit.duration);
      out.u64(static_cast<std::uint64_t>(edit.begin));
    } else {
      out.u32(static_cast<std::uint32_t>(edit.duration));
      out.u32(static_cast<std::uint32_t>(edit.begin));
    }
    out.u32(edit.rate);
  }
  out.close();
  out.close();
  return out.take();
}

Result<EditList> read(Bytes bytes) {
  MemorySource source(bytes);
  return EditList::read(source, {.type = {}, .begin = 0, .end = bytes.size()}, k_movie_timescale, k_timescale);
}

TEST(EditList, says_what_is_shown_and_when) {
  struct Row {
    const char* name;
    std::vector<Edit> edits;
    std::int64_t ticks;
    std::int64_t time_us;
    bool is_presented;
  };
  const std::vector<Row> rows{
      {"no edits", {}, 90'000, 1'000'000, true},
      {"the encoder's delay", {{10'000, 7200}}, 7200, 0, true},
      {"later", {{10'000, 7200}}, 10'800, 40'000, true},
      {"cut away in front", {{10'000, 90'000}}, 45'000, -500'000, false},
      {"shown when the edit begins", {{10'000, 90'000}}, 88'200, -20'000, true},
      {"its end is where the edit begins", {{10'000, 90'000}}, 86'400, -40'000, false},
      {"cut away behind", {{1000, 0}}, 90'000, 1'000'000, false},
      {"the last that is shown", {{1000, 0}}, 86'400, 960'000, true},
      {"to the end", {{0, 90'000}}, 900'000, 9'000'000, true},
      {"behind a pause", {{500, -1}, {0, 0}}, 0, 500'000, true},
      {"in the second of two", {{1000, 0}, {1000, 270'000}}, 279'000, 1'100'000, true},
      {"between two", {{1000, 0}, {1000, 270'000}}, 180'000, 2'000'000, false},
      {"twice: the first counts", {{1000, 0}, {1000, 0}}, 9000, 100'000, true},
      {"a still: not followed", {{1000, 45'000, 0}}, 9000, 100'000, true},
  };
  for (const Row& row : rows) {
    for (const bool is_wide : {false, true}) {
      const auto list = read(track(row.edits, is_wide, static_cast<std::uint32_t>(row.edits.size())));
      ASSERT_OK(list) << row.name;
      const EditList::Place place = list->place(row.ticks, k_picture, k_timescale);
      EXPECT_EQ(place.time_us, row.time_us) << row.name;
      EXPECT_EQ(place.is_presented, row.is_presented) << row.name;
    }
  }
}

TEST(EditList, lists_that_make_no_sense_are_refused) {
  EXPECT_REASON(read(track({{1000, 0}}, false, 2)), "video.malformed");
  EXPECT_REASON(read(track({{1000, 0}}, true, 100'000)), "video.malformed");
  EXPECT_REASON(read(track({{UINT64_MAX, 0}}, true, 1)), "video.malformed");
  EXPECT_REASON(read(track({{1000, INT64_MAX}}, true, 1)), "video.malformed");
  EXPECT_OK(read({}));
  EXPECT_OK(read(track({{1000, INT64_MIN}}, true, 1)));
}

TEST(EditList, times_are_rounded_to_the_nearest) {
  EXPECT_EQ(ticks_to_us(1, 3), 333'333);
  EXPECT_EQ(ticks_to_us(2, 3), 666'667);
  EXPECT_EQ(ticks_to_us(-1, 3), -333'333);
  EXPECT_EQ(ticks_to_us(-90'000, 90'000), -1'000'000);
  EXPECT_EQ(ticks_to_us(INT64_MAX, 1), 0);
  EXPECT_EQ(ticks_to_us(INT64_MIN, 1), 0);
}

}  // namespace

}  // namespace signet::video
