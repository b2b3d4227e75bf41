// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/camerad.hpp"

#include "picture.hpp"

#include <functional>
#include <memory>

namespace signet::camerad {

/// Gets H.264 or H.265 from a source: as it is where it is encoded so already, else encoded.
class VideoSource {
 public:
  /// `take` is called with each picture, from a thread of its own, until the source is destroyed; it must not wait.
  static Result<std::unique_ptr<VideoSource>> start(const Config& config, std::function<void(Picture)> take);
  ~VideoSource();

  enum class Standing : std::uint8_t { running, over };
  /// "camerad.source" (unavailable) once the source is lost.
  Result<Standing> poll();
  /// No picture comes after it.
  void stop();

 private:
  class Impl;
  explicit VideoSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::camerad
