// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/versions.hpp"

#include <string_view>

namespace signet::sbom {

/// The orders. None allocates unless its rule needs a list.
std::weak_ordering compare_alpm(std::string_view a, std::string_view b);
std::weak_ordering compare_apk(std::string_view a, std::string_view b);
std::weak_ordering compare_conan(std::string_view a, std::string_view b);
std::weak_ordering compare_cran(std::string_view a, std::string_view b);
std::weak_ordering compare_datetime(std::string_view a, std::string_view b);
std::weak_ordering compare_deb(std::string_view a, std::string_view b);
std::weak_ordering compare_gem(std::string_view a, std::string_view b);
std::weak_ordering compare_gentoo(std::string_view a, std::string_view b);
std::weak_ordering compare_hackage(std::string_view a, std::string_view b);
std::weak_ordering compare_maven(std::string_view a, std::string_view b);
std::weak_ordering compare_nuget(std::string_view a, std::string_view b);
std::weak_ordering compare_openssl(std::string_view a, std::string_view b);
std::weak_ordering compare_packagist(std::string_view a, std::string_view b);
std::weak_ordering compare_pub(std::string_view a, std::string_view b);
std::weak_ordering compare_pypi(std::string_view a, std::string_view b);
std::weak_ordering compare_rpm(std::string_view a, std::string_view b);
std::weak_ordering compare_semver(std::string_view a, std::string_view b);

/// Whether a text is a date that exists, as RFC 3339 writes it, with capital T and Z.
bool is_datetime(std::string_view text);

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Digits only, and at least one.
inline bool is_number(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

/// Takes the characters from the front for which `wanted` holds.
template <typename Wanted>
std::string_view take_while(std::string_view& text, Wanted wanted) {
  std::size_t size = 0;
  while (size < text.size() && wanted(text[size])) ++size;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

inline std::string_view take_digits(std::string_view& text) { return take_while(text, is_digit); }

/// Takes up to a separator, which is dropped.
inline std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

inline std::weak_ordering compare_text(std::string_view a, std::string_view b) { return a.compare(b) <=> 0; }

inline std::string_view without_zeros(std::string_view digits) {
  while (!digits.empty() && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

/// By value, whatever their length; no digits are 0.
inline std::weak_ordering compare_numbers(std::string_view a, std::string_view b) {
  a = without_zeros(a);
  b = without_zeros(b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return compare_text(a, b);
}

/// Without regard to the case of ASCII letters.
inline std::weak_ordering compare_folded(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) {
      return static_cast<unsigned char>(to_lower(a[i])) <=> static_cast<unsigned char>(to_lower(b[i]));
    }
  }
  return a.size() <=> b.size();
}

}  // namespace signet::sbom
