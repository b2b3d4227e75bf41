// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: cpe_fuzz)
#include "signet/vuln/cpe.hpp"

#include "signet/core/bytes.hpp"

#include <algorithm>
#include <vector>

namespace signet::vuln {

namespace {

Error bad(std::string_view reason, std::string text) {
  return {Errc::invalid_input, "cpe." + std::string(reason), std::move(text),
          "Write it as in cpe:2.3:a:haxx:curl:7.88.1:*:*:*:*:*:*:*, with \\ before special characters."};
}

Error bad_value(std::string_view text) {
  return bad("value", "'" + printable(text, 60) + "' is no value of a CPE name");
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; }
bool is_printable(char c) { return c > 0x20 && c < 0x7f; }

/// Takes wildcards from one end: one "*", or any number of "?" (NISTIR 7695 section 5.3.2).
std::size_t take_wildcards(std::string_view& text, bool at_end) {
  const auto is_quoted = [&] {  // an odd number of backslashes before the last character
    std::size_t count = 0;
    while (count + 1 < text.size() && text[text.size() - 2 - count] == '\\') ++count;
    return count % 2 == 1;
  };
  std::size_t count = 0;
  while (!text.empty()) {
    const char c = at_end ? text.back() : text.front();
    if ((c != '*' && c != '?') || (at_end && is_quoted())) break;
    if (c == '*' && count > 0) break;
    if (at_end) {
      text.remove_suffix(1);
    } else {
      text.remove_prefix(1);
    }
    if (c == '*') return CpeValue::k_unlimited;
    ++count;
  }
  return count;
}

Result<CpeValue> parse_value(std::string_view whole) {
  CpeValue value;
  if (whole == "*" || whole.empty()) return value;
  if (whole == "-") {
    value.kind = CpeValue::Kind::na;
    return value;
  }
  std::string_view text = whole;
  value.kind = CpeValue::Kind::text;
  value.before_max = take_wildcards(text, false);
  value.after_max = take_wildcards(text, true);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size()) return bad_value(whole);
    } else if (text[i] == '*' || text[i] == '?') {
      return bad_value(whole);  // wildcards stand at the ends only
    }
    if (!is_printable(text[i])) return bad_value(whole);
    value.text += to_lower(text[i]);
  }
  return value;
}

/// Pieces between ":" that no backslash quotes.
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') {
      pieces.emplace_back();
      continue;
    }
    pieces.back() += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) pieces.back() += text[++i];
  }
  return pieces;
}

/// A component of the URI binding as one of the formatted string (NISTIR 7695 section 6.1.3).
Result<std::string> from_uri(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return bad_value(text);
      c = static_cast<char>(byte->front());
      i += 2;
      if (c == '\x01' || c == '\x02') {
        out += c == '\x01' ? '?' : '*';
        continue;
      }
    } else if (text == "-") {
      return std::string("-");
    }
    c = to_lower(c);
    if (!is_plain(c)) out += '\\';
    out += c;
  }
  // A dash alone would be "not applicable".
  return out == "-" ? std::string("\\-") : out;
}

/// part:vendor:product:version:update:edition:language, where an edition may be packed: ~ed~sw~tsw~thw~other
Result<std::vector<std::string>> uri_pieces(std::string_view text) {
  std::vector<std::string> pieces;
  std::vector<std::string> packed;
  std::size_t number = 0;
  for (bool more = true; more; ++number) {
    const std::size_t colon = text.find(':');
    std::string_view piece = text.substr(0, colon);
    more = colon != std::string_view::npos;
    if (more) text.remove_prefix(colon + 1);
    if (number > Cpe::language) return bad("attributes", "the CPE URI has more than seven parts");
    if (number == Cpe::edition && piece.starts_with('~')) {
      for (piece.remove_prefix(1);;) {
        const std::size_t tilde = piece.find('~');
        TRY_ASSIGN(std::string one, from_uri(piece.substr(0, tilde)));
        packed.push_back(std::move(one));
        if (tilde == std::string_view::npos) break;
        piece.remove_prefix(tilde + 1);
      }
      if (packed.size() != 5) return bad("attributes", "the packed edition has not five parts");
      pieces.push_back(packed[0]);
      continue;
    }
    TRY_ASSIGN(std::string one, from_uri(piece));
    pieces.push_back(std::move(one));
  }
  pieces.resize(Cpe::language + 1);
  for (std::size_t i = 1; i < 5; ++i) pieces.push_back(packed.empty() ? "" : packed[i]);
  return pieces;
}

