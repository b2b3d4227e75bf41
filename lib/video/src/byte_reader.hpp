// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#pragma once

#include "signet/core/bytes.hpp"

#include <optional>

namespace signet::video {

/// Takes integers and runs of bytes from the front of foreign bytes; past the end it gives zeros and says so.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  ByteView take(std::size_t size_bytes) {
    if (size_bytes > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const ByteView taken = rest_.first(size_bytes);
    rest_ = rest_.subspan(size_bytes);
    return taken;
  }
  ByteView rest() { return take(rest_.size()); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(uint(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(uint(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(uint(4)); }
  std::uint64_t u64() { return uint(8); }

 private:
  std::uint64_t uint(std::size_t size_bytes) {
    std::uint64_t value = 0;
    for (const std::byte each : take(size_bytes)) value = value << 8U | std::to_integer<std::uint64_t>(each);
    return value;
  }

  ByteView rest_;
  bool failed_ = false;
};

/// LEB128 of at most 8 bytes at the front (AV1 4.10.5): the value and how many bytes it took; nothing if it is cut off.
struct Leb128 {
  std::uint64_t value;
  std::size_t size_bytes;
};
inline std::optional<Leb128> leb128_at(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8 && i < bytes.size(); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[i]);
    value |= (byte & 0x7fU) << (7 * i);
    if (byte < 0x80) return Leb128{value, i + 1};
  }
  return std::nullopt;
}

}  // namespace signet::video
