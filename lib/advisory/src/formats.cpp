// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "formats.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::advisory {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Reads fixed numbers and signs from the front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  char take() { return at_end() ? '\0' : text_[at_++]; }
  bool skip(char c) { return peek() == c && ++at_ != 0; }
  bool digits(int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i) {
      if (!is_digit(peek())) return false;
      value = value * 10 + (take() - '0');
    }
    return true;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_of(int year, int month) {
  constexpr std::array<int, 12> k_days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : k_days[static_cast<std::size_t>(month - 1)];
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
std::int64_t days_from_epoch(int year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t of_era = y - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool take_date(Cursor& in, std::int64_t& days) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!in.digits(4, year) || !in.skip('-') || !in.digits(2, month) || !in.skip('-') || !in.digits(2, day)) return false;
  if (month < 1 || month > 12 || day < 1 || day > days_of(year, month)) return false;
  days = days_from_epoch(year, month, day);
  return true;
}

bool take_fraction(Cursor& in, std::uint32_t& nanoseconds) {
  if (!in.skip('.')) return true;
  if (!is_digit(in.peek())) return false;
  std::uint32_t unit = 100'000'000;
  while (is_digit(in.peek())) {
    nanoseconds += static_cast<std::uint32_t>(in.take() - '0') * unit;
    unit /= 10;
  }
  return true;
}

bool take_zone(Cursor& in, bool zone_optional, std::int64_t& offset_s) {
  if (in.at_end()) return zone_optional;
  const char c = in.take();
  if (c == 'Z' || c == 'z') return true;
  if (c != '+' && c != '-') return false;
  int hours = 0;
  int minutes = 0;
  if (!in.digits(2, hours) || !in.skip(':') || !in.digits(2, minutes) || hours > 23 || minutes > 59) return false;
  offset_s = (hours * 3600 + minutes * 60) * (c == '-' ? -1 : 1);
  return true;
}

/// RFC 3986 appendix A, without the inner grammar of authorities: a scheme, and nothing but what a URI may hold.
bool is_uri(std::string_view text, bool international) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return false;
  const bool has_scheme = std::ranges::all_of(
      text.substr(0, colon), [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  if (!has_scheme) return false;
  constexpr std::string_view k_signs = "-._~:/?#[]@!$&'()*+,;=";
  for (std::size_t i = colon + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
      continue;
    }
    const bool is_foreign = static_cast<unsigned char>(c) >= 0x80;
    if (is_foreign ? !international : !is_letter(c) && !is_digit(c) && k_signs.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return text.find('#', std::min(text.find('#'), text.size() - 1) + 1) == std::string_view::npos;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

}  // namespace

Format format_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Format>, 5> k_formats{{{"date-time", Format::date_time},
                                                                          {"date", Format::date},
                                                                          {"uri", Format::uri},
                                                                          {"iri", Format::iri},
                                                                          {"uuid", Format::uuid}}};
  for (const auto& [known, format] : k_formats) {
    if (name == known) return format;
  }
  return Format::none;
}

bool has_format(Format format, std::string_view text) {
  switch (format) {
    case Format::date_time:
      return parse_moment(text).has_value();
    case Format::date: {
      Cursor in(text);
      std::int64_t days = 0;
      return take_date(in, days) && in.at_end();
    }
    case Format::uri:
      return is_uri(text, false);
    case Format::iri:
      return is_uri(text, true);
    case Format::uuid:
      return is_uuid(text);
    case Format::none:
      break;
  }
  return true;
}

std::optional<Moment> parse_moment(std::string_view text, bool zone_optional) {
  Cursor in(text);
  std::int64_t days = 0;
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  Moment moment;
  if (!take_date(in, days)) return std::nullopt;
  const char between = in.take();
  if (between != 'T' && between != 't' && between != ' ') return std::nullopt;
  if (!in.digits(2, hours) || !in.skip(':') || !in.digits(2, minutes) || !in.skip(':') || !in.digits(2, seconds)) {
    return std::nullopt;
  }
  std::int64_t offset_s = 0;
  if (hours > 23 || minutes > 59 || seconds > 60 || !take_fraction(in, moment.nanoseconds) ||
      !take_zone(in, zone_optional, offset_s) || !in.at_end()) {
    return std::nullopt;
  }
  moment.seconds = days * 86400 + hours * 3600 + minutes * 60 + seconds - offset_s;
  const std::int64_t of_day = ((moment.seconds % 86400) + 86400) % 86400;
  if (seconds == 60 && of_day != 0) return std::nullopt;  // a leap second is the last of a UTC day
  return moment;
}

bool is_strict_moment(std::string_view text) {
  if (text.size() < 20 || text[10] != 'T' || text.ends_with('z')) return false;
  return text.substr(17, 2) != "60" && parse_moment(text).has_value();
}

}  // namespace signet::advisory
