// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisory/validate.hpp"

#include "formats.hpp"
#include "schema.hpp"
#include "tree.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace signet::advisory {

/// A finding before its place in the document is known as a path.
struct RawFinding {
  Weight weight = Weight::error;
  std::string_view test;
  const Node* at = nullptr;
  std::string text;
  std::string_view remedy;
};

/// Schemas that tests ask besides that of the whole document.
struct CsafRules {
  const Rule* document = nullptr;
  const Rule* cvss_v2 = nullptr;
  const Rule* cvss_v30 = nullptr;
  const Rule* cvss_v31 = nullptr;
  const Rule* cvss_v4 = nullptr;
  const Rule* ssvc = nullptr;
  const Rule* extension_content = nullptr;
};

/// A schema of an extension, with what its metadata demand.
struct Extension {
  const Rule* rule = nullptr;
  std::vector<std::string> incompatible;
  std::map<std::string, std::uint64_t> occurrence_max;  ///< by JSONPath of the x_extensions
};

class Csaf;

/// One test of section 6.
struct CsafTest {
  std::string_view id;
  unsigned editions;  ///< k_in_20, k_in_21
  Weight weight;
  void (*run)(Csaf&);
  std::string_view remedy;
};

inline constexpr unsigned k_in_20 = 1;
inline constexpr unsigned k_in_21 = 2;
inline constexpr unsigned k_in_both = 3;

/// The tables of tests, by subject. tests_of() has them all.
[[nodiscard]] std::span<const CsafTest> csaf_product_tests();
[[nodiscard]] std::span<const CsafTest> csaf_tracking_tests();
[[nodiscard]] std::span<const CsafTest> csaf_metric_tests();
[[nodiscard]] std::span<const CsafTest> csaf_weakness_tests();
[[nodiscard]] std::span<const CsafTest> csaf_profile_tests();
[[nodiscard]] std::span<const CsafTest> csaf_counterpart_tests();
[[nodiscard]] std::span<const CsafTest> csaf_range_tests();
[[nodiscard]] std::span<const CsafTest> csaf_remediation_tests();
[[nodiscard]] std::span<const CsafTest> csaf_identification_tests();
[[nodiscard]] std::span<const CsafTest> csaf_document_tests();
[[nodiscard]] std::span<const CsafTest> csaf_language_tests();
[[nodiscard]] std::span<const CsafTest> csaf_license_tests();
[[nodiscard]] std::span<const CsafTest> csaf_ssvc_tests();
[[nodiscard]] std::span<const CsafTest> csaf_extension_tests();
[[nodiscard]] std::span<const CsafTest> csaf_outside_tests();

/// One branch of the product tree.
struct Branch {
  const Node* node = nullptr;
  int parent = -1;  ///< its number, -1 at the root
  unsigned depth = 1;
  [[nodiscard]] std::string_view category() const { return (*node)["category"].text(); }
  [[nodiscard]] std::string_view name() const { return (*node)["name"].text(); }
};

/// One full product name.
struct Product {
  std::string_view id;
  const Node* id_node = nullptr;
  const Node* name = nullptr;  ///< the whole full product name
  int branch = -1;
  const Node* path = nullptr;  ///< the relationship or product path that defines it
};

/// A place that names a product or a group.
struct Reference {
  std::string_view id;
  const Node* at = nullptr;
};

/// An item of the revision history.
struct Revision {
  const Node* node = nullptr;
  std::string_view number;
  std::optional<Moment> date;
  std::uint64_t major = 0;
  bool is_semver = false;
};

/// The groups of a product status that exclude each other.
enum class StatusGroup : std::uint8_t { affected, not_affected, fixed, under_investigation, unknown };
inline constexpr std::size_t k_status_groups = 5;
[[nodiscard]] std::string_view name_of(StatusGroup group);

/// A document, with what several tests ask of it worked out once. Tests write their findings into it.
class Csaf {
 public:
  Csaf(const Node& root, Kind kind, const CsafRules& rules, const Outside& outside,
       const std::map<std::string, Extension, std::less<>>& extensions, bool meets_schema);

  const Node& root;
  const Node& document;
  const Node& tracking;
  const Node& product_tree;
  const Node& vulnerabilities;
  const bool is_21;
  const CsafRules& rules;
  const Outside& outside;
  const std::map<std::string, Extension, std::less<>>& extensions;
  const bool meets_schema;

  std::vector<Branch> branches;
  std::vector<Product> products;      ///< as they stand
  std::vector<const Product*> by_id;  ///< sorted by id, each id once
  std::vector<Reference> product_references;
  std::vector<Reference> group_references;
  std::map<std::string_view, const Node*> groups;
  std::vector<Revision> revisions;      ///< as they stand
  std::vector<const Revision*> sorted;  ///< by date and number; empty if a date cannot be read
  std::vector<RawFinding> findings;

  void run(const CsafTest& test);
  void fail(const Node& at, std::string text);
  /// A remark that does not make a test fail: a note, whatever the test weighs.
  void note(const Node& at, std::string text);

  [[nodiscard]] const Product* product(std::string_view id) const;
  /// Whether a product is named by `product_ids`, or by a group in `group_ids`, of an item.
  [[nodiscard]] std::vector<std::string_view> products_of(const Node& item) const;
  [[nodiscard]] bool names_products(const Node& item) const { return item.has("product_ids") || item.has("group_ids"); }
  [[nodiscard]] std::vector<std::string_view> in_group(const Node& vulnerability, StatusGroup group) const;

  [[nodiscard]] std::string_view category() const { return document["category"].text(); }
  [[nodiscard]] std::string_view status() const { return tracking["status"].text(); }
  [[nodiscard]] bool is_released() const { return status() == "final" || status() == "interim"; }
  [[nodiscard]] std::string_view tlp() const { return document["distribution"]["tlp"]["label"].text(); }
  [[nodiscard]] std::string_view language() const { return document["lang"].text(); }
  /// English, or not said.
  [[nodiscard]] bool is_english() const;
  /// The date of the newest item of the revision history.
  [[nodiscard]] std::optional<Moment> newest() const;
  /// Metrics: `scores` in 2.0, the `content` of `metrics` in 2.1.
  struct Metric {
    const Node* item = nullptr;
    const Node* content = nullptr;
    std::string_view source;
  };
  [[nodiscard]] std::vector<Metric> metrics(const Node& vulnerability) const;

 private:
  void collect_branches(const Node& list, int parent, unsigned depth);
  void collect_products();
  void collect_references();
  void collect_references(const Node& node);
  void collect_revisions();
  void add_product(const Node& full_name, int branch, const Node* path);

  const CsafTest* test_ = nullptr;
};

/// The lists of a status group: "fixed" and "first_fixed", ...
[[nodiscard]] std::span<const std::string_view> lists_of(StatusGroup group);

[[nodiscard]] std::string quote(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] bool contains(const std::vector<std::string_view>& list, std::string_view one);

inline constexpr std::string_view k_max_uuid = "ffffffff-ffff-ffff-ffff-ffffffffffff";
inline constexpr std::string_view k_nil_uuid = "00000000-0000-0000-0000-000000000000";

}  // namespace signet::advisory
