// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "picture.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace signet::camerad {

/// Pictures between the source, which must never wait, and the signer, which may be slow. When it is full, the picture
/// that arrives and all after it up to the next I picture that finds room are dropped: what refers to a dropped picture
/// could not be shown.
class PictureQueue {
 public:
  PictureQueue(std::size_t pictures_max, std::uint64_t size_bytes_max);

  void put(Picture picture);
  /// The oldest; none if none came for so long.
  std::optional<Picture> take(std::chrono::milliseconds wait);
  /// Empties it for a new stream, which begins with an I picture.
  void reset();

  struct Counts {
    std::uint64_t waiting = 0;
    std::uint64_t dropped = 0;    ///< pictures, since the start
    std::uint64_t overflows = 0;  ///< how often it became full
  };
  [[nodiscard]] Counts counts() const;

 private:
  [[nodiscard]] bool has_room(const Picture& picture) const;

  const std::size_t pictures_max_;
  const std::uint64_t size_bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Picture> pictures_;
  std::uint64_t size_bytes_ = 0;
  bool waits_for_gop_ = true;
  bool is_overflow_ = false;
  Counts counts_;
};

}  // namespace signet::camerad
