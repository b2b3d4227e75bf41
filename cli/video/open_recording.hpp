// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/media.hpp"

#include <string>
#include <vector>

namespace signet::cli::video_cli {

/// --sdp and --duration: for what is no file with a container.
[[nodiscard]] std::vector<Option> recording_options();

/// Opens a file, "-" or an RTSP URL as the command line says. From then on a Ctrl-C ends a live stream or a pipe, and
/// what came before is judged; a second one ends the program.
Result<media::Opened> open_recording(const Invocation& call, const std::string& what);

/// What a capture says of packets that are missing; nothing if all are there. For people, and as "transport" in JSON.
void print_transport(Output& out, const media::Transport& transport);
[[nodiscard]] Json transport_json(const media::Transport& transport);

}  // namespace signet::cli::video_cli
