// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edit_list.hpp"

namespace signet::video {

/// A sample of a track: a picture.
struct Sample {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t time_us = 0;
  bool is_presented = true;
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
  EditList edits = {};
};

/// Samples by the tables of a track ("stbl").
Result<std::unique_ptr<SampleReader>> read_sample_tables(std::shared_ptr<Source> source, const Track& track);
/// Samples by movie fragments ("moof"), looked for from `begin` on.
std::unique_ptr<SampleReader> read_fragments(std::shared_ptr<Source> source, const Track& track,
                                             const std::optional<Box>& movie_extends, std::uint64_t begin);

}  // namespace signet::video
