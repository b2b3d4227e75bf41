// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Products and groups: defined once, named where they exist, of one status (CSAF section 6.1.1 to 6.1.6, 6.2.1, ...).
#include "csaf.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

void missing_product(Csaf& csaf) {
  for (const Reference& one : csaf.product_references) {
    if (csaf.product(one.id) == nullptr) csaf.fail(*one.at, "definition of product id " + quote(one.id) + " missing");
  }
}

void twice_defined_product(Csaf& csaf) {
  if (csaf.by_id.size() == csaf.products.size()) return;
  std::unordered_set<std::string_view> seen;
  for (const Product& one : csaf.products) {
    if (!seen.insert(one.id).second) csaf.fail(*one.id_node, "the product id " + quote(one.id) + " is defined twice");
  }
}

/// What a product of a relationship or a path is made of.
std::vector<std::string_view> parts_of(const Node& path) {
  std::vector<std::string_view> ids;
  for (const char* name : {"product_reference", "relates_to_product_reference", "beginning_product_reference"}) {
    if (path[name].is_string()) ids.push_back(path[name].text());
  }
  for (const Node& step : path["subpaths"].items()) ids.push_back(step["next_product_reference"].text());
  return ids;
}

/// Depth-first over the products that are made of others; a product that is met while it is being visited is a circle.
class CircleSearch {
 public:
  explicit CircleSearch(Csaf& csaf) : csaf_(csaf) {}

  void visit(const Product& start) {
    struct Step {
      const Product* product;
      std::vector<std::string_view> parts;
      std::size_t next = 0;
    };
    if (start.path == nullptr || !done_.insert(start.id).second) return;
    std::vector<Step> stack{{&start, parts_of(*start.path)}};
    open_.insert(start.id);
    while (!stack.empty()) {
      Step& step = stack.back();
      if (step.next == step.parts.size()) {
        open_.erase(step.product->id);
        stack.pop_back();
        continue;
      }
      const Product* part = csaf_.product(step.parts[step.next++]);
      if (part == nullptr || part->path == nullptr) continue;
      if (open_.contains(part->id)) {
        csaf_.fail(*part->id_node, "the product id " + quote(part->id) + " is defined in a circle");
      } else if (done_.insert(part->id).second) {
        open_.insert(part->id);
        stack.push_back({part, parts_of(*part->path)});
      }
    }
  }

 private:
  Csaf& csaf_;
  std::unordered_set<std::string_view> open_;
  std::unordered_set<std::string_view> done_;
};

void circular_product(Csaf& csaf) {
  CircleSearch search(csaf);
  for (const Product& one : csaf.products) search.visit(one);
}

void missing_group(Csaf& csaf) {
  for (const Reference& one : csaf.group_references) {
    if (!csaf.groups.contains(one.id)) csaf.fail(*one.at, "definition of group id " + quote(one.id) + " missing");
  }
}

void twice_defined_group(Csaf& csaf) {
  std::unordered_set<std::string_view> seen;
  for (const Node& group : csaf.product_tree["product_groups"].items()) {
    const Node& id = group["group_id"];
    if (id.is_string() && !seen.insert(id.text()).second) {
      csaf.fail(id, "the group id " + quote(id.text()) + " is defined twice");
    }
  }
}

void contradicting_status(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::map<std::string_view, StatusGroup> found;
    for (std::size_t i = 0; i < k_status_groups; ++i) {
      const auto group = static_cast<StatusGroup>(i);
      if (group == StatusGroup::unknown && !csaf.is_21) continue;
      for (const std::string_view list : lists_of(group)) {
        for (const Node& id : vulnerability["product_status"][list].items()) {
          const auto [at, is_new] = found.emplace(id.text(), group);
          if (is_new || at->second == group) continue;
          csaf.fail(id, "the product " + quote(id.text()) + " is in the groups \"" + std::string(name_of(at->second)) +
                            "\" and \"" + std::string(name_of(group)) + "\" at once");
        }
      }
    }
  }
}

void unused_product(Csaf& csaf) {
  if (csaf.category() == "csaf_informational_advisory") return;
  std::unordered_set<std::string_view> used;
  for (const Reference& one : csaf.product_references) used.insert(one.id);
  for (const Product& one : csaf.products) {
    if (!used.contains(one.id)) csaf.fail(*one.id_node, "the product " + quote(one.id) + " is defined but never named");
  }
}

void deep_branches(Csaf& csaf) {
  constexpr unsigned k_branches_max = 30;
  for (const Product& one : csaf.products) {
    if (one.branch < 0) continue;
    const Branch& branch = csaf.branches[static_cast<std::size_t>(one.branch)];
    if (branch.depth > k_branches_max) {
      csaf.fail(*branch.node, "the path to the product goes through " + std::to_string(branch.depth) + " branches");
    }
  }
}

