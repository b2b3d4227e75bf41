// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace signet {

/// Bounds within which foreign JSON is read.
struct JsonLimits {
  std::size_t size_bytes_max = 1U << 20U;
  std::size_t depth_max = 32;
  std::size_t values_max = 100'000;
};

/// A JSON value (RFC 8259). Objects keep the order of their members; a duplicate member is an error when parsing,
/// because two readers would disagree on what was signed. Numbers are 64-bit integers or doubles.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  // Defined in json.cpp, so that the variant is compiled once and not by everybody who touches a value.
  Json() noexcept;
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();
  Json(std::nullptr_t) noexcept;
  Json(bool value);
  Json(int value);
  Json(std::int64_t value);
  Json(std::uint64_t value);  ///< a value beyond 2^63-1 is kept as text would be: broken invariant
  Json(double value);
  Json(const char* value);
  Json(std::string_view value);
  Json(std::string value);
  Json(Array value);
  static Json object(std::initializer_list<Member> members = {});
  static Json array(Array elements = {}) { return Json(std::move(elements)); }

  /// Parses within the limits; trailing bytes, duplicate members, invalid UTF-8 and NaN are errors ("json.…").
  static Result<Json> parse(ByteView text, const JsonLimits& limits = {});

  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] bool is_array() const;

  /// The typed value; an error names `path`, so pass where the value stood ("images[2].role").
  [[nodiscard]] Result<std::string> as_string(std::string_view path = "value") const;
  [[nodiscard]] Result<std::int64_t> as_int(std::string_view path = "value") const;
  /// An integer that is not negative.
  [[nodiscard]] Result<std::uint64_t> as_uint(std::string_view path = "value") const;
  [[nodiscard]] Result<double> as_number(std::string_view path = "value") const;
  /// JSON's true and false as an enum-free pair: writes to `out`, since Result<bool> does not exist.
  Result<void> as_bool(bool& out, std::string_view path = "value") const;

  /// Elements of an array; nothing for any other type.
  [[nodiscard]] const Array& elements() const;
  /// Members of an object; nothing for any other type.
  [[nodiscard]] const Object& members() const;

  /// A member, or null where there is none.
  [[nodiscard]] const Json* find(std::string_view name) const;
  /// A member that must exist, typed; errors name it.
  [[nodiscard]] Result<std::string> string_at(std::string_view name) const;
  [[nodiscard]] Result<std::int64_t> int_at(std::string_view name) const;
  [[nodiscard]] Result<std::uint64_t> uint_at(std::string_view name) const;
  [[nodiscard]] Result<Array> array_at(std::string_view name) const;
  [[nodiscard]] Result<Json> object_at(std::string_view name) const;
  /// Fails on a member that is not in `known`: an unknown field in a signed document is not silently ignored.
  Result<void> only_members(std::initializer_list<std::string_view> known) const;

  /// Sets or replaces a member (a null value becomes an object first); returns *this for chaining.
  Json& set(std::string_view name, Json value);
  /// Appends an element (a null value becomes an array first).
  Json& push(Json value);

  /// Compact text on one line; `indent` > 0 gives the form for people. Invalid UTF-8 is replaced.
  [[nodiscard]] std::string dump(int indent = 0) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  friend class JsonBuilder;
  void append_member(std::string name, Json value);  // the name is known to be new

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

}  // namespace signet
