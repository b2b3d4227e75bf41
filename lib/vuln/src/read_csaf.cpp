// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
//
// CSAF 2.0 and 2.1 (docs.oasis-open.org/csaf): security advisories and VEX alike, since both state a status by product.
#include "readers.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace signet::vuln {

namespace {

constexpr std::size_t k_products_max = 500'000;
constexpr std::size_t k_depth_max = 32;
constexpr std::size_t k_range_size_bytes_max = 4096;

Error bad_csaf(std::string_view id, const std::string& what) {
  return {Errc::invalid_input, "feed.csaf", "the CSAF document " + printable(id, 80) + " " + what,
          "`signet advisory validate` names every fault of it."};
}

/// What a product id stands for.
struct Product {
  std::vector<ProductName> names;
  std::vector<VersionRule> rules;  ///< which versions it is; none: what the names say, or any
  std::string within;
};

/// What the branches above a product say (section 3.1.2.2).
struct Path {
  std::string vendor;
  std::string product;
  std::string version;
  std::string range;
};

class Tree {
 public:
  void read(JsonNode tree) {
    walk(tree, {}, 0);
    tree["full_product_names"].each([&](JsonNode product) { add(product, {}); });
    relate(tree["relationships"]);
    relate_paths(tree["product_paths"]);
    tree["product_groups"].each([&](JsonNode group) {
      auto& members = groups_[std::string(group.text("group_id"))];
      group["product_ids"].each([&](JsonNode id) { members.emplace_back(id.text()); });
    });
  }