/// Whether the text with its wildcards covers all of `target`.
bool covers(const CpeValue& pattern, std::string_view target) {
  for (std::size_t at = target.find(pattern.text); at != std::string_view::npos;
       at = target.find(pattern.text, at + 1)) {
    if (at > pattern.before_max) return false;
    if (target.size() - at - pattern.text.size() <= pattern.after_max) return true;
  }
  return false;
}

/// NISTIR 7696 table 6-2
CpeRelation compare(const CpeValue& source, const CpeValue& target) {
  using enum CpeRelation;
  using Kind = CpeValue::Kind;
  if (target.kind == Kind::text && target.has_wildcard()) return undefined;
  if (source == target) return equal;
  if (source.kind == Kind::any) return superset;
  if (target.kind == Kind::any) return subset;
  if (source.kind == Kind::na || target.kind == Kind::na) return disjoint;
  return source.has_wildcard() && covers(source, target.text) ? superset : disjoint;
}

void append_wildcards(std::string& to, std::size_t count) {
  if (count == CpeValue::k_unlimited) {
    to += '*';
  } else {
    to.append(count, '?');
  }
}

void append_value(std::string& to, const CpeValue& value) {
  if (value.kind != CpeValue::Kind::text) {
    to += value.kind == CpeValue::Kind::any ? '*' : '-';
    return;
  }
  append_wildcards(to, value.before_max);
  const bool is_dash = value.text == "-" && !value.has_wildcard();
  for (const char c : value.text) {
    if (!is_plain(c) || is_dash) to += '\\';
    to += c;
  }
  append_wildcards(to, value.after_max);
}

}  // namespace

Result<Cpe> Cpe::parse(std::string_view text) {
  if (text.size() > k_cpe_size_bytes_max) return bad("too-long", "the CPE name is too long");
  std::vector<std::string> pieces;
  if (text.starts_with("cpe:2.3:")) {
    pieces = pieces_of(text.substr(8));
    if (std::ranges::any_of(pieces, [](const std::string& piece) { return piece.empty(); })) return bad_value("");
  } else if (text.starts_with("cpe:/")) {
    TRY_ASSIGN(pieces, uri_pieces(text.substr(5)));
  } else {
    return bad("prefix", "'" + printable(text, 60) + "' is no CPE name");
  }
  if (pieces.size() != k_cpe_attributes) {
    return bad("attributes", "the CPE name has " + std::to_string(pieces.size()) + " attributes, not eleven");
  }
  Cpe cpe;
  for (std::size_t i = 0; i < k_cpe_attributes; ++i) {
    TRY_ASSIGN(cpe.values_[i], parse_value(pieces[i]));
  }
  const CpeValue& kind = cpe.values_[part];
  if (kind.kind == CpeValue::Kind::text && kind.text != "a" && kind.text != "o" && kind.text != "h") {
    return bad("part", "the part of a CPE name is a, o or h");
  }
  return cpe;
}

CpeRelation Cpe::relation_to(const Cpe& target) const {
  bool any_subset = false;
  bool any_superset = false;
  bool any_undefined = false;
  for (std::size_t i = 0; i < k_cpe_attributes; ++i) {
    const CpeRelation one = compare(values_[i], target.values_[i]);
    if (one == CpeRelation::disjoint) return one;
    any_subset = any_subset || one == CpeRelation::subset;
    any_superset = any_superset || one == CpeRelation::superset;
    any_undefined = any_undefined || one == CpeRelation::undefined;
  }
  if (any_undefined || (any_subset && any_superset)) return CpeRelation::undefined;
  if (any_subset) return CpeRelation::subset;
  return any_superset ? CpeRelation::superset : CpeRelation::equal;
}

bool Cpe::matches(const Cpe& target) const {
  const CpeRelation relation = relation_to(target);
  return relation == CpeRelation::equal || relation == CpeRelation::superset;
}

std::string Cpe::to_string() const {
  std::string text = "cpe:2.3";
  for (const CpeValue& value : values_) {
    text += ':';
    append_value(text, value);
  }
  return text;
}

}  // namespace signet::vuln
