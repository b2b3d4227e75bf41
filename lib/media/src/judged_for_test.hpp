// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/media.hpp"
#include "signet/os/file.hpp"
#include "signet/test/emulator.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

/// NEEDS_CONFINEMENT(): leaves a test out where ffmpeg cannot be started, since it only ever runs confined.
#define NEEDS_CONFINEMENT() \
  SKIP_UNDER_EMULATOR("it knows no Landlock and no seccomp filters, without which ffmpeg is not run")

namespace signet::media {

inline const std::filesystem::path k_vectors = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video";

/// What a verdict says, in one line that can be compared.
struct Judged {
  std::string verdict;
  std::uint64_t frames = 0;
  std::shared_ptr<const Transport> transport;
  video::Container container = video::Container::annexb;
};

/// `recorded` stands for the date that a container brings along, so that it does not make a difference.
inline Result<Judged> judge(Opened opened, std::optional<Instant> recorded,
                            const std::vector<pki::Certificate>& anchors = {}) {
  video::StreamJudge judge(
      opened.recording.codec(),
      {.anchors = anchors, .now = Instant{1'795'305'600}, .recorded = recorded, .hash = opened.hash});
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, opened.recording.next());
    if (!piece) break;
    judge.add(*piece);
  }
  const video::Verdict verdict = std::move(judge).finish();
  const auto bad = verdict.first_bad_gop();
  return Judged{.verdict = std::string(name_of(verdict.authenticity())) + " " +
                           std::string(name_of(verdict.provenance())) + " " + (bad ? std::to_string(*bad) : "-") +
                           ", tail " + std::to_string(verdict.coverage().tail_frames),
                .frames = verdict.coverage().frames,
                .transport = opened.transport,
                .container = opened.recording.container()};
}

inline Result<Judged> judge_file(const std::string& what, std::optional<Instant> recorded = {},
                                 const std::vector<pki::Certificate>& anchors = {}) {
  TRY_ASSIGN(Opened opened, open(what));
  const std::optional<Instant> when = recorded ? recorded : opened.recording.created();
  return judge(std::move(opened), when, anchors);
}

struct Units {
  video::Codec codec = video::Codec::h264;
  std::vector<Bytes> units;
  std::vector<std::int64_t> times_us;
  std::optional<Instant> created;
};

inline Result<Units> units_of(const std::string& what) {
  TRY_ASSIGN(Opened opened, open(what));
  Units found{.codec = opened.recording.codec(), .units = {}, .times_us = {}, .created = opened.recording.created()};
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, opened.recording.next());
    if (!piece) return found;
    if (piece->begins) {
      found.units.emplace_back();
      found.times_us.push_back(piece->time_us.value_or(0));
    }
    append(found.units.back(), piece->bytes);
  }
}

/// A row of expected.tsv: the file, its container and its trust anchor.
struct Row {
  std::filesystem::path folder;
  std::string file, profile, codec, container, anchor;
  [[nodiscard]] std::string path() const { return (folder / file).string(); }
};

/// The vectors that are kept with the sources, and all of them where $SIGNET_VECTORS says that they are.
inline std::vector<Row> rows() {
  std::vector<std::filesystem::path> folders{k_vectors};
  if (const char* all = std::getenv("SIGNET_VECTORS")) folders.emplace_back(std::filesystem::path(all) / "video");
  std::vector<Row> found;
  for (const auto& folder : folders) {
    std::ifstream table(folder / "expected.tsv");
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
      std::istringstream cells(line);
      Row row{.folder = folder, .file = {}, .profile = {}, .codec = {}, .container = {}, .anchor = {}};
      for (std::string* cell : {&row.file, &row.profile, &row.codec, &row.container, &row.anchor}) {
        std::getline(cells, *cell, '\t');
      }
      found.push_back(std::move(row));
    }
  }
  return found;
}

}  // namespace signet::media
