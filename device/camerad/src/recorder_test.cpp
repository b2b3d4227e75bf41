// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "recorder.hpp"

#include "signet/test/temp_dir.hpp"

#include "picture_signer.hpp"
#include "recording_thread.hpp"
#include "stream_for_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace signet::camerad {
namespace {

void ignore(LogLevel /*level*/, const std::string& /*text*/) {}

Recording config_for(const test::TempDir& folder, std::uint32_t seconds, std::uint64_t keep_size_bytes = 1U << 30U) {
  return {.folder = folder.path(),
          .format = SegmentFormat::annexb,
          .segment_seconds = seconds,
          .keep_size_bytes = keep_size_bytes};
}

std::vector<std::filesystem::path> segments_in(const test::TempDir& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (segment_number(entry.path().filename().string())) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::uint64_t frames_in(ByteView stream) {
  std::vector<ByteView> units;
  split_units(stream, units);
  return static_cast<std::uint64_t>(
      std::ranges::count_if(units, [](ByteView unit) { return video::begins_picture(video::Codec::h264, unit); }));
}

class Recorded : public ::testing::Test {
 protected:
  /// Signs and records pictures [0, frames).
  void record(Recorder& recorder, unsigned frames, unsigned gop_frames, unsigned part_frames) {
    auto signer = PictureSigner::make(camera_.options(part_frames), camera_.key);
    recorder.begin({video::Codec::h264, 64, 64});
    for (unsigned i = 0; i < frames; ++i) recorder.add(*signer->sign(test_picture(i, gop_frames)));
    recorder.end(*signer->finish());
  }

  TestCamera camera_ = TestCamera::make();
};

TEST_F(Recorded, P_CAMERAD_004_EachSegmentVerifiesAloneToItsLastPicture) {
  struct Case {
    unsigned frames, gop, part;
    std::size_t segments;
  };
  // 25 pictures a second, a segment a second. Parts end within GOPs, at their end, and one picture before it.
  for (const Case& each : std::vector<Case>{{100, 25, 150, 4},
                                            {101, 25, 150, 5},
                                            {102, 25, 150, 5},
                                            {100, 25, 10, 4},
                                            {100, 25, 24, 4},
                                            {100, 25, 25, 4},
                                            {100, 25, 1, 4},
                                            {60, 1, 150, 3},
                                            {90, 30, 150, 3},
                                            {10, 25, 150, 1}}) {
    const test::TempDir folder;
    auto recorder = Recorder::open(config_for(folder, 1), ignore);
    ASSERT_OK(recorder);
    record(**recorder, each.frames, each.gop, each.part);
    const auto paths = segments_in(folder);
    EXPECT_EQ(paths.size(), each.segments);
    std::uint64_t frames = 0;
    for (const auto& path : paths) {
      const Bytes stream = *os::read_file(path, 1U << 20U);
      EXPECT_TRUE(is_whole(stream, frames_in(stream))) << path << " gop " << each.gop << " part " << each.part;
      frames += frames_in(stream);
    }
    EXPECT_EQ(frames, each.frames);
    EXPECT_EQ((*recorder)->counts().errors, 0U);
  }
}

TEST_F(Recorded, P_CAMERAD_004_AlteredSegmentsAreNotAuthentic) {
  const test::TempDir folder;
  auto recorder = Recorder::open(config_for(folder, 1), ignore);
  ASSERT_OK(recorder);
  record(**recorder, 75, 25, 150);
  Bytes stream = *os::read_file(segments_in(folder).at(1), 1U << 20U);
  std::vector<ByteView> units;
  split_units(stream, units);
  const auto slice = std::ranges::find_if(units, [](ByteView unit) { return unit.front() == std::byte{0x41}; });
  ASSERT_NE(slice, units.end());
  const auto at = static_cast<std::size_t>(slice->data() - stream.data()) + 20;
  stream[at] ^= std::byte{1};
  EXPECT_EQ(judge(stream).authenticity(), video::Authenticity::not_authentic);
}

TEST_F(Recorded, P_CAMERAD_006_DiskUseStaysBounded) {
  const test::TempDir folder;
  constexpr std::uint64_t k_keep_size_bytes = 12'000;
  auto recorder = Recorder::open(config_for(folder, 1, k_keep_size_bytes), ignore);
  ASSERT_OK(recorder);
  auto signer = PictureSigner::make(camera_.options(), camera_.key);
  (*recorder)->begin({video::Codec::h264, 64, 64});
  for (unsigned i = 0; i < 400; ++i) {
    (*recorder)->add(*signer->sign(test_picture(i, 25)));
    std::uint64_t size_bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) size_bytes += entry.file_size();
    // The copy of one SEI that closes a segment may come on top.
    ASSERT_LE(size_bytes, k_keep_size_bytes + 3000);
  }
  (*recorder)->end(*signer->finish());
  EXPECT_GT((*recorder)->counts().removed, 0U);
  EXPECT_GT(segments_in(folder).size(), 1U);
  for (const auto& path : segments_in(folder)) {
    const Bytes stream = *os::read_file(path, 1U << 20U);
    EXPECT_TRUE(is_whole(stream, frames_in(stream))) << path;
  }
}

TEST_F(Recorded, P_CAMERAD_005_NothingUnfinishedHasAFinalName) {
  const test::TempDir folder;
  {
    auto recorder = Recorder::open(config_for(folder, 1), ignore);
    ASSERT_OK(recorder);
    auto signer = PictureSigner::make(camera_.options(), camera_.key);
    (*recorder)->begin({video::Codec::h264, 64, 64});
    for (unsigned i = 0; i < 26; ++i) (*recorder)->add(*signer->sign(test_picture(i, 25)));
    EXPECT_TRUE(segments_in(folder).empty()) << "the last part of the first segment is not signed yet";
    (*recorder)->add(*signer->sign(test_picture(26, 25)));
    EXPECT_EQ(segments_in(folder).size(), 1U);
  }
  EXPECT_EQ(segments_in(folder).size(), 1U);
  auto again = Recorder::open(config_for(folder, 1), ignore);
  ASSERT_OK(again);
  record(**again, 10, 25, 150);
  EXPECT_EQ(segments_in(folder).size(), 2U) << "a number is not used twice";
}

TEST_F(Recorded, P_CAMERAD_007_ASecondRecorderIsRefused) {
  const test::TempDir folder;
  const auto first = Recorder::open(config_for(folder, 1), ignore);
  ASSERT_OK(first);
  EXPECT_REASON(Recorder::open(config_for(folder, 1), ignore), "os.locked");
}

TEST_F(Recorded, P_CAMERAD_006_AnErrorCostsASegmentAndNotTheStream) {
  const test::TempDir folder;
  unsigned told = 0;
  auto recorder = Recorder::open(config_for(folder, 1), [&](LogLevel, const std::string&) { ++told; });
  ASSERT_OK(recorder);
  auto signer = PictureSigner::make(camera_.options(), camera_.key);
  (*recorder)->begin({video::Codec::h264, 64, 64});
  // A folder stands where the first segment would.
  std::filesystem::create_directory(
      folder / file_name({.number = 1, .began = {1'780'315'200}, .format = SegmentFormat::annexb}));
  for (unsigned i = 0; i < 60; ++i) (*recorder)->add(*signer->sign(test_picture(i, 25)));
  (*recorder)->end(*signer->finish());
  EXPECT_EQ((*recorder)->counts().errors, 1U);
  EXPECT_EQ((*recorder)->counts().pictures_unwritten, 25U);
  EXPECT_EQ((*recorder)->counts().segments, 2U);
  EXPECT_EQ(told, 1U);
}

TEST_F(Recorded, P_CAMERAD_004_TheThreadWritesWhatTheRecorderWould) {
  const test::TempDir folder;
  auto recorder = Recorder::open(config_for(folder, 1), ignore);
  ASSERT_OK(recorder);
  auto signer = PictureSigner::make(camera_.options(), camera_.key);
  {
    RecordingThread thread(*std::move(recorder));
    thread.begin({video::Codec::h264, 64, 64});
    for (unsigned i = 0; i < 100; ++i) thread.add(*signer->sign(test_picture(i, 25)));
    thread.end(*signer->finish());
  }
  const auto paths = segments_in(folder);
  EXPECT_EQ(paths.size(), 4U);
  for (const auto& path : paths) {
    const Bytes stream = *os::read_file(path, 1U << 20U);
    EXPECT_TRUE(is_whole(stream, 25)) << path;
  }
}

}  // namespace
}  // namespace signet::camerad
