// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: purl_fuzz)
#include "signet/sbom/purl.hpp"

#include "signet/core/bytes.hpp"

#include "orders.hpp"
#include "percent.hpp"
#include "purl_types.hpp"

#include <algorithm>

namespace signet::sbom {

namespace {

Error bad(std::string_view reason, std::string text, std::string hint) {
  return {Errc::invalid_input, "purl." + std::string(reason), std::move(text), std::move(hint)};
}

void lower(std::string& text) { std::ranges::transform(text, text.begin(), to_lower); }

bool is_type(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; });
}

bool is_key(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

/// What a path is the same without.
bool says_nothing(std::string_view segment, bool is_subpath) {
  return segment.empty() || (is_subpath && (segment == "." || segment == ".."));
}

/// Decoded segments between "/" without empty ones; of a subpath, "." and ".." say nothing either.
Result<std::string> join_segments(std::string_view text, bool is_subpath) {
  std::string joined;
  while (!text.empty()) {
    TRY_ASSIGN(const std::string segment, percent_decoded(take_until(text, '/')));
    if (says_nothing(segment, is_subpath)) continue;
    // A decoded "/" would be read as a border next time.
    if (segment.find('/') != std::string::npos) {
      return bad(is_subpath ? "subpath" : "namespace", "a segment holds an encoded '/'", "Write segments between '/'.");
    }
    joined += (joined.empty() ? "" : "/") + segment;
  }
  return joined;
}

/// Takes empty segments out, and of a subpath "." and "..".
void normalize_path(std::string& path, bool is_subpath) {
  std::string joined;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view segment = take_until(rest, '/');
    if (says_nothing(segment, is_subpath)) continue;
    if (!joined.empty()) joined += '/';
    joined += segment;
  }
  path = std::move(joined);
}

Result<void> add_qualifiers(std::string_view text, PurlParts& parts) {
  while (!text.empty()) {
    std::string_view pair = take_until(text, '&');
    if (pair.empty()) continue;
    if (parts.qualifiers.size() >= k_purl_qualifiers_max) {
      return bad("qualifier", "there are too many qualifiers", "Keep those that identify the package.");
    }
    const std::string_view key = take_until(pair, '=');
    TRY_ASSIGN(std::string value, percent_decoded(pair));
    parts.qualifiers.emplace_back(key, std::move(value));
  }
  return {};
}

Result<PurlParts> split(std::string_view text) {
  if (text.size() > k_purl_size_bytes_max) {
    return bad("too-long", "the package URL is longer than " + std::to_string(k_purl_size_bytes_max) + " bytes",
               "Give one package URL.");
  }
  const std::string_view whole = text;
  PurlParts parts;
  const auto cut_tail = [&](std::size_t at) {
    const std::string_view tail = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
  };
  TRY_ASSIGN(parts.subpath, join_segments(cut_tail(text.rfind('#')), true));
  TRY(add_qualifiers(cut_tail(text.rfind('?')), parts));
  if (text.size() < 4 || compare_folded(text.substr(0, 4), "pkg:") != std::weak_ordering::equivalent) {
    return bad("scheme",
               "'" + printable(whole, 60) + "' does not begin with pkg:", "Write it as in pkg:deb/debian/curl@7.88.");
  }
  text.remove_prefix(4);
  while (text.starts_with('/')) text.remove_prefix(1);
  parts.type = take_until(text, '/');
  while (text.ends_with('/')) text.remove_suffix(1);
  // The version follows the last "@" of the last segment: an npm scope may have come without encoding.
  const std::size_t last_slash = text.rfind('/');
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos && (last_slash == std::string_view::npos || at > last_slash)) {
    TRY_ASSIGN(parts.version, percent_decoded(cut_tail(at)));
  }
  const std::size_t slash = text.rfind('/');
  TRY_ASSIGN(parts.name, percent_decoded(slash == std::string_view::npos ? text : text.substr(slash + 1)));
  if (slash != std::string_view::npos) {
    TRY_ASSIGN(parts.name_space, join_segments(text.substr(0, slash), false));
  }
  return parts;
}

}  // namespace

Result<Purl> Purl::parse(std::string_view text) {
  TRY_ASSIGN(PurlParts parts, split(text));
  for (const auto& [key, value] : parts.qualifiers) {
    std::string small = key;
    lower(small);
    std::string type = parts.type;
    lower(type);
    if (small != key && defines_qualifier(type, small)) {
      return bad("qualifier", "the qualifier '" + printable(key, 40) + "' has capital letters", "Write " + small + ".");
    }
  }
  return build(std::move(parts));
}

Result<Purl> Purl::canonicalise(std::string_view text) {
  TRY_ASSIGN(PurlParts parts, split(text));
  return build(std::move(parts));
}

Result<Purl> Purl::build(PurlParts parts) {
  if (!is_type(parts.type)) {
    return bad("type", "'" + printable(parts.type, 40) + "' is no type of packages",
               "A type is letters, digits, '.' and '-', and begins with a letter.");
  }
  lower(parts.type);
  for (const std::string* text : {&parts.name_space, &parts.name, &parts.version, &parts.subpath}) {
    if (!is_plain_text(*text)) return bad("text", "a part is not UTF-8", "Give it as UTF-8.");
  }
  for (auto& [key, value] : parts.qualifiers) {
    if (!is_plain_text(value)) return bad("text", "a qualifier is not UTF-8", "Give it as UTF-8.");
    if (!is_key(key)) {
      return bad("qualifier", "'" + printable(key, 40) + "' is no key of a qualifier",
                 "A key is letters, digits, '.', '-' and '_', and begins with a letter.");
    }
    lower(key);
  }
  std::erase_if(parts.qualifiers, [](const auto& pair) { return pair.second.empty(); });
  std::ranges::sort(parts.qualifiers);
  const auto twice = std::ranges::adjacent_find(parts.qualifiers, {}, [](const auto& pair) { return pair.first; });
  if (twice != parts.qualifiers.end()) {
    return bad("qualifier", "the qualifier '" + printable(twice->first, 40) + "' is given twice", "Keep one.");
  }
  normalize_path(parts.name_space, false);
  normalize_path(parts.subpath, true);
  if (parts.type == "git") normalize_path(parts.name, false);
  if (parts.name.empty()) return bad("name", "the package has no name", "A package URL always names the package.");
  TRY(apply_type_rules(parts));
  return Purl(std::move(parts));
}

std::string_view Purl::qualifier(std::string_view key) const {
  const auto at =
      std::ranges::find(parts_.qualifiers, key, [](const auto& pair) { return std::string_view(pair.first); });
  return at == parts_.qualifiers.end() ? std::string_view() : std::string_view(at->second);
}

std::string Purl::to_string() const {
  std::string text = "pkg:" + parts_.type + "/";
  const auto append_path = [&](std::string_view path) {
    while (!path.empty()) {
      append_encoded(text, take_until(path, '/'));
      if (!path.empty()) text += '/';
    }
  };
  append_path(parts_.name_space);
  if (!parts_.name_space.empty()) text += '/';
  if (parts_.type == "git") {
    append_path(parts_.name);
  } else {
    append_encoded(text, parts_.name);
  }
  if (!parts_.version.empty()) {
    text += '@';
    append_encoded(text, parts_.version);
  }
  char before = '?';
  for (const auto& [key, value] : parts_.qualifiers) {
    text += before;
    text += key;
    text += '=';
    append_encoded(text, value);
    before = '&';
  }
  if (!parts_.subpath.empty()) {
    text += '#';
    append_path(parts_.subpath);
  }
  return text;
}

}  // namespace signet::sbom
