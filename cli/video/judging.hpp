// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/report.hpp"

#include <string>

namespace signet::cli::video_cli {

/// Judges a whole file by --codec and --anchor of the call, and says how far it is. `with_digest`: the report is to
/// name the file by its SHA-256, which is computed beside the judging. "video.no-pictures" (invalid_input),
/// "video.changed" (conflict) if the file was written to meanwhile.
Result<Report> judge_file(const Invocation& call, const std::string& file, bool with_digest);

/// SHA-256 of a whole file in hexadecimal.
Result<std::string> digest_of_file(const std::string& file);

/// --anchor itself.
[[nodiscard]] Option anchor_option();

}  // namespace signet::cli::video_cli
