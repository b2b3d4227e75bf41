// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"

#include "firmware/firmware_common.hpp"
#include "video/report.hpp"
#include "video/video_commands.hpp"

namespace signet::cli::video_cli {

namespace {

using video::Authenticity;
using video::Provenance;

/// The verdict as the outcome of the command: only a whole, authentic recording is a success.
Result<void> outcome_of(const Invocation& call, const video::Verdict& verdict) {
  const std::string hint = "Keep the file as it is: it is evidence. --json and --frames say which pictures are meant.";
  switch (verdict.authenticity()) {
    case Authenticity::not_signed:
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
  if (call.get("--require") == "trusted" && !vouched) {
    return Error(Errc::untrusted, "video.not-trusted",
                 "no trust anchor vouches for the key: " + verdict.provenance_report().reason,
                 "Give the maker's root certificate with --anchor.");
  }
  return {};
}

Result<void> verify(const Invocation& call) {
  const std::string file = call.get("FILE");
  video::JudgeOptions options;
  TRY_ASSIGN(options.anchors, firmware::load_certificates(call.all("--anchor")));
  options.now = os::SystemClock().now();
  TRY_ASSIGN(const std::shared_ptr<video::Source> source, open_source(file));
  // Twice over the file: what hash its signatures use must be known before the first picture is hashed.
  TRY_ASSIGN(video::Recording probe, video::Recording::open(source, codec_of(call)));
  TRY_ASSIGN(options.hash, video::probe_hash(probe));
  TRY_ASSIGN(video::Recording recording, video::Recording::open(source, codec_of(call)));
  options.recorded = recording.created();
  ReportCollector collected;
  video::StreamJudge judge(recording.codec(), std::move(options), &collected);
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, recording.next());
    if (!piece) break;
    judge.add(*piece);
    call.out().progress("Verifying", recording.offset(), 0);
  }
  const video::Verdict verdict = std::move(judge).finish();
  if (verdict.coverage().frames == 0) {
    return Error(Errc::invalid_input, "video.no-pictures", "no picture was found in '" + printable(file) + "'",
                 "Is it a video? --codec says what a stream without container holds.");
  }
  const FileFacts facts{file, recording.container(), recording.codec()};
  print_report(call.out(), facts, verdict, collected, call.has("--frames"));
  call.out().evidence(report_json(facts, verdict, collected));
  return outcome_of(call, verdict);
}

}  // namespace

Command verify_command() {
  return {
      .noun = "video",
      .verb = "verify",
      .summary = "Say whether a recording is genuine, frame by frame",
      .description =
          "Reads MP4 (also fragmented), H.264 and H.265 byte streams, AV1 OBU streams and IVF, signed as ONVIF Media "
          "Signing or Axis Signed Video. Every picture gets a verdict: authentic, not authentic, unprotected or not "
          "covered.\n\nThe exit code is 0 only for an authentic recording: 4 if anything was altered, is missing or is "
          "unprotected, 8 if nothing is signed, others if the file cannot be read. What no signature covers is said "
          "for every recording.\n\nCertificates are judged at the recording time; where that comes from is said.",
      .positionals = {{.name = "FILE", .help = "The recording."}},
      .options = {{.name = "--anchor",
                   .value = "PEM",
                   .help = "Root certificates that are trusted to vouch for cameras.",
                   .repeatable = true,
                   .complete = Complete::file},
                  {.name = "--strict",
                   .help = "Fail also if pictures before or after the signed span are not covered."},
                  {.name = "--require",
                   .value = "WHAT",
                   .help = "Fail also if no trust anchor vouches for the key.",
                   .choices = {"trusted"}},
                  {.name = "--frames", .help = "List the verdict of every picture."},
                  codec_option()},
      .examples = {{"signet video verify recording.mp4", "Find out whether a recording was altered."},
                   {"signet video verify recording.mp4 --anchor maker-root.pem --require trusted --json",
                    "Demand that a known maker vouches for the camera; for scripts."}},
      .run = verify};
}

}  // namespace signet::cli::video_cli
