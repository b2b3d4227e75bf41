// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/report.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace signet::cli::video_cli {

/// Small pictures of frames, for a report. They were decoded by ffmpeg, which no signature covers.
struct Stills {
  std::map<std::uint64_t, Bytes> pictures = {};  ///< by frame; JPEG
  std::string problem = {};                      ///< why there are none, or fewer; safe to print
};

/// The frames that a report shows: a few over the whole length, and those around each of its first findings.
[[nodiscard]] std::vector<std::uint64_t> frames_to_show(const Report& report);
/// How many findings have pictures of their own.
inline constexpr std::size_t k_findings_with_stills = 10;
/// The frames around a finding, within the recording.
[[nodiscard]] std::vector<std::uint64_t> frames_around(const Report& report, const video::Finding& finding);
/// A few frames over the whole length.
[[nodiscard]] std::vector<std::uint64_t> frames_over_all(const Report& report);

/// Decodes them in a child process. Whatever goes wrong is said in `problem`; a report is complete without pictures.
[[nodiscard]] Stills stills_of(const Report& report);

}  // namespace signet::cli::video_cli
