// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: versions_fuzz)
#include "orders.hpp"

namespace signet::sbom {

namespace {

constexpr std::weak_ordering k_same = std::weak_ordering::equivalent;

/// Numbers, then what follows them: "1.2.3-rc.1+build" gives "1.2.3", "rc.1" and "build".
struct Parts {
  std::string_view numbers;
  std::string_view label;
  std::string_view build;
};

Parts split(std::string_view text) {
  if (!text.empty() && (text.front() == 'v' || text.front() == 'V')) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  Parts parts{text.substr(0, end), text.substr(end), {}};
  const std::size_t plus = parts.label.find('+');
  if (plus != std::string_view::npos) {
    parts.build = parts.label.substr(plus + 1);
    parts.label = parts.label.substr(0, plus);
  }
  if (parts.label.starts_with('-')) parts.label.remove_prefix(1);
  return parts;
}

/// Numbers between dots, missing ones being 0.
std::weak_ordering compare_dotted(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const std::weak_ordering order = compare_numbers(take_until(a, '.'), take_until(b, '.'));
    if (order != k_same) return order;
  }
  return k_same;
}

/// SemVer 2.0.0 item 11.4: numbers by value and before words; the longer list is later.
template <typename Compare>
std::weak_ordering compare_identifiers(std::string_view a, std::string_view b, Compare compare_words) {
  while (true) {
    if (a.empty() || b.empty()) return a.size() <=> b.size();
    const std::string_view x = take_until(a, '.');
    const std::string_view y = take_until(b, '.');
    std::weak_ordering order = k_same;
    if (is_number(x) && is_number(y)) {
      order = compare_numbers(x, y);
    } else if (is_number(x) != is_number(y)) {
      order = is_number(x) ? std::weak_ordering::less : std::weak_ordering::greater;
    } else {
      order = compare_words(x, y);
    }
    if (order != k_same) return order;
  }
}

/// SemVer 2.0.0 items 9 to 11: a label makes a version earlier.
template <typename Compare>
std::weak_ordering compare_parts(const Parts& a, const Parts& b, Compare compare_words) {
  const std::weak_ordering order = compare_dotted(a.numbers, b.numbers);
  if (order != k_same) return order;
  if (a.label.empty() != b.label.empty()) {
    return a.label.empty() ? std::weak_ordering::greater : std::weak_ordering::less;
  }
  return compare_identifiers(a.label, b.label, compare_words);
}

/// A list whose longer form is later ("1.0" < "1.0.0"), as R and Haskell have it.
template <typename IsSeparator>
std::weak_ordering compare_lists(std::string_view a, std::string_view b, IsSeparator is_separator) {
  const auto next = [&](std::string_view& text) {
    const std::string_view item = take_while(text, [&](char c) { return !is_separator(c); });
    if (!text.empty()) text.remove_prefix(1);
    return item;
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view x = next(a);
    const std::string_view y = next(b);
    const std::weak_ordering order = is_number(x) && is_number(y) ? compare_numbers(x, y) : compare_text(x, y);
    if (order != k_same) return order;
  }
  return !a.empty() <=> !b.empty();
}

/// What Conan calls a version item: a number if it can be, else text; a number and a text compare as text.
std::weak_ordering compare_conan_items(std::string_view a, std::string_view b) {
  const auto strip = [](std::string_view text) {  // trailing zeros say nothing
    while (true) {
      const std::size_t dot = text.rfind('.');
      const std::string_view last = dot == std::string_view::npos ? text : text.substr(dot + 1);
      if (!is_number(last) || !without_zeros(last).empty()) return text;
      if (dot == std::string_view::npos) return std::string_view();
      text = text.substr(0, dot);
    }
  };
  a = strip(a);
  b = strip(b);
  while (!a.empty() && !b.empty()) {
    const std::string_view x = take_until(a, '.');
    const std::string_view y = take_until(b, '.');
    const std::weak_ordering order = is_number(x) && is_number(y) ? compare_numbers(x, y) : compare_text(x, y);
    if (order != k_same) return order;
  }
  return !a.empty() <=> !b.empty();
}

struct ConanParts {
  std::string_view main;
  std::string_view label;
  std::string_view build;
  bool has_label = false;
};

ConanParts split_conan(std::string_view text) {
  ConanParts parts;
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) parts.build = text.substr(plus + 1);
  text = text.substr(0, plus);
  const std::size_t dash = text.find('-');
  parts.has_label = dash != std::string_view::npos;
  if (parts.has_label) parts.label = text.substr(dash + 1);
  parts.main = text.substr(0, dash);
  return parts;
}

}  // namespace

std::weak_ordering compare_semver(std::string_view a, std::string_view b) {
  return compare_parts(split(a), split(b), compare_text);
}

std::weak_ordering compare_nuget(std::string_view a, std::string_view b) {
  return compare_parts(split(a), split(b), compare_folded);
}

std::weak_ordering compare_pub(std::string_view a, std::string_view b) {
  const Parts x = split(a);
  const Parts y = split(b);
  const std::weak_ordering order = compare_parts(x, y, compare_text);
  return order != k_same ? order : compare_identifiers(x.build, y.build, compare_text);
}

std::weak_ordering compare_cran(std::string_view a, std::string_view b) {
  return compare_lists(a, b, [](char c) { return c == '.' || c == '-'; });
}

std::weak_ordering compare_hackage(std::string_view a, std::string_view b) {
  return compare_lists(a, b, [](char c) { return c == '.'; });
}

std::weak_ordering compare_conan(std::string_view a, std::string_view b) {
  const ConanParts x = split_conan(a);
  const ConanParts y = split_conan(b);
  std::weak_ordering order = compare_conan_items(x.main, y.main);
  if (order != k_same) return order;
  if (x.has_label != y.has_label) return x.has_label ? std::weak_ordering::less : std::weak_ordering::greater;
  order = compare_conan_items(x.label, y.label);
  return order != k_same ? order : compare_conan_items(x.build, y.build);
}

}  // namespace signet::sbom
