// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "judged_for_test.hpp"
#include "picture.hpp"

#include <gtest/gtest.h>

namespace signet::media {

namespace {

/// The picture as ffmpeg itself shows it at that place of the file, for streams without reordered pictures.
Bytes picture_at(const std::string& file, const std::string& format, std::uint64_t frame) {
  const auto done =
      os::run({"ffmpeg",      "-v",    "error",
               "-f",          format,  "-i",
               file,          "-vf",   "select='eq(n," + std::to_string(frame) + ")',scale=w='min(160,iw)':h=-2",
               "-frames:v",   "1",     "-vsync",
               "passthrough", "-q:v",  "4",
               "-c:v",        "mjpeg", "-f",
               "image2pipe",  "pipe:1"});
  return done ? to_bytes(std::string_view(done->out)) : Bytes();
}

TEST(Thumbnails, P_MEDIA_010_show_the_picture_that_was_asked_for) {
  NEEDS_CONFINEMENT();
  const std::string file = (k_vectors / "base/base.h264").string();
  const std::array<std::uint64_t, 4> wanted{60, 0, 27, 100'000};
  const auto found = thumbnails(file, wanted, {.width_max = 160});
  ASSERT_OK(found);
  ASSERT_EQ(found->size(), 3U);
  for (std::size_t i = 0; i < found->size(); ++i) {
    const Picture& picture = (*found)[i];
    EXPECT_EQ(picture.frame, wanted[i]);
    EXPECT_LE(picture.width, 160U);
    EXPECT_GT(picture.height, 16U);
    EXPECT_TRUE(picture.jpeg == picture_at(file, "h264", picture.frame)) << picture.frame;
  }
}

TEST(Thumbnails, P_MEDIA_010_are_made_of_every_container_and_codec) {
  NEEDS_CONFINEMENT();
  const std::array<std::uint64_t, 2> wanted{1, 4};
  for (const char* name :
       {"base/base.h265", "base/base.obu", "containers/tables.mp4", "containers/fragments.mp4", "containers/units.ivf",
        "onvif-repo/test_signed_h265.mp4", "axis-repo/signed_test_h265.mp4", "axis-repo/signed_vendor_axis.h264"}) {
    const auto found = thumbnails(k_vectors / name, wanted);
    ASSERT_OK(found);
    ASSERT_EQ(found->size(), 2U) << name;
    EXPECT_FALSE(found->front().jpeg == found->back().jpeg) << name;
    EXPECT_LE(found->front().width, 320U) << name;
  }
}

TEST(Thumbnails, P_MEDIA_010_of_what_cannot_be_decoded_are_left_out) {
  NEEDS_CONFINEMENT();
  const test::TempDir folder;
  const auto stream = os::read_file(k_vectors / "base/base.h264", 1U << 24U);
  ASSERT_OK(stream);
  Bytes headless = to_bytes(std::string_view("\0\0\0\1\x65\x88\x84", 7));
  headless.resize(400, std::byte{0x5a});
  const std::array<std::uint64_t, 1> wanted{0};
  const auto found = thumbnails(folder.write("headless.h264", headless), wanted);
  ASSERT_OK(found);
  EXPECT_TRUE(found->empty());
}

}  // namespace

}  // namespace signet::media
