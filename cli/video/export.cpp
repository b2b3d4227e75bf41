// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"

#include "firmware/firmware_common.hpp"
#include "video/cut.hpp"
#include "video/elementary.hpp"
#include "video/open_recording.hpp"
#include "video/report_words.hpp"
#include "video/video_commands.hpp"

namespace signet::cli::video_cli {

namespace {

// With signing every N-th part, N is at most 60.
constexpr std::size_t k_earlier_max = 60;

Result<video::JudgeOptions> judge_options(const Invocation& call, const media::Opened& opened) {
  video::JudgeOptions options;
  TRY_ASSIGN(options.anchors, firmware::load_certificates(call.all("--anchor")));
  options.now = os::SystemClock().now();
  options.recorded = opened.recording.created();
  options.hash = opened.hash;
  return options;
}

/// Which GOPs a clip has, by index, and what they are worth in the whole recording.
struct Wanted {
  Cut cut;
  Bytes configuration = {};
  std::optional<Instant> created = {};
  std::uint64_t first_gop = 0;
  std::uint64_t last_gop = 0;
  std::uint64_t frames = 0;
  std::uint64_t authentic = 0;
  std::vector<GopStart> earlier = {};  ///< where it could begin instead, the nearest first
};

Result<Wanted> find_clip(const Invocation& call) {
  const Place from_place = call.has("--from") ? Place{} : Place{Place::Kind::picture, 0};
  TRY_ASSIGN(const Place from, call.has("--from") ? place_from(call.get("--from")) : Result<Place>(from_place));
  std::optional<Place> to;
  if (call.has("--to")) {
    TRY_ASSIGN(to, place_from(call.get("--to")));
  }
  TRY_ASSIGN(media::Opened opened, open_recording(call, call.get("FILE")));
  TRY_ASSIGN(video::JudgeOptions options, judge_options(call, opened));
  GopIndex index;
  video::StreamJudge judge(opened.recording.codec(), std::move(options), &index);
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, opened.recording.next());
    if (!piece) break;
    judge.add(*piece);
    call.out().progress("Looking for the GOPs", opened.recording.offset(), 0);
  }
  const video::Verdict verdict = std::move(judge).finish();
  if (index.starts().empty()) {
    return Error(Errc::invalid_input, "video.no-pictures", "no picture was found",
                 "Is it a video? --codec says what a stream without container holds.");
  }
  TRY_ASSIGN(const std::size_t first, index.find(from));
  TRY_ASSIGN(const std::size_t last, to ? index.find(*to) : Result<std::size_t>(index.starts().size() - 1));
  if (last < first) {
    return Error(Errc::usage, "video.place-order", "--to lies before --from", "Name the earlier place with --from.");
  }
  const bool to_the_end = last + 1 == index.starts().size();
  const std::uint64_t end_frame = to_the_end ? index.frames() : index.starts()[last + 1].frame;
  Wanted wanted{.cut = {.codec = opened.recording.codec(), .first_unit = index.starts()[first].unit}};
  if (!to_the_end) wanted.cut.end_unit = index.starts()[last + 1].unit;
  wanted.configuration = opened.recording.decoder_configuration();
  wanted.created = opened.recording.created();
  // In MP4 they stay where they are.
  if (!names_mp4(call.get("OUT"))) {
    wanted.cut.parameter_sets = video::parameter_sets_in(wanted.cut.codec, wanted.configuration);
  }
  wanted.first_gop = index.starts()[first].gop;
  wanted.last_gop = index.starts()[last].gop;
  wanted.frames = end_frame - index.starts()[first].frame;
  wanted.authentic = index.authentic(first, last);
  for (std::size_t i = first; i > 0 && first - i < k_earlier_max; --i) wanted.earlier.push_back(index.starts()[i - 1]);
  return wanted;
}

/// Cuts once; the clip goes into `out`, if there is one, and to a judge.
Result<video::Verdict> cut_once(const Invocation& call, const Wanted& wanted, Tail tail, UnitFile* out) {
  TRY_ASSIGN(media::Opened opened, open_recording(call, call.get("FILE")));
  TRY_ASSIGN(video::JudgeOptions options, judge_options(call, opened));
  video::StreamJudge judge(wanted.cut.codec, std::move(options));
  const bool is_mp4 = names_mp4(call.get("OUT"));
  std::optional<std::int64_t> time_us;
  Cutter cutter(wanted.cut, tail, [&](ByteView kept) -> Result<void> {
    const std::optional<Bytes> escaped = is_mp4 ? std::nullopt : escaped_if_needed(wanted.cut.codec, kept);
    const ByteView unit = escaped ? ByteView(*escaped) : kept;
    judge.add({.bytes = unit});
    return out != nullptr ? out->write(unit, time_us) : Result<void>();
  });
  while (!cutter.is_over()) {
    TRY_ASSIGN(const std::optional<WholeUnit> unit, next_whole(opened.recording));
    if (!unit) break;
    time_us = unit->time_us;
    TRY(cutter.add(unit->bytes));
    call.out().progress("Cutting", opened.recording.offset(), 0);
  }
  TRY(cutter.finish());
  return std::move(judge).finish();
}

/// How a clip is cut so that all of it verifies, or most.
struct Choice {
  Tail tail = Tail::nothing;
  std::uint64_t authentic = 0;
  bool is_whole = false;  ///< all that is authentic in the recording is so in the clip, and nothing worse is in it
};

