// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
#include "json_view.hpp"

#include <simdjson.h>

#include <cstring>
#include <unordered_set>

namespace signet::vuln {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t k_depth_max = 64;
constexpr std::size_t k_few_members = 24;

Error bad_json(std::string text) {
  return {Errc::invalid_input, "feed.json", std::move(text), "Fetch the document again; nothing of it was taken over."};
}

/// RFC 8259 section 4 leaves open what a member that stands twice means; two readers would see two documents.
class Duplicates {
 public:
  bool find(dom::element element) {
    if (element.is_object()) return in_object(element.get_object().value_unsafe());
    if (element.is_array()) {
      const dom::array array = element.get_array().value_unsafe();
      for (const dom::element child : array) {
        if (find(child)) return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::string_view name() const { return name_; }

 private:
  bool in_object(dom::object object) {
    const std::size_t size = object.size();
    std::array<std::string_view, k_few_members> few;
    std::unordered_set<std::string_view> many;
    std::size_t count = 0;
    for (const dom::key_value_pair member : object) {
      const bool is_twice = size <= k_few_members ? stands_in(few, count, member.key) : !many.insert(member.key).second;
      if (is_twice) {
        name_ = member.key;
        return true;
      }
      if (size <= k_few_members) few[count++] = member.key;
      if (find(member.value)) return true;
    }
    return false;
  }

  static bool stands_in(const std::array<std::string_view, k_few_members>& names, std::size_t count,
                        std::string_view name) {
    for (std::size_t i = 0; i < count; ++i) {
      if (names[i] == name) return true;
    }
    return false;
  }

  std::string_view name_;
};

}  // namespace

/// Turns nodes into the library's elements and back, so that no other source knows the library.
struct JsonNodeAccess {
  static_assert(sizeof(dom::element) == sizeof(JsonNode::place_) && std::is_trivially_copyable_v<dom::element>);

  static JsonNode make(dom::element element) {
    JsonNode node;
    std::memcpy(node.place_.data(), &element, sizeof element);
    switch (element.type()) {
      case dom::element_type::ARRAY:
        node.kind_ = '[';
        break;
      case dom::element_type::OBJECT:
        node.kind_ = '{';
        break;
      case dom::element_type::STRING:
        node.kind_ = '"';
        break;
      case dom::element_type::BOOL:
        node.kind_ = element.get_bool().value_unsafe() ? 't' : 'f';
        break;
      case dom::element_type::NULL_VALUE:
        node.kind_ = '0';
        break;
      default:
        node.kind_ = 'n';
    }
    return node;
  }
  static dom::element get(const JsonNode& node) {
    dom::element element;
    std::memcpy(static_cast<void*>(&element), node.place_.data(), sizeof element);
    return element;
  }
};

JsonNode JsonNode::operator[](std::string_view name) const {
  if (kind_ != '{') return {};
  dom::element found;
  if (JsonNodeAccess::get(*this).get_object().value_unsafe().at_key(name).get(found) != simdjson::SUCCESS) return {};
  return JsonNodeAccess::make(found);
}

std::string_view JsonNode::text() const {
  return kind_ == '"' ? JsonNodeAccess::get(*this).get_string().value_unsafe() : std::string_view();
}

std::size_t JsonNode::size() const {
  if (kind_ == '[') return JsonNodeAccess::get(*this).get_array().value_unsafe().size();
  return kind_ == '{' ? JsonNodeAccess::get(*this).get_object().value_unsafe().size() : 0;
}

void JsonNode::each_element(void* context, void (*take)(void*, JsonNode)) const {
  if (kind_ != '[') return;
  const dom::array array =
      JsonNodeAccess::get(*this).get_array().value_unsafe();  // a copy: the result is gone at the ";"
  for (const dom::element one : array) {
    take(context, JsonNodeAccess::make(one));
  }
}

void JsonNode::each_member(void* context, void (*take)(void*, std::string_view, JsonNode)) const {
  if (kind_ != '{') return;
  const dom::object object = JsonNodeAccess::get(*this).get_object().value_unsafe();
  for (const dom::key_value_pair one : object) {
    take(context, one.key, JsonNodeAccess::make(one.value));
  }
}

struct JsonParser::Impl {
  dom::parser parser;
  Bytes padded;  // the library reads beyond the end
};

JsonParser::JsonParser() : impl_(std::make_unique<Impl>()) {}
JsonParser::JsonParser(JsonParser&&) noexcept = default;
JsonParser& JsonParser::operator=(JsonParser&&) noexcept = default;
JsonParser::~JsonParser() = default;

Result<JsonNode> JsonParser::parse(ByteView text) {
  if (text.empty()) return bad_json("the document is empty");
  Impl& impl = *impl_;
  const std::size_t wanted = text.size() + simdjson::SIMDJSON_PADDING;
  if (impl.padded.size() < wanted) impl.padded.resize(wanted + wanted / 2);
  std::memcpy(impl.padded.data(), text.data(), text.size());
  std::memset(impl.padded.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  if (impl.parser.capacity() < text.size() || impl.parser.max_depth() != k_depth_max) {
    if (impl.parser.allocate(impl.padded.size(), k_depth_max) != simdjson::SUCCESS) {
      return Error(Errc::exhausted, "feed.memory", "the document needs more memory than there is",
                   "Give the program more memory, or read another form of this feed.");
    }
  }
  dom::element root;
  const auto failed = impl.parser.parse(as_uchar(ByteView(impl.padded)), text.size(), false).get(root);
  if (failed == simdjson::UTF8_ERROR) return bad_json("the document is not valid UTF-8");
  if (failed == simdjson::DEPTH_ERROR)
    return bad_json("the document is nested deeper than " + std::to_string(k_depth_max));
  if (failed != simdjson::SUCCESS) {
    return bad_json("not valid JSON: " + std::string(simdjson::error_message(failed)));
  }
  Duplicates duplicates;
  if (duplicates.find(root)) {
    return Error(Errc::invalid_input, "feed.duplicate",
                 "the member '" + printable(duplicates.name(), 60) + "' stands twice in one object",
                 "Two readers would understand two things; ask the publisher to mend the document.");
  }
  return JsonNodeAccess::make(root);
}

Instant lenient_instant(std::string_view text) {
  constexpr std::size_t k_date_size = 10;
  if (text.size() < k_date_size) return {};
  std::string full(text);
  if (full.size() == k_date_size) full += "T00:00:00Z";
  const std::size_t zone = full.find_first_of("Zz+-", k_date_size);
  if (zone == std::string::npos) full += 'Z';
  const auto instant = from_rfc3339(full);
  return instant ? *instant : Instant{};
}

}  // namespace signet::vuln
