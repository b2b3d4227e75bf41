// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/time.hpp"

#include "signet/core/bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

namespace signet {

namespace {

constexpr std::int64_t k_first = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t k_last = 253'402'300'799;   // 9999-12-31T23:59:59Z

Error bad_time(std::string_view text) {
  return {Errc::invalid_input, "core.bad-time", "not an RFC 3339 time: '" + printable(text, 40) + "'",
          "Write it like 2026-11-22T12:00:00Z."};
}

/// Reads exactly `count` digits at `at`; -1 if something else stands there.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  if (at + count > text.size()) return -1;
  for (char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Seconds that an offset such as "Z" or "+02:00" stands for, or nothing if it is malformed.
std::optional<int> offset_seconds(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

Instant Instant::plus_seconds(std::int64_t seconds) const {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(seconds_since_epoch, seconds, &sum)) sum = seconds < 0 ? k_first : k_last;
  return {std::clamp(sum, k_first, k_last)};
}

Instant Instant::plus_days(std::int64_t days) const {
  std::int64_t seconds = 0;
  if (__builtin_mul_overflow(days, std::int64_t{86'400}, &seconds)) return {days < 0 ? k_first : k_last};
  return plus_seconds(seconds);
}

std::string to_rfc3339(Instant instant) {
  using namespace std::chrono;
  const sys_seconds moment{seconds{std::clamp(instant.seconds_since_epoch, k_first, k_last)}};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss clock{moment - day};
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// parses: foreign bytes (fuzz: core_fuzz)
Result<Instant> from_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const int y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  const int h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  if (y < 1 || mo < 0 || d < 0 || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return bad_time(text);
  const bool separators =
      text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!separators || !date.ok()) return bad_time(text);
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return bad_time(text);
    rest.remove_prefix(end);
  }
  const auto offset = offset_seconds(rest);
  if (!offset) return bad_time(text);
  const std::int64_t seconds_of_day = h * 3600 + mi * 60 + std::min(s, 59) - *offset;
  const std::int64_t moment = sys_days{date}.time_since_epoch().count() * std::int64_t{86'400} + seconds_of_day;
  if (moment < k_first || moment > k_last) return bad_time(text);  // an offset can move it out of the four-digit years
  return Instant{moment};
}

std::string describe_seconds(std::int64_t seconds) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr std::array k_units{Unit{86'400, "day"}, Unit{3'600, "hour"}, Unit{60, "minute"}, Unit{1, "second"}};
  std::string text;
  if (seconds < 0) return "minus " + describe_seconds(seconds == INT64_MIN ? INT64_MAX : -seconds);
  int parts = 0;
  for (const Unit& unit : k_units) {
    const std::int64_t count = seconds / unit.seconds;
    seconds %= unit.seconds;
    const bool nothing_yet = parts == 0 && unit.seconds == 1;
    if (count == 0 && !nothing_yet) continue;
    text += (text.empty() ? "" : " ") + std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
    if (++parts == 2) break;
  }
  return text;
}

}  // namespace signet
