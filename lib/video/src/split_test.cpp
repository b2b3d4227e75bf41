// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "sei_writer.hpp"
#include "vector_files.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

const std::filesystem::path k_folder = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video";

struct Split {
  std::vector<Bytes> units;
  std::vector<std::optional<std::int64_t>> times;
  std::size_t pieces = 0;
  Container container = Container::annexb;
  Codec codec = Codec::h264;
  std::optional<Instant> created = {};
};

Result<Split> split(Bytes bytes, std::optional<Codec> codec = {}) {
  TRY_ASSIGN(Recording recording, Recording::open(std::make_shared<MemorySource>(std::move(bytes)), codec));
  Split result;
  result.container = recording.container();
  result.codec = recording.codec();
  result.created = recording.created();
  while (true) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) return result;
    ++result.pieces;
    if (piece->begins) {
      result.units.emplace_back();
      result.times.push_back(piece->time_us);
    }
    append(result.units.back(), piece->bytes);
  }
}

Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(Splitter, P_VIDEO_007_units_are_the_same_in_every_container) {
  const auto stream = split(read_whole(k_folder / "base/base.h264"));
  ASSERT_OK(stream);
  EXPECT_EQ(stream->container, Container::annexb);
  EXPECT_EQ(stream->codec, Codec::h264);
  for (const char* name : {"tables.mp4", "fragments.mp4"}) {
    const auto file = split(read_whole(k_folder / "containers" / name));
    ASSERT_OK(file);
    EXPECT_EQ(file->container, Container::mp4);
    EXPECT_EQ(to_rfc3339(file->created.value_or(Instant{})), "2026-05-30T15:33:20Z");
    ASSERT_GE(file->units.size(), 6U) << name;
    for (std::size_t i = 0; i < file->units.size(); ++i)
      EXPECT_EQ(file->units[i], stream->units[i]) << name << " " << i;
    EXPECT_EQ(file->times.front(), 0);
    EXPECT_EQ(file->times.back(), 200'000);
  }
  const auto obus = split(read_whole(k_folder / "base/base.obu"));
  const auto ivf = split(read_whole(k_folder / "containers/units.ivf"));
  ASSERT_OK(obus);
  ASSERT_OK(ivf);
  EXPECT_EQ(obus->container, Container::obu);
  EXPECT_EQ(ivf->container, Container::ivf);
  EXPECT_EQ(ivf->codec, Codec::av1);
  ASSERT_GE(ivf->units.size(), 12U);
  for (std::size_t i = 0; i < ivf->units.size(); ++i) EXPECT_EQ(ivf->units[i], obus->units[i]) << i;
  EXPECT_EQ(ivf->times.back(), 200'000);
}

TEST(Splitter, start_codes_and_trailing_zeros_are_no_part_of_a_unit) {
  const auto found =
      split(bytes_of({0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 0, 1, 0x68, 9, 0, 0, 1, 0, 0, 1, 0x65, 0x88, 0, 0, 3, 0, 0}));
  ASSERT_OK(found);
  ASSERT_EQ(found->units.size(), 3U);
  EXPECT_EQ(found->units[0], bytes_of({0x67, 1, 2}));
  EXPECT_EQ(found->units[1], bytes_of({0x68, 9}));
  EXPECT_EQ(found->units[2], bytes_of({0x65, 0x88, 0, 0, 3}));
}

TEST(Splitter, a_unit_larger_than_the_window_comes_in_pieces) {
  Bytes stream = bytes_of({0, 0, 1, 0x67, 0x42, 0, 0, 1});
  Bytes large = bytes_of({0x65, 0x88});
  for (unsigned i = 0; i < 3'000'000; ++i) large.push_back(static_cast<std::byte>(i % 251 < 3 ? 0x40 : i % 251));
  large.resize(large.size() + 700'000, std::byte{0});  // zeros over the place where a piece is cut
  large.push_back(std::byte{0x7f});
  append(stream, large);
  append(stream, bytes_of({0, 0, 0, 1, 0x41, 0x9a}));
  const auto found = split(stream);
  ASSERT_OK(found);
  ASSERT_EQ(found->units.size(), 3U);
  EXPECT_TRUE(found->units[1] == large);
  EXPECT_GT(found->pieces, 5U);
}

TEST(Splitter, recordings_are_told_by_their_content) {
  EXPECT_REASON(split(to_bytes("no video at all")), "video.unknown-container");
  EXPECT_REASON(split({}), "video.unknown-container");
  EXPECT_REASON(split(bytes_of({0, 0, 1, 0x1f, 0x1f})), "video.unknown-container");
  EXPECT_REASON(split(to_bytes("\x00\x00\x00\x10"
                               "ftypisom")),
                "video.unknown-container");
  EXPECT_REASON(split(bytes_of({0, 0, 0, 8, 'f', 't', 'y', 'p'})), "video.no-video");
  EXPECT_REASON(split(bytes_of({0, 0, 0, 4, 'f', 't', 'y', 'p'})), "video.malformed");
  EXPECT_REASON(split(to_bytes("DKIF")), "video.malformed");
  EXPECT_REASON(split(bytes_of({0x12, 0, 0x30, 0})), "video.malformed");
  const auto forced = split(bytes_of({0, 0, 1, 0x02, 0x01, 0x80}), Codec::h265);
  ASSERT_OK(forced);
  EXPECT_EQ(forced->codec, Codec::h265);
}

TEST(Splitter, an_encrypted_track_is_named) {
  Bytes file = read_whole(k_folder / "containers/tables.mp4");
  const std::string_view text = as_text(file);
  const std::size_t at = text.find("avc1", text.find("stsd"));
  std::ranges::copy(as_bytes("encv"), file.begin() + static_cast<std::ptrdiff_t>(at));
  EXPECT_REASON(split(file), "video.encrypted");
}

TEST(Splitter, a_file_cut_anywhere_ends_or_says_where) {
  for (const char* name : {"tables.mp4", "fragments.mp4", "units.ivf"}) {
    const Bytes whole = read_whole(k_folder / "containers" / name);
    const auto all = split(whole);
    ASSERT_OK(all);
    for (std::size_t size = 0; size < whole.size(); size += 37) {
      const auto found = split(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      if (found) {
        EXPECT_LE(found->units.size(), all->units.size()) << name << " " << size;
      } else {
        EXPECT_EQ(found.error().code(), Errc::invalid_input) << name << " " << size;
      }
    }
  }
}

}  // namespace

}  // namespace signet::video
