// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>

namespace signet::video {

/// Takes bits from the front of foreign bytes; past the end it gives zeros and says so.
class BitReader {
 public:
  /// Of a NAL unit without its header: emulation prevention is taken out (H.264 7.4.1, H.265 7.4.2).
  static BitReader of_nal(ByteView payload);
  static BitReader of(ByteView bytes) { return BitReader(to_bytes(bytes)); }

  [[nodiscard]] bool failed() const { return failed_; }
  /// At most 32 of them.
  std::uint32_t bits(unsigned count);
  bool flag() { return bits(1) != 0; }
  void skip(unsigned count);
  /// ue(v) (H.264 9.1, H.265 9.2), which is AV1's uvlc() as well.
  std::uint32_t ue();
  std::int32_t se();

 private:
  explicit BitReader(Bytes bytes) : bytes_(std::move(bytes)) {}
  Bytes bytes_;
  std::size_t at_ = 0;  // in bits
  bool failed_ = false;
};

}  // namespace signet::video
