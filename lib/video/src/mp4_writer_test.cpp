// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/video_signer.hpp"
#include "signet/video_writer.hpp"

#include "sequence.hpp"
#include "unit.hpp"
#include "vector_files.hpp"

#include <gtest/gtest.h>

#include <set>

namespace signet::video {

namespace {

const std::filesystem::path k_folder = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video";

struct Unit {
  Bytes bytes;
  std::optional<std::int64_t> time_us = {};
  bool is_presented = true;
};

struct Stream {
  Codec codec = Codec::h264;
  Bytes configuration;
  std::optional<Instant> created;
  std::vector<Unit> units;

  /// When its pictures are shown, in decoding order.
  [[nodiscard]] std::vector<std::int64_t> times() const {
    std::vector<std::int64_t> times;
    for (const Unit& unit : units) {
      if (begins_picture(codec, unit.bytes)) times.push_back(unit.time_us.value_or(-1));
    }
    return times;
  }
  [[nodiscard]] std::vector<Bytes> bytes() const {
    std::vector<Bytes> all;
    for (const Unit& unit : units) {
      const bool is_delimiter = codec == Codec::av1 && classify(codec, unit.bytes).type == 2;
      if (!is_delimiter) all.push_back(unit.bytes);
    }
    return all;
  }
};

Result<Stream> read(Bytes file) {
  TRY_ASSIGN(Recording recording, Recording::open(std::make_shared<MemorySource>(std::move(file))));
  Stream stream{.codec = recording.codec(),
                .configuration = recording.decoder_configuration(),
                .created = recording.created(),
                .units = {}};
  while (true) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) return stream;
    if (piece->begins) {
      stream.units.push_back({.bytes = {}, .time_us = piece->time_us, .is_presented = piece->is_presented});
    }
    append(stream.units.back().bytes, piece->bytes);
  }
}

Result<Bytes> write(const Stream& stream, Mp4Options options) {
  options.codec = stream.codec;
  Mp4Writer writer(std::move(options));
  Bytes file;
  for (const Unit& unit : stream.units) TRY(writer.add(unit.bytes, unit.time_us, file));
  TRY(writer.finish(file));
  return file;
}

