// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace signet::sbom {

inline std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Where the whole of a set is, or the copy beside the sources.
struct Suite {
  std::filesystem::path folder;
  bool is_whole = false;
};

inline Suite suite(const std::string& whole, const std::string& copy) {
  const char* all = std::getenv("SIGNET_VECTORS");
  const std::filesystem::path given = all == nullptr ? "" : std::filesystem::path(all) / "psirt" / whole;
  if (all != nullptr && std::filesystem::exists(given)) return {given, true};
  return {std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/psirt" / copy, false};
}

inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder,
                                                      const std::string& extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// One case of package-url's suites, as they write it.
struct SuiteCase {
  std::string file;
  std::string type;
  std::string about;
  Json input;
  Json expected;
  bool must_fail = false;
};

inline std::vector<SuiteCase> suite_cases(const std::filesystem::path& folder) {
  std::vector<SuiteCase> cases;
  for (const auto& path : files_below(folder, ".json")) {
    const std::string text = read_whole(path);
    auto json = Json::parse(as_bytes(text));
    if (!json) continue;
    const Json* tests = json->find("tests");
    if (tests == nullptr) continue;
    for (const Json& test : tests->elements()) {
      SuiteCase one;
      one.file = path.filename();
      one.type = test.string_at("test_type").value_or("");
      one.about = test.string_at("description").value_or("") + ": " + test.find("input")->dump();
      one.input = *test.find("input");
      if (const Json* expected = test.find("expected_output")) one.expected = *expected;
      if (const Json* failure = test.find("expected_failure")) static_cast<void>(failure->as_bool(one.must_fail));
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

}  // namespace signet::sbom
