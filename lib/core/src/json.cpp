// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: json_fuzz)
#include "signet/core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <unordered_set>
#include <variant>

namespace signet {

namespace {

Error bad_json(std::string reason, std::string text) {
  return {Errc::invalid_input, "json." + std::move(reason), std::move(text),
          "Check that the file is complete and of the expected kind."};
}

}  // namespace

/// Builds our value from the library's events, so that depth, size and duplicates are judged while reading, not after.
class JsonBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return fail("number", "a number is beyond 2^63-1");
    }
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t& token) override {
    // The library hands over integers that it cannot hold as rounded doubles; a rounded serial number is another one.
    if (token.find_first_of(".eE") == string_t::npos) return fail("number", "a whole number needs more than 63 bits");
    return add(Json(value));
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return fail("syntax", "binary values are not JSON"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    if (!level.names.insert(name).second)
      return fail("duplicate", "the member '" + printable(name, 60) + "' stands twice");
    level.name = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    return fail("syntax", "not valid JSON near byte " + std::to_string(position));
  }

  Result<Json> take() && {
    if (error_) return *std::move(error_);
    return std::move(root_);
  }

 private:
  struct Level {
    Json value;
    std::string name;
    std::unordered_set<std::string> names;
  };

  bool fail(std::string reason, std::string text) {
    if (!error_) error_ = bad_json(std::move(reason), std::move(text));
    return false;
  }

  bool add(Json value) {
    if (++values_ > limits_.values_max)
      return fail("too-many", "more than " + std::to_string(limits_.values_max) + " values");
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (levels_.back().value.is_array()) {
      levels_.back().value.push(std::move(value));
    } else {
      levels_.back().value.append_member(std::move(levels_.back().name), std::move(value));
    }
    return true;
  }

  bool open(Json container) {
    if (levels_.size() >= limits_.depth_max)
      return fail("too-deep", "nested deeper than " + std::to_string(limits_.depth_max));
    levels_.push_back({std::move(container), {}, {}});
    return true;
  }

  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return add(std::move(value));
  }

  JsonLimits limits_;
  std::vector<Level> levels_;
  Json root_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

Json::Json() noexcept = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;
Json::Json(std::nullptr_t) noexcept {}
Json::Json(bool value) : value_(value) {}
Json::Json(int value) : value_(std::int64_t{value}) {}
Json::Json(std::int64_t value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(Array value) : value_(std::move(value)) {}
bool Json::is_null() const { return std::holds_alternative<std::monostate>(value_); }
bool Json::is_object() const { return std::holds_alternative<Object>(value_); }
bool Json::is_array() const { return std::holds_alternative<Array>(value_); }
Json::Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {
  ensure(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()), "Json: integer within 63 bits");
}

Json Json::object(std::initializer_list<Member> members) {
  Json json;
  json.value_ = Object(members);
  return json;
}

Result<Json> Json::parse(ByteView text, const JsonLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return bad_json("too-big", "larger than the " + std::to_string(limits.size_bytes_max) + " bytes allowed here");
  }
  const std::string_view chars = as_text(text);
  // The library takes a zero byte for the end: whatever follows would be signed, but read by nobody.
  if (chars.find('\0') != std::string_view::npos) return bad_json("syntax", "not valid JSON: it holds a zero byte");
  JsonBuilder builder(limits);
  try {
    (void)nlohmann::json::sax_parse(chars.begin(), chars.end(), &builder);
  } catch (const nlohmann::json::exception&) {  // out-of-range numbers are thrown, not reported
    return bad_json("syntax", "not valid JSON");
  }
  return std::move(builder).take();
}

namespace {

Error wrong_type(std::string_view path, std::string_view wanted) {
  return bad_json("wrong-type", "'" + std::string(path) + "' must be " + std::string(wanted));
}

Error missing(std::string_view name) { return bad_json("missing", "'" + std::string(name) + "' is missing"); }

}  // namespace

Result<std::string> Json::as_string(std::string_view path) const {
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  return wrong_type(path, "a text");
}

