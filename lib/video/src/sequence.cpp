// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#include "sequence.hpp"

#include "bit_reader.hpp"
#include "byte_reader.hpp"

#include <algorithm>
#include <array>

namespace signet::video {

namespace {

constexpr std::uint32_t k_side_max = 65'535;  // of what MP4 can say

/// Two sides of a frame less what is cropped.
std::uint32_t cropped(std::uint64_t side, std::uint64_t crop) {
  return side > crop && side - crop <= k_side_max ? static_cast<std::uint32_t>(side - crop) : 0;
}

// H.264 7.3.2.1.1.1
void skip_scaling_list(BitReader& bits, unsigned size) {
  std::int64_t last = 8;
  std::int64_t next = 8;
  for (unsigned i = 0; i < size && !bits.failed(); ++i) {
    if (next != 0) next = (last + bits.se() + 256) % 256;
    last = next == 0 ? last : next;
  }
}

bool has_chroma_format(std::uint32_t profile) {
  constexpr std::array<std::uint32_t, 13> k_high{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::ranges::find(k_high, profile) != k_high.end();
}

// H.264 7.3.2.1.1, from chroma_format_idc on.
void read_h264_format(BitReader& bits, Sequence& found) {
  found.chroma_format = bits.ue();
  if (found.chroma_format == 3) found.has_separate_planes = bits.flag();
  found.luma_bits = 8 + std::min(bits.ue(), 6U);
  found.chroma_bits = 8 + std::min(bits.ue(), 6U);
  bits.skip(1);
  if (!bits.flag()) return;
  for (unsigned i = 0; i < (found.chroma_format == 3 ? 12U : 8U); ++i) {
    if (bits.flag()) skip_scaling_list(bits, i < 6 ? 16 : 64);
  }
}

void read_h264_order(BitReader& bits, Sequence& found) {
  found.frame_number_bits = 4 + std::min(bits.ue(), 12U);
  found.order_type = std::min(bits.ue(), 3U);
  if (found.order_type == 0) found.order_bits = 4 + std::min(bits.ue(), 12U);
  if (found.order_type != 1) return;
  bits.skip(1);
  bits.se();
  bits.se();
  for (std::uint32_t left = std::min(bits.ue(), 255U); left > 0; --left) bits.se();
}

// H.264 7.3.2.1.1
std::optional<Sequence> read_h264(ByteView unit) {
  if (unit.size() < 4) return std::nullopt;
  Sequence found;
  found.profile = to_bytes(unit.subspan(1, 3));
  BitReader bits = BitReader::of_nal(unit.subspan(4));
  found.id = bits.ue();
  if (has_chroma_format(std::to_integer<std::uint32_t>(unit[1]))) read_h264_format(bits, found);
  read_h264_order(bits, found);
  bits.ue();  // reference frames
  bits.skip(1);
  const std::uint64_t width = (std::uint64_t{bits.ue()} + 1) * 16;
  const std::uint64_t map_height = (std::uint64_t{bits.ue()} + 1) * 16;
  found.frames_only = bits.flag();
  if (!found.frames_only) bits.skip(1);
  bits.skip(1);
  const std::uint64_t fields = found.frames_only ? 1 : 2;
  std::array<std::uint64_t, 4> crop{};
  if (bits.flag()) std::ranges::generate(crop, [&] { return bits.ue(); });
  if (bits.failed() || found.chroma_format > 3) return std::nullopt;
  const std::uint64_t crop_x = found.chroma_format == 1 || found.chroma_format == 2 ? 2 : 1;
  const std::uint64_t crop_y = (found.chroma_format == 1 ? 2 : 1) * fields;
  found.width = cropped(width, crop_x * (crop[0] + crop[1]));
  found.height = cropped(map_height * fields, crop_y * (crop[2] + crop[3]));
  return found;
}

// H.265 7.3.3, behind the general part.
void skip_sub_layers(BitReader& bits, unsigned count) {
  std::array<bool, 8> has_profile{};
  std::array<bool, 8> has_level{};
  for (unsigned i = 0; i < count; ++i) {
    has_profile.at(i) = bits.flag();
    has_level.at(i) = bits.flag();
  }
  if (count > 0) bits.skip(2 * (8 - count));
  for (unsigned i = 0; i < count; ++i) bits.skip((has_profile.at(i) ? 88U : 0U) + (has_level.at(i) ? 8U : 0U));
}

// H.265 7.3.2.2.1
std::optional<Sequence> read_h265(ByteView unit) {
  constexpr std::size_t k_profile_size_bytes = 12;
  if (unit.size() < 2) return std::nullopt;
  Sequence found;
  BitReader bits = BitReader::of_nal(unit.subspan(2));
  bits.skip(4);
  const unsigned sub_layers = bits.bits(3);
  found.layers = sub_layers + 1;
  found.layers_nest = bits.flag();
  for (std::size_t i = 0; i < k_profile_size_bytes; ++i) found.profile.push_back(static_cast<std::byte>(bits.bits(8)));
  skip_sub_layers(bits, sub_layers);
  found.id = bits.ue();
  found.chroma_format = bits.ue();
  if (found.chroma_format == 3) found.has_separate_planes = bits.flag();
  const std::uint64_t width = bits.ue();
  const std::uint64_t height = bits.ue();
  std::array<std::uint64_t, 4> crop{};
  if (bits.flag()) std::ranges::generate(crop, [&] { return bits.ue(); });
  found.luma_bits = 8 + std::min(bits.ue(), 7U);
  found.chroma_bits = 8 + std::min(bits.ue(), 7U);
  found.order_bits = 4 + std::min(bits.ue(), 12U);
  if (bits.failed() || found.chroma_format > 3) return std::nullopt;
  const std::uint64_t crop_x = found.chroma_format == 1 || found.chroma_format == 2 ? 2 : 1;
  const std::uint64_t crop_y = found.chroma_format == 1 ? 2 : 1;
  found.width = cropped(width, crop_x * (crop[0] + crop[1]));
  found.height = cropped(height, crop_y * (crop[2] + crop[3]));
  return found;
}

struct Av1Level {
  std::uint32_t level = 0;
  std::uint32_t tier = 0;
};

// AV1 5.5.1, from timing_info_present_flag to the last operating point; the first one counts.
Av1Level read_av1_points(BitReader& bits) {
  unsigned delay_bits = 0;
  if (bits.flag()) {
    bits.skip(64);
    if (bits.flag()) bits.ue();
    if (bits.flag()) {
      delay_bits = bits.bits(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const bool has_display_delay = bits.flag();
  const unsigned points = bits.bits(5) + 1;
  Av1Level first;
  for (unsigned i = 0; i < points; ++i) {
    bits.skip(12);
    Av1Level point{.level = bits.bits(5)};
    if (point.level > 7) point.tier = bits.bits(1);
    if (delay_bits > 0 && bits.flag()) bits.skip(2 * delay_bits + 1);
    if (has_display_delay && bits.flag()) bits.skip(4);
    if (i == 0) first = point;
  }
  return first;
}

// AV1 5.5.1, from enable_interintra_compound on.
void skip_av1_tools(BitReader& bits) {
  bits.skip(4);
  const bool has_order_hint = bits.flag();
  if (has_order_hint) bits.skip(2);
  const bool chooses_content_tools = bits.flag();
  const bool has_content_tools = chooses_content_tools || bits.flag();
  if (has_content_tools && !bits.flag()) bits.skip(1);
  if (has_order_hint) bits.skip(3);
}

// AV1 5.5.2; as the third byte of av1C has it, without the tier.
std::uint32_t read_av1_colors(BitReader& bits, std::uint32_t profile) {
  const bool is_high = bits.flag();
  const bool is_twelve = profile == 2 && is_high && bits.flag();
  const bool is_mono = profile != 1 && bits.flag();
  bool is_rgb = false;
  if (bits.flag()) is_rgb = bits.bits(24) == 0x010d00U;  // BT.709, sRGB, identity
  std::uint32_t x = 1;
  std::uint32_t y = 1;
  std::uint32_t position = 0;
  if (!is_mono && is_rgb) {
    x = y = 0;
  } else if (!is_mono) {
    bits.skip(1);
    if (profile == 1) x = y = 0;
    if (profile == 2) {
      x = is_twelve ? bits.bits(1) : 1;
      y = is_twelve && x == 1 ? bits.bits(1) : 0;
    }
    if (x == 1 && y == 1) position = bits.bits(2);
  }
  return (is_high ? 0x40U : 0U) | (is_twelve ? 0x20U : 0U) | (is_mono ? 0x10U : 0U) | x << 3U | y << 2U | position;
}

// AV1 5.5.1
std::optional<Sequence> read_av1(ByteView unit) {
  if (unit.empty()) return std::nullopt;
  const auto head = std::to_integer<unsigned>(unit[0]);
  std::size_t at = (head & 0x04U) != 0 ? 2 : 1;
  if ((head & 0x02U) != 0) {
    const auto size = leb128_at(unit.subspan(std::min(at, unit.size())));
    if (!size) return std::nullopt;
    at += size->size_bytes;
  }
  Sequence found;
  BitReader bits = BitReader::of(unit.subspan(std::min(at, unit.size())));
  const std::uint32_t profile = bits.bits(3);
  bits.skip(1);
  const bool is_reduced = bits.flag();
  const Av1Level level = is_reduced ? Av1Level{.level = bits.bits(5)} : read_av1_points(bits);
  const unsigned width_bits = bits.bits(4) + 1;
  const unsigned height_bits = bits.bits(4) + 1;
  found.width = cropped(std::uint64_t{bits.bits(width_bits)} + 1, 0);
  found.height = cropped(std::uint64_t{bits.bits(height_bits)} + 1, 0);
  if (!is_reduced && bits.flag()) bits.skip(7);
  bits.skip(3);
  if (!is_reduced) skip_av1_tools(bits);
  bits.skip(3);
  const std::uint32_t colors = read_av1_colors(bits, profile);
  if (bits.failed() || profile > 2) return std::nullopt;
  found.profile = {static_cast<std::byte>(profile << 5U | level.level),
                   static_cast<std::byte>(level.tier << 7U | colors)};
  return found;
}

}  // namespace

bool is_sequence(Codec codec, ByteView unit) {
  if (unit.empty()) return false;
  const auto head = std::to_integer<unsigned>(unit[0]);
  switch (codec) {
    case Codec::h264:
      return (head & 0x1fU) == 7;
    case Codec::h265:
      return (head >> 1U & 0x3fU) == 33;
    case Codec::av1:
      break;
  }
  return (head >> 3U & 0x0fU) == 1;
}

std::optional<Sequence> read_sequence(Codec codec, ByteView unit) {
  switch (codec) {
    case Codec::h264:
      return read_h264(unit);
    case Codec::h265:
      return read_h265(unit);
    case Codec::av1:
      break;
  }
  return read_av1(unit);
}

}  // namespace signet::video
