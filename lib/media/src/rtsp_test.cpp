// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Against gst-rtsp-server, whose payloaders are what many cameras send with.
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "judged_for_test.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace signet::media {

namespace {

constexpr int k_hurried = 120;  // pictures a second, so that a stream of some seconds takes less

/// A camera that plays a stream once to whoever asks.
class Camera {
 public:
  Camera(const std::string& file, const std::string& codec, int rate) {
    auto child =
        os::Child::start({"/usr/bin/python3", std::string(SIGNET_SOURCE_DIR) + "/tests/support/rtsp_server.py", file,
                          "--codec", codec, "--url-file", folder_ / "url", "--rate", std::to_string(rate)},
                         folder_ / "log");
    if (child) child_.emplace(std::move(*child));
    for (int i = 0; i < 300 && !std::filesystem::exists(folder_ / "url"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const auto text = os::read_file(folder_ / "url", 4096);
    if (text) url_ = std::string(as_text(*text));
  }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  test::TempDir folder_;
  std::optional<os::Child> child_;
  std::string url_;
};

struct Played {
  const char* file;
  const char* codec;
};

TEST(Rtsp, P_MEDIA_001_a_live_stream_gives_the_verdict_of_the_file) {
  NEEDS_CONFINEMENT();
  for (const Played& each :
       {Played{"generated/onvif/multigop3.h264", "h264"}, Played{"generated/onvif-intime/modify_P_gop3.h265", "h265"},
        Played{"generated/axis/trim_both.h265", "h265"}}) {
    const std::string file = (k_vectors / each.file).string();
    const auto direct = judge_file(file);
    ASSERT_OK(direct);
    const Camera camera(file, each.codec, k_hurried);
    ASSERT_FALSE(camera.url().empty()) << each.file;
    auto opened = open(camera.url(), {.duration = std::chrono::seconds(60)});
    ASSERT_OK(opened);
    EXPECT_TRUE(opened->is_live);
    const auto seen = judge(std::move(*opened), {});
    ASSERT_OK(seen);
    EXPECT_EQ(seen->verdict, direct->verdict) << each.file;
    EXPECT_EQ(seen->frames, direct->frames) << each.file;
    EXPECT_EQ(seen->container, video::Container::rtsp);
  }
}

TEST(Rtsp, P_MEDIA_011_what_was_seen_until_the_end_of_the_time_is_judged) {
  NEEDS_CONFINEMENT();
  const std::string file = (k_vectors / "generated/onvif/multigop3.h264").string();
  const auto whole = judge_file(file);
  ASSERT_OK(whole);
  const Camera camera(file, "h264", 25);
  const auto began = std::chrono::steady_clock::now();
  auto opened = open(camera.url(), {.duration = std::chrono::seconds(6)});
  ASSERT_OK(opened);
  const auto seen = judge(std::move(*opened), {});
  ASSERT_OK(seen);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
  EXPECT_TRUE(seen->verdict.starts_with("authentic ")) << seen->verdict;
  EXPECT_GT(seen->frames, 25U);
  EXPECT_LT(seen->frames, whole->frames);
}

TEST(Rtsp, P_MEDIA_011_a_stop_ends_it_with_a_verdict) {
  NEEDS_CONFINEMENT();
  const Camera camera((k_vectors / "generated/onvif/multigop3.h264").string(), "h264", 25);
  const auto stop_at = std::chrono::steady_clock::now() + std::chrono::seconds(6);
  auto opened = open(camera.url(), {.is_stopped = [stop_at] { return std::chrono::steady_clock::now() > stop_at; }});
  ASSERT_OK(opened);
  const auto seen = judge(std::move(*opened), {});
  ASSERT_OK(seen);
  EXPECT_TRUE(seen->verdict.starts_with("authentic ")) << seen->verdict;
}

TEST(Rtsp, an_error_does_not_repeat_the_password) {
  NEEDS_CONFINEMENT();
  const auto opened = open("rtsp://operator:hunter2@127.0.0.1:1/stream", {.duration = std::chrono::seconds(5)});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason(), "media.unreadable");
  EXPECT_EQ(opened.error().message().find("hunter2"), std::string::npos) << opened.error().message();
}

}  // namespace

}  // namespace signet::media
