// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: versions_fuzz)
#include "orders.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::sbom {

namespace {

constexpr std::weak_ordering k_same = std::weak_ordering::equivalent;

using Segments = std::vector<std::string_view>;

/// Runs of digits and runs of everything else, between separators.
template <typename IsSeparator>
Segments runs_of(std::string_view text, IsSeparator is_separator) {
  Segments segments;
  while (!text.empty()) {
    if (is_separator(text.front())) {
      text.remove_prefix(1);
    } else if (is_digit(text.front())) {
      segments.push_back(take_digits(text));
    } else {
      segments.push_back(take_while(text, [&](char c) { return !is_digit(c) && !is_separator(c); }));
    }
  }
  return segments;
}

bool is_zero(std::string_view segment) { return is_number(segment) && without_zeros(segment).empty(); }

/// Gem::Version: a dash stands for ".pre.", and zeros at the end of the numbers and of the whole say nothing.
Segments gem_segments(std::string_view text) {
  Segments all;
  for (bool first = true; first || !text.empty(); first = false) {
    if (!first) all.push_back("pre");
    const std::size_t dash = text.find('-');
    for (const std::string_view part : runs_of(text.substr(0, dash), [](char c) { return c == '.'; })) {
      all.push_back(part);
    }
    text = dash == std::string_view::npos ? std::string_view() : text.substr(dash + 1);
  }
  const auto word = std::ranges::find_if_not(all, is_number);
  auto numbers_end = word;
  while (numbers_end != all.begin() && is_zero(*(numbers_end - 1))) --numbers_end;
  all.erase(numbers_end, word);
  while (!all.empty() && is_zero(all.back())) all.pop_back();
  return all;
}

/// PHP's version_compare(): what a word begins with.
int packagist_rank(std::string_view word) {
  if (word.starts_with("dev")) return 0;
  if (word.starts_with("a")) return 1;
  if (word.starts_with("b")) return 2;
  if (word.starts_with("RC") || word.starts_with("rc")) return 3;
  if (word.starts_with("#") || is_number(word)) return 4;
  return word.starts_with("p") ? 5 : -1;
}

std::weak_ordering compare_packagist_segments(std::string_view a, std::string_view b) {
  if (is_number(a) && is_number(b)) return compare_numbers(a, b);
  return packagist_rank(a) <=> packagist_rank(b);
}

/// A date and time of RFC 3339, with the offset taken off.
struct Moment {
  std::int64_t seconds = 0;
  std::string_view fraction;  // digits behind the point
};

std::optional<std::int64_t> take_fixed(std::string_view& text, std::size_t digits, std::int64_t max) {
  if (text.size() < digits || !is_number(text.substr(0, digits))) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text.substr(0, digits)) value = value * 10 + (c - '0');
  text.remove_prefix(digits);
  return value <= max ? std::optional(value) : std::nullopt;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t days_since_epoch(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

std::int64_t days_in(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> k_days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && is_leap ? 29 : k_days[static_cast<std::size_t>(month - 1)];
}

/// The offset in seconds: "Z", "+02:00".
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take_char(text, 'Z')) return 0;
  const bool west = text.starts_with('-');
  if (!take_char(text, '+') && !take_char(text, '-')) return std::nullopt;
  const auto hours = take_fixed(text, 2, 23);
  if (!hours || !take_char(text, ':')) return std::nullopt;
  const auto minutes = take_fixed(text, 2, 59);
  if (!minutes) return std::nullopt;
  const std::int64_t offset = *hours * 3600 + *minutes * 60;
  return west ? -offset : offset;
}

