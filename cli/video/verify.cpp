// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/judging.hpp"
#include "video/open_recording.hpp"
#include "video/report_files.hpp"
#include "video/report_words.hpp"
#include "video/video_commands.hpp"

#include <algorithm>

namespace signet::cli::video_cli {

namespace {

using video::Authenticity;
using video::Provenance;

/// The verdict as the outcome of the command: only an authentic recording is a success.
Result<void> outcome_of(const Invocation& call, const video::Verdict& verdict) {
  const std::string hint = "Keep the file as it is: it is evidence. --html and --json say which pictures are meant.";
  switch (verdict.authenticity()) {
    case Authenticity::not_signed:
      if (verdict.signatures_valid() + verdict.signatures_invalid() > 0) {
        return Error(Errc::not_found, "video.not-signed", "no picture of the recording is covered by its signatures",
                     "A clip this short holds signatures over what was cut away: ask for a longer one, on the borders "
                     "of GOPs (signet video export).");
      }
      return Error(Errc::not_found, "video.not-signed", "the recording is not signed",
                   "If the camera signs, ask for the original: copying through an editor removes signatures.");
    case Authenticity::not_authentic:
      return Error(Errc::untrusted, "video.not-authentic", "the recording is not authentic", hint);
    case Authenticity::partly_unprotected:
      return Error(Errc::untrusted, "video.partly-unprotected",
                   "parts of the recording are not covered by any signature", hint);
    case Authenticity::authentic_with_missing:
      return Error(Errc::untrusted, "video.missing", "signed pictures are missing from the recording", hint);
    case Authenticity::authentic:
      break;
  }
  const video::Coverage& coverage = verdict.coverage();
  if (call.has("--strict") && coverage.head_frames + coverage.tail_frames > 0) {
    return Error(Errc::untrusted, "video.not-covered", "pictures before or after the signed span are not covered",
                 hint);
  }
  const bool vouched = verdict.provenance() == Provenance::trusted || verdict.provenance() == Provenance::attested ||
                       verdict.provenance() == Provenance::expired_today_valid_at_recording;
  const auto is_required = [&call](std::string_view what) {
    return std::ranges::find(call.all("--require"), what) != call.all("--require").end();
  };
  if (is_required("trusted") && !vouched) {
    return Error(Errc::untrusted, "video.not-trusted",
                 "no trust anchor vouches for the key: " + provenance_word(verdict.provenance()),
                 "Give the maker's root certificate with --anchor.");
  }
  if (is_required("parameters") && !coverage.parameters_covered) {
    return Error(Errc::untrusted, "video.parameters-not-covered",
                 "no signature covers the decoder's parameters of all pictures: they may have been cropped",
                 "If the camera signs them (signet video sign --sign-parameters), ask for the original.");
  }
  return {};
}

Result<void> verify(const Invocation& call) {
  TRY(check_file_options(call));
  const bool names_file = call.out().json() || call.has("--html") || call.has("--report");
  TRY_ASSIGN(const Report report, judge_file(call, call.get("FILE"), names_file));
  print_report(call.out(), report, call.has("--frames"));
  Json members = report_json(report);
  TRY(write_report_files(call, report, members));
  call.out().evidence(std::move(members));
  return outcome_of(call, report.verdict);
}

}  // namespace

Command verify_command() {
  std::vector<Option> options{
      anchor_option(),
      {.name = "--strict", .help = "Fail also if pictures before or after the signed span are not covered."},
      {.name = "--require",
       .value = "WHAT",
       .help = "Fail also if no trust anchor vouches for the key, or the decoder's parameters are not all signed.",
       .repeatable = true,
       .choices = {"trusted", "parameters"}},
      {.name = "--frames", .help = "List the verdict of every picture."},
      {.name = "--threads",
       .value = "N",
       .help = "How many threads hash a file; as many as there are cores otherwise."}};
  for (Option& option : file_options()) options.push_back(std::move(option));
  options.push_back(codec_option());
  for (Option& option : recording_options()) options.push_back(std::move(option));
  return {
      .noun = "video",
      .verb = "verify",
      .summary = "Say whether a recording is genuine, frame by frame",
      .description =
          "Reads MP4 (also fragmented), H.264 and H.265 byte streams, AV1 OBU streams and IVF, captures of RTP (pcap, "
          "pcapng), and through ffmpeg Matroska, WebM, MPEG-TS and live RTSP, signed as ONVIF Media Signing or Axis "
          "Signed Video. Every picture gets a verdict: authentic, not authentic, unprotected or not "
          "covered.\n\nThe answer is in the exit code as well. Pictures before the first and after the last signature "
          "are never called authentic; they are listed, and change the exit code with --strict. What no signature "
          "covers is said for every recording.\n\nCertificates are judged at the recording time; where that comes from "
          "is said.\n\n--html writes a report for people who have to decide on the recording: one file that needs "
          "nothing else, with the pictures around each finding where ffmpeg is installed. --report writes the report "
          "for machines, with --sign as a signed envelope that is bound to the file by its SHA-256; `signet video "
          "report-verify` checks it.",
      .positionals = {{.name = "FILE", .help = "The recording, an rtsp:// URL, or - for standard input."}},
      .options = std::move(options),
      .examples = {{"signet video verify recording.mp4", "Find out whether a recording was altered."},
                   {"signet video verify recording.mp4 --anchor maker-root.pem --html report.html",
                    "Write a report that can be shown to anybody."},
                   {"signet video verify recording.mp4 --anchor maker-root.pem --require trusted --json",
                    "Demand that a known maker vouches for the camera; for scripts."},
                   {"signet video verify rtsp://camera/stream --duration 60", "Judge a minute of a live stream."},
                   {"signet video verify recording.mp4 --report report.dsse --sign file:lab-keys?label=examiner",
                    "Sign the report, bound to this very file."}},
      .run = verify,
      .exits = {{.code = 0, .reasons = {}, .meaning = "authentic"},
                {.code = 1,
                 .reasons = {"video.not-authentic", "video.partly-unprotected", "video.missing", "video.not-covered",
                             "video.not-trusted", "video.parameters-not-covered"},
                 .meaning = "anything worse: altered, incomplete, partly unprotected, or less than --strict and "
                            "--require demand"},
                {.code = 2, .reasons = {"video.not-signed"}, .meaning = "not signed"}}};
}

}  // namespace signet::cli::video_cli
