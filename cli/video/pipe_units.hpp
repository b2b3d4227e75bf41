// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/fd.hpp"
#include "signet/video_recording.hpp"

#include <functional>

namespace signet::cli::video_cli {

/// Units of a H.264 or H.265 byte stream as they arrive on a pipe: none waits for more than the start code behind it.
/// (video::Recording reads files, in large parts.) `is_stopped` is asked between reads; true ends the stream.
class PipeUnits : public video::UnitReader {
 public:
  explicit PipeUnits(
      os::Fd fd, std::function<bool()> is_stopped = [] { return false; })
      : fd_(std::move(fd)), is_stopped_(std::move(is_stopped)) {}
  Result<std::optional<video::Piece>> next() override;
  [[nodiscard]] std::uint64_t offset() const override { return read_; }

 private:
  Result<void> read_more();
  os::Fd fd_;
  std::function<bool()> is_stopped_;
  Bytes buffer_;
  std::size_t begin_ = 0;    ///< of the unit at hand, behind its start code
  std::size_t scanned_ = 0;  ///< no start code begins before
  std::size_t next_ = 0;     ///< of the unit behind the one that was given out
  bool is_inside_ = false;
  bool is_over_ = false;
  std::uint64_t read_ = 0;
};
}  // namespace signet::cli::video_cli