  [[nodiscard]] const Product* find(std::string_view id) const {
    const auto found = products_.find(id);
    return found == products_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::vector<std::string>* group(std::string_view id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_full() const { return products_.size() >= k_products_max; }

 private:
  void walk(JsonNode node, const Path& path, std::size_t depth) {
    if (depth > k_depth_max) return;
    node["branches"].each([&](JsonNode branch) {
      Path below = path;
      const std::string_view category = branch.text("category");
      const bool is_range = category == "product_version_range";  // a range that is cut is none
      const std::string name =
          shortened(branch.text("name"), is_range ? k_range_size_bytes_max : k_title_size_bytes_max);
      if (category == "vendor") below.vendor = name;
      if (category == "product_name") below.product = name;
      if (category == "product_version") below.version = name;
      if (is_range) below.range = name;
      if (branch["product"].is_object()) add(branch["product"], below);
      walk(branch, below, depth + 1);
    });
  }

  void add(JsonNode node, const Path& path) {
    if (is_full()) return;
    Product product;
    const JsonNode helper = node["product_identification_helper"];
    if (auto name = purl_product(helper.text("purl"))) product.names.push_back(std::move(*name));
    helper["purls"].each([&](JsonNode purl) {
      if (auto name = purl_product(purl.text())) product.names.push_back(std::move(*name));
    });
    if (auto name = cpe_product(helper.text("cpe"))) product.names.push_back(std::move(*name));
    if (product.names.empty() && !path.product.empty()) {
      product.names.push_back(
          {.kind = ProductName::Kind::name, .text = path.product, .vendor = path.vendor, .release = {}});
    }
    if (!path.range.empty()) {
      product.rules = rules_from_range(path.range);
    } else if (!path.version.empty()) {
      product.rules = rules_from_words(path.version, Status::affected, {});
    }
    products_.emplace(std::string(node.text("product_id")), std::move(product));
  }

  /// A relationship makes a new product of two (section 3.1.4): the component, within what it was installed on.
  void relate(JsonNode relationships) {
    relationships.each([&](JsonNode relationship) {
      join(relationship["full_product_name"].text("product_id"), relationship.text("product_reference"),
           relationship.text("relates_to_product_reference"));
    });
  }
  /// The same in CSAF 2.1.
  void relate_paths(JsonNode paths) {
    paths.each([&](JsonNode path) {
      std::string_view outer;
      path["subpaths"].each([&](JsonNode part) { outer = part.text("next_product_reference"); });
      join(path["full_product_name"].text("product_id"), path.text("beginning_product_reference"), outer);
    });
  }
  void join(std::string_view id, std::string_view component, std::string_view outer) {
    const Product* part = find(component);
    if (part == nullptr || is_full()) return;
    Product joined = *part;
    if (const Product* whole = find(outer)) {
      for (const ProductName& name : whole->names) {
        if (name.kind == ProductName::Kind::purl) joined.within = name.text;
      }
    }
    products_.emplace(std::string(id), std::move(joined));
  }

  std::map<std::string, Product, std::less<>> products_;
  std::map<std::string, std::vector<std::string>, std::less<>> groups_;
};

struct StatusList {
  std::string_view name;
  Status status;
};

// Section 3.2.3.9. "first_affected" and "last_affected" name ends of ranges, and "recommended" no status at all.
constexpr std::array<StatusList, 7> k_lists = {{{"known_affected", Status::affected},
                                                {"first_affected", Status::affected},
                                                {"last_affected", Status::affected},
                                                {"known_not_affected", Status::not_affected},
                                                {"fixed", Status::fixed},
                                                {"first_fixed", Status::fixed},
                                                {"under_investigation", Status::under_investigation}}};

/// The justification of a product: its flags, and the impact in words (sections 3.2.3.5 and 3.2.3.14).
std::string note_for(JsonNode vulnerability, const Tree& tree, std::string_view product) {
  const auto concerns = [&](JsonNode node) {
    bool is_named = !node["product_ids"].exists() && !node["group_ids"].exists();
    node["product_ids"].each([&](JsonNode id) { is_named = is_named || id.text() == product; });
    node["group_ids"].each([&](JsonNode id) {
      const auto* members = tree.group(id.text());
      is_named = is_named || (members != nullptr && std::ranges::find(*members, product) != members->end());
    });
    return is_named;
  };
  std::string note;
  vulnerability["flags"].each([&](JsonNode flag) {
    if (note.empty() && concerns(flag)) note = shortened(flag.text("label"));
  });
  vulnerability["threats"].each([&](JsonNode threat) {
    if (threat.text("category") == "impact" && note.size() < 60 && concerns(threat)) {
      note += (note.empty() ? "" : ": ") + shortened(threat.text("details"));
    }
  });
  return note;
}

void add_statements(JsonNode vulnerability, const Tree& tree, Advisory& advisory) {
  const bool has_notes = vulnerability["flags"].exists() || vulnerability["threats"].exists();
  for (const auto& [name, status] : k_lists) {
    vulnerability["product_status"][name].each([&, wanted = status](JsonNode id) {
      const Product* product = tree.find(id.text());
      if (product == nullptr || product->names.empty()) return;
      Statement statement{.products = product->names,
                          .rules = product->rules,
                          .otherwise = Status::unknown,
                          .only_listed = !product->rules.empty(),
                          .note = wanted == Status::not_affected && has_notes ? note_for(vulnerability, tree, id.text())
                                                                              : std::string(),
                          .within = product->within,
                          .condition = {}};
      // The rules say which versions this product is; what is said of them is the list's.
      for (VersionRule& rule : statement.rules) {
        if (rule.status == Status::affected) rule.status = wanted;
      }
      if (statement.rules.empty()) statement.otherwise = wanted;
      advisory.statements.push_back(std::move(statement));
    });
  }
}

}  // namespace

Result<void> read_csaf(JsonNode root, FeedContent& out) {
  const JsonNode head = root["document"];
  const JsonNode tracking = head["tracking"];
  const std::string_view id = tracking.text("id");
  if (!head.text("csaf_version").starts_with("2.")) return bad_csaf(id, "is not of version 2");
  if (id.empty() || id.size() > k_name_size_bytes_max) return bad_csaf(id, "has no document.tracking.id");
  const JsonNode publisher = head["publisher"];
  if (publisher.text("name").empty()) return bad_csaf(id, "has no document.publisher.name");
  const Instant modified = lenient_instant(tracking.text("current_release_date"));
  if (modified == Instant{}) return bad_csaf(id, "has no date in document.tracking.current_release_date");
  Tree tree;
  tree.read(root["product_tree"]);
  if (tree.is_full()) return bad_csaf(id, "has more than " + std::to_string(k_products_max) + " products");
  Document document{.kind = DocumentKind::csaf,
                    .id = std::string(id),
                    .publisher = shortened(publisher.text("name")),
                    .is_vendor = publisher.text("category") == "vendor",
                    .modified = modified,
                    .advisories = {}};
  if (tracking.text("status") == "draft") {  // section 3.2.1.12.8: not meant to be acted upon
    out.documents.push_back(std::move(document));
    return {};
  }
  root["vulnerabilities"].each([&](JsonNode vulnerability) {
    Advisory advisory;
    advisory.id = shortened(vulnerability.text("cve"));
    vulnerability["ids"].each([&](JsonNode other) {
      const std::string text = shortened(other.text("text"));
      if (advisory.id.empty()) {
        advisory.id = text;
      } else if (text != advisory.id) {
        advisory.aliases.push_back(text);
      }
    });
    if (advisory.id.empty()) advisory.id = std::string(id);
    advisory.title = shortened(vulnerability.text("title").empty() ? head.text("title") : vulnerability.text("title"));
    vulnerability["scores"].each([&](JsonNode score) {
      for (const std::string_view name : {"cvss_v3", "cvss_v2"})
        take_vector(advisory, score[name].text("vectorString"));
    });
    vulnerability["metrics"].each([&](JsonNode metric) {
      for (const std::string_view name : {"cvss_v4", "cvss_v3", "cvss_v2"})
        take_vector(advisory, metric["content"][name].text("vectorString"));
    });
    take_severity(advisory, head["aggregate_severity"].text("text"));
    advisory.published = lenient_instant(tracking.text("initial_release_date"));
    advisory.modified = modified;
    add_statements(vulnerability, tree, advisory);
    document.advisories.push_back(std::move(advisory));
  });
  out.documents.push_back(std::move(document));
  return {};
}

}  // namespace signet::vuln
