// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_metadata_fuzz)
#include "canonical.hpp"

#include "errors.hpp"

#include <algorithm>
#include <vector>

namespace signet::tuf {

namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

Result<void> append_value(std::string& out, const Json& value);

Result<void> append_object(std::string& out, const Json& value) {
  std::vector<const Json::Member*> members;
  members.reserve(value.members().size());
  for (const Json::Member& member : value.members()) members.push_back(&member);
  // By bytes, which for UTF-8 is by code point.
  std::ranges::sort(members, {}, [](const Json::Member* member) -> const std::string& { return member->first; });
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    append_string(out, members[i]->first);
    out += ':';
    TRY(append_value(out, members[i]->second));
  }
  out += '}';
  return {};
}

Result<void> append_array(std::string& out, const Json& value) {
  out += '[';
  for (std::size_t i = 0; i < value.elements().size(); ++i) {
    if (i > 0) out += ',';
    TRY(append_value(out, value.elements()[i]));
  }
  out += ']';
  return {};
}

Result<void> append_value(std::string& out, const Json& value) {
  bool flag = false;
  if (value.is_object()) return append_object(out, value);
  if (value.is_array()) return append_array(out, value);
  if (value.is_null()) {
    out += "null";
  } else if (const auto text = value.as_string()) {
    append_string(out, *text);
  } else if (const auto number = value.as_int()) {
    out += std::to_string(*number);
  } else if (value.as_bool(flag)) {
    out += flag ? "true" : "false";
  } else {
    return malformed("it holds a number with a fraction, which canonical JSON does not know");
  }
  return {};
}

}  // namespace

Result<std::string> canonical(const Json& value) {
  std::string out;
  TRY(append_value(out, value));
  return out;
}

}  // namespace signet::tuf