/// RFC 3339 section 5.6
std::optional<Moment> parse_moment(std::string_view text) {
  const auto year = take_fixed(text, 4, 9999);
  if (!year || !take_char(text, '-')) return std::nullopt;
  const auto month = take_fixed(text, 2, 12);
  if (!month || *month == 0 || !take_char(text, '-')) return std::nullopt;
  const auto day = take_fixed(text, 2, days_in(*year, *month));
  if (!day || *day == 0 || !take_char(text, 'T')) return std::nullopt;
  const auto hour = take_fixed(text, 2, 23);
  if (!hour || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_fixed(text, 2, 59);
  if (!minute || !take_char(text, ':')) return std::nullopt;
  const auto second = take_fixed(text, 2, 60);
  if (!second) return std::nullopt;
  Moment moment;
  if (take_char(text, '.')) {
    moment.fraction = take_digits(text);
    if (moment.fraction.empty()) return std::nullopt;
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  while (moment.fraction.ends_with('0')) moment.fraction.remove_suffix(1);
  moment.seconds = days_since_epoch(*year, *month, *day) * 86'400 + *hour * 3600 + *minute * 60 + *second - *offset;
  return moment;
}

/// Gentoo's _alpha to _p, with what no suffix counts as between them.
int gentoo_suffix_rank(std::string_view word) {
  constexpr std::array<std::string_view, 6> k_words{"alpha", "beta", "pre", "rc", "", "p"};
  return static_cast<int>(std::ranges::find(k_words, word) - k_words.begin());
}

/// PMS 3.3, algorithm 3.3: behind the first dot, a number with a leading zero is a fraction.
std::weak_ordering compare_gentoo_number(std::string_view a, std::string_view b) {
  if (!a.starts_with('0') && !b.starts_with('0')) return compare_numbers(a, b);
  while (a.ends_with('0')) a.remove_suffix(1);
  while (b.ends_with('0')) b.remove_suffix(1);
  return compare_text(a, b);
}

std::weak_ordering compare_gentoo_numbers(std::string_view& a, std::string_view& b) {
  std::weak_ordering order = compare_numbers(take_digits(a), take_digits(b));
  while (order == k_same && a.starts_with('.') && b.starts_with('.')) {
    a.remove_prefix(1);
    b.remove_prefix(1);
    order = compare_gentoo_number(take_digits(a), take_digits(b));
  }
  return order != k_same ? order : a.starts_with('.') <=> b.starts_with('.');
}

std::weak_ordering compare_gentoo_suffixes(std::string_view& a, std::string_view& b) {
  while (a.starts_with('_') || b.starts_with('_')) {
    if (a.starts_with('_')) a.remove_prefix(1);
    if (b.starts_with('_')) b.remove_prefix(1);
    const int x = gentoo_suffix_rank(take_while(a, is_letter));
    const int y = gentoo_suffix_rank(take_while(b, is_letter));
    if (x != y) return x <=> y;
    const std::weak_ordering order = compare_numbers(take_digits(a), take_digits(b));
    if (order != k_same) return order;
  }
  return k_same;
}

}  // namespace

bool is_datetime(std::string_view text) { return parse_moment(text).has_value(); }

std::weak_ordering compare_datetime(std::string_view a, std::string_view b) {
  const auto x = parse_moment(a);
  const auto y = parse_moment(b);
  if (!x || !y) return x || y ? x.has_value() <=> y.has_value() : compare_text(a, b);
  return x->seconds != y->seconds ? x->seconds <=> y->seconds : compare_text(x->fraction, y->fraction);
}

std::weak_ordering compare_gem(std::string_view a, std::string_view b) {
  const Segments x = gem_segments(a);
  const Segments y = gem_segments(b);
  for (std::size_t i = 0; i < x.size() || i < y.size(); ++i) {
    const std::string_view left = i < x.size() ? x[i] : "0";
    const std::string_view right = i < y.size() ? y[i] : "0";
    if (is_number(left) != is_number(right)) return is_number(left) <=> is_number(right);
    const std::weak_ordering order = is_number(left) ? compare_numbers(left, right) : compare_text(left, right);
    if (order != k_same) return order;
  }
  return k_same;
}

std::weak_ordering compare_packagist(std::string_view a, std::string_view b) {
  const auto segments = [](std::string_view text) {
    if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
    return runs_of(text, [](char c) { return c == '.' || c == '-' || c == '_' || c == '+'; });
  };
  const Segments x = segments(a);
  const Segments y = segments(b);
  const std::size_t common = std::min(x.size(), y.size());
  for (std::size_t i = 0; i < common; ++i) {
    const std::weak_ordering order = compare_packagist_segments(x[i], y[i]);
    if (order != k_same) return order;
  }
  // What goes on with a number is later; what goes on with a word, as the word stands to a number.
  const Segments& longer = x.size() > common ? x : y;
  const std::weak_ordering later = x.size() > common ? std::weak_ordering::greater : std::weak_ordering::less;
  for (std::size_t i = common; i < longer.size(); ++i) {
    const int rank = packagist_rank(longer[i]);
    if (is_number(longer[i]) || rank > 4) return later;
    if (rank < 4) return 0 <=> later;
  }
  return k_same;
}

std::weak_ordering compare_openssl(std::string_view a, std::string_view b) {
  const auto is_numeric = [](char c) { return is_digit(c) || c == '.'; };
  std::string_view x = take_while(a, is_numeric);
  std::string_view y = take_while(b, is_numeric);
  while (!x.empty() || !y.empty()) {
    const std::weak_ordering order = compare_numbers(take_until(x, '.'), take_until(y, '.'));
    if (order != k_same) return order;
  }
  // 1.0.2 < 1.0.2a < 1.0.2z < 1.0.2za; then what a dash brings (beta1, pre2, dev) comes before nothing.
  const std::string_view letters_a = take_while(a, is_lower);
  const std::string_view letters_b = take_while(b, is_lower);
  if (letters_a.size() != letters_b.size()) return letters_a.size() <=> letters_b.size();
  const std::weak_ordering order = compare_text(letters_a, letters_b);
  if (order != k_same) return order;
  if (a.empty() != b.empty()) return a.empty() <=> b.empty();
  return compare_semver(std::string("0").append(a), std::string("0").append(b));
}

std::weak_ordering compare_gentoo(std::string_view a, std::string_view b) {
  std::weak_ordering order = compare_gentoo_numbers(a, b);
  if (order == k_same) order = compare_text(take_while(a, is_lower), take_while(b, is_lower));
  if (order == k_same) order = compare_gentoo_suffixes(a, b);
  if (order != k_same) return order;
  const auto revision = [](std::string_view text) { return text.starts_with("-r") ? text.substr(2) : text; };
  std::string_view x = revision(a);
  std::string_view y = revision(b);
  return compare_numbers(take_digits(x), take_digits(y));
}

}  // namespace signet::sbom
