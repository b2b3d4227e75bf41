// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>

namespace signet::camerad {
namespace {

constexpr std::string_view k_small = R"({"source":"test:","key":"file:k?label=v","chain":["c.pem"]})";

/// `k_small` with more members.
std::string with(const std::string& members) {
  std::string text(k_small);
  text.pop_back();
  return text + "," + members + "}";
}

Result<void> judge(const std::string& text) {
  TRY_ASSIGN(const Config config, parse_config(as_bytes(text), "/etc/signet"));
  return config.check();
}

TEST(CameradConfig, TheDocumentedExampleIsRead) {
  const std::filesystem::path page = std::filesystem::path(SIGNET_SOURCE_DIR) / "docs/formats/camerad-config.md";
  const Bytes content = *os::read_file(page, 1U << 20U);
  const std::string_view text = as_text(content);
  const std::size_t begin = text.find("```json\n") + 8;
  const auto config = parse_config(as_bytes(text.substr(begin, text.find("```", begin) - begin)), "/etc/signet");
  ASSERT_OK(config);
  EXPECT_OK(config->check());
  EXPECT_EQ(config->chain.front(), "/etc/signet/media-signing.pem");
  EXPECT_EQ(config->record.folder, "/var/lib/signet-camerad");
  EXPECT_EQ(config->record.keep_size_bytes, std::uint64_t{4096} << 20U);
}

TEST(CameradConfig, P_CAMERAD_009_LoopbackUnlessSaidOtherwise) {
  const auto config = parse_config(as_bytes(k_small), "/etc/signet");
  ASSERT_OK(config);
  EXPECT_OK(config->check());
  EXPECT_EQ(config->rtsp_listen, "127.0.0.1:8554");
  EXPECT_FALSE(parse_endpoint("127.0.0.1:8554")->warning().has_value());
  EXPECT_FALSE(parse_endpoint("[::1]:0")->warning().has_value());
  EXPECT_TRUE(parse_endpoint("0.0.0.0:8554")->warning().has_value());
  EXPECT_TRUE(parse_endpoint("[::]:8554")->warning().has_value());
}

TEST(CameradConfig, WhatMakesNoSenseIsRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({)", "JSON"},
      {R"({"key":"file:k","chain":["c.pem"]})", "source"},
      {R"({"source":"test:","chain":["c.pem"]})", "key"},
      {R"({"source":"test:","key":"file:k"})", "chain"},
      {R"({"source":"http://x/y","key":"file:k","chain":["c.pem"]})", "source"},
      {R"({"source":"rtsp://","key":"file:k","chain":["c.pem"]})", "source"},
      {R"({"source":"test: ! filesink","key":"file:k","chain":["c.pem"]})", "source"},
      {with(R"("colour":"red")"), "colour"},
      {with(R"("format":"axis-legacy")"), "format"},
      {with(R"("part_frames":0)"), "part_frames"},
      {with(R"("queue_pictures":100000)"), "queue_pictures"},
      {with(R"("encoder":{"codec":"av1"})"), "encoder.codec"},
      {with(R"("encoder":{"width":321})"), "even"},
      {with(R"("encoder":{"rate":0})"), "encoder.rate"},
      {with(R"("record":{"folder":""})"), "record.folder"},
      {with(R"("record":{"folder":"s","format":"mkv"})"), "record.format"},
      {with(R"("record":{"folder":"s","keep_mib":0})"), "record.keep_mib"},
      {with(R"("record":{"folder":"s","segment_seconds":0})"), "record.segment_seconds"},
      {with(R"("rtsp":{"listen":""})"), "neither"},
      {with(R"("rtsp":{"listen":"localhost:8554"})"), "rtsp.listen"},
      {with(R"("rtsp":{"listen":"127.0.0.1:99999"})"), "rtsp.listen"},
      {with(R"("rtsp":{"listen":"127.0.0.1:0","path":"video"})"), "rtsp.path"},
      {with(R"("rtsp":{"listen":"127.0.0.1:0","path":"/a b"})"), "rtsp.path"},
  };
  for (const auto& [text, named] : cases) {
    const auto judged = judge(text);
    ASSERT_TRUE(test::has_reason(judged, "camerad.config")) << text;
    EXPECT_NE((judged.error().message() + judged.error().hint()).find(named), std::string::npos)
        << text << ": " << judged.error().message();
  }
}

TEST(CameradConfig, P_CAMERAD_010_APasswordOfASourceIsNotShown) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"rtsp://192.0.2.7/a", "rtsp://192.0.2.7/a"},
      {"rtsp://user:secret@192.0.2.7/a", "rtsp://192.0.2.7/a"},
      {"rtsp://user:s@cret@192.0.2.7", "rtsp://192.0.2.7"},
      {"rtsp://192.0.2.7/a@b", "rtsp://192.0.2.7/a@b"},
      {"file:a@b", "file:a@b"},
  };
  for (const auto& [source, shown] : cases) EXPECT_EQ(without_credentials(source), shown);
}

}  // namespace
}  // namespace signet::camerad
