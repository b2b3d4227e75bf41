// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video_recording.hpp"

namespace signet::video {

/// The largest unit that is given in one piece.
inline constexpr std::size_t k_piece_size_bytes_max = 1U << 20U;

/// A part of a source in memory, that moves on with what is asked for.
class Window {
 public:
  explicit Window(std::shared_ptr<Source> source) : source_(std::move(source)) {}

  /// Up to `size_bytes` (at most k_piece_size_bytes_max) from `offset`; fewer only at the end of the source. Until the
  /// next call.
  Result<ByteView> at(std::uint64_t offset, std::size_t size_bytes);
  [[nodiscard]] Source& source() const { return *source_; }

 private:
  Result<void> fill(std::size_t until);
  std::shared_ptr<Source> source_;
  Bytes buffer_;
  std::uint64_t base_ = 0;  // of buffer_[0]
  std::size_t size_ = 0;    // of what is valid in buffer_
  bool ended_ = false;
};

/// Cuts a run of known length into pieces.
class PieceCutter {
 public:
  void start(std::uint64_t offset, std::uint64_t size_bytes, std::optional<std::int64_t> time_us) {
    at_ = offset;
    left_ = size_bytes;
    begins_ = true;
    time_us_ = time_us;
  }
  [[nodiscard]] bool done() const { return left_ == 0; }
  /// The next piece; none if the source ends before it.
  Result<std::optional<Piece>> next(Window& window);

 private:
  std::uint64_t at_ = 0;
  std::uint64_t left_ = 0;
  bool begins_ = true;
  std::optional<std::int64_t> time_us_;
};

}  // namespace signet::video
