// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "root_files.hpp"

#include "signet/core/bytes.hpp"
#include "signet/os/file.hpp"

#include <algorithm>

namespace signet::sbom {

namespace {

constexpr std::uint64_t k_file_size_bytes_max = 64U << 20U;

Error missing(std::string_view path) {
  return {Errc::not_found, "bom.missing", "the root file system has no " + printable(path), ""};
}

}  // namespace

Result<RootFiles> RootFiles::open(const std::filesystem::path& root) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(root, error);
  if (error || !std::filesystem::is_directory(real, error)) {
    return Error(Errc::not_found, "bom.no-root", "there is no folder " + printable(root.string()),
                 "Name the folder that holds the root file system: a mounted image, or / for this machine.");
  }
  return RootFiles(std::move(real));
}

Result<std::string> RootFiles::read(std::string_view path) const {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(root_ / path, error);
  if (error) return missing(path);
  const auto [end, ignored] = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
  if (end != root_.end() && !end->empty()) return missing(path);  // a link leads out
  if (!std::filesystem::is_regular_file(real, error)) return missing(path);
  TRY_ASSIGN(const Bytes bytes, os::read_file(real, k_file_size_bytes_max));
  return std::string(as_text(bytes));
}

}  // namespace signet::sbom
