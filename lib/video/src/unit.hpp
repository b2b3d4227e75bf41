// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_judge_fuzz)
#pragma once

#include "signet/video.hpp"

namespace signet::video {

/// What a NAL unit or OBU is to the signature formats.
enum class UnitKind : std::uint8_t {
  anchor,         ///< first slice of an IDR, CRA or BLA picture; AV1 key frame
  slice,          ///< any other signed slice or frame
  metadata,       ///< AV1 metadata OBU
  continuation,   ///< AV1 tile group: belongs to the frame header before it
  unprotected,    ///< coded picture data that the formats do not sign
  sei,            ///< H.26x SEI
  parameter_set,  ///< parameter sets, AV1 sequence header
  other,
};

struct UnitClass {
  UnitKind kind = UnitKind::other;
  bool begins_frame = false;  ///< opens a picture
  bool ends_frame = false;    ///< AV1: is the shown frame of its temporal unit
  std::uint8_t type = 0;      ///< nal_unit_type or obu_type
};

/// How many bytes from the front of a unit classify() looks at.
inline constexpr std::size_t k_unit_head_size_bytes = 16;

[[nodiscard]] UnitClass classify(Codec codec, ByteView head);

}  // namespace signet::video
