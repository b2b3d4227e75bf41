// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/video_commands.hpp"

#include "signet/os/fd.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace signet::cli {

namespace video_cli {

bool names_file(const std::string& what) {
  return what != "-" && !what.starts_with("rtsp://") && !what.starts_with("rtsps://");
}

Option codec_option() {
  return {.name = "--codec",
          .value = "CODEC",
          .help = "What a stream without container holds, where it does not show.",
          .choices = {"h264", "h265", "av1"}};
}

std::optional<video::Codec> codec_of(const Invocation& call) {
  for (const video::Codec codec : {video::Codec::h264, video::Codec::h265, video::Codec::av1}) {
    if (call.get("--codec") == name_of(codec)) return codec;
  }
  return std::nullopt;
}

}  // namespace video_cli

std::vector<Command> video_commands() {
  return {video_cli::verify_command(), video_cli::report_verify_command(), video_cli::sign_command(),
          video_cli::export_command(), video_cli::inspect_command()};
}

}  // namespace signet::cli
