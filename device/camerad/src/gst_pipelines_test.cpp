// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "gst_pipelines.hpp"

#include "signet/test/expect.hpp"

#include "gst_handles.hpp"
#include "video_source.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

// GStreamer's plugins keep what they allocate as they are loaded. LeakSanitizer finds this by its name.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { return "leak:libglib-2.0\n"; }

namespace signet::camerad {
namespace {

/// Whether GStreamer makes a pipeline of the words, or why not; an element that is not installed is no fault of them.
void expect_pipeline(const std::string& words) {
  ASSERT_OK(init_gstreamer());
  GError* failed = nullptr;
  const GstHandle<GstElement> bin(
      GST_ELEMENT(gst_object_ref_sink(gst_parse_bin_from_description(words.c_str(), FALSE, &failed))));
  const GErrorHandle error(failed);
  if (error && error->domain == GST_PARSE_ERROR && error->code == GST_PARSE_ERROR_NO_SUCH_ELEMENT) {
    GTEST_SKIP() << error->message;
  }
  EXPECT_FALSE(error) << error->message << " in " << words;
  const GstHandle<GstElement> out(gst_bin_get_by_name(GST_BIN(bin.get()), "out"));
  EXPECT_TRUE(out) << words;
}

TEST(Pipelines, EachIsUnderstood) {
  for (const auto codec : {video::Codec::h264, video::Codec::h265}) {
    const Encoder encoder{.codec = codec};
    expect_pipeline(test_pattern(encoder));
    expect_pipeline("identity ! " + encoder_tail(encoder));
    expect_pipeline("identity ! " + coded_tail(codec));
  }
}

TEST(Pipelines, ACameraIsOpenedByItsDevice) {
  ASSERT_OK(init_gstreamer());
  const auto uri = uri_of("v4l2:/dev/video7");
  ASSERT_OK(uri);
  EXPECT_EQ(*uri, "v4l2:///dev/video7");
  GstElement* const made = gst_element_make_from_uri(GST_URI_SRC, uri->c_str(), nullptr, nullptr);
  if (made == nullptr) GTEST_SKIP() << "gstreamer1.0-plugins-good is not installed";
  const GstHandle<GstElement> element(GST_ELEMENT(gst_object_ref_sink(made)));
  gchar* device = nullptr;
  g_object_get(element.get(), "device", &device, nullptr);
  EXPECT_STREQ(device, "/dev/video7");
  g_free(device);
}

TEST(Pipelines, AFileMayHaveAnyName) {
  EXPECT_EQ(*uri_of("file:/tmp/a b#c.mp4"), "file:///tmp/a%20b%23c.mp4");
  EXPECT_EQ(*uri_of("rtsp://camera/stream"), "rtsp://camera/stream");
}

TEST(Pipelines, P_CAMERAD_014_ACameraThatIsNotThereIsNamed) {
  Config config;
  config.source = "v4l2:/dev/video-that-is-not-there";
  const auto source = VideoSource::start(config, [](const Picture&) {});
  Result<void> outcome = source ? Result<void>() : Result<void>(source.error());
  for (int tries = 0; outcome && tries < 500; ++tries) {
    const auto standing = (*source)->poll();
    if (!standing) outcome = standing.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_FALSE(outcome.has_value()) << "a camera that is not there gives no pictures";
  EXPECT_EQ(outcome.error().code(), Errc::unavailable) << outcome.error().text();
  EXPECT_FALSE(outcome.error().text().empty());
}

}  // namespace
}  // namespace signet::camerad
