// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ffmpeg.hpp"

#include <atomic>

namespace signet::media {

/// run_ffmpeg() with `source` as its input, read from the front by a thread of its own. `is_abandoned` becomes true
/// when the output is not wanted any longer; reading must then end.
Result<std::unique_ptr<Feed>> run_ffmpeg_on(FfmpegTask task, std::shared_ptr<video::Source> source,
                                            std::shared_ptr<std::atomic<bool>> is_abandoned);

}  // namespace signet::media
