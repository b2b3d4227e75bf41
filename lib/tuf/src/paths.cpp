// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_path_fuzz)
#include "paths.hpp"

#include "signet/core/bytes.hpp"

#include <algorithm>
#include <optional>

namespace signet::tuf {

namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// Takes the first segment off `rest`, which is empty after the last one.
std::string_view next_segment(std::optional<std::string_view>& rest) {
  const std::size_t slash = rest->find('/');
  const std::string_view segment = rest->substr(0, slash);
  rest = slash == std::string_view::npos ? std::nullopt : std::optional(rest->substr(slash + 1));
  return segment;
}

/// One segment: greedy with one point of return, so linear in practice and never more than pattern times text.
bool segment_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

Error unsafe(std::string_view path) {
  return {Errc::invalid_input, "tuf.unsafe-path", "'" + printable(path, 120) + "' is not a path within a repository",
          "Name a file below the repository, such as product/file, without '..' and '\\'."};
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += k_digits[byte >> 4U];
      out += k_digits[byte & 15U];
    }
  }
  return out;
}

std::string percent_encoded_path(std::string_view path) {
  std::string out;
  std::optional<std::string_view> rest = path;
  while (rest) {
    out += percent_encoded(next_segment(rest));
    if (rest) out += '/';
  }
  return out;
}

Result<std::string> percent_decoded_path(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const auto byte = from_hex(path.substr(i + 1, 2));
    // A '/' that comes out of the encoding would make two segments of one.
    if (!byte || byte->size() != 1 || byte->front() == std::byte{'/'}) return unsafe(path);
    out += static_cast<char>(byte->front());
    i += 2;
  }
  TRY(check_target_path(out));
  return out;
}

Result<void> check_target_path(std::string_view path) {
  if (path.empty() || path.size() > k_target_path_size_max) return unsafe(path);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; };
  if (std::ranges::any_of(path, control)) return unsafe(path);
  std::optional<std::string_view> rest = path;
  while (rest) {
    const std::string_view segment = next_segment(rest);
    if (segment.empty() || segment == "." || segment == "..") return unsafe(path);
  }
  return {};
}

bool path_matches(std::string_view pattern, std::string_view path) {
  std::optional<std::string_view> patterns = pattern;
  std::optional<std::string_view> segments = path;
  while (patterns && segments) {
    if (!segment_matches(next_segment(patterns), next_segment(segments))) return false;
  }
  return !patterns && !segments;
}

}  // namespace signet::tuf
