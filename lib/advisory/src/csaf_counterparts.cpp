// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// A fixed version of each affected product, and the other way round (CSAF 2.1 section 6.1.27.13, 6.2.39.1).
#include "csaf.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

constexpr std::string_view k_advisory = "csaf_security_advisory";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}

/// What a product is, without its version: the branches that lead to it.
std::string line_of(const Csaf& csaf, const Product& product) {
  if (product.branch < 0) return "id:" + std::string(product.id);
  std::string line;
  for (int i = product.branch; i >= 0; i = csaf.branches[static_cast<std::size_t>(i)].parent) {
    const Branch& branch = csaf.branches[static_cast<std::size_t>(i)];
    if (is_one_of(branch.category(), {"product_version", "product_version_range", "patch_level", "service_pack"}))
      continue;
    line += std::string(branch.category()) + "=" + std::string(branch.name()) + "\n";
  }
  return line;
}

struct Part {
  std::string_view how;
  std::string_view id;
  friend bool operator==(const Part&, const Part&) = default;
};

std::vector<Part> parts_of(const Product& product) {
  if (product.path == nullptr) return {{"", product.id}};
  std::vector<Part> parts{{"", (*product.path)["beginning_product_reference"].text()}};
  for (const Node& step : (*product.path)["subpaths"].items()) {
    parts.push_back({step["category"].text(), step["next_product_reference"].text()});
  }
  return parts;
}

/// Whether `b` is another version of `a`: exactly one of their parts differs, and only in its version; or `b` is
/// `a` before something was installed with it.
bool corresponds(const Csaf& csaf, const Product& a, const Product& b) {
  std::vector<Part> left = parts_of(a);
  const std::vector<Part> right = parts_of(b);
  if (left.size() == right.size() + 1 && left.back().how == "installed_with") {
    left.pop_back();
    return left == right;
  }
  if (left.size() != right.size()) return false;
  std::size_t different = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i]) continue;
    const Product* one = csaf.product(left[i].id);
    const Product* other = csaf.product(right[i].id);
    if (left[i].how != right[i].how || one == nullptr || other == nullptr) return false;
    if (line_of(csaf, *one) != line_of(csaf, *other)) return false;
    ++different;
  }
  return different == 1;
}

/// Whether the product is what gets installed with one of `others`.
bool is_installed_with(const Csaf& csaf, std::string_view id, const std::vector<std::string_view>& others) {
  return std::ranges::any_of(csaf.products, [&](const Product& one) {
    if (one.path == nullptr) return false;
    const auto parts = parts_of(one);
    return parts.size() == 2 && parts[1] == Part{"installed_with", id} && contains(others, parts[0].id);
  });
}

bool has_counterpart(const Csaf& csaf, std::string_view id, const std::vector<std::string_view>& others) {
  const Product* product = csaf.product(id);
  if (product == nullptr) return true;  // 6.1.1 says so
  const bool found = std::ranges::any_of(others, [&](std::string_view other) {
    const Product* one = csaf.product(other);
    return one != nullptr && (corresponds(csaf, *product, *one) || corresponds(csaf, *one, *product));
  });
  return found || is_installed_with(csaf, id, others);
}

void affected_of_fixed(Csaf& csaf) {
  if (csaf.category() != k_advisory) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const auto affected = csaf.in_group(one, StatusGroup::affected);
    for (const std::string_view list : lists_of(StatusGroup::fixed)) {
      for (const Node& id : one["product_status"][list].items()) {
        if (!has_counterpart(csaf, id.text(), affected)) {
          csaf.fail(id, "no version of " + quote(id.text()) + " is affected, and yet it is fixed");
        }
      }
    }
  }
}

/// Says whether something tells that the affected product will not be fixed.
bool has_no_fix(const Csaf& csaf, const Node& vulnerability, std::string_view id) {
  return std::ranges::any_of(vulnerability["remediations"].items(), [&](const Node& one) {
    return is_one_of(one["category"].text(), {"fix_planned", "no_fix_planned", "none_available"}) &&
           contains(csaf.products_of(one), id);
  });
}

void missing_fixed(Csaf& csaf) {
  if (csaf.category() != k_advisory) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const auto fixed = csaf.in_group(one, StatusGroup::fixed);
    for (const std::string_view list : lists_of(StatusGroup::affected)) {
      for (const Node& id : one["product_status"][list].items()) {
        if (!has_no_fix(csaf, one, id.text()) && !has_counterpart(csaf, id.text(), fixed)) {
          csaf.fail(id, "no version of " + quote(id.text()) + " is fixed");
        }
      }
    }
  }
}

constexpr std::array<CsafTest, 2> k_counterpart_tests{{
    {"6.1.27.13", k_in_21, Weight::error, affected_of_fixed, "List the affected version of the product as well."},
    {"6.2.39.1", k_in_21, Weight::warning, missing_fixed, "List the fixed version of the product as well."},
}};

}  // namespace

std::span<const CsafTest> csaf_counterpart_tests() { return k_counterpart_tests; }

}  // namespace signet::advisory
