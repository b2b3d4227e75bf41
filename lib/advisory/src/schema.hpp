// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats.hpp"
#include "pattern.hpp"
#include "tree.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace signet::advisory {

struct Rule;

/// A sub-schema for the members of one name.
struct Property {
  std::string_view name;
  const Rule* rule = nullptr;
};

/// The members that a schema names, found by a small table of drawers.
class PropertyTable {
 public:
  void build(std::vector<Property> properties);
  [[nodiscard]] const Rule* find(std::string_view name) const;
  [[nodiscard]] bool empty() const { return properties_.empty(); }
  [[nodiscard]] const std::vector<Property>& all() const { return properties_; }

 private:
  [[nodiscard]] std::size_t slot_of(std::string_view name) const;
  std::vector<Property> properties_;
  std::vector<std::uint16_t> slots_;  // 0 is free, else number + 1
};

struct PatternRule {
  Pattern* pattern = nullptr;
  const Rule* rule = nullptr;
};

/// One schema, compiled: each keyword that it has, and nothing for those that it has not. Names are those of JSON
/// Schema. Drafts 4, 7 and 2020-12 as the schemas of advisories use them.
struct Rule {
  std::uint32_t types = 0;  ///< bit 1 << Node::Type; 0 is any
  bool is_never = false;    ///< the schema `false`
  bool is_part = false;     ///< a part of a schema that is whole only with others: not to be read strictly
  bool is_open = false;     ///< says something about members that it does not name
  const Rule* ref = nullptr;
  PropertyTable properties;
  std::vector<std::string_view> required;
  std::vector<PatternRule> pattern_properties;
  const Rule* additional = nullptr;
  const Rule* property_names = nullptr;
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> dependent_required;
  std::optional<std::size_t> properties_min;
  std::optional<std::size_t> properties_max;
  const Rule* items = nullptr;
  std::vector<const Rule*> prefix_items;
  const Rule* contains = nullptr;
  std::optional<std::size_t> items_min;
  std::optional<std::size_t> items_max;
  bool unique_items = false;
  std::optional<std::size_t> length_min;
  std::optional<std::size_t> length_max;
  Pattern* pattern = nullptr;
  Format format = Format::none;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> multiple_of;
  std::unordered_set<std::string_view> words;  ///< an enum of texts
  std::vector<const Node*> values;             ///< an enum of other things
  std::vector<const Rule*> all_of;
  std::vector<const Rule*> any_of;
  std::vector<const Rule*> one_of;
  const Rule* not_rule = nullptr;
  const Rule* if_rule = nullptr;
  const Rule* then_rule = nullptr;
  const Rule* else_rule = nullptr;
};

/// What a document breaks.
struct Violation {
  const Node* at = nullptr;
  std::string text;
};

/// Compiled schemas that may refer to each other. They refer by "$id", or by the name that they were added with.
class SchemaSet {
 public:
  SchemaSet();
  ~SchemaSet();
  SchemaSet(SchemaSet&&) noexcept;
  SchemaSet& operator=(SchemaSet&&) noexcept;

  /// Adds a schema. Malformed: "json.…", "schema.reference", "schema.pattern" (of those that come from outside).
  Result<void> add(std::string_view name, ByteView schema);
  /// The rule of a schema, or of a part of it ("NAME#/definitions/x"); all that it refers to must have been added.
  /// Not found: "schema.reference".
  Result<const Rule*> rule(std::string_view reference);
  /// Must be asked of schemas from outside before anything is judged by them. Malformed: "schema.pattern".
  Result<void> check_patterns();

 private:
  struct State;
  friend class SchemaCompiler;
  std::unique_ptr<State> state_;
};

/// How a schema is read.
enum class Strictness : std::uint8_t {
  as_written,
  closed  ///< members that a schema does not name are violations, unless it says something about them
};

/// Whether a document meets a schema. Allocates nothing.
[[nodiscard]] bool conforms(const Rule& rule, const Node& node, Strictness strictness = Strictness::as_written);

/// What a document breaks, at most `violations_max`; none if it conforms.
[[nodiscard]] std::vector<Violation> violations(const Rule& rule, const Node& node, Strictness strictness,
                                                std::size_t violations_max);

}  // namespace signet::advisory
