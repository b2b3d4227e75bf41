// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "backend.hpp"

#include <array>

namespace signet::keystore {

Error bad_uri(std::string text) {
  return {Errc::usage, "keystore.uri", std::move(text), "See `signet help key` for how a key is named."};
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return bad_uri("a '%' in a URI must be followed by two hexadecimal digits");
    out += static_cast<char>(byte->front());
    i += 2;
  }
  if (out.find('\0') != std::string::npos) return bad_uri("a URI must not hold the byte 0 in a text");
  return out;
}

std::string percent_encode(std::string_view text, std::string_view also_kept) {
  constexpr std::string_view k_unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";  // RFC 3986 2.3
  std::string out;
  for (const char c : text) {
    const bool kept = k_unreserved.find(c) != std::string_view::npos || also_kept.find(c) != std::string_view::npos;
    out += kept ? std::string(1, c) : "%" + to_hex(std::as_bytes(std::span(&c, 1)));
  }
  return out;
}

}  // namespace signet::keystore
