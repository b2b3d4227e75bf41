// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/report.hpp"

#include "video/html_text.hpp"
#include "video/report_words.hpp"

#include <gtest/gtest.h>

namespace signet::cli::video_cli {
namespace {

TEST(HtmlText, P_VIDEO_022_what_has_a_meaning_in_html_is_escaped) {
  struct Row {
    std::string_view text;
    std::string_view html;
  };
  constexpr std::array k_table{
      Row{"plain \xc3\xa9", "plain \xc3\xa9"},
      Row{"<script>", "&lt;script&gt;"},
      Row{"\"' onload=x", "&quot;&#39; onload=x"},
      Row{"&lt;", "&amp;lt;"},
      Row{"a\nb\x1b[31m", "a\\x0ab\\x1b[31m"},
      Row{"\xff\xc0", "\\xff\\xc0"},
      Row{"exe.\xe2\x80\xaegpj", "exe.\\xe2\\x80\\xaegpj"},
      Row{"", ""},
  };
  for (const Row& row : k_table) EXPECT_EQ(html_text(row.text), row.html);
  EXPECT_EQ(html_text(std::string_view("\0x", 2)), "\\x00x");
}

video::FrameReport frame_at(std::uint64_t frame, std::uint64_t gop, video::FrameVerdict verdict) {
  return {.frame = frame,
          .unit = frame,
          .gop = gop,
          .time_us = static_cast<std::int64_t>(frame) * 40'000,
          .verdict = verdict};
}

TEST(ReportCollector, a_long_recording_keeps_its_whole_timeline) {
  ReportCollector collector;
  constexpr std::uint64_t k_gops = 100'000;
  for (std::uint64_t gop = 0; gop < k_gops; ++gop) {
    const bool is_bad = gop == 77'777;
    collector.on_frame(
        frame_at(gop, gop, is_bad ? video::FrameVerdict::not_authentic : video::FrameVerdict::authentic));
    collector.on_gop({.gop = gop,
                      .first_frame = gop,
                      .frames = 1,
                      .verdict = is_bad ? video::GopVerdict::not_authentic : video::GopVerdict::authentic});
  }
  const auto& cells = collector.timeline();
  EXPECT_LE(cells.size(), 4096U);
  EXPECT_EQ(cells.front().first_gop, 0U);
  EXPECT_EQ(cells.back().last_gop, k_gops - 1);
  std::uint64_t frames = 0;
  std::uint64_t bad = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    frames += cells[i].frames;
    if (i > 0) {
      EXPECT_EQ(cells[i].first_gop, cells[i - 1].last_gop + 1);
    }
    if (cells[i].verdict != video::GopVerdict::not_authentic) continue;
    ++bad;
    EXPECT_LE(cells[i].first_gop, 77'777U);
    EXPECT_GE(cells[i].last_gop, 77'777U);
  }
  EXPECT_EQ(frames, k_gops);
  EXPECT_EQ(bad, 1U);
  EXPECT_TRUE(collector.is_cut());
  EXPECT_EQ(collector.verdict_of(77'777), video::FrameVerdict::not_authentic);
  EXPECT_EQ(collector.verdict_of(77'778), video::FrameVerdict::authentic);
}

TEST(ReportCollector, times_within_a_gop_are_estimated) {
  ReportCollector collector;
  for (std::uint64_t frame = 0; frame < 100; ++frame) {
    collector.on_frame(frame_at(frame, frame / 25, video::FrameVerdict::authentic));
  }
  EXPECT_EQ(collector.time_of(0), 0);
  EXPECT_EQ(collector.time_of(50), 2'000'000);
  EXPECT_EQ(collector.time_of(60), 2'400'000);
  EXPECT_EQ(ReportCollector().time_of(5), std::nullopt);
  EXPECT_EQ(clock_text(3'723'004'000), "1:02:03.004");
}

}  // namespace
}  // namespace signet::cli::video_cli
