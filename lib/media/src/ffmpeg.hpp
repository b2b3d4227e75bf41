// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "feed.hpp"
#include "sandbox.hpp"

#include <sys/types.h>

namespace signet::media {

/// What ffmpeg is asked to do.
struct FfmpegTask {
  std::vector<std::string> arguments = {};  ///< what follows the program's name and the common options
  os::Fd input = {};                        ///< its standard input
  Confinement confinement = {};
  std::chrono::seconds silence_max{30};                            ///< without a byte of output
  std::optional<std::chrono::steady_clock::time_point> ends = {};  ///< asked to end then, politely
  std::function<bool()> is_stopped = {};
  std::string secret = {};  ///< must be in no error text
  bool is_live = false;     ///< what breaks off has ended
};

/// The password of a URL, so that no error text repeats it.
[[nodiscard]] std::string secret_of(const std::string& url);

/// The output of ffmpeg, which runs confined (see Sandbox) and ends with this object. "media.no-ffmpeg",
/// "media.unreadable", "media.stalled".
Result<std::unique_ptr<Feed>> run_ffmpeg(FfmpegTask task);

/// All of what it puts out: "media.unreadable" if that is more than `size_bytes_max`.
Result<Bytes> output_of(FfmpegTask task, std::size_t size_bytes_max);

}  // namespace signet::media
