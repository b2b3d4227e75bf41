// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/cli.hpp"

#include <charconv>

namespace signet::cli {

const std::vector<std::string>& Invocation::all(std::string_view name) const {
  const std::string key(name);
  const auto given = given_.find(key);
  ensure(given != given_.end(), "Invocation: a declared name");
  if (!given->second.empty()) return given->second;
  const auto fallback = fallbacks_.find(key);
  return fallback != fallbacks_.end() ? fallback->second : given->second;
}

bool Invocation::has(std::string_view name) const {
  const auto given = given_.find(std::string(name));
  ensure(given != given_.end(), "Invocation: a declared name");
  return !given->second.empty();
}

std::string Invocation::get(std::string_view name) const {
  const auto& values = all(name);
  return values.empty() ? std::string() : values.back();
}

Result<std::uint64_t> Invocation::get_uint(std::string_view name, std::uint64_t min, std::uint64_t max) const {
  const std::string text = get(name);
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (!text.empty() && parsed.ec == std::errc() && parsed.ptr == end && value >= min && value <= max) return value;
  return Error(Errc::usage, "cli.bad-number",
               std::string(name) + " must be a whole number, not '" + printable(text, 60) + "'",
               "Give a number from " + std::to_string(min) + " to " + std::to_string(max) + ".");
}

}  // namespace signet::cli
