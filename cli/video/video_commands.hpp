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

/// A file as the library reads it.
Result<std::shared_ptr<video::Source>> open_source(const std::string& file);
/// The value of --codec, none where it was not given.
[[nodiscard]] std::optional<video::Codec> codec_of(const Invocation& call);
/// --codec itself.
[[nodiscard]] Option codec_option();
/// "0:00:05.160".
[[nodiscard]] std::string clock_text(std::int64_t time_us);

}  // namespace video_cli

}  // namespace signet::cli
