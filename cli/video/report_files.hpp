// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/report.hpp"

#include <string_view>
#include <vector>

namespace signet::cli::video_cli {

/// The DSSE payload type of a signed report. docs/formats/video-report.md has the payload.
inline constexpr std::string_view k_report_type = "application/vnd.signet.video-report+json";

/// --html, --report, --sign.
[[nodiscard]] std::vector<Option> file_options();
/// Refuses options that make no sense together, and files that exist already, before a long recording is read.
Result<void> check_file_options(const Invocation& call);
/// Writes what --html and --report ask for; adds to `members` what was written.
Result<void> write_report_files(const Invocation& call, const Report& report, Json& members);

}  // namespace signet::cli::video_cli
