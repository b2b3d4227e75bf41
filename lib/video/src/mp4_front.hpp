// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/time.hpp"
#include "signet/video.hpp"

namespace signet::video {

/// Microseconds: what times are read and written in.
inline constexpr std::uint32_t k_mp4_timescale = 1'000'000;

/// What stands in front of the first fragment.
struct Mp4Front {
  Codec codec = Codec::h264;
  Bytes configuration = {};
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool has_sets_in_band = false;  ///< parameter sets stand in samples as well
  std::optional<Instant> created = {};
  std::uint64_t begin_us = 0;  ///< media time at which the presentation begins
};
[[nodiscard]] Bytes write_mp4_front(const Mp4Front& front);

/// A picture and its times, in microseconds.
struct Mp4Sample {
  std::uint32_t size_bytes = 0;
  std::uint32_t duration = 0;
  std::int32_t shift = 0;  ///< from decoding to presentation
  bool is_sync = false;    ///< decoding can begin here
};
/// "moof" and the head of "mdat"; the samples follow it.
[[nodiscard]] Bytes write_mp4_fragment(std::uint32_t number, std::uint64_t decode_us,
                                       const std::vector<Mp4Sample>& samples);

}  // namespace signet::video
