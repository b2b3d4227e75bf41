// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#pragma once

#include "signet/video.hpp"

namespace signet::video {

/// What a sequence parameter set (AV1: sequence header) says, as far as a container and the order of pictures need it.
struct Sequence {
  std::uint32_t id = 0;
  std::uint32_t width = 0;  ///< as shown: cropped
  std::uint32_t height = 0;
  std::uint32_t chroma_format = 1;
  std::uint32_t luma_bits = 8;
  std::uint32_t chroma_bits = 8;
  bool has_separate_planes = false;
  bool frames_only = true;         ///< H.264: no fields
  unsigned frame_number_bits = 0;  ///< H.264
  unsigned order_type = 0;         ///< H.264: pic_order_cnt_type
  unsigned order_bits = 0;         ///< of a picture order count's low part
  unsigned layers = 1;             ///< H.265: temporal ones
  bool layers_nest = false;
  Bytes profile = {};  ///< as it stands in avcC (3 bytes), hvcC (12) or av1C (2, from its second on)
};

/// None if it cannot be read.
[[nodiscard]] std::optional<Sequence> read_sequence(Codec codec, ByteView unit);
/// Whether it is what read_sequence() reads.
[[nodiscard]] bool is_sequence(Codec codec, ByteView unit);

}  // namespace signet::video
