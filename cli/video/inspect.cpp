// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video_signer.hpp"

#include "video/open_recording.hpp"
#include "video/video_commands.hpp"

namespace signet::cli::video_cli {

namespace {

constexpr std::size_t k_listed_max = 2000;

std::string line_of(std::uint64_t unit, const video::SeiSummary& sei) {
  std::string line = "unit " + std::to_string(unit) + ": " + std::string(name_of(sei.profile));
  if (!sei.problem.empty()) return line + ", cannot be read: " + sei.problem;
  line += sei.is_signed ? ", signed" : ", without signature";
  if (sei.is_certificate) return line + ", brings certificates or a key";
  line += ", part " + std::to_string(sei.counter) + (sei.is_partial ? " (not the last of its GOP)" : "") + ", " +
          std::to_string(sei.units) + " units, " + (sei.has_hash_list ? "hash list" : "low bitrate");
  return sei.signer_version.empty() ? line : line + ", signer " + sei.signer_version;
}

Json json_of(std::uint64_t unit, const video::SeiSummary& sei) {
  return Json::object({{"unit", unit},
                       {"format", name_of(sei.profile)},
                       {"signed", sei.is_signed},
                       {"certificate", sei.is_certificate},
                       {"hash_list", sei.has_hash_list},
                       {"partial", sei.is_partial},
                       {"counter", std::uint64_t{sei.counter}},
                       {"units", sei.units},
                       {"signer_version", sei.signer_version},
                       {"problem", sei.problem}});
}

Result<void> inspect(const Invocation& call) {
  TRY_ASSIGN(media::Opened opened, open_recording(call, call.get("FILE")));
  video::Recording& recording = opened.recording;
  Output& out = call.out();
  out.line(std::string(name_of(recording.codec())) + " in " + std::string(name_of(recording.container())) +
           (recording.created() ? ", created " + to_rfc3339(*recording.created()) + " (not signed)" : ""));
  std::uint64_t units = 0;
  std::uint64_t pictures = 0;
  std::uint64_t found = 0;
  Json list = Json::array();
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, recording.next());
    if (!piece) break;
    if (!piece->begins) continue;
    if (video::begins_picture(recording.codec(), piece->bytes)) ++pictures;
    const auto sei = piece->ends ? video::summarize_sei(recording.codec(), piece->bytes) : std::nullopt;
    if (sei && ++found <= k_listed_max) {
      out.line(line_of(units, *sei));
      list.push(json_of(units, *sei));
    }
    ++units;
  }
  out.line(std::to_string(pictures) + " pictures in " + std::to_string(units) + " units, " + std::to_string(found) +
           " signature SEI. Nothing of this has been checked: see signet video verify.");
  out.result(Json::object({{"codec", name_of(recording.codec())},
                           {"container", name_of(recording.container())},
                           {"units", units},
                           {"pictures", pictures},
                           {"signature_sei", found},
                           {"list", std::move(list)}}));
  return {};
}

}  // namespace

Command inspect_command() {
  return {
      .noun = "video",
      .verb = "inspect",
      .summary = "List what signatures a recording brings, unchecked",
      .description = "Shows each signature SEI as it describes itself. Whether any of it is true is what verify says.",
      .positionals = {{.name = "FILE", .help = "The recording, an rtsp:// URL, or - for standard input."}},
      .options = {codec_option(), recording_options()[0], recording_options()[1]},
      .examples = {{"signet video inspect recording.mp4", "See how a recording was signed."}},
      .run = inspect};
}

}  // namespace signet::cli::video_cli