std::size_t count(const Bytes& file, std::string_view what) {
  std::size_t found = 0;
  const std::string_view text = as_text(file);
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(Mp4Writer, P_VIDEO_031_what_is_written_is_read_back_unit_by_unit) {
  struct Row {
    const char* file;
    std::size_t fragments;
    const char* entry;
  };
  for (const Row& row : {Row{"base/base.h264", 8, "avc3"}, Row{"base/base.h265", 8, "hev1"},
                         Row{"base/base.obu", 8, "av01"}, Row{"containers/units.ivf", 1, "av01"},
                         Row{"containers/tables.mp4", 1, "avc"}, Row{"onvif-repo/test_signed_h265.mp4", 2, "h"}}) {
    const auto stream = read(read_whole(k_folder / row.file));
    ASSERT_OK(stream) << row.file;
    const auto file = write(*stream, {.configuration = stream->configuration, .created = stream->created});
    ASSERT_OK(file) << row.file;
    EXPECT_GE(count(*file, "moof"), row.fragments) << row.file;
    EXPECT_EQ(count(*file, row.entry) > 0, true) << row.file;
    const auto again = read(*file);
    ASSERT_OK(again) << row.file;
    EXPECT_EQ(again->codec, stream->codec) << row.file;
    EXPECT_EQ(again->created, stream->created) << row.file;
    EXPECT_TRUE(again->bytes() == stream->bytes()) << row.file;
    if (stream->units.front().time_us) {
      EXPECT_EQ(again->times(), stream->times()) << row.file;
    }
  }
}

TEST(Mp4Writer, P_VIDEO_031_a_verdict_does_not_depend_on_the_container) {
  for (const char* name :
       {"axis-repo/signed_vendor_axis.h264", "axis-repo/signed_test_h265.mp4", "generated/onvif/drop_P_gop3.h265",
        "generated/axis/swap_gop3_gop4.obu", "generated/axis/modify_all_rasl.h265"}) {
    const Bytes source = read_whole(k_folder / name);
    const auto stream = read(source);
    ASSERT_OK(stream) << name;
    const auto file = write(*stream, {.configuration = stream->configuration});
    ASSERT_OK(file) << name;
    const auto expected = judge_bytes(source);
    const auto verdict = judge_bytes(*file);
    ASSERT_OK(expected) << name;
    ASSERT_OK(verdict) << name;
    EXPECT_EQ(verdict->authenticity(), expected->authenticity()) << name;
    EXPECT_EQ(verdict->first_bad_gop(), expected->first_bad_gop()) << name;
    EXPECT_EQ(verdict->coverage().frames, expected->coverage().frames) << name;
    EXPECT_EQ(verdict->coverage().frames_authentic, expected->coverage().frames_authentic) << name;
    EXPECT_EQ(verdict->coverage().slices_unprotected, expected->coverage().slices_unprotected) << name;
    EXPECT_EQ(verdict->coverage().frames_not_presented, 0U) << name;
  }
}

// The pictures before an open GOP's I picture in output order (RASL) are stored behind it: ffmpeg and x265 made this.
TEST(Mp4Writer, pictures_without_times_are_shown_in_their_order) {
  const auto stream = read(read_whole(k_folder / "generated/axis/modify_all_rasl.h265"));
  ASSERT_OK(stream);
  const auto file = write(*stream, {.picture_us = 40'000});
  ASSERT_OK(file);
  const auto again = read(*file);
  ASSERT_OK(again);
  const std::vector<std::int64_t> times = again->times();
  std::set<std::int64_t> all(times.begin(), times.end());
  EXPECT_EQ(all.size(), times.size());
  EXPECT_EQ(*all.begin(), 0);
  EXPECT_EQ(*all.rbegin(), static_cast<std::int64_t>(times.size() - 1) * 40'000);
  EXPECT_FALSE(std::ranges::is_sorted(times));
  std::optional<std::int64_t> anchor_us;
  std::size_t leading = 0;
  for (const Unit& unit : again->units) {
    const unsigned type = std::to_integer<unsigned>(unit.bytes[0]) >> 1U & 0x3fU;
    if (type >= 16 && type <= 21) anchor_us = unit.time_us;
    if (type != 8 && type != 9) continue;
    ++leading;
    ASSERT_TRUE(anchor_us);
    EXPECT_LT(*unit.time_us, *anchor_us);
    EXPECT_GE(*unit.time_us, *anchor_us - 4 * 40'000);
  }
  EXPECT_EQ(leading, 24U);
}

// What an edit list cuts away is decoded and judged, not shown, and keeps its time before zero.
TEST(Mp4Writer, P_VIDEO_032_pictures_before_zero_are_kept_and_not_presented) {
  auto stream = read(read_whole(k_folder / "containers/tables.mp4"));
  ASSERT_OK(stream);
  for (Unit& unit : stream->units) unit.time_us = *unit.time_us - 90'000;
  const auto file = write(*stream, {.configuration = stream->configuration});
  // A source that gives no parameter sets in its configuration has them in its samples.
  ASSERT_OK(file);
  EXPECT_EQ(count(*file, "elst"), 1U);
  const auto again = read(*file);
  ASSERT_OK(again);
  EXPECT_EQ(again->times(), stream->times());
  std::size_t hidden = 0;
  for (const Unit& unit : again->units) {
    // The picture that is shown when the edit begins counts as shown.
    EXPECT_EQ(unit.is_presented, *unit.time_us > -40'000) << *unit.time_us;
    if (!unit.is_presented) ++hidden;
  }
  EXPECT_GT(hidden, 0U);
  const auto verdict = judge_bytes(*file);
  ASSERT_OK(verdict);
  EXPECT_GT(verdict->coverage().frames_not_presented, 0U);
  EXPECT_EQ(verdict->coverage().frames, stream->times().size());
  const auto moved = write(*again, {.configuration = stream->configuration, .begins_at_zero = true});
  ASSERT_OK(moved);
  EXPECT_EQ(read(*moved)->times(), stream->times());
}

TEST(Mp4Writer, a_clip_begins_at_zero) {
  auto stream = read(read_whole(k_folder / "onvif-repo/test_signed_h265.mp4"));
  ASSERT_OK(stream);
  const std::vector<std::int64_t> before = stream->times();
  for (Unit& unit : stream->units) unit.time_us = *unit.time_us + 3'600'000'000;
  const auto again = read(*write(*stream, {.configuration = stream->configuration, .begins_at_zero = true}));
  ASSERT_OK(again);
  ASSERT_EQ(again->times().size(), before.size());
  const std::int64_t zero = *std::ranges::min_element(before);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(again->times()[i], before[i] - zero) << i;
}

Bytes slice(bool is_idr, unsigned filler) {
  return {is_idr ? std::byte{0x65} : std::byte{0x41}, std::byte{0x9a}, static_cast<std::byte>(filler | 1U)};
}

const Bytes k_sps = *from_hex("6742c01fd9005005bb016a02020280000003008000001e078c1924");
const Bytes k_pps = *from_hex("68cb83cb20");

TEST(Mp4Writer, a_long_gop_gets_several_fragments_and_bounded_memory) {
  Mp4Writer writer({});
  Bytes out;
  ASSERT_OK(writer.add(k_sps, {}, out));
  ASSERT_OK(writer.add(k_pps, {}, out));
  std::size_t fragments = 0;
  for (unsigned i = 0; i < 2000; ++i) {
    ASSERT_OK(writer.add(slice(i == 0, i), std::int64_t{i} * 20'000, out));
    fragments += count(out, "moof");
    out.clear();
  }
  EXPECT_EQ(fragments, 3U);
  ASSERT_OK(writer.finish(out));
  EXPECT_EQ(count(out, "moof"), 1U);
}

TEST(Mp4Writer, two_fields_of_one_time_are_one_sample) {
  Stream stream{.codec = Codec::h264, .configuration = {}, .created = {}, .units = {{k_sps, 0}, {k_pps, 0}}};
  for (unsigned i = 0; i < 10; ++i) stream.units.push_back({slice(i == 0, i), std::int64_t{i / 2} * 40'000});
  const auto file = write(stream, {});
  ASSERT_OK(file);
  const auto again = read(*file);
  ASSERT_OK(again);
  EXPECT_TRUE(again->bytes() == stream.bytes());
  EXPECT_EQ(again->times(), stream.times());
}

TEST(Mp4Writer, what_cannot_be_written_is_refused) {
  Bytes out;
  Mp4Writer no_sets({});
  ASSERT_OK(no_sets.add(slice(true, 1), 0, out));
  EXPECT_REASON(no_sets.finish(out), "video.mp4-parameters");
  Mp4Writer no_picture({});
  ASSERT_OK(no_picture.add(k_sps, 0, out));
  EXPECT_REASON(no_picture.finish(out), "video.no-pictures");
  Mp4Writer broken({});
  ASSERT_OK(broken.add(ByteView(k_sps).first(6), 0, out));
  ASSERT_OK(broken.add(slice(true, 1), 0, out));
  EXPECT_REASON(broken.finish(out), "video.mp4-parameters");
  EXPECT_TRUE(out.empty());
}

TEST(Sequence, says_how_large_pictures_are) {
  struct Row {
    const char* file;
    std::uint32_t width, height;
  };
  for (const Row& row : {Row{"base/base.h264", 320, 180}, Row{"base/base.h265", 320, 180},
                         Row{"base/base.obu", 320, 180}, Row{"axis-repo/signed_vendor_axis.h264", 1920, 1080}}) {
    const auto stream = read(read_whole(k_folder / row.file));
    ASSERT_OK(stream) << row.file;
    const auto unit =
        std::ranges::find_if(stream->units, [&](const Unit& each) { return is_sequence(stream->codec, each.bytes); });
    ASSERT_NE(unit, stream->units.end()) << row.file;
    const auto sequence = read_sequence(stream->codec, unit->bytes);
    ASSERT_TRUE(sequence) << row.file;
    EXPECT_EQ(sequence->width, row.width) << row.file;
    EXPECT_EQ(sequence->height, row.height) << row.file;
    for (std::size_t size = 0; size < 6; ++size) {
      EXPECT_FALSE(read_sequence(stream->codec, ByteView(unit->bytes).first(size))) << row.file << " " << size;
    }
  }
}

}  // namespace

}  // namespace signet::video
