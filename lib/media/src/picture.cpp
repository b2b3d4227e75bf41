// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_picture_fuzz)
#include "picture.hpp"

namespace signet::media {

namespace {

unsigned u8(ByteView bytes, std::size_t at) { return at < bytes.size() ? std::to_integer<unsigned>(bytes[at]) : 0; }

/// Takes `count` units behind sizes of two bytes from the front of `rest`; false where they are cut off.
bool take_units(ByteView& rest, unsigned count, std::vector<Bytes>& units) {
  for (unsigned i = 0; i < count; ++i) {
    if (rest.size() < 2) return false;
    const std::size_t size = get_be16(rest);
    if (size > rest.size() - 2) return false;
    if (size > 0) units.push_back(to_bytes(rest.subspan(2, size)));
    rest = rest.subspan(2 + size);
  }
  return true;
}

unsigned type_of(video::Codec codec, ByteView unit) {
  switch (codec) {
    case video::Codec::h264:
      return u8(unit, 0) & 0x1fU;
    case video::Codec::h265:
      return u8(unit, 0) >> 1U & 0x3fU;
    case video::Codec::av1:
      return u8(unit, 0) >> 3U & 0xfU;
  }
  return 0;
}

}  // namespace

std::vector<Bytes> parameter_sets_of(video::Codec codec, ByteView configuration) {
  std::vector<Bytes> units;
  if (codec == video::Codec::av1) {
    constexpr std::size_t k_head_size_bytes = 4;
    if (configuration.size() > k_head_size_bytes) units.push_back(to_bytes(configuration.subspan(k_head_size_bytes)));
    return units;
  }
  if (codec == video::Codec::h264) {
    if (configuration.size() < 7) return units;
    ByteView rest = configuration.subspan(6);
    if (!take_units(rest, u8(configuration, 5) & 0x1fU, units) || rest.empty()) return units;
    const unsigned picture_sets = u8(rest, 0);
    rest = rest.subspan(1);
    take_units(rest, picture_sets, units);
    return units;
  }
  if (configuration.size() < 23) return units;
  ByteView rest = configuration.subspan(23);
  for (unsigned array = 0; array < u8(configuration, 22) && rest.size() >= 3; ++array) {
    const unsigned count = get_be16(rest.subspan(1));
    rest = rest.subspan(3);
    if (!take_units(rest, count, units)) break;
  }
  return units;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> size_of_jpeg(ByteView jpeg) {
  std::size_t at = 2;
  while (at + 9 < jpeg.size() && u8(jpeg, at) == 0xff) {
    const unsigned marker = u8(jpeg, at + 1);
    const bool is_frame_header = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame_header)
      return std::pair<std::uint32_t, std::uint32_t>(get_be16(jpeg.subspan(at + 7)), get_be16(jpeg.subspan(at + 5)));
    at += 2 + std::size_t{get_be16(jpeg.subspan(at + 2))};
  }
  return std::nullopt;
}

bool is_parameter_set(video::Codec codec, ByteView unit) {
  const unsigned type = type_of(codec, unit);
  switch (codec) {
    case video::Codec::h264:
      return type == 7 || type == 8;
    case video::Codec::h265:
      return type >= 32 && type <= 34;
    case video::Codec::av1:
      return type == 1;
  }
  return false;
}

/// H.264 table 7-1, H.265 table 7-1; an AV1 key frame stands behind a sequence header (7.5).
bool can_begin(video::Codec codec, ByteView unit) {
  const unsigned type = type_of(codec, unit);
  switch (codec) {
    case video::Codec::h264:
      return type == 5;
    case video::Codec::h265:
      return type >= 16 && type <= 21;
    case video::Codec::av1:
      return type == 1;
  }
  return false;
}

}  // namespace signet::media
