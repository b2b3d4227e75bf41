// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/html_text.hpp"

#include "signet/core/bytes.hpp"

#include <limits>

namespace signet::cli::video_cli {

namespace {

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string html_text(std::string_view text) {
  // Control characters and marks that turn the direction of writing are shown as \xNN.
  const std::string safe = printable(text, std::numeric_limits<std::size_t>::max());
  std::string escaped;
  escaped.reserve(safe.size());
  for (const char c : safe) {
    const std::string_view entity = entity_of(c);
    entity.empty() ? escaped += c : escaped += entity;
  }
  return escaped;
}

}  // namespace signet::cli::video_cli
