// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#pragma once

#include "sequence.hpp"

#include <compare>
#include <map>

namespace signet::video {

/// A place in output order: pictures are shown by rising count, run after run.
struct OrderKey {
  std::uint64_t run = 0;  ///< of pictures, each begins anew with an IDR or BLA picture
  std::int64_t count = 0;
  friend auto operator<=>(const OrderKey&, const OrderKey&) = default;
};

/// In which order the pictures of a stream are shown, by their picture order counts (H.264 8.2.1, H.265 8.3.1).
/// Pictures whose count cannot be read follow the one before; so do those of AV1, and H.264 with another order type
/// than 0.
class PictureOrder {
 public:
  explicit PictureOrder(Codec codec) : codec_(codec) {}
  void take_parameter_set(ByteView unit);
  /// `slice` is the first of its picture.
  OrderKey next(ByteView slice);

 private:
  /// What a picture parameter set says.
  struct Picture {
    std::uint32_t sequence = 0;
    bool has_output_flag = false;   // H.265
    unsigned extra_slice_bits = 0;  // H.265
  };
  /// What the front of a slice says.
  struct Slice {
    bool begins_run = false;
    bool is_reference = false;  // the next count is relative to this one
    std::uint32_t low = 0;      // low part of the count
    unsigned low_bits = 0;
  };

  void take_picture_set(ByteView unit);
  [[nodiscard]] const Sequence* sequence_of(std::uint32_t picture) const;
  [[nodiscard]] std::optional<Slice> read_h264(ByteView unit) const;
  [[nodiscard]] std::optional<Slice> read_h265(ByteView unit) const;

  Codec codec_;
  std::map<std::uint32_t, Sequence> sequences_;
  std::map<std::uint32_t, Picture> pictures_;
  std::uint64_t run_ = 0;
  std::int64_t reference_ = 0;  // count of the last reference picture
  std::int64_t last_ = -1;
};

}  // namespace signet::video
