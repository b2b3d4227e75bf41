// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace signet::cli::video_cli {

/// Text as it may stand in HTML between tags and in quoted attributes: what has a meaning there is escaped, control
/// characters and those that turn the direction of writing are shown as \xNN.
[[nodiscard]] std::string html_text(std::string_view text);

/// The style of a report: light and dark, screen and paper, 390 pixels and up.
[[nodiscard]] std::string_view html_style();

}  // namespace signet::cli::video_cli
