// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include "signet/core/bytes.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Result<void> check_characters(std::string_view text, std::string_view what, std::size_t size_bytes_max,
                              bool has_lines) {
  const auto bad = [&](const std::string& why, const std::string& hint) {
    return Error(Errc::invalid_input, "case.text", std::string(what) + " " + why, hint);
  };
  if (text.size() > size_bytes_max) {
    return bad("has " + std::to_string(text.size()) + " bytes", "Use at most " + std::to_string(size_bytes_max) + ".");
  }
  const bool has_control = std::ranges::any_of(
      text, [&](char c) { return (static_cast<unsigned char>(c) < 0x20 && !(has_lines && c == '\n')) || c == 0x7f; });
  if (has_control) {
    return bad("has control characters", has_lines ? "Use line feeds alone." : "Write it on one line.");
  }
  const auto is_blank = [](char c) { return c == ' ' || c == '\n'; };
  if (!text.empty() && (is_blank(text.front()) || is_blank(text.back()))) {
    return bad("begins or ends with a blank", "Leave it out.");
  }
  return {};
}

}  // namespace

Result<void> check_line(std::string_view text, std::string_view what, std::size_t size_bytes_max) {
  return check_characters(text, what, size_bytes_max, false);
}

Result<void> check_text(std::string_view text, std::string_view what, std::size_t size_bytes_max) {
  return check_characters(text, what, size_bytes_max, true);
}

Result<void> check_url(std::string_view text, std::string_view what) {
  constexpr std::string_view k_signs = "-._~:/?#@!$&'()*+,;=%";
  const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  const auto is_fine = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || k_signs.find(c) != std::string_view::npos;
  };
  const bool has_host = scheme != 0 && text.size() > scheme && text[scheme] != '/' && text[scheme] != '?';
  bool is_encoded = std::ranges::count(text, '#') <= 1;
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    is_encoded = is_encoded && at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]);
  }
  if (has_host && is_encoded && text.size() <= k_url_size_bytes_max && std::ranges::all_of(text, is_fine)) return {};
  return Error(Errc::invalid_input, "case.url",
               std::string(what) + " '" + printable(text, 100) + "' is no address of the web",
               "Write it in full: https://example.com/page.");
}

Result<void> check_version_text(std::string_view text) {
  constexpr std::string_view k_signs_of_ranges = "*<>=|,\\\"";
  const bool is_fine =
      !text.empty() && text.size() <= k_version_size_bytes_max && std::ranges::all_of(text, [&](char c) {
        return c > ' ' && c < 0x7f && k_signs_of_ranges.find(c) == std::string_view::npos;
      });
  if (is_fine) return {};
  return Error(Errc::invalid_input, "case.version", "'" + printable(text, 60) + "' is no version",
               "Write one number of at most " + std::to_string(k_version_size_bytes_max) + " characters: 1.2.3.");
}

Result<void> check_time(Instant time) {
  constexpr Instant k_first{631'152'000};
  constexpr Instant k_last{32'503'679'999};
  if (k_first <= time && time <= k_last) return {};
  return Error(Errc::invalid_input, "case.time", to_rfc3339(time) + " is no time of a case", "Look at the year.");
}

Result<void> check_cve(std::string_view text) {
  constexpr std::size_t k_prefix = 9;  // "CVE-2026-"
  const bool has_form = text.size() >= k_prefix + 4 && text.size() <= k_prefix + 19 && text.starts_with("CVE-") &&
                        text[8] == '-' && std::ranges::all_of(text.substr(4, 4), is_digit) &&
                        std::ranges::all_of(text.substr(k_prefix), is_digit);
  if (has_form) return {};
  return Error(Errc::invalid_input, "case.cve", "'" + printable(text, 60) + "' is no CVE identifier",
               "Write it as CVE-2026-12345; leave it out until one is assigned.");
}

}  // namespace signet::advisories
