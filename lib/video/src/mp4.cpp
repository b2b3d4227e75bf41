// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "mp4_track.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace signet::video {

namespace {

constexpr std::int64_t k_seconds_1904_to_1970 = 2'082'844'800;
constexpr std::uint64_t k_configuration_size_bytes_max = 64U * 1024U;
constexpr std::size_t k_visual_entry_size_bytes = 78;  // ISO/IEC 14496-12, 12.1.3: in front of avcC, hvcC

Error no_video() {
  return {Errc::invalid_input, "video.no-video", "an MP4 file without a video track that could be signed",
          "Signed video is H.264, H.265 or AV1."};
}

/// Cuts samples into NAL units by their length, or into OBUs.
class Mp4Splitter : public Splitter {
 public:
  Mp4Splitter(std::unique_ptr<SampleReader> samples, std::size_t length_size_bytes)
      : samples_(std::move(samples)), length_size_bytes_(length_size_bytes) {}
  Result<std::optional<Piece>> next(Window& window) override;
  [[nodiscard]] std::uint64_t offset() const override { return at_; }

 private:
  Result<std::uint64_t> unit_size(Window& window, std::uint64_t left);
  std::unique_ptr<SampleReader> samples_;
  std::size_t length_size_bytes_;
  Sample sample_;
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t furthest_ = 0;
  std::uint64_t total_ = 0;
  PieceCutter cutter_;
};

/// The size of the unit at at_, which then stands at its first byte; a unit that its sample cuts off ends with it.
Result<std::uint64_t> Mp4Splitter::unit_size(Window& window, std::uint64_t left) {
  if (length_size_bytes_ == 0) {
    TRY_ASSIGN(const ByteView head, window.at(at_, k_obu_head_size_bytes));
    if (head.empty()) return left;
    TRY_ASSIGN(const std::uint64_t size, obu_size(head, at_));
    return std::min(size, left);
  }
  TRY_ASSIGN(const ByteView head, window.at(at_, length_size_bytes_));
  if (left < length_size_bytes_ || head.size() < length_size_bytes_) {
    at_ = end_;
    return std::uint64_t{0};
  }
  std::uint64_t size = 0;
  for (const std::byte each : head) size = size << 8U | std::to_integer<std::uint64_t>(each);
  at_ += length_size_bytes_;
  return std::min(size, left - length_size_bytes_);
}

Result<std::optional<Piece>> Mp4Splitter::next(Window& window) {
  while (cutter_.done()) {
    if (at_ >= end_) {
      TRY_ASSIGN(const std::optional<Sample> sample, samples_->next());
      if (!sample) return std::optional<Piece>();
      if (sample->offset > std::numeric_limits<std::uint64_t>::max() - sample->size_bytes) {
        return malformed("a sample outside the file", sample->offset);
      }
      sample_ = *sample;
      at_ = sample_.offset;
      end_ = at_ + sample_.size_bytes;
      // Samples that overlap would make a small file endless.
      furthest_ = std::max(furthest_, end_);
      total_ += std::min(sample_.size_bytes, std::numeric_limits<std::uint64_t>::max() - total_);
      if (total_ / 2 > furthest_) return malformed("samples that overlap", at_);
      continue;
    }
    TRY_ASSIGN(const std::uint64_t size, unit_size(window, end_ - at_));
    cutter_.start(at_, size, sample_.time_us);
    at_ += size;
  }
  TRY_ASSIGN(auto piece, cutter_.next(window));
  if (piece) piece->is_presented = sample_.is_presented;
  // As in Annex B, zero bytes behind a NAL unit are no part of it.
  if (piece && piece->begins && piece->ends && length_size_bytes_ != 0) {
    std::size_t size = piece->bytes.size();
    while (size > 0 && piece->bytes[size - 1] == std::byte{0}) --size;
    piece->bytes = piece->bytes.first(size);
  }
  return piece;
}

struct Entry {
  std::string_view name;
  Codec codec;
  std::string_view configuration;
  std::size_t length_at;  // of the byte whose low two bits say how long lengths are
};
constexpr std::array k_entries{Entry{"avc1", Codec::h264, "avcC", 4}, Entry{"avc3", Codec::h264, "avcC", 4},
                               Entry{"hvc1", Codec::h265, "hvcC", 21}, Entry{"hev1", Codec::h265, "hvcC", 21},
                               Entry{"av01", Codec::av1, "av1C", 0}};

/// What a track's sample description says; false if it is no video that could be signed.
Result<std::optional<Track>> describe(Source& source, const Box& table, Track track) {
  TRY_ASSIGN(const std::optional<Box> box, find_box(source, table, "stsd"));
  if (!box) return std::optional<Track>();
  TRY(read_front(source, *box, 8));
  BoxReader reader(source, box->begin + 8, box->end);
  TRY_ASSIGN(const std::optional<Box> entry, reader.next());
  if (!entry) return std::optional<Track>();
  if (entry->name() == "encv") {
    return Error(Errc::unsupported, "video.encrypted", "the video track is encrypted",
                 "Decrypt it without re-encoding, then verify it.");
  }
  const auto row = std::ranges::find(k_entries, entry->name(), &Entry::name);
  if (row == k_entries.end()) return std::optional<Track>();
  track.codec = row->codec;
  track.sample_table = table;
  track.length_size_bytes = 0;
  TRY(read_front(source, *entry, k_visual_entry_size_bytes));
  const Box inner{entry->type, entry->begin + k_visual_entry_size_bytes, entry->end};
  TRY_ASSIGN(const std::optional<Box> configuration, find_box(source, inner, row->configuration));
  if (!configuration && row->codec == Codec::av1) return std::optional(track);
  if (!configuration) return malformed("a video track without decoder configuration", entry->begin);
  const auto size = std::min<std::uint64_t>(configuration->end - configuration->begin, k_configuration_size_bytes_max);
  TRY_ASSIGN(track.configuration, read_up_to(source, configuration->begin, static_cast<std::size_t>(size)));
  if (row->codec == Codec::av1) return std::optional(track);
  if (track.configuration.size() <= row->length_at) {
    return malformed("a decoder configuration that is cut off", configuration->begin);
  }
  track.length_size_bytes = (std::to_integer<std::size_t>(track.configuration[row->length_at]) & 3U) + 1;
  return std::optional(track);
}

Result<std::optional<Box>> find_path(Source& source, Box box, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    TRY_ASSIGN(const std::optional<Box> inner, find_box(source, box, name));
    if (!inner) return inner;
    box = *inner;
  }
  return std::optional(box);
}

