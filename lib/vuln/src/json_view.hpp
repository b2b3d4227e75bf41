// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace signet::vuln {

/// A value in a parsed document, valid until its JsonParser parses the next. Asking a value for what it is not gives
/// nothing: no text, no members, no elements.
class JsonNode {
 public:
  JsonNode() = default;

  [[nodiscard]] bool exists() const { return kind_ != 0; }
  [[nodiscard]] bool is_object() const { return kind_ == '{'; }
  [[nodiscard]] bool is_array() const { return kind_ == '['; }
  [[nodiscard]] bool is_text() const { return kind_ == '"'; }
  [[nodiscard]] bool is_true() const { return kind_ == 't'; }

  /// A member, or a value that does not exist.
  [[nodiscard]] JsonNode operator[](std::string_view name) const;
  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] std::string_view text(std::string_view name) const { return (*this)[name].text(); }
  [[nodiscard]] std::size_t size() const;

  /// Calls `take(JsonNode)` with each element of an array.
  template <typename Take>
  void each(Take take) const {
    each_element(&take, [](void* context, JsonNode node) { (*static_cast<Take*>(context))(node); });
  }
  /// Calls `take(std::string_view, JsonNode)` with each member of an object.
  template <typename Take>
  void each_named(Take take) const {
    each_member(
        &take, [](void* context, std::string_view name, JsonNode node) { (*static_cast<Take*>(context))(name, node); });
  }

 private:
  friend class JsonParser;
  friend struct JsonNodeAccess;
  void each_element(void* context, void (*take)(void*, JsonNode)) const;
  void each_member(void* context, void (*take)(void*, std::string_view, JsonNode)) const;

  std::array<std::uintptr_t, 2> place_{};
  char kind_ = 0;
};

/// Parses whole documents of untrusted JSON: valid UTF-8, no member twice, at most 64 levels.
class JsonParser {
 public:
  JsonParser();
  JsonParser(JsonParser&&) noexcept;
  JsonParser& operator=(JsonParser&&) noexcept;
  ~JsonParser();

  /// Malformed: "feed.json", "feed.duplicate".
  Result<JsonNode> parse(ByteView text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// As from_rfc3339, but a date without a zone is one in UTC, and a date without time is its midnight; what is no date
/// at all is the epoch. Records of CVE have all of these.
[[nodiscard]] Instant lenient_instant(std::string_view text);

}  // namespace signet::vuln
