// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "csaf.hpp"

#include "signet/sbom/versions.hpp"

#include <algorithm>
#include <charconv>

namespace signet::advisory {

std::string quote(std::string_view text) {
  constexpr std::size_t k_shown_max = 120;
  return "`" + std::string(text.substr(0, k_shown_max)) + (text.size() > k_shown_max ? "...`" : "`");
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

bool contains(const std::vector<std::string_view>& list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

std::string_view name_of(StatusGroup group) {
  constexpr std::array<std::string_view, k_status_groups> k_names{"Affected", "Not affected", "Fixed",
                                                                  "Under investigation", "Unknown"};
  return k_names[static_cast<std::size_t>(group)];
}

std::span<const std::string_view> lists_of(StatusGroup group) {
  static constexpr std::array<std::string_view, 3> k_affected{"first_affected", "known_affected", "last_affected"};
  static constexpr std::array<std::string_view, 1> k_not_affected{"known_not_affected"};
  static constexpr std::array<std::string_view, 2> k_fixed{"first_fixed", "fixed"};
  static constexpr std::array<std::string_view, 1> k_investigated{"under_investigation"};
  static constexpr std::array<std::string_view, 1> k_unknown{"unknown"};
  switch (group) {
    case StatusGroup::affected:
      return k_affected;
    case StatusGroup::not_affected:
      return k_not_affected;
    case StatusGroup::fixed:
      return k_fixed;
    case StatusGroup::under_investigation:
      return k_investigated;
    case StatusGroup::unknown:
      break;
  }
  return k_unknown;
}

Csaf::Csaf(const Node& the_root, Kind kind, const CsafRules& the_rules, const Outside& the_outside,
           const std::map<std::string, Extension, std::less<>>& the_extensions, bool schema_is_met)
    : root(the_root),
      document(root["document"]),
      tracking(document["tracking"]),
      product_tree(root["product_tree"]),
      vulnerabilities(root["vulnerabilities"]),
      is_21(kind == Kind::csaf21),
      rules(the_rules),
      outside(the_outside),
      extensions(the_extensions),
      meets_schema(schema_is_met) {
  collect_products();
  collect_references();
  collect_revisions();
}

void Csaf::run(const CsafTest& test) {
  test_ = &test;
  test.run(*this);
}

void Csaf::fail(const Node& at, std::string text) {
  findings.push_back({test_->weight, test_->id, &at, std::move(text), test_->remedy});
}

void Csaf::note(const Node& at, std::string text) {
  findings.push_back({Weight::note, "remark", &at, std::move(text), ""});
}

void Csaf::add_product(const Node& full_name, int branch, const Node* path) {
  const Node& id = full_name["product_id"];
  if (full_name.is_object() && id.is_string()) products.push_back({id.text(), &id, &full_name, branch, path});
}

void Csaf::collect_branches(const Node& list, int parent, unsigned depth) {
  for (const Node& node : list.items()) {
    const int number = static_cast<int>(branches.size());
    branches.push_back({&node, parent, depth});
    if (node.has("product")) add_product(node["product"], number, nullptr);
    collect_branches(node["branches"], number, depth + 1);
  }
}

namespace {

/// Calls `each` with every full product name below a node: extensions may define products of their own.
template <typename Each>
void each_full_name(const Node& node, Each each) {
  for (const Member& member : node.members()) {
    if (member.name == "full_product_name") each(member.value);
    each_full_name(member.value, each);
  }
  for (const Node& item : node.items()) each_full_name(item, each);
}

}  // namespace

void Csaf::collect_products() {
  collect_branches(product_tree["branches"], -1, 1);
  for (const Node& name : product_tree["full_product_names"].items()) add_product(name, -1, nullptr);
  for (const Node& path : product_tree[is_21 ? "product_paths" : "relationships"].items()) {
    add_product(path["full_product_name"], -1, &path);
  }
  for (const Node* place : {&root["x_extensions"], &document["x_extensions"]}) {
    each_full_name(*place, [&](const Node& name) { add_product(name, -1, nullptr); });
  }
  by_id.reserve(products.size());
  for (const Product& one : products) by_id.push_back(&one);
  std::ranges::sort(by_id, [](const Product* a, const Product* b) {
    return a->id == b->id ? a < b : a->id < b->id;  // of the same id, the first one
  });
  const auto same = std::ranges::unique(by_id, {}, &Product::id);
  by_id.erase(same.begin(), same.end());
  for (const Node& group : product_tree["product_groups"].items()) {
    if (group["group_id"].is_string()) groups.try_emplace(group["group_id"].text(), &group);
  }
}

void Csaf::collect_references(const Node& node) {
  if (node.is_array()) {
    for (const Node& item : node.items()) {
      if (!item.is_string()) collect_references(item);
    }
  }
  for (const Member& member : node.members()) {
    const std::string_view name = member.name;
    const Node& value = member.value;
    if (value.is_string()) continue;
    if (name == "product_ids" || name == "products") {
      for (const Node& item : value.items()) product_references.push_back({item.text(), &item});
    } else if (name == "group_ids") {
      for (const Node& item : value.items()) group_references.push_back({item.text(), &item});
    } else if (name == "product_status") {
      for (const Member& list : value.members()) {
        for (const Node& item : list.value.items()) product_references.push_back({item.text(), &item});
      }
    } else if (name != "x_extensions" && name.substr(0, 5) != "cvss_") {
      collect_references(value);
    }
  }
}

void Csaf::collect_references() {
  for (const Node& path : product_tree["relationships"].items()) {
    for (const char* name : {"product_reference", "relates_to_product_reference"}) {
      if (path.has(name)) product_references.push_back({path[name].text(), &path[name]});
    }
  }
  for (const Node& path : product_tree["product_paths"].items()) {
    const Node& first = path["beginning_product_reference"];
    if (first.exists()) product_references.push_back({first.text(), &first});
    for (const Node& step : path["subpaths"].items()) {
      const Node& next = step["next_product_reference"];
      if (next.exists()) product_references.push_back({next.text(), &next});
    }
  }
  for (const Node& group : product_tree["product_groups"].items()) collect_references(group);
  collect_references(document);
  collect_references(vulnerabilities);
}

void Csaf::collect_revisions() {
  const auto items = tracking["revision_history"].items();
  revisions.reserve(items.size());
  for (const Node& item : items) {
    Revision one{.node = &item, .number = item["number"].text(), .date = parse_moment(item["date"].text())};
    const std::string_view major = one.number.substr(0, one.number.find_first_of(".-+"));
    std::from_chars(major.data(), major.data() + major.size(), one.major);
    one.is_semver = one.number.find('.') != std::string_view::npos;
    revisions.push_back(one);
  }
  for (const Revision& one : revisions) {
    if (!one.date) {
      sorted.clear();
      return;
    }
    sorted.push_back(&one);
  }
  std::ranges::sort(sorted, [](const Revision* a, const Revision* b) {
    if (*a->date != *b->date) return *a->date < *b->date;
    const auto order = sbom::compare_versions(sbom::VersionScheme::semver, a->number, b->number);
    return order == std::weak_ordering::equivalent ? a < b : order == std::weak_ordering::less;
  });
}

const Product* Csaf::product(std::string_view id) const {
  const auto at = std::ranges::lower_bound(by_id, id, {}, &Product::id);
  return at != by_id.end() && (*at)->id == id ? *at : nullptr;
}

std::vector<std::string_view> Csaf::products_of(const Node& item) const {
  std::vector<std::string_view> ids;
  for (const Node& id : item["product_ids"].items()) ids.push_back(id.text());
  for (const Node& id : item["group_ids"].items()) {
    const auto group = groups.find(id.text());
    if (group == groups.end()) continue;
    for (const Node& one : (*group->second)["product_ids"].items()) ids.push_back(one.text());
  }
  std::ranges::sort(ids);
  const auto same = std::ranges::unique(ids);
  ids.erase(same.begin(), same.end());
  return ids;
}

std::vector<std::string_view> Csaf::in_group(const Node& vulnerability, StatusGroup group) const {
  std::vector<std::string_view> ids;
  for (const std::string_view list : lists_of(group)) {
    for (const Node& id : vulnerability["product_status"][list].items()) ids.push_back(id.text());
  }
  return ids;
}

bool Csaf::is_english() const {
  const std::string_view tag = language();
  return tag.empty() || lower(tag.substr(0, tag.find('-'))) == "en";
}

std::optional<Moment> Csaf::newest() const {
  if (sorted.empty()) return std::nullopt;
  return sorted.back()->date;
}

std::vector<Csaf::Metric> Csaf::metrics(const Node& vulnerability) const {
  std::vector<Metric> all;
  if (is_21) {
    for (const Node& item : vulnerability["metrics"].items()) {
      all.push_back({&item, &item["content"], item["source"].text()});
    }
  } else {
    for (const Node& item : vulnerability["scores"].items()) all.push_back({&item, &item, ""});
  }
  return all;
}

}  // namespace signet::advisory
