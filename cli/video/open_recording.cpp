// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/open_recording.hpp"

#include "video/report_words.hpp"
#include "video/video_commands.hpp"

#include <signal.h>

#include <atomic>

namespace signet::cli::video_cli {

namespace {

std::atomic<bool> g_is_stopped = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

void stop(int /*number*/) { g_is_stopped = true; }

void let_ctrl_c_end_the_stream() {
  struct sigaction action{};
  action.sa_handler = stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one does what it always does
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

std::vector<Option> recording_options() {
  return {
      {.name = "--sdp",
       .value = "FILE",
       .help = "The session description of a capture, where its packets do not show what they hold.",
       .complete = Complete::file},
      {.name = "--duration", .value = "SECONDS", .help = "How long to watch a live stream; until Ctrl-C otherwise."}};
}

Result<media::Opened> open_recording(const Invocation& call, const std::string& what) {
  media::OpenOptions options;
  options.codec = codec_of(call);
  if (call.has("--sdp")) options.sdp = call.get("--sdp");
  if (call.has("--duration")) {
    constexpr std::uint64_t k_a_day = 86'400;
    TRY_ASSIGN(const std::uint64_t seconds, call.get_uint("--duration", 1, k_a_day));
    options.duration = std::chrono::seconds(seconds);
  }
  const bool is_live = what.starts_with("rtsp://") || what.starts_with("rtsps://");
  if (options.duration && !is_live) {
    return Error(Errc::usage, "video.duration",
                 "--duration is for live streams, and '" + printable(what) + "' is none");
  }
  if (is_live || what == "-") {
    let_ctrl_c_end_the_stream();
    options.is_stopped = [] { return g_is_stopped.load(); };
  }
  return media::open(what, options);
}

void print_transport(Output& out, const media::Transport& transport) {
  if (transport.streams_other > 0) {
    out.line("Capture: " + std::to_string(transport.streams_other) +
             " more video streams are in it; the one with the most packets was judged. --sdp names another.");
  }
  if (transport.packets_unread > 0) {
    out.line("Capture: " + std::to_string(transport.packets_unread) + " packets were cut off or cannot be read.");
  }
  if (transport.lost == 0 && transport.units_broken == 0) return;
  out.line("Capture: " + std::to_string(transport.lost) + " of " +
           std::to_string(transport.packets + transport.lost - transport.repeated) + " packets are missing, in " +
           std::to_string(transport.gaps) + " gaps" +
           (transport.first_gap_us ? ", the first at " + clock_text(*transport.first_gap_us) : std::string()) + "; " +
           std::to_string(transport.units_broken) + " units that lost a part were left out.");
}

Json transport_json(const media::Transport& transport) {
  Json json = Json::object({{"packets", transport.packets},
                            {"lost", transport.lost},
                            {"gaps", transport.gaps},
                            {"reordered", transport.reordered},
                            {"repeated", transport.repeated},
                            {"units_broken", transport.units_broken},
                            {"packets_unread", transport.packets_unread},
                            {"streams_other", transport.streams_other}});
  if (transport.first_gap_us) json.set("first_gap_us", *transport.first_gap_us);
  return json;
}

}  // namespace signet::cli::video_cli
