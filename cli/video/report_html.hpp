// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/stills.hpp"

#include <string>

namespace signet::cli::video_cli {

/// The report as one HTML file that needs nothing else: no script, no font, no address. Nothing that comes from the
/// recording is anything but text in it, and its content security policy forbids all but its own style and pictures.
[[nodiscard]] std::string report_html(const Report& report, const Stills& stills);

}  // namespace signet::cli::video_cli