Result<Choice> choose_tail(const Invocation& call, const Wanted& wanted) {
  Choice best;
  for (const Tail tail : {Tail::signatures, Tail::pictures, Tail::nothing}) {
    TRY_ASSIGN(const video::Verdict verdict, cut_once(call, wanted, tail, nullptr));
    const bool is_worse =
        verdict.authenticity() == video::Authenticity::not_authentic || verdict.coverage().units_missing > 0;
    const std::uint64_t authentic = is_worse ? 0 : verdict.coverage().frames_authentic;
    if (!is_worse && authentic >= wanted.authentic) return Choice{tail, authentic, true};
    if (authentic > best.authentic) best = {tail, authentic, false};
  }
  return best;
}

/// Where GOPs are signed through later ones, a clip verifies only from behind a signed SEI on: then it begins earlier.
Result<Tail> choose_cut(const Invocation& call, Wanted& wanted) {
  TRY_ASSIGN(const Choice choice, choose_tail(call, wanted));
  if (choice.is_whole || wanted.authentic < wanted.frames) return choice.tail;
  for (const GopStart& start : wanted.earlier) {
    Wanted longer = wanted;
    longer.cut.first_unit = start.unit;
    TRY_ASSIGN(const Choice better, choose_tail(call, longer));
    if (!better.is_whole) continue;
    longer.first_gop = start.gop;
    wanted = std::move(longer);
    return better.tail;
  }
  return choice.tail;
}

Result<void> export_clip(const Invocation& call) {
  if (!names_file(call.get("FILE"))) {
    return Error(Errc::unsupported, "video.export-live", "only recordings in files can be cut",
                 "Write the stream into a file first.");
  }
  TRY_ASSIGN(Wanted wanted, find_clip(call));
  TRY_ASSIGN(const Tail tail, choose_cut(call, wanted));
  TRY_ASSIGN(const std::uint64_t rate, call.get_uint("--rate", 1, 1000));
  TRY_ASSIGN(UnitFile out, UnitFile::create(call, call.get("OUT"),
                                            {.codec = wanted.cut.codec,
                                             .configuration = wanted.configuration,
                                             .created = wanted.created,
                                             .picture_us = static_cast<std::int64_t>(1'000'000 / rate),
                                             .begins_at_zero = true}));
  TRY_ASSIGN(const video::Verdict verdict, cut_once(call, wanted, tail, &out));
  TRY(out.commit());
  const video::Coverage& coverage = verdict.coverage();
  call.out().line("GOP " + std::to_string(wanted.first_gop) + " to " + std::to_string(wanted.last_gop) + ", " +
                  count_of(coverage.frames, "picture") + ", in " + printable(call.get("OUT")));
  call.out().line("the clip is " + std::string(name_of(verdict.authenticity())) + ": " +
                  std::to_string(coverage.frames_authentic) + " authentic pictures, where the recording has " +
                  std::to_string(wanted.authentic));
  call.out().result(Json::object({{"first_gop", wanted.first_gop},
                                  {"last_gop", wanted.last_gop},
                                  {"frames", coverage.frames},
                                  {"frames_wanted", wanted.frames},
                                  {"frames_authentic", coverage.frames_authentic},
                                  {"frames_authentic_before", wanted.authentic},
                                  {"authenticity", name_of(verdict.authenticity())},
                                  {"codec", name_of(wanted.cut.codec)}}));
  return {};
}

}  // namespace

Command export_command() {
  return {
      .noun = "video",
      .verb = "export",
      .summary = "Cut a clip out of a recording so that it still verifies",
      .description =
          "Cuts on the borders of GOPs: the clip begins with the one that holds --from and ends with the one that "
          "holds "
          "--to. Units keep their order and their bytes. The signature of the last GOP, which stands behind it, goes "
          "with the clip, and so do the certificate SEI and parameter sets from before the cut, in front.\n\nThe clip "
          "is fragmented MP4 if OUT ends in .mp4, with the times of the recording from its own beginning on, else a "
          "stream without container (H.264, H.265, AV1 OBU). It is judged before it is written; what it is worth is "
          "said. A place is a time (12.5, 0:00:12.5; where the container has times), gop:3 or picture:81.",
      .positionals = {{.name = "FILE", .help = "The recording."},
                      {.name = "OUT", .help = "The clip, a new file; NAME.mp4 for MP4."}},
      .options = {{.name = "--from", .value = "PLACE", .help = "Where to begin; at the front, if left out."},
                  {.name = "--to", .value = "PLACE", .help = "What to end with; with the last, if left out."},
                  {.name = "--anchor",
                   .value = "PEM",
                   .help = "Root certificates that are trusted to vouch for cameras.",
                   .repeatable = true,
                   .complete = Complete::file},
                  {.name = "--rate",
                   .value = "N",
                   .help = "Pictures a second, for MP4 of a stream without times.",
                   .fallback = "25"},
                  codec_option(),
                  recording_options()[0],
                  recording_options()[1]},
      .examples = {{"signet video export recording.mp4 clip.mp4 --from 0:01:30 --to 0:02:00",
                    "Hand over half a minute that can still be verified."},
                   {"signet video export recording.h265 clip.h265 --from gop:2 --to gop:4", "Cut by GOPs."}},
      .run = export_clip};
}

}  // namespace signet::cli::video_cli
