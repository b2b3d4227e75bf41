// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace signet::sbom {

/// Reads files of a foreign root file system; a link that leads out of it reads as missing.
class RootFiles {
 public:
  /// Not found: "bom.no-root".
  static Result<RootFiles> open(const std::filesystem::path& root);

  /// The whole file, or "bom.missing" (not found); larger ones are refused ("os.…").
  [[nodiscard]] Result<std::string> read(std::string_view path) const;
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

 private:
  explicit RootFiles(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path root_;  // without links
};

/// Calls `take` with each line, without its line feed.
template <typename Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take(line);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

}  // namespace signet::sbom
