// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: versions_fuzz)
#include "orders.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::sbom {

namespace {

constexpr std::weak_ordering k_same = std::weak_ordering::equivalent;

/// A version of PEP 440, as slices of its text.
struct Pep440 {
  std::string_view epoch;
  std::string_view release;
  char pre = 0;  // 'a', 'b' or 'r'
  std::string_view pre_number;
  bool has_post = false;
  std::string_view post_number;
  bool has_dev = false;
  std::string_view dev_number;
  std::string_view local;
};

bool is_separator(char c) { return c == '.' || c == '-' || c == '_'; }

/// Takes [-_.]? WORD [-_.]? DIGITS? for the first word that fits; gives its place in the list.
template <std::size_t Count>
std::optional<std::size_t> take_word(std::string_view& text, const std::array<std::string_view, Count>& words,
                                     std::string_view& digits) {
  std::string_view rest = text;
  if (!rest.empty() && is_separator(rest.front())) rest.remove_prefix(1);
  for (std::size_t i = 0; i < Count; ++i) {
    if (compare_folded(rest.substr(0, words[i].size()), words[i]) != k_same) continue;
    text = rest.substr(words[i].size());
    std::string_view number = text;
    if (!number.empty() && is_separator(number.front())) number.remove_prefix(1);
    if (!number.empty() && is_digit(number.front())) {
      digits = take_digits(number);
      text = number;
    }
    return i;
  }
  return std::nullopt;
}

bool is_local(std::string_view text) {
  bool after_separator = true;
  for (const char c : text) {
    if (is_separator(c) ? after_separator : !is_digit(c) && !is_letter(c)) return false;
    after_separator = is_separator(c);
  }
  return !after_separator;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "1", "1.2", "1.2.3": dots only between digits.
std::string_view take_release(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || (text[end] == '.' && end > 0 && is_digit(text[end - 1]) &&
                                                       end + 1 < text.size() && is_digit(text[end + 1])))) {
    ++end;
  }
  const std::string_view release = text.substr(0, end);
  text.remove_prefix(end);
  return release;
}

/// PEP 440 appendix B.
std::optional<Pep440> parse(std::string_view text) {
  constexpr std::array<std::string_view, 8> k_pre{"alpha", "beta", "preview", "pre", "rc", "a", "b", "c"};
  constexpr std::array<char, 8> k_pre_code{'a', 'b', 'r', 'r', 'r', 'a', 'b', 'r'};
  constexpr std::array<std::string_view, 3> k_post{"post", "rev", "r"};
  constexpr std::array<std::string_view, 1> k_dev{"dev"};
  text = trimmed(text);
  if (!text.empty() && to_lower(text.front()) == 'v') text.remove_prefix(1);
  Pep440 version;
  std::string_view rest = text;
  version.epoch = take_digits(rest);
  if (!version.epoch.empty() && rest.starts_with('!')) {
    text = rest.substr(1);
  } else {
    version.epoch = {};
  }
  version.release = take_release(text);
  if (version.release.empty()) return std::nullopt;
  if (const auto pre = take_word(text, k_pre, version.pre_number)) version.pre = k_pre_code[*pre];
  if (text.size() > 1 && text.front() == '-' && is_digit(text[1])) {
    text.remove_prefix(1);
    version.has_post = true;
    version.post_number = take_digits(text);
  } else {
    version.has_post = take_word(text, k_post, version.post_number).has_value();
  }
  version.has_dev = take_word(text, k_dev, version.dev_number).has_value();
  if (text.starts_with('+')) {
    version.local = text.substr(1);
    return is_local(version.local) ? std::optional(version) : std::nullopt;
  }
  return text.empty() ? std::optional(version) : std::nullopt;
}

std::weak_ordering compare_release(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const std::weak_ordering order = compare_numbers(take_until(a, '.'), take_until(b, '.'));
    if (order != k_same) return order;
  }
  return k_same;
}

/// A development release of a final one comes before its pre-releases, these before the final one.
int pre_rank(const Pep440& version) {
  if (version.pre != 0) return version.pre;
  return version.has_dev && !version.has_post ? 0 : 'z';
}

std::weak_ordering compare_local(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view x = take_while(a, [](char c) { return !is_separator(c); });
    const std::string_view y = take_while(b, [](char c) { return !is_separator(c); });
    if (!a.empty()) a.remove_prefix(1);
    if (!b.empty()) b.remove_prefix(1);
    if (is_number(x) != is_number(y)) return is_number(x) <=> is_number(y);
    const std::weak_ordering order = is_number(x) ? compare_numbers(x, y) : compare_folded(x, y);
    if (order != k_same) return order;
  }
  return !a.empty() <=> !b.empty();
}

std::weak_ordering compare_parsed(const Pep440& a, const Pep440& b) {
  std::weak_ordering order = compare_numbers(a.epoch, b.epoch);
  if (order == k_same) order = compare_release(a.release, b.release);
  if (order == k_same) order = pre_rank(a) <=> pre_rank(b);
  if (order == k_same && a.pre != 0) order = compare_numbers(a.pre_number, b.pre_number);
  if (order == k_same) order = a.has_post <=> b.has_post;
  if (order == k_same) order = compare_numbers(a.post_number, b.post_number);
  if (order == k_same) order = b.has_dev <=> a.has_dev;
  if (order == k_same) order = compare_numbers(a.dev_number, b.dev_number);
  return order != k_same ? order : compare_local(a.local, b.local);
}

/// The key by which setuptools ordered what is no version of PEP 440 (LegacyVersion of packaging before 22).
std::string legacy_key(std::string_view text) {
  std::vector<std::string> parts;
  const auto add = [&](std::string part) {
    if (part.front() == '*') {
      while (part < "*final" && !parts.empty() && parts.back() == "*final-") parts.pop_back();
      while (!parts.empty() && parts.back() == "00000000") parts.pop_back();
    }
    parts.push_back(std::move(part));
  };
  while (!text.empty()) {
    std::string_view digits = take_digits(text);
    if (!digits.empty()) {
      std::string padded(digits.size() < 8 ? 8 - digits.size() : 0, '0');
      add(padded.append(digits));
      continue;
    }
    const std::string_view word = take_while(text, is_letter);
    std::string part;
    for (const char c : word) part += to_lower(c);
    if (part == "pre" || part == "preview" || part == "rc") part = "c";
    if (part == "dev") part = "@";
    if (word.empty()) {
      if (text.front() == '-') part = "final-";
      text.remove_prefix(1);
    }
    if (!part.empty()) add("*" + part);
  }
  add("*final");
  std::string key;
  for (const std::string& part : parts) key += part;
  return key;
}

}  // namespace

std::weak_ordering compare_pypi(std::string_view a, std::string_view b) {
  const std::optional<Pep440> x = parse(a);
  const std::optional<Pep440> y = parse(b);
  if (x && y) return compare_parsed(*x, *y);
  if (x || y) return x.has_value() <=> y.has_value();
  return compare_text(legacy_key(a), legacy_key(b));
}

}  // namespace signet::sbom
