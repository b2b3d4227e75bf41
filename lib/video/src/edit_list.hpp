// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#pragma once

#include "mp4_boxes.hpp"

namespace signet::video {

/// Ticks of a time scale in microseconds, to the nearest; 0 beyond all sense.
[[nodiscard]] std::int64_t ticks_to_us(std::int64_t ticks, std::uint32_t timescale);

/// What a player shows of a track, and when ("elst", ISO/IEC 14496-12, 8.6.6).
class EditList {
 public:
  /// Shows everything at its own time.
  EditList() = default;
  /// Of a track that may have one; `movie_timescale` is that of "mvhd". "video.malformed".
  static Result<EditList> read(Source& source, const Box& track, std::uint32_t movie_timescale,
                               std::uint32_t timescale);

  struct Place {
    std::int64_t time_us = 0;
    bool is_presented = true;  ///< else a player decodes it at most
  };
  /// Where a sample goes, by its composition time and duration in ticks of the track.
  [[nodiscard]] Place place(std::int64_t ticks, std::uint32_t duration, std::uint32_t timescale) const;

 private:
  struct Edit {
    std::int64_t begin = 0;  // in media ticks
    std::int64_t end = 0;
    std::int64_t shown_us = 0;
  };
  std::vector<Edit> edits_;
};

}  // namespace signet::video
