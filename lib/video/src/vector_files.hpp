// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video_recording.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace signet::video {

/// Bytes in memory as a source.
class MemorySource : public Source {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(out.size(), bytes_.size() - static_cast<std::size_t>(offset));
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin());
    return size;
  }

 private:
  Bytes bytes_;
};

inline Bytes read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return to_bytes(text);
}

/// The vectors that are kept with the sources, and all of them where $SIGNET_VECTORS says that they are.
inline std::vector<std::filesystem::path> vector_folders() {
  std::vector<std::filesystem::path> folders{std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video"};
  if (const char* all = std::getenv("SIGNET_VECTORS")) folders.emplace_back(std::filesystem::path(all) / "video");
  return folders;
}

/// A row of expected.tsv.
struct VectorRow {
  std::filesystem::path folder;
  std::string file, profile, codec, container, anchor, authenticity, provenance, first_bad_gop, note;

  [[nodiscard]] std::filesystem::path path() const { return folder / file; }
  /// The value of "key=value" in the note; empty if there is none.
  [[nodiscard]] std::string item(const std::string& key) const {
    std::istringstream parts(note);
    std::string part;
    while (std::getline(parts, part, ';')) {
      part.erase(0, part.find_first_not_of(' '));
      if (part.starts_with(key + "=")) return part.substr(key.size() + 1);
    }
    return {};
  }
};

inline std::vector<VectorRow> vector_rows(const std::filesystem::path& folder) {
  std::ifstream table(folder / "expected.tsv");
  std::vector<VectorRow> rows;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream cells(line);
    VectorRow row;
    row.folder = folder;
    for (std::string* cell : {&row.file, &row.profile, &row.codec, &row.container, &row.anchor, &row.authenticity,
                              &row.provenance, &row.first_bad_gop, &row.note}) {
      std::getline(cells, *cell, '\t');
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// 2026-11-22T00:00:00Z: when the expectations were written, so what "expired today" means in them.
inline constexpr Instant k_today{1'795'305'600};

inline Result<Verdict> judge_bytes(Bytes bytes, std::vector<pki::Certificate> anchors = {},
                                   JudgeObserver* observer = nullptr) {
  const auto source = std::make_shared<MemorySource>(std::move(bytes));
  TRY_ASSIGN(Recording probe, Recording::open(source));
  TRY_ASSIGN(const auto hash, probe_hash(probe));
  TRY_ASSIGN(Recording recording, Recording::open(source));
  StreamJudge judge(recording.codec(),
                    {.anchors = std::move(anchors), .now = k_today, .recorded = recording.created(), .hash = hash},
                    observer);
  while (true) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) break;
    judge.add(*piece);
  }
  return std::move(judge).finish();
}

}  // namespace signet::video
