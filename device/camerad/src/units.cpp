// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: camerad_units_fuzz)
#include "units.hpp"

#include <array>
#include <cstring>

namespace signet::camerad {

namespace {

constexpr std::size_t k_start_code_size_bytes = 3;

/// Where 00 00 01 begins, from `from` on; the size if nowhere.
std::size_t find_start_code(ByteView bytes, std::size_t from) {
  std::size_t at = from + 2;
  while (at < bytes.size()) {
    const void* const found = std::memchr(bytes.data() + at, 1, bytes.size() - at);
    if (found == nullptr) break;
    const auto one = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
    if (bytes[one - 1] == std::byte{0} && bytes[one - 2] == std::byte{0}) return one - 2;
    at = one + 1;
  }
  return bytes.size();
}

}  // namespace

void split_units(ByteView stream, std::vector<ByteView>& units) {
  units.clear();
  std::size_t code = find_start_code(stream, 0);
  while (code < stream.size()) {
    const std::size_t begin = code + k_start_code_size_bytes;
    code = find_start_code(stream, begin);
    std::size_t end = code;
    while (end > begin && stream[end - 1] == std::byte{0}) --end;
    if (end > begin) units.push_back(stream.subspan(begin, end - begin));
  }
}

bool begins_gop(video::Codec codec, ByteView unit) {
  if (unit.empty()) return false;
  const auto head = std::to_integer<unsigned>(unit.front());
  if (codec == video::Codec::h264) return (head & 0x1fU) == 5;
  const unsigned type = head >> 1U & 0x3fU;
  return codec == video::Codec::h265 && type >= 16 && type <= 21;
}

bool is_unprotected_slice(video::Codec codec, ByteView unit) {
  if (unit.empty()) return false;
  const auto head = std::to_integer<unsigned>(unit.front());
  if (codec == video::Codec::h264) {
    const unsigned type = head & 0x1fU;
    return (type >= 2 && type <= 4) || (type >= 19 && type <= 21);
  }
  const unsigned type = head >> 1U & 0x3fU;
  return codec == video::Codec::h265 && type < 32 && type > 1 && (type < 16 || type > 21);
}

void append_unit(Bytes& stream, ByteView unit) {
  constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  append(stream, k_start_code);
  append(stream, unit);
}

}  // namespace signet::camerad
