// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "unit.hpp"

#include "signet/video_signer.hpp"

#include "byte_reader.hpp"

#include <algorithm>

namespace signet::video {

namespace {

std::uint8_t byte_at(ByteView bytes, std::size_t i) {
  return i < bytes.size() ? std::to_integer<std::uint8_t>(bytes[i]) : std::uint8_t{0};
}

// H.264 table 7-1. first_mb_in_slice is ue(v): zero if its first bit is one.
UnitClass classify_h264(ByteView head) {
  const auto type = static_cast<std::uint8_t>(byte_at(head, 0) & 0x1fU);
  const bool is_first_slice = (byte_at(head, 1) & 0x80U) != 0;
  switch (type) {
    case 5:
      return {is_first_slice ? UnitKind::anchor : UnitKind::slice, is_first_slice, false, type};
    case 1:
      return {UnitKind::slice, is_first_slice, false, type};
    case 2:  // data partition A
      return {UnitKind::unprotected, is_first_slice, false, type};
    case 3:  // data partitions B and C
    case 4:
    case 19:  // auxiliary picture
    case 20:  // scalable and multiview extensions
    case 21:
      return {UnitKind::unprotected, false, false, type};
    case 6:
      return {UnitKind::sei, false, false, type};
    case 7:
    case 8:
    case 13:
    case 15:
      return {UnitKind::parameter_set, false, false, type};
    default:
      return {UnitKind::other, false, false, type};
  }
}

// H.265 table 7-1. first_slice_segment_in_pic_flag is the first bit behind the two header bytes.
UnitClass classify_h265(ByteView head) {
  const auto type = static_cast<std::uint8_t>(byte_at(head, 0) >> 1U & 0x3fU);
  const bool is_first_slice = (byte_at(head, 2) & 0x80U) != 0;
  if (type <= 1) return {UnitKind::slice, is_first_slice, false, type};
  if (type >= 16 && type <= 21) {
    return {is_first_slice ? UnitKind::anchor : UnitKind::slice, is_first_slice, false, type};
  }
  if (type < 32) return {UnitKind::unprotected, is_first_slice, false, type};  // TSA, STSA, RADL, RASL, reserved
  if (type <= 34) return {UnitKind::parameter_set, false, false, type};
  if (type == 39 || type == 40) return {UnitKind::sei, false, false, type};
  return {UnitKind::other, false, false, type};
}

// AV1 5.3.2 (obu_header) and 5.9.2 (uncompressed_header).
UnitClass classify_av1(ByteView head) {
  const std::uint8_t header = byte_at(head, 0);
  const auto type = static_cast<std::uint8_t>(header >> 3U & 0x0fU);
  std::size_t payload = (header & 0x04U) != 0 ? 2 : 1;
  if ((header & 0x02U) != 0 && payload < head.size()) {
    const auto size = leb128_at(head.subspan(payload));
    payload += size ? size->size_bytes : 0;
  }
  switch (type) {
    case 1:
      return {UnitKind::parameter_set, false, false, type};
    case 3:
    case 6: {
      const std::uint8_t bits = byte_at(head, payload);
      const bool shows_existing = (bits & 0x80U) != 0;
      const bool is_key = !shows_existing && (bits & 0x60U) == 0;
      const bool is_shown = shows_existing || (bits & 0x10U) != 0;
      return {is_key ? UnitKind::anchor : UnitKind::slice, true, is_shown, type};
    }
    case 4:
      return {UnitKind::continuation, false, false, type};
    case 5:
      return {UnitKind::metadata, false, false, type};
    case 8:  // tile list
      return {UnitKind::unprotected, true, true, type};
    default:
      return {UnitKind::other, false, false, type};
  }
}

}  // namespace

UnitClass classify(Codec codec, ByteView head) {
  switch (codec) {
    case Codec::h264:
      return classify_h264(head);
    case Codec::h265:
      return classify_h265(head);
    case Codec::av1:
      break;
  }
  return classify_av1(head);
}

bool begins_picture(Codec codec, ByteView unit) {
  const UnitClass found = classify(codec, unit.first(std::min(unit.size(), k_unit_head_size_bytes)));
  return codec == Codec::av1 ? found.ends_frame : found.begins_frame;
}

}  // namespace signet::video
