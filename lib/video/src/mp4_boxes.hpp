// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "splitter.hpp"

#include <array>

namespace signet::video {

/// A box of ISO/IEC 14496-12: where its content lies in the source.
struct Box {
  std::array<char, 4> type{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  [[nodiscard]] std::string_view name() const { return {type.data(), type.size()}; }
};

/// Reads boxes one after another, straight from the source; content is not looked at.
class BoxReader {
 public:
  BoxReader(Source& source, std::uint64_t begin, std::uint64_t end) : source_(source), at_(begin), end_(end) {}
  explicit BoxReader(Source& source, const Box& box) : BoxReader(source, box.begin, box.end) {}
  /// None at the end. "video.malformed".
  Result<std::optional<Box>> next();
  [[nodiscard]] std::uint64_t offset() const { return at_; }

 private:
  Source& source_;
  std::uint64_t at_;
  std::uint64_t end_;
};

/// Up to `size_bytes` of a source.
Result<Bytes> read_up_to(Source& source, std::uint64_t offset, std::size_t size_bytes);
/// The front of a box, all of it there: "video.malformed".
Result<Bytes> read_front(Source& source, const Box& box, std::size_t size_bytes);
/// The first box of that name inside another; none if there is none.
Result<std::optional<Box>> find_box(Source& source, const Box& parent, std::string_view name);

/// A table of fixed-size entries, read in small parts.
class Table {
 public:
  Table() = default;
  Table(std::shared_ptr<Source> source, std::uint64_t begin, std::uint64_t count, std::size_t entry_size_bytes)
      : source_(std::move(source)), begin_(begin), count_(count), entry_size_bytes_(entry_size_bytes) {}
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The entry; "video.malformed" if the source ends before it.
  Result<ByteView> entry(std::uint64_t index);

 private:
  std::shared_ptr<Source> source_;
  std::uint64_t begin_ = 0;
  std::uint64_t count_ = 0;
  std::size_t entry_size_bytes_ = 4;
  Bytes buffer_;
  std::uint64_t first_ = 0;  // index of the first entry in buffer_
};

/// A sample of a track: a picture.
struct Sample {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t time_us = 0;
};

/// Gives the samples of a track in decoding order.
class SampleReader {
 public:
  virtual ~SampleReader() = default;
  virtual Result<std::optional<Sample>> next() = 0;
};

/// What a track is, apart from its samples.
struct Track {
  std::uint32_t id = 0;
  std::uint32_t timescale = 0;
  Codec codec = Codec::h264;
  std::size_t length_size_bytes = 4;  ///< of the length before each NAL unit; 0 for OBUs
  Box sample_table = {};
  Bytes configuration = {};  ///< the body of avcC, hvcC or av1C
};

/// Samples by the tables of a track ("stbl").
Result<std::unique_ptr<SampleReader>> read_sample_tables(std::shared_ptr<Source> source, const Track& track);
/// Samples by movie fragments ("moof"), looked for from `begin` on.
std::unique_ptr<SampleReader> read_fragments(std::shared_ptr<Source> source, const Track& track,
                                             const std::optional<Box>& movie_extends, std::uint64_t begin);

}  // namespace signet::video
