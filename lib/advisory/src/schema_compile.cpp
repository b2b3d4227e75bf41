// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <unordered_map>

namespace signet::advisory {

namespace {

Error bad_schema(std::string reason, std::string text) {
  return {Errc::invalid_input, "schema." + std::move(reason), std::move(text), "Give the schema whole."};
}

/// The address of a schema without its fragment and query ("cvss-v3.1.json?20211103" is "cvss-v3.1.json").
std::string_view base_of(std::string_view address) { return address.substr(0, address.find_first_of("#?")); }

std::string_view last_step(std::string_view address) { return address.substr(address.find_last_of('/') + 1); }

}  // namespace

std::size_t PropertyTable::slot_of(std::string_view name) const {
  const std::size_t first = name.empty() ? 0 : static_cast<unsigned char>(name.front());
  const std::size_t last = name.empty() ? 0 : static_cast<unsigned char>(name.back());
  return (name.size() * 31 + first * 7 + last * 13) & (slots_.size() - 1);
}

void PropertyTable::build(std::vector<Property> properties) {
  properties_ = std::move(properties);
  std::size_t size = 4;
  while (size < 3 * properties_.size()) size *= 2;
  slots_.assign(size, 0);
  for (std::size_t i = 0; i < properties_.size(); ++i) {
    std::size_t slot = slot_of(properties_[i].name);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<std::uint16_t>(i + 1);
  }
}

const Rule* PropertyTable::find(std::string_view name) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t slot = slot_of(name); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const Property& property = properties_[slots_[slot] - 1U];
    if (property.name == name) return property.rule;
  }
  return nullptr;
}

struct SchemaSet::State {
  struct Document {
    std::string name;
    TreeReader reader;
    const Node* root = nullptr;
  };
  std::deque<Document> documents;
  std::deque<Rule> rules;
  std::deque<Pattern> patterns;
  std::unordered_map<const Node*, Rule*> compiled;
};

/// Turns schemas into rules; a schema that refers to itself gets one rule that points to itself.
class SchemaCompiler {
 public:
  explicit SchemaCompiler(SchemaSet::State& state) : state_(state) {}

  Result<const Rule*> resolve(const SchemaSet::State::Document* from, std::string_view reference) {
    const std::string_view base = base_of(reference);
    const auto* document = base.empty() ? from : find(base);
    if (document == nullptr) {
      return bad_schema("reference", "the schema " + std::string(base) + " is not known");
    }
    const std::size_t hash = reference.find('#');
    const Node* node = document->root;
    std::string_view path = hash == std::string_view::npos ? "" : reference.substr(hash + 1);
    while (!path.empty()) {
      if (path.front() != '/')
        return bad_schema("reference", "the reference " + std::string(reference) + " is no path");
      path.remove_prefix(1);
      const std::string_view step = path.substr(0, path.find('/'));
      path.remove_prefix(step.size());
      node = step_into(*node, step);
      if (node == nullptr || !node->exists()) {
        return bad_schema("reference", "nothing is at " + std::string(reference));
      }
    }
    return compile(*document, *node, false);
  }

 private:
  using Document = SchemaSet::State::Document;

  static const Node* step_into(const Node& node, std::string_view step) {
    if (!node.is_array()) return &node[step];
    std::size_t number = 0;
    const auto done = std::from_chars(step.data(), step.data() + step.size(), number);
    return done.ec == std::errc() && number < node.size() ? &node.items()[number] : nullptr;
  }

  const Document* find(std::string_view base) const {
    for (const Document& one : state_.documents) {
      if (one.name == base || base_of((*one.root)["$id"].text()) == base) return &one;
    }
    for (const Document& one : state_.documents) {  // a relative reference: "spdx.schema.json"
      if (last_step(one.name) == last_step(base) || last_step(base_of((*one.root)["$id"].text())) == last_step(base)) {
        return &one;
      }
    }
    return nullptr;
  }

  Result<const Rule*> compile(const Document& document, const Node& node, bool is_part) {
    const auto known = state_.compiled.find(&node);
    if (known != state_.compiled.end()) return known->second;
    Rule& rule = state_.rules.emplace_back();
    state_.compiled.emplace(&node, &rule);
    rule.is_part = is_part;
    if (node.type() == Node::Type::boolean) {
      rule.is_never = !node.is_true();
      return &rule;
    }
    if (!node.is_object()) return bad_schema("type", "a schema is neither an object nor true or false");
    TRY(compile_values(document, node, rule));
    TRY(compile_object(document, node, rule));
    TRY(compile_array(document, node, rule));
    TRY(compile_logic(document, node, rule));
    return &rule;
  }

  Result<void> sub(const Document& document, const Node& node, bool is_part, const Rule*& to) {
    if (!node.exists()) return {};
    TRY_ASSIGN(to, compile(document, node, is_part));
    return {};
  }

  Result<void> subs(const Document& document, const Node& nodes, bool is_part, std::vector<const Rule*>& to) {
    for (const Node& node : nodes.items()) {
      TRY_ASSIGN(const Rule* rule, compile(document, node, is_part));
      to.push_back(rule);
    }
    return {};
  }

  static std::uint32_t type_bits(std::string_view name) {
    using enum Node::Type;
    const auto bit = [](Node::Type type) { return 1U << static_cast<unsigned>(type); };
    if (name == "object") return bit(object);
    if (name == "array") return bit(array);
    if (name == "string") return bit(string);
    if (name == "boolean") return bit(boolean);
    if (name == "null") return bit(null);
    if (name == "number") return bit(number) | bit(integer);
    return name == "integer" ? bit(integer) : 0;
  }

