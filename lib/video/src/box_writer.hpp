// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace signet::video {

/// Writes the boxes of ISO/IEC 14496-12, one in another; a box gets its size when it is closed.
class BoxWriter {
 public:
  void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void u16(std::uint16_t value) {
    std::array<std::byte, 2> two{};
    put_be16(two, value);
    append(out_, two);
  }
  void u32(std::uint32_t value) {
    std::array<std::byte, 4> four{};
    put_be32(four, value);
    append(out_, four);
  }
  void u64(std::uint64_t value) {
    std::array<std::byte, 8> eight{};
    put_be64(eight, value);
    append(out_, eight);
  }
  void bytes(ByteView bytes) { append(out_, bytes); }
  void text(std::string_view text) { append(out_, as_bytes(text)); }
  void zeros(std::size_t count) { out_.resize(out_.size() + count); }

  void open(std::string_view type) {
    open_.push_back(out_.size());
    u32(0);
    text(type);
  }
  /// A "full box": with version and flags.
  void open(std::string_view type, std::uint8_t version, std::uint32_t flags) {
    open(type);
    u32(std::uint32_t{version} << 24U | flags);
  }
  void close() {
    put_at(open_.back(), static_cast<std::uint32_t>(out_.size() - open_.back()));
    open_.pop_back();
  }

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  void put_at(std::size_t at, std::uint32_t value) { put_be32(ByteSpan(out_).subspan(at, 4), value); }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
  std::vector<std::size_t> open_;
};

}  // namespace signet::video
