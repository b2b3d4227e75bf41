// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#pragma once

#include "signet/core/bytes.hpp"

#include <array>
#include <cstdint>

namespace signet::video {

/// Takes bits from the front of foreign bytes; past the end it gives zeros and says so.
class BitReader {
 public:
  /// Of a NAL unit without its header: emulation prevention is taken out (H.264 7.4.1, H.265 7.4.2).
  static BitReader of_nal(ByteView payload);
  static BitReader of(ByteView bytes);

  [[nodiscard]] bool failed() const { return failed_; }
  /// At most 32 of them.
  std::uint32_t bits(unsigned count);
  bool flag() { return bits(1) != 0; }
  void skip(unsigned count);
  /// ue(v) (H.264 9.1, H.265 9.2), which is AV1's uvlc() as well.
  std::uint32_t ue();
  std::int32_t se();

 private:
  BitReader() = default;
  void append(std::byte each);
  [[nodiscard]] std::byte at(std::size_t i) const { return i < few_.size() ? few_[i] : more_[i - few_.size()]; }

  std::array<std::byte, 64> few_{};  // all of a slice's front: one for each picture costs no memory
  Bytes more_;
  std::size_t size_ = 0;
  std::size_t at_ = 0;  // in bits
  bool failed_ = false;
};

}  // namespace signet::video
