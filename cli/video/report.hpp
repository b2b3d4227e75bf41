// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/video.hpp"

namespace signet::cli::video_cli {

/// Frames in a row with one verdict.
struct FrameRun {
  video::FrameReport first;
  std::uint64_t last = 0;
};

/// Gathers what the judge says while it reads; GOPs and runs beyond a bound are counted only.
class ReportCollector : public video::JudgeObserver {
 public:
  void on_frame(const video::FrameReport& frame) override;
  void on_gop(const video::GopReport& gop) override;

  [[nodiscard]] const std::vector<FrameRun>& runs() const { return runs_; }
  [[nodiscard]] const std::vector<video::GopReport>& gops() const { return gops_; }
  [[nodiscard]] bool is_cut() const { return cut_; }

 private:
  std::vector<FrameRun> runs_;
  std::vector<video::GopReport> gops_;
  bool cut_ = false;
};

/// What is said of one file.
struct FileFacts {
  std::string file;
  video::Container container;
  video::Codec codec;
};

/// The report for people, its answer in the first line.
void print_report(Output& out, const FileFacts& facts, const video::Verdict& verdict, const ReportCollector& collected,
                  bool with_frames);
/// The report for machines: members that stand beside "ok". docs/formats/video-report.md has them.
[[nodiscard]] Json report_json(const FileFacts& facts, const video::Verdict& verdict, const ReportCollector& collected);

}  // namespace signet::cli::video_cli