Result<std::optional<Track>> read_track(Source& source, const Box& box, std::uint32_t movie_timescale) {
  TRY_ASSIGN(const std::optional<Box> header, find_box(source, box, "tkhd"));
  TRY_ASSIGN(const std::optional<Box> media, find_path(source, box, {"mdia", "mdhd"}));
  TRY_ASSIGN(const std::optional<Box> table, find_path(source, box, {"mdia", "minf", "stbl"}));
  if (!header || !media || !table) return std::optional<Track>();
  Track track;
  TRY_ASSIGN(const Bytes id, read_front(source, *header, 16));
  TRY_ASSIGN(const Bytes id_wide, id[0] == std::byte{1} ? read_front(source, *header, 24) : Result<Bytes>(Bytes(24)));
  track.id = id[0] == std::byte{1} ? get_be32(ByteView(id_wide).subspan(20)) : get_be32(ByteView(id).subspan(12));
  TRY_ASSIGN(const Bytes times, read_front(source, *media, 24));
  track.timescale = get_be32(ByteView(times).subspan(times[0] == std::byte{1} ? 20 : 12));
  if (track.timescale == 0) return malformed("a track without a time scale", media->begin);
  TRY_ASSIGN(track.edits, EditList::read(source, box, movie_timescale, track.timescale));
  return describe(source, *table, track);
}

/// What holds for all tracks.
struct Movie {
  std::optional<Instant> created = {};
  std::uint32_t timescale = 0;
};

Result<Movie> read_movie(Source& source, const Box& movie) {
  TRY_ASSIGN(const std::optional<Box> box, find_box(source, movie, "mvhd"));
  if (!box) return Movie{};
  TRY_ASSIGN(const Bytes front, read_front(source, *box, 16));
  const bool is_wide = front[0] == std::byte{1};
  TRY_ASSIGN(const Bytes wide, is_wide ? read_front(source, *box, 24) : Result<Bytes>(Bytes(24)));
  Movie found{.timescale = is_wide ? get_be32(ByteView(wide).subspan(20)) : get_be32(ByteView(front).subspan(12))};
  const std::uint64_t seconds = is_wide ? get_be64(ByteView(wide).subspan(4)) : get_be32(ByteView(front).subspan(4));
  if (seconds >= k_seconds_1904_to_1970 && seconds <= std::uint64_t{1} << 36U) {
    found.created = Instant{static_cast<std::int64_t>(seconds) - k_seconds_1904_to_1970};
  }
  return found;
}

}  // namespace

Result<Opened> open_mp4(Window& window, std::shared_ptr<Source> source) {
  static_cast<void>(window);
  BoxReader top(*source, 0, std::numeric_limits<std::uint64_t>::max());
  std::optional<Box> movie;
  while (!movie) {
    TRY_ASSIGN(const std::optional<Box> box, top.next());
    if (!box) return no_video();
    if (box->name() == "moov") movie = box;
  }
  TRY_ASSIGN(const Movie facts, read_movie(*source, *movie));
  TRY_ASSIGN(const std::optional<Box> extends, find_box(*source, *movie, "mvex"));
  BoxReader inside(*source, *movie);
  while (true) {
    TRY_ASSIGN(const std::optional<Box> box, inside.next());
    if (!box) return no_video();
    if (box->name() != "trak") continue;
    TRY_ASSIGN(const std::optional<Track> track, read_track(*source, *box, facts.timescale));
    if (!track) continue;
    std::unique_ptr<SampleReader> samples;
    if (extends) {
      samples = read_fragments(source, *track, extends, movie->end);
    } else {
      TRY_ASSIGN(samples, read_sample_tables(source, *track));
    }
    return Opened{.container = Container::mp4,
                  .codec = track->codec,
                  .created = facts.created,
                  .splitter = std::make_unique<Mp4Splitter>(std::move(samples), track->length_size_bytes),
                  .configuration = track->configuration};
  }
}

}  // namespace signet::video