  static void set_count(const Node& node, std::optional<std::size_t>& to) {
    if (node.is_number()) to = static_cast<std::size_t>(node.number());
  }
  static void set_bound(const Node& node, std::optional<double>& to) {
    if (node.is_number()) to = node.number();
  }

  Result<Pattern*> pattern(std::string_view expression) {
    Pattern& made = state_.patterns.emplace_back(std::string(expression));
    return &made;
  }

  Result<void> compile_values(const Document& document, const Node& node, Rule& rule) {
    const Node& type = node["type"];
    rule.types = type_bits(type.text());
    for (const Node& one : type.items()) rule.types |= type_bits(one.text());
    set_count(node["minLength"], rule.length_min);
    set_count(node["maxLength"], rule.length_max);
    set_bound(node["minimum"], rule.minimum);
    set_bound(node["maximum"], rule.maximum);
    set_bound(node["multipleOf"], rule.multiple_of);
    rule.format = format_named(node["format"].text());
    if (node["pattern"].is_string()) {
      TRY_ASSIGN(rule.pattern, pattern(node["pattern"].text()));
    }
    const auto value = [&](const Node& one) {
      if (one.is_string()) {
        rule.words.insert(one.text());
      } else {
        rule.values.push_back(&one);
      }
    };
    for (const Node& one : node["enum"].items()) value(one);
    if (node.has("const")) value(node["const"]);
    if (node["$ref"].is_string()) {
      TRY_ASSIGN(rule.ref, resolve(&document, node["$ref"].text()));
    }
    return {};
  }

  Result<void> compile_object(const Document& document, const Node& node, Rule& rule) {
    std::vector<Property> properties;
    for (const Member& member : node["properties"].members()) {
      TRY_ASSIGN(const Rule* one, compile(document, member.value, false));
      properties.push_back({member.name, one});
    }
    if (!properties.empty()) rule.properties.build(std::move(properties));
    for (const Node& name : node["required"].items()) rule.required.push_back(name.text());
    for (const Member& member : node["patternProperties"].members()) {
      TRY_ASSIGN(Pattern * one, pattern(member.name));
      TRY_ASSIGN(const Rule* inner, compile(document, member.value, false));
      rule.pattern_properties.push_back({one, inner});
    }
    for (const char* keyword : {"dependentRequired", "dependencies"}) {
      for (const Member& member : node[keyword].members()) {
        std::vector<std::string_view> needs;
        for (const Node& one : member.value.items()) needs.push_back(one.text());
        rule.dependent_required.emplace_back(member.name, std::move(needs));
      }
    }
    TRY(sub(document, node["additionalProperties"], false, rule.additional));
    const bool is_alone = !node.has("additionalProperties") && !node.has("allOf") && !node.has("anyOf") &&
                          !node.has("oneOf") && !node.has("if") && !node.has("$ref");
    if (is_alone) TRY(sub(document, node["unevaluatedProperties"], false, rule.additional));
    TRY(sub(document, node["propertyNames"], false, rule.property_names));
    rule.is_open =
        node.has("additionalProperties") || node.has("unevaluatedProperties") || !rule.pattern_properties.empty();
    set_count(node["minProperties"], rule.properties_min);
    set_count(node["maxProperties"], rule.properties_max);
    return {};
  }

  Result<void> compile_array(const Document& document, const Node& node, Rule& rule) {
    const Node& items = node["items"];
    if (items.is_array()) {  // before 2020-12, a list was what prefixItems is now
      TRY(subs(document, items, false, rule.prefix_items));
      TRY(sub(document, node["additionalItems"], false, rule.items));
    } else {
      TRY(subs(document, node["prefixItems"], false, rule.prefix_items));
      TRY(sub(document, items, false, rule.items));
    }
    TRY(sub(document, node["contains"], true, rule.contains));
    set_count(node["minItems"], rule.items_min);
    set_count(node["maxItems"], rule.items_max);
    rule.unique_items = node["uniqueItems"].is_true();
    return {};
  }

  Result<void> compile_logic(const Document& document, const Node& node, Rule& rule) {
    const bool is_part = node.has("properties") || rule.is_part;
    TRY(subs(document, node["allOf"], true, rule.all_of));
    TRY(subs(document, node["anyOf"], is_part, rule.any_of));
    TRY(subs(document, node["oneOf"], is_part, rule.one_of));
    TRY(sub(document, node["not"], true, rule.not_rule));
    TRY(sub(document, node["if"], true, rule.if_rule));
    TRY(sub(document, node["then"], true, rule.then_rule));
    TRY(sub(document, node["else"], true, rule.else_rule));
    return {};
  }

  SchemaSet::State& state_;
};

SchemaSet::SchemaSet() : state_(std::make_unique<State>()) {}
SchemaSet::~SchemaSet() = default;
SchemaSet::SchemaSet(SchemaSet&&) noexcept = default;
SchemaSet& SchemaSet::operator=(SchemaSet&&) noexcept = default;

Result<void> SchemaSet::add(std::string_view name, ByteView schema) {
  State::Document document{.name = std::string(name), .reader = {}, .root = nullptr};
  TRY_ASSIGN(document.root, document.reader.read(schema));
  state_->documents.push_back(std::move(document));
  return {};
}

Result<const Rule*> SchemaSet::rule(std::string_view reference) {
  return SchemaCompiler(*state_).resolve(nullptr, reference);
}

Result<void> SchemaSet::check_patterns() {
  for (Pattern& pattern : state_->patterns) {
    if (!pattern.is_usable()) {
      return bad_schema("pattern", "the pattern " + pattern.expression() + " is not one that can be matched");
    }
  }
  return {};
}

}  // namespace signet::advisory
