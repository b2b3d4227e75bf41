// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#include "picture_order.hpp"

#include "bit_reader.hpp"

#include <algorithm>

namespace signet::video {

namespace {

// H.264 7.4.2.2 and H.265 7.4.3.3.1 allow 256 and 64 picture parameter sets, and fewer sequence parameter sets.
constexpr std::uint32_t k_ids_max = 256;
constexpr std::size_t k_slice_head_size_bytes = 64;

unsigned type_of_h265(ByteView unit) { return std::to_integer<unsigned>(unit[0]) >> 1U & 0x3fU; }

}  // namespace

void PictureOrder::take_parameter_set(ByteView unit) {
  if (codec_ == Codec::av1 || unit.size() < 2) return;
  if (!is_sequence(codec_, unit)) return take_picture_set(unit);
  if (auto sequence = read_sequence(codec_, unit); sequence && sequence->id < k_ids_max) {
    sequences_[sequence->id] = std::move(*sequence);
  }
}

// H.264 7.3.2.2, H.265 7.3.2.3.1
void PictureOrder::take_picture_set(ByteView unit) {
  const bool is_h264 = codec_ == Codec::h264;
  if (is_h264 ? (std::to_integer<unsigned>(unit[0]) & 0x1fU) != 8 : type_of_h265(unit) != 34) return;
  BitReader bits = BitReader::of_nal(unit.subspan(is_h264 ? 1 : 2));
  const std::uint32_t id = bits.ue();
  Picture picture{.sequence = bits.ue()};
  if (!is_h264) {
    bits.skip(1);
    picture.has_output_flag = bits.flag();
    picture.extra_slice_bits = bits.bits(3);
  }
  if (!bits.failed() && id < k_ids_max) pictures_[id] = picture;
}

const Sequence* PictureOrder::sequence_of(std::uint32_t picture) const {
  const auto found = pictures_.find(picture);
  if (found == pictures_.end()) return nullptr;
  const auto sequence = sequences_.find(found->second.sequence);
  return sequence == sequences_.end() ? nullptr : &sequence->second;
}

// H.264 7.3.3
std::optional<PictureOrder::Slice> PictureOrder::read_h264(ByteView unit) const {
  const auto head = std::to_integer<unsigned>(unit[0]);
  Slice slice{.begins_run = (head & 0x1fU) == 5, .is_reference = (head & 0x60U) != 0};
  BitReader bits = BitReader::of_nal(unit.subspan(1));
  bits.ue();  // first macroblock
  bits.ue();  // slice type
  const Sequence* const sequence = sequence_of(bits.ue());
  if (sequence == nullptr || sequence->order_type != 0) return std::nullopt;
  if (sequence->has_separate_planes) bits.skip(2);
  bits.skip(sequence->frame_number_bits);
  if (!sequence->frames_only && bits.flag()) bits.skip(1);
  if (slice.begins_run) bits.ue();
  slice.low_bits = sequence->order_bits;
  slice.low = bits.bits(slice.low_bits);
  return bits.failed() ? std::nullopt : std::optional(slice);
}

// H.265 7.3.6.1
std::optional<PictureOrder::Slice> PictureOrder::read_h265(ByteView unit) const {
  const unsigned type = type_of_h265(unit);
  const bool is_idr = type == 19 || type == 20;
  const bool is_leading = type >= 6 && type <= 9;                   // RADL, RASL
  const bool is_sub_layer_reference = type >= 16 || type % 2 == 1;  // table 7-1: even ones are nobody's reference
  const bool is_lowest_layer = (std::to_integer<unsigned>(unit[1]) & 7U) == 1;
  Slice slice{.begins_run = is_idr || (type >= 16 && type <= 18),
              .is_reference = is_lowest_layer && is_sub_layer_reference && !is_leading};
  BitReader bits = BitReader::of_nal(unit.subspan(2));
  bits.skip(type >= 16 && type <= 23 ? 2 : 1);
  const std::uint32_t id = bits.ue();
  const Sequence* const sequence = sequence_of(id);
  if (sequence == nullptr) return std::nullopt;
  const Picture& picture = pictures_.at(id);
  bits.skip(picture.extra_slice_bits);
  bits.ue();  // slice type
  if (picture.has_output_flag) bits.skip(1);
  if (sequence->has_separate_planes) bits.skip(2);
  slice.low_bits = sequence->order_bits;
  if (!is_idr) slice.low = bits.bits(slice.low_bits);
  return bits.failed() ? std::nullopt : std::optional(slice);
}

OrderKey PictureOrder::next(ByteView slice) {
  std::optional<Slice> read;
  const ByteView head = slice.first(std::min(slice.size(), k_slice_head_size_bytes));
  if (codec_ == Codec::h264 && head.size() > 1) read = read_h264(head);
  if (codec_ == Codec::h265 && head.size() > 2) read = read_h265(head);
  if (!read) return {run_, ++last_};
  if (read->begins_run) {
    ++run_;
    reference_ = 0;
  }
  // The count nearest to the last reference picture's that has this low part.
  const std::int64_t range = std::int64_t{1} << read->low_bits;
  std::int64_t count = (reference_ & ~(range - 1)) + read->low;
  if (read->begins_run) {
    count = read->low;
  } else if (count - reference_ > range / 2) {
    count -= range;
  } else if (reference_ - count >= range / 2) {
    count += range;
  }
  if (read->is_reference) reference_ = count;
  last_ = count;
  return {run_, count};
}

}  // namespace signet::video
