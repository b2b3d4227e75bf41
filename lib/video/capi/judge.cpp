// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video_recording.hpp"

#include "capi.hpp"
#include "push_splitter.hpp"

#include <chrono>

using namespace signet;
using namespace signet::video;
using namespace signet::video::capi;

namespace {

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

template <typename T>
std::int64_t number(const std::optional<T>& value) {
  return value ? static_cast<std::int64_t>(*value) : SIGNET_VIDEO_NONE;
}

signet_video_finding finding_of(const Finding& finding) {
  return {.struct_size = sizeof(signet_video_finding),
          .kind = name_of(finding.kind).data(),
          .text = finding.text.c_str(),
          .gop = number(finding.gop),
          .frame = number(finding.frame),
          .unit = number(finding.unit),
          .count = number(finding.count)};
}

/// Hands what the judge tells to the caller's functions.
class CallbackObserver : public JudgeObserver {
 public:
  explicit CallbackObserver(const signet_video_judge_options& options) : options_(options) {}
  void on_frame(const FrameReport& frame) override {
    if (options_.on_frame == nullptr) return;
    const signet_video_frame told{.struct_size = sizeof told,
                                  .frame = number(frame.frame),
                                  .unit = number(frame.unit),
                                  .gop = number(frame.gop),
                                  .time_us = number(frame.time_us),
                                  .verdict = static_cast<std::int32_t>(frame.verdict)};
    options_.on_frame(options_.user, &told);
  }
  void on_gop(const GopReport& gop) override {
    if (options_.on_gop == nullptr) return;
    const signet_video_gop told{.struct_size = sizeof told,
                                .gop = number(gop.gop),
                                .first_frame = number(gop.first_frame),
                                .frames = number(gop.frames),
                                .frames_bad = number(gop.frames_bad),
                                .units_missing = number(gop.units_missing),
                                .slices_unprotected = number(gop.slices_unprotected),
                                .verdict = static_cast<std::int32_t>(gop.verdict)};
    options_.on_gop(options_.user, &told);
  }
  void on_finding(const Finding& finding) override {
    if (options_.on_finding == nullptr) return;
    const signet_video_finding told = finding_of(finding);
    options_.on_finding(options_.user, &told);
  }

 private:
  signet_video_judge_options options_;
};

Result<JudgeOptions> judge_options(const signet_video_judge_options& given) {
  JudgeOptions options;
  TRY_ASSIGN(options.anchors, certificates_of(given.anchors_pem, given.anchors_pem_size));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  options.now = {given.now_s != 0 ? given.now_s : std::chrono::duration_cast<std::chrono::seconds>(now).count()};
  options.threads = std::max(given.threads, 1U);
  options.is_live = given.live != 0;
  return options;
}

class CallbackSource : public Source {
 public:
  CallbackSource(signet_video_read_fn read, void* reader) : read_(read), reader_(reader) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    const std::int64_t got = read_(reader_, offset, out.data(), out.size());
    if (got < 0 || static_cast<std::uint64_t>(got) > out.size()) {
      return Error(Errc::io, "video.read", "the caller's function could not read the recording");
    }
    return static_cast<std::size_t>(got);
  }

 private:
  signet_video_read_fn read_;
  void* reader_;
};

}  // namespace

struct signet_video_result {
  Verdict verdict;
};

struct signet_video_judge {
  signet_video_judge(Codec codec, JudgeOptions options, const signet_video_judge_options& given)
      : observer(given), splitter(codec), judge(codec, std::move(options), &observer) {}
  CallbackObserver observer;
  PushSplitter splitter;
  StreamJudge judge;
  bool is_open = true;  // false once it failed or was finished

  /// Does `work` with the judge; a failure closes it.
  template <typename Work>
  Result<void> use(Work&& work) {
    if (!is_open) return usage("this judge has failed or finished before");
    is_open = false;
    TRY(work());
    is_open = true;
    return {};
  }
};

SIGNET_VIDEO_EXPORT signet_video_status signet_video_judge_open(const signet_video_judge_options* options,
                                                                signet_video_judge** judge, signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (judge == nullptr) return usage("no place for the judge");
    *judge = nullptr;
    const signet_video_judge_options given = adopt(options);
    TRY_ASSIGN(const Codec codec, codec_of(given.codec));
    TRY_ASSIGN(JudgeOptions made, judge_options(given));
    *judge = new signet_video_judge(codec, std::move(made), given);
    return {};
  });
}

SIGNET_VIDEO_EXPORT signet_video_status signet_video_judge_push(signet_video_judge* judge, const void* bytes,
                                                                size_t size, signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (judge == nullptr || (bytes == nullptr && size > 0)) return usage("no judge or no bytes");
    return judge->use([&] {
      return judge->splitter.push(view_of(bytes, size), [&](const Piece& piece) { judge->judge.add(piece); });
    });
  });
}

SIGNET_VIDEO_EXPORT signet_video_status signet_video_judge_push_unit(signet_video_judge* judge, const void* unit,
                                                                     size_t size, int64_t time_us,
                                                                     signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (judge == nullptr || (unit == nullptr && size > 0)) return usage("no judge or no unit");
    return judge->use([&]() -> Result<void> {
      Piece piece{.bytes = view_of(unit, size)};
      if (time_us != SIGNET_VIDEO_NONE) piece.time_us = time_us;
      judge->judge.add(piece);
      return {};
    });
  });
}

