// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "paths.hpp"

#include <filesystem>

using namespace signet;
using namespace signet::tuf;

namespace {

constexpr std::size_t k_size_max = 24;  // the reference below takes exponential time

/// What PATHPATTERN says, told in the plainest way.
bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.front() == '*') {
    return matches(pattern.substr(1), path) ||
           (!path.empty() && path.front() != '/' && matches(pattern, path.substr(1)));
  }
  if (path.empty()) return false;
  const bool same = pattern.front() == '?' ? path.front() != '/' : pattern.front() == path.front();
  return same && matches(pattern.substr(1), path.substr(1));
}

}  // namespace

// A path that is let in stays below its folder and survives the URL; patterns match as the specification says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(as_text(signet::test::fuzz_input(data, size)));
  if (check_target_path(text)) {
    const auto decoded = percent_decoded_path(percent_encoded_path(text));
    FUZZ_ASSERT(decoded && *decoded == text);
    const std::string normal = std::filesystem::path("/base/" + text).lexically_normal().string();
    FUZZ_ASSERT(normal.starts_with("/base/") && normal == "/base/" + text);
  }
  if (const auto decoded = percent_decoded_path(text)) FUZZ_ASSERT(check_target_path(*decoded).has_value());
  const std::size_t split = text.find('\n');
  if (split == std::string::npos || text.size() > k_size_max) return 0;
  const std::string_view pattern = std::string_view(text).substr(0, split);
  const std::string_view path = std::string_view(text).substr(split + 1);
  FUZZ_ASSERT(path_matches(pattern, path) == matches(pattern, path));
  return 0;
}
