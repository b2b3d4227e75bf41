// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "percent.hpp"

#include "signet/core/bytes.hpp"

#include "orders.hpp"

#include <array>

namespace signet::sbom {

namespace {

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Error bad_encoding(std::string_view text) {
  return {Errc::invalid_input, "percent.syntax", "'" + printable(text, 60) + "' is not percent-encoded UTF-8",
          "Write % as %25, and other characters as the hexadecimal bytes of their UTF-8."};
}

/// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead >= 0x80 && (lead < 0xc2 || lead > 0xf4)) return false;
    if (text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0U) != 0x80) return false;
    }
    const auto next = more == 0 ? 0U : static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) || (lead == 0xf0 && next < 0x90) ||
        (lead == 0xf4 && next > 0x8f)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace

bool is_plain_text(std::string_view text) { return is_utf8(text) && text.find('\0') == std::string_view::npos; }

Result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = text.size() - i > 2 ? hex_value(text[i + 1]) : -1;
    const int low = text.size() - i > 2 ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return bad_encoding(text);
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!is_plain_text(decoded)) return bad_encoding(text);
  return decoded;
}

void append_encoded(std::string& to, std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_digit(c) || is_letter(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':') {
      to += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    to += {'%', k_digits[code >> 4U], k_digits[code & 0xfU]};
  }
}

}  // namespace signet::sbom