Result<std::int64_t> Json::as_int(std::string_view path) const {
  if (const auto* number = std::get_if<std::int64_t>(&value_)) return *number;
  return wrong_type(path, "a whole number");
}

Result<std::uint64_t> Json::as_uint(std::string_view path) const {
  const auto* number = std::get_if<std::int64_t>(&value_);
  if (number == nullptr || *number < 0) return wrong_type(path, "a whole number that is not negative");
  return static_cast<std::uint64_t>(*number);
}

Result<double> Json::as_number(std::string_view path) const {
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*number);
  return wrong_type(path, "a number");
}

Result<void> Json::as_bool(bool& out, std::string_view path) const {
  const auto* flag = std::get_if<bool>(&value_);
  if (flag == nullptr) return wrong_type(path, "true or false");
  out = *flag;
  return {};
}

const Json::Array& Json::elements() const {
  static const Array k_none;
  const auto* array = std::get_if<Array>(&value_);
  return array != nullptr ? *array : k_none;
}

const Json::Object& Json::members() const {
  static const Object k_none;
  const auto* object = std::get_if<Object>(&value_);
  return object != nullptr ? *object : k_none;
}

const Json* Json::find(std::string_view name) const {
  const Object& all = members();
  const auto it = std::ranges::find(all, name, &Member::first);
  return it != all.end() ? &it->second : nullptr;
}

Result<std::string> Json::string_at(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr) return missing(name);
  return member->as_string(name);
}

Result<std::int64_t> Json::int_at(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr) return missing(name);
  return member->as_int(name);
}

Result<std::uint64_t> Json::uint_at(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr) return missing(name);
  return member->as_uint(name);
}

Result<Json::Array> Json::array_at(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr) return missing(name);
  if (!member->is_array()) return wrong_type(name, "a list");
  return member->elements();
}

Result<Json> Json::object_at(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr) return missing(name);
  if (!member->is_object()) return wrong_type(name, "an object");
  return *member;
}

Result<void> Json::only_members(std::initializer_list<std::string_view> known) const {
  if (!is_object()) return wrong_type("value", "an object");
  for (const Member& member : members()) {
    if (std::ranges::find(known, member.first) == known.end()) {
      return bad_json("unknown-member", "the member '" + printable(member.first, 60) + "' is not known here");
    }
  }
  return {};
}

Json& Json::set(std::string_view name, Json value) {
  if (is_null()) value_ = Object();
  auto* object = std::get_if<Object>(&value_);
  ensure(object != nullptr, "Json: set() on an object");
  const auto it = std::ranges::find(*object, name, &Member::first);
  if (it != object->end()) {
    it->second = std::move(value);
  } else {
    object->emplace_back(std::string(name), std::move(value));
  }
  return *this;
}

void Json::append_member(std::string name, Json value) {
  std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array();
  auto* array = std::get_if<Array>(&value_);
  ensure(array != nullptr, "Json: push() on an array");
  array->push_back(std::move(value));
  return *this;
}

std::string Json::dump(int indent) const {
  using Ordered = nlohmann::ordered_json;
  const auto convert = [](const auto& self, const Json& json) -> Ordered {
    return std::visit(
        [&self](const auto& value) -> Ordered {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::monostate>) {
            return nullptr;
          } else if constexpr (std::is_same_v<T, Array>) {
            Ordered array = Ordered::array();
            for (const Json& element : value) array.push_back(self(self, element));
            return array;
          } else if constexpr (std::is_same_v<T, Object>) {
            Ordered::object_t object;
            object.reserve(value.size());
            for (const Member& member : value)
              object.std::vector<std::pair<const std::string, Ordered>>::emplace_back(member.first,
                                                                                      self(self, member.second));
            return object;
          } else {
            return value;
          }
        },
        json.value_);
  };
  return convert(convert, *this).dump(indent > 0 ? indent : -1, ' ', false, Ordered::error_handler_t::replace);
}

}  // namespace signet
