// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/time.hpp"
#include "signet/video.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace signet::video {

/// What is to be known before the first unit.
struct Mp4Options {
  Codec codec = Codec::h264;
  Bytes configuration = {};  ///< as Recording::decoder_configuration(); made of the stream's parameter sets if empty
  std::optional<Instant> created = {};
  std::int64_t picture_us = 40'000;  ///< how long a picture is shown where the stream has no times
  bool begins_at_zero = false;       ///< times count from the first picture's, unless that is before zero
};

/// Writes a stream as fragmented MP4 (ISO/IEC 14496-12, 14496-15, AV1 in ISO base media), a fragment for each GOP; a
/// GOP of more than 512 pictures or 16 MiB gets several. Units keep their bytes and their order; AV1's temporal
/// delimiters are left out, as MP4 wants it. Nothing is allocated but for the GOP at hand.
class Mp4Writer {
 public:
  explicit Mp4Writer(Mp4Options options);
  Mp4Writer(Mp4Writer&&) noexcept;
  Mp4Writer& operator=(Mp4Writer&&) noexcept;
  ~Mp4Writer();

  /// Takes a whole unit and, as Piece has it, the presentation time of its picture. Appends to `out` what is to be
  /// written now: mostly nothing. Without times pictures are shown at an even pace, in the order that their picture
  /// order counts demand. "video.mp4-parameters", "video.mp4-unit" (invalid_input), "video.unit-too-large" (exhausted).
  Result<void> add(ByteView unit, std::optional<std::int64_t> time_us, Bytes& out);
  /// The stream is over. "video.no-pictures" (invalid_input).
  Result<void> finish(Bytes& out);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The parameter sets (AV1: sequence header) in the body of MP4's avcC, hvcC or av1C, in their order (ISO/IEC 14496-15,
/// 5.3.3.1, 8.3.3.1; AV1 in ISO base media 2.3). What cannot be read is left out.
[[nodiscard]] std::vector<Bytes> parameter_sets_in(Codec codec, ByteView configuration);

}  // namespace signet::video
