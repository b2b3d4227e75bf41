// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/os/process.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace signet::advisory {

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Json read_json(const std::filesystem::path& path) {
  const std::string text = read_all(path);
  auto json = Json::parse(as_bytes(text), {.size_bytes_max = 64U << 20U, .depth_max = 200, .values_max = 10'000'000});
  return json ? *std::move(json) : Json();
}

inline bool unpack(const std::filesystem::path& archive, const std::filesystem::path& folder) {
  const auto done = os::run({"tar", "-xJf", archive.string(), "-C", folder.string()});
  return done && done->exit_code == 0;
}

/// Where a suite is: in $SIGNET_VECTORS/psirt, or unpacked from the archive beside the sources into `folder`.
inline std::filesystem::path suite(const std::string& name, const std::string& archive,
                                   const std::filesystem::path& folder) {
  const char* all = std::getenv("SIGNET_VECTORS");
  if (all != nullptr) {
    const auto given = std::filesystem::path(all) / "psirt" / name;
    if (std::filesystem::exists(given)) return given;
  }
  const bool is_there = unpack(std::string(SIGNET_SOURCE_DIR) + "/tests/vectors/psirt/advisory/" + archive, folder);
  return is_there ? folder / name : std::filesystem::path();
}

}  // namespace signet::advisory
