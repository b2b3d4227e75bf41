// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/stills.hpp"

#include "signet/media.hpp"

#include "video/video_commands.hpp"

#include <algorithm>

namespace signet::cli::video_cli {

namespace {

constexpr std::uint64_t k_over_all = 6;
constexpr std::size_t k_size_bytes_max = std::size_t{16} << 20U;  // a report is to be mailed

bool is_jpeg(ByteView bytes) {
  return bytes.size() > 3 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8} && bytes[2] == std::byte{0xff};
}

}  // namespace

std::vector<std::uint64_t> frames_over_all(const Report& report) {
  const std::uint64_t frames = report.verdict.coverage().frames;
  std::vector<std::uint64_t> list;
  for (std::uint64_t i = 0; i < std::min(frames, k_over_all); ++i) {
    list.push_back(i * frames / std::min(frames, k_over_all));
  }
  return list;
}

std::vector<std::uint64_t> frames_around(const Report& report, const video::Finding& finding) {
  const std::uint64_t frames = report.verdict.coverage().frames;
  std::optional<std::uint64_t> frame = finding.frame;
  if (!frame) {
    const auto gop = std::ranges::find(report.collected.gops(), finding.gop, &video::GopReport::gop);
    if (gop != report.collected.gops().end()) frame = gop->first_frame;
  }
  std::vector<std::uint64_t> list;
  if (!frame || *frame >= frames) return list;
  for (std::uint64_t i = *frame - std::min<std::uint64_t>(*frame, 1); i <= *frame + 1 && i < frames; ++i) {
    list.push_back(i);
  }
  return list;
}

std::vector<std::uint64_t> frames_to_show(const Report& report) {
  std::vector<std::uint64_t> list = frames_over_all(report);
  std::size_t shown = 0;
  for (const video::Finding& finding : report.verdict.findings()) {
    if (++shown > k_findings_with_stills) break;
    for (const std::uint64_t frame : frames_around(report, finding)) list.push_back(frame);
  }
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

Stills stills_of(const Report& report) {
  if (!names_file(report.facts.file)) return {.pictures = {}, .problem = "the recording is not in a file"};
  const std::vector<std::uint64_t> frames = frames_to_show(report);
  auto pictures =
      media::thumbnails(report.facts.file, frames, {.pictures_max = frames.size(), .codec = report.facts.codec});
  if (!pictures) return {.pictures = {}, .problem = printable(pictures.error().message(), 300)};
  Stills stills;
  std::size_t size_bytes = 0;
  for (media::Picture& picture : *pictures) {
    size_bytes += picture.jpeg.size();
    if (size_bytes > k_size_bytes_max || !is_jpeg(picture.jpeg)) continue;
    stills.pictures.emplace(picture.frame, std::move(picture.jpeg));
  }
  if (stills.pictures.size() < frames.size()) {
    stills.problem = std::to_string(frames.size() - stills.pictures.size()) + " of " + std::to_string(frames.size()) +
                     " could not be decoded";
  }
  return stills;
}

}  // namespace signet::cli::video_cli
