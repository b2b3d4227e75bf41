// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/judging.hpp"

#include "signet/os/clock.hpp"
#include "signet/os/fd.hpp"

#include "firmware/firmware_common.hpp"
#include "video/open_recording.hpp"
#include "video/video_commands.hpp"

#include <sys/stat.h>

#include <stop_token>
#include <thread>

namespace signet::cli::video_cli {

namespace {

/// What changes if somebody writes to a file.
struct Stamp {
  std::int64_t size_bytes = 0;
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

Result<Stamp> stamp_of(const std::string& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return errno_error(errno, "look at '" + printable(file) + "'");
  return Stamp{found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

Result<std::string> digest_until(const std::string& file, const std::stop_token& stop) {
  constexpr std::size_t k_part_size_bytes = 256U * 1024U;
  TRY_ASSIGN(const os::Fd fd, os::open_read(file));
  TRY_ASSIGN(std::uint64_t left, os::size_of(fd));
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  Bytes part(k_part_size_bytes);
  while (left > 0 && !stop.stop_requested()) {
    TRY_ASSIGN(
        const std::size_t got,
        os::read_some(fd, ByteSpan(part).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, part.size())))));
    if (got == 0) break;
    hasher.update(ByteView(part).first(got));
    left -= got;
  }
  return to_hex(hasher.finish());
}

/// The digest of a file, computed on a thread of its own: another core is idle while pictures are judged.
class DigestBeside {
 public:
  explicit DigestBeside(const std::string& file)
      : thread_([this, file](const std::stop_token& stop) { result_ = digest_until(file, stop); }) {}
  DigestBeside(const DigestBeside&) = delete;
  DigestBeside& operator=(const DigestBeside&) = delete;
  ~DigestBeside() = default;  // stops and joins
  Result<std::string> get() {
    thread_.join();
    return std::move(result_);
  }

 private:
  Result<std::string> result_ = std::string();
  std::jthread thread_;
};

struct Judged {
  video::Verdict verdict;
  ReportCollector collected;
};

Result<Judged> judge(const Invocation& call, video::Recording& recording, video::JudgeOptions options) {
  ReportCollector collected;
  video::StreamJudge judge(recording.codec(), std::move(options), &collected);
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, recording.next());
    if (!piece) break;
    judge.add(*piece);
    call.out().progress("Verifying", recording.offset(), 0);
  }
  return Judged{std::move(judge).finish(), std::move(collected)};
}

}  // namespace

Result<std::string> digest_of_file(const std::string& file) { return digest_until(file, std::stop_token()); }

Result<Report> judge_file(const Invocation& call, const std::string& file, bool with_digest) {
  video::JudgeOptions options;
  TRY_ASSIGN(options.anchors, firmware::load_certificates(call.all("--anchor")));
  options.now = os::SystemClock().now();
  FileFacts facts;
  facts.file = file;
  facts.judged = options.now;
  for (const pki::Certificate& anchor : options.anchors) {
    facts.anchors.push_back({anchor.subject(), to_hex(anchor.fingerprint())});
  }
  const bool is_file = names_file(file);
  TRY_ASSIGN(const Stamp before, is_file ? stamp_of(file) : Result<Stamp>(Stamp()));
  TRY_ASSIGN(media::Opened opened, open_recording(call, file));
  options.hash = opened.hash;
  options.recorded = opened.recording.created();
  options.configuration = opened.recording.decoder_configuration();
  options.is_live = opened.is_live;
  constexpr std::uint64_t k_threads_max = 256;
  TRY_ASSIGN(const std::uint64_t threads, call.has("--threads") ? call.get_uint("--threads", 1, k_threads_max)
                                                                : Result<std::uint64_t>(std::uint64_t{0}));
  options.threads = static_cast<unsigned>(threads);
  facts.container = opened.recording.container();
  facts.codec = opened.recording.codec();
  facts.size_bytes = static_cast<std::uint64_t>(before.size_bytes);
  std::optional<DigestBeside> digest;
  if (with_digest && is_file) digest.emplace(file);
  TRY_ASSIGN(Judged judged, judge(call, opened.recording, std::move(options)));
  if (judged.verdict.coverage().frames == 0) {
    return Error(Errc::invalid_input, "video.no-pictures", "no picture was found in '" + printable(file) + "'",
                 "Is it a video? --codec says what a stream without container holds.");
  }
  if (digest) {
    TRY_ASSIGN(facts.sha256, digest->get());
  }
  if (opened.transport) facts.transport = *opened.transport;
  TRY_ASSIGN(const Stamp after, is_file ? stamp_of(file) : Result<Stamp>(before));
  if (before != after) {
    return Error(Errc::conflict, "video.changed", "'" + printable(file) + "' was written to while it was judged",
                 "Wait until the recording is complete, or judge a copy.");
  }
  return Report{std::move(facts), std::move(judged.verdict), std::move(judged.collected)};
}

Option anchor_option() {
  return {.name = "--anchor",
          .value = "PEM",
          .help = "Root certificates that are trusted to vouch for cameras.",
          .repeatable = true,
          .complete = Complete::file};
}

}  // namespace signet::cli::video_cli
