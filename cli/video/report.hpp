// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/media.hpp"
#include "signet/video.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signet::cli::video_cli {

/// Frames in a row with one verdict.
struct FrameRun {
  video::FrameReport first;
  std::uint64_t last = 0;
};

/// One or several GOPs on the timeline; the worst verdict among them, for that is the one to be seen.
struct TimelineCell {
  video::GopVerdict verdict = video::GopVerdict::authentic;
  std::uint64_t first_gop = 0;
  std::uint64_t last_gop = 0;
  std::uint64_t first_frame = 0;
  std::uint64_t frames = 0;
  std::optional<std::int64_t> time_us = {};  ///< of its first frame
};

/// Gathers what the judge says while it reads, in bounded memory: lists are cut, the timeline becomes coarser instead.
class ReportCollector : public video::JudgeObserver {
 public:
  void on_frame(const video::FrameReport& frame) override;
  void on_gop(const video::GopReport& gop) override;

  [[nodiscard]] const std::vector<FrameRun>& runs() const { return runs_; }
  [[nodiscard]] const std::vector<video::GopReport>& gops() const { return gops_; }
  [[nodiscard]] bool is_cut() const { return cut_; }
  /// The whole recording, however long it is, in at most 4096 cells.
  [[nodiscard]] const std::vector<TimelineCell>& timeline() const { return cells_; }
  /// When a frame was shown, to about a frame: containers give the times of GOPs. None where there are no times.
  [[nodiscard]] std::optional<std::int64_t> time_of(std::uint64_t frame) const;
  /// The verdict of a frame; none for one that is not listed.
  [[nodiscard]] std::optional<video::FrameVerdict> verdict_of(std::uint64_t frame) const;

 private:
  std::vector<FrameRun> runs_;
  std::vector<video::GopReport> gops_;
  std::vector<TimelineCell> cells_;
  std::uint64_t gops_per_cell_ = 1;
  std::uint64_t gop_now_ = UINT64_MAX;
  std::vector<std::pair<std::uint64_t, std::int64_t>> starts_;  ///< first frames of GOPs, and their times
  std::optional<std::int64_t> last_us_;
  std::uint64_t last_frame_ = 0;
  bool cut_ = false;
};

/// A trust anchor as the user gave it.
struct Anchor {
  std::string subject;
  std::string fingerprint;
};

/// What is said of one file.
struct FileFacts {
  std::string file;
  video::Container container = video::Container::annexb;
  video::Codec codec = video::Codec::h264;
  std::uint64_t size_bytes = 0;
  std::string sha256 = {};  ///< of the whole file; empty where nobody asked for it
  Instant judged = {};
  std::vector<Anchor> anchors = {};
  std::optional<media::Transport> transport = {};  ///< of a capture
};

/// All that a report is made of.
struct Report {
  FileFacts facts;
  video::Verdict verdict;
  ReportCollector collected;
};

/// The report for people, its answer in the first line.
void print_report(Output& out, const Report& report, bool with_frames);
/// The report for machines: members that stand beside "ok". docs/formats/video-report.md has them.
[[nodiscard]] Json report_json(const Report& report);

}  // namespace signet::cli::video_cli
