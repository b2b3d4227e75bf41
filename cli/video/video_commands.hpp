// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/video_recording.hpp"

#include <memory>

namespace signet::cli {

/// `signet video ...`: sign encoded video, judge recordings.
std::vector<Command> video_commands();

namespace video_cli {

Command verify_command();
Command sign_command();
Command inspect_command();
Command report_verify_command();
Command export_command();

/// Whether it is the name of a file; else it is "-" (standard input) or the address of a live stream.
[[nodiscard]] bool names_file(const std::string& what);
/// The value of --codec, none where it was not given.
[[nodiscard]] std::optional<video::Codec> codec_of(const Invocation& call);
/// --codec itself.
[[nodiscard]] Option codec_option();

}  // namespace video_cli

}  // namespace signet::cli
