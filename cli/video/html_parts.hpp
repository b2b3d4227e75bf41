// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/stills.hpp"

#include <string>
#include <vector>

/// Parts of the HTML report. Each takes plain text and returns HTML.
namespace signet::cli::video_cli {

/// A row of two cells; nothing for an empty value.
[[nodiscard]] std::string table_row(const std::string& name, const std::string& value, bool is_code = false);
/// Certificates, the signer's first.
[[nodiscard]] std::string chain_part(const std::vector<pki::Certificate>& path);
/// The timeline as inline SVG, the findings marked on it.
[[nodiscard]] std::string timeline_part(const Report& report);
/// A few pictures over the whole length; says so where there are none.
[[nodiscard]] std::string over_all_part(const Report& report, const Stills& stills);
/// Each finding with the pictures around it.
[[nodiscard]] std::string findings_part(const Report& report, const Stills& stills);

}  // namespace signet::cli::video_cli