/// Calls `each` with every branch from the product up to the root.
template <typename Each>
void upward(const Csaf& csaf, const Product& product, Each each) {
  for (int i = product.branch; i >= 0; i = csaf.branches[static_cast<std::size_t>(i)].parent) {
    each(csaf.branches[static_cast<std::size_t>(i)]);
  }
}

void stacked_categories(Csaf& csaf) {
  for (const Product& one : csaf.products) {
    std::set<std::string_view> seen;
    upward(csaf, one, [&](const Branch& branch) {
      if (branch.category() == "product_family" || seen.insert(branch.category()).second) return;
      csaf.fail(*branch.node,
                "the category " + quote(branch.category()) + " is used twice on the way to " + quote(one.id));
    });
  }
}

void version_and_range(Csaf& csaf) {
  for (const Product& one : csaf.products) {
    bool has_version = false;
    bool has_range = false;
    upward(csaf, one, [&](const Branch& branch) {
      has_version = has_version || branch.category() == "product_version";
      has_range = has_range || branch.category() == "product_version_range";
    });
    if (has_version && has_range)
      csaf.fail(*one.name, "both a version and a range of versions lead to " + quote(one.id));
  }
}

void branch_categories(Csaf& csaf) {
  constexpr std::array<std::string_view, 3> k_order{"product_version", "product_name", "vendor"};  // upward
  for (const Product& one : csaf.products) {
    if (one.branch < 0) continue;
    std::size_t met = 0;
    upward(csaf, one, [&](const Branch& branch) {
      if (met < k_order.size() && branch.category() == k_order[met]) ++met;
    });
    if (met < k_order.size()) {
      csaf.fail(*one.name, "no branch of category " + quote(k_order[met]) + " in its place leads to " + quote(one.id));
    }
  }
}

void nested_path(Csaf& csaf) {
  for (const Node& path : csaf.product_tree["product_paths"].items()) {
    const auto judge = [&](const Node& reference) {
      const Product* part = csaf.product(reference.text());
      if (part != nullptr && part->path != nullptr) {
        csaf.fail(reference, "the product " + quote(part->id) + " is itself defined by a product path");
      }
    };
    judge(path["beginning_product_reference"]);
    for (const Node& step : path["subpaths"].items()) judge(step["next_product_reference"]);
  }
}

void hardware_and_software(Csaf& csaf) {
  std::unordered_set<std::string_view> used;
  for (const Node& path : csaf.product_tree["product_paths"].items()) {
    for (const std::string_view id : parts_of(path)) used.insert(id);
  }
  for (const Product& one : csaf.products) {
    const Node& helper = (*one.name)["product_identification_helper"];
    if ((helper.has("serial_numbers") || helper.has("model_numbers")) && !used.contains(one.id)) {
      csaf.fail(*one.name, "the product " + quote(one.id) + " is hardware, but no product path says what runs on it");
    }
  }
}

void open_source_vendor(Csaf& csaf) {
  for (const Branch& branch : csaf.branches) {
    if (branch.category() != "vendor") continue;
    std::string name = lower(branch.name());
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    if (name == "opensource") csaf.fail((*branch.node)["name"], "\"Open Source\" is nobody's name");
  }
}

constexpr std::array<CsafTest, 14> k_product_tests{{
    {"6.1.1", k_in_both, Weight::error, missing_product, "Define the product in the product tree, or name another."},
    {"6.1.2", k_in_both, Weight::error, twice_defined_product, "Give each product an id of its own."},
    {"6.1.3", k_in_both, Weight::error, circular_product, "Make the product of products that exist without it."},
    {"6.1.4", k_in_both, Weight::error, missing_group, "Define the group in product_groups, or name another."},
    {"6.1.5", k_in_both, Weight::error, twice_defined_group, "Give each group an id of its own."},
    {"6.1.6", k_in_both, Weight::error, contradicting_status, "Leave the product in one group."},
    {"6.1.34", k_in_21, Weight::error, deep_branches, "Use at most 30 branches, one below the other."},
    {"6.1.57", k_in_21, Weight::error, stacked_categories, "Make one branch of those of the same category."},
    {"6.1.58", k_in_21, Weight::error, version_and_range, "Use either a version or a range on the way to a product."},
    {"6.2.1", k_in_both, Weight::warning, unused_product, "Name the product, or leave it out."},
    {"6.2.31", k_in_21, Weight::warning, hardware_and_software,
     "Define hardware and software apart, and a product path of both."},
    {"6.2.48", k_in_21, Weight::warning, open_source_vendor, "Name the project or the foundation."},
    {"6.3.9", k_in_both, Weight::note, branch_categories,
     "Lead to the product by vendor, product_name, product_version."},
    {"6.3.22", k_in_21, Weight::note, nested_path, "Write the inner path out as subpaths."},
}};

}  // namespace

std::span<const CsafTest> csaf_product_tests() { return k_product_tests; }

}  // namespace signet::advisory