SIGNET_VIDEO_EXPORT signet_video_status signet_video_judge_finish(signet_video_judge* judge,
                                                                  signet_video_result** result,
                                                                  signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (judge == nullptr || result == nullptr) return usage("no judge or no place for the result");
    *result = nullptr;
    TRY(judge->use([&] { return judge->splitter.finish([&](const Piece& piece) { judge->judge.add(piece); }); }));
    judge->is_open = false;
    *result = new signet_video_result{std::move(judge->judge).finish()};
    return {};
  });
}

SIGNET_VIDEO_EXPORT void signet_video_judge_free(signet_video_judge* judge) { delete judge; }

SIGNET_VIDEO_EXPORT signet_video_status signet_video_judge_file(signet_video_read_fn read, void* reader,
                                                                const signet_video_judge_options* options,
                                                                signet_video_result** result,
                                                                signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (read == nullptr || result == nullptr) return usage("no function that reads, or no place for the result");
    *result = nullptr;
    const signet_video_judge_options given = adopt(options);
    std::optional<Codec> codec;
    if (given.codec != 0) {
      TRY_ASSIGN(codec, codec_of(given.codec));
    }
    TRY_ASSIGN(JudgeOptions made, judge_options(given));
    const auto source = std::make_shared<CallbackSource>(read, reader);
    TRY_ASSIGN(Recording probe, Recording::open(source, codec));
    TRY_ASSIGN(made.hash, probe_hash(probe));
    TRY_ASSIGN(Recording recording, Recording::open(source, codec));
    made.recorded = recording.created();
    made.configuration = recording.decoder_configuration();
    CallbackObserver observer(given);
    StreamJudge judge(recording.codec(), std::move(made), &observer);
    while (true) {
      TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
      if (!piece) break;
      judge.add(*piece);
    }
    *result = new signet_video_result{std::move(judge).finish()};
    return {};
  });
}

SIGNET_VIDEO_EXPORT void signet_video_result_summary(const signet_video_result* result, signet_video_summary* summary) {
  if (result == nullptr || summary == nullptr) return;
  const Verdict& verdict = result->verdict;
  const Coverage& coverage = verdict.coverage();
  const ProvenanceReport& provenance = verdict.provenance_report();
  const auto second = [](const std::optional<Instant>& at) { return at ? at->seconds_since_epoch : SIGNET_VIDEO_NONE; };
  const signet_video_summary all{.struct_size = summary->struct_size,
                                 .authenticity = static_cast<std::int32_t>(verdict.authenticity()),
                                 .provenance = static_cast<std::int32_t>(verdict.provenance()),
                                 .first_bad_gop = number(verdict.first_bad_gop()),
                                 .frames = number(coverage.frames),
                                 .frames_authentic = number(coverage.frames_authentic),
                                 .frames_bad = number(coverage.frames_bad),
                                 .frames_unprotected = number(coverage.frames_unprotected),
                                 .head_frames = number(coverage.head_frames),
                                 .tail_frames = number(coverage.tail_frames),
                                 .units_missing = number(coverage.units_missing),
                                 .slices_unprotected = number(coverage.slices_unprotected),
                                 .parameter_set_changes = number(coverage.parameter_set_changes),
                                 .signatures_valid = number(verdict.signatures_valid()),
                                 .signatures_invalid = number(verdict.signatures_invalid()),
                                 .findings = number(verdict.findings_total()),
                                 .recorded_from_s = second(provenance.recorded_from),
                                 .recorded_to_s = second(provenance.recorded_to),
                                 .frames_not_presented = number(coverage.frames_not_presented),
                                 .parameters_covered = coverage.parameters_covered ? 1 : 0};
  std::memcpy(summary, &all, std::min(summary->struct_size, sizeof all));
}

SIGNET_VIDEO_EXPORT const char* signet_video_result_text(const signet_video_result* result, int32_t which) {
  if (result == nullptr) return "";
  const Device& device = result->verdict.device();
  const ProvenanceReport& provenance = result->verdict.provenance_report();
  const std::string* const texts[] = {&device.manufacturer,
                                      &device.hardware,
                                      &device.firmware,
                                      &device.serial,
                                      &device.address,
                                      &device.signer_version,
                                      &provenance.attested_serial,
                                      &provenance.key_fingerprint,
                                      &provenance.reason};
  return which < 0 || which > SIGNET_VIDEO_TEXT_PROVENANCE ? "" : texts[which]->c_str();
}

SIGNET_VIDEO_EXPORT signet_video_status signet_video_result_finding(const signet_video_result* result, size_t index,
                                                                    signet_video_finding* finding) {
  if (result == nullptr || finding == nullptr || index >= result->verdict.findings().size()) return SIGNET_VIDEO_USAGE;
  signet_video_finding all = finding_of(result->verdict.findings()[index]);
  all.struct_size = finding->struct_size;
  std::memcpy(finding, &all, std::min(finding->struct_size, sizeof all));
  return SIGNET_VIDEO_OK;
}

SIGNET_VIDEO_EXPORT void signet_video_result_free(signet_video_result* result) { delete result; }
