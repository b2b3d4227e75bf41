// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Versions and ranges of versions (CSAF section 6.1.31, 6.1.50, 6.1.59, 6.2.18, 6.2.49 to 6.2.51, 6.3.10, 6.3.19, ...).
#include "csaf.hpp"
#include "version_sets.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

constexpr std::string_view k_version = "product_version";
constexpr std::string_view k_range = "product_version_range";

const Node& name_node(const Branch& branch) { return (*branch.node)["name"]; }

void range_as_version(Csaf& csaf) {
  constexpr std::array<std::string_view, 7> k_words{"after", "all", "before", "earlier", "later", "prior", "versions"};
  for (const Branch& branch : csaf.branches) {
    if (branch.category() != k_version) continue;
    const std::string name = lower(branch.name());
    const std::string words = " " + name + " ";
    const bool has_word = std::ranges::any_of(
        k_words, [&](std::string_view word) { return words.find(" " + std::string(word) + " ") != std::string::npos; });
    if (has_word || name.find_first_of("<>") != std::string::npos) {
      csaf.fail(name_node(branch), quote(branch.name()) + " is a range, not a version");
    }
  }
}

template <typename Each>
void each_range(const Csaf& csaf, Each each) {
  for (const Branch& branch : csaf.branches) {
    if (branch.category() == k_range) each(branch, VersionSet(branch.name()));
  }
}

void range_rules(Csaf& csaf) {
  each_range(csaf, [&](const Branch& branch, const VersionSet& set) {
    if (!set.error().empty()) {
      csaf.fail(name_node(branch), quote(branch.name()) + " is no range: " + set.error());
    } else if (!set.is_vers() && !set.is_single() && branch.name().find_first_of("<>=!") == std::string_view::npos) {
      csaf.fail(name_node(branch), quote(branch.name()) + " is no range: it has no comparator");
    }
  });
}

void single_version(Csaf& csaf) {
  each_range(csaf, [&](const Branch& branch, const VersionSet& set) {
    if (set.error().empty() && set.is_single() && branch.name() != "vers:/all") {
      csaf.fail(name_node(branch), quote(branch.name()) + " is one version, not a range");
    }
  });
}

void no_vers(Csaf& csaf) {
  for (const Branch& branch : csaf.branches) {
    if (branch.category() != k_range) continue;
    const std::string_view name = branch.name();
    const std::size_t slash = name.find('/');
    const bool is_vers = name.starts_with("vers:") && slash != std::string_view::npos && slash > 5 &&
                         slash + 1 < name.size() && (name[5] < '0' || name[5] > '9') &&
                         std::ranges::all_of(name.substr(5, slash - 5), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
                         });
    if (!is_vers)
      csaf.fail(name_node(branch), quote(name) + " is not written as a VERS range: tools can hardly compare it");
  }
}

void open_above(Csaf& csaf) {
  each_range(csaf, [&](const Branch& branch, const VersionSet& set) {
    if (set.is_open_above())
      csaf.fail(name_node(branch), quote(branch.name()) + " has no upper end: it holds versions to come");
  });
}

void unknown_type(Csaf& csaf) {
  each_range(csaf, [&](const Branch& branch, const VersionSet& set) {
    if (!set.is_vers() || is_registered_vers_type(set.type())) return;
    csaf.fail(name_node(branch), "usage of unknown version type " + quote(set.type()) + " (not registered, " +
                                     (set.is_ordered() ? "supported)" : "not supported)"));
  });
}

void any_range(Csaf& csaf) {
  for (const Branch& branch : csaf.branches) {
    if (branch.category() == k_range) csaf.fail((*branch.node)["category"], "a range of versions is used");
  }
}

void leading_v(Csaf& csaf) {
  for (const Branch& branch : csaf.branches) {
    const std::string_view name = branch.name();
    if (branch.category() == k_version && name.size() > 1 && (name[0] == 'v' || name[0] == 'V') && name[1] >= '0' &&
        name[1] <= '9') {
      csaf.fail(name_node(branch), quote(name) + " begins with a v");
    }
  }
}

/// Looks at each range together with each of its siblings.
class Overlaps {
 public:
  explicit Overlaps(Csaf& csaf) : csaf_(csaf) {
    for (std::size_t i = 0; i < csaf.branches.size(); ++i) {
      const Branch& branch = csaf.branches[i];
      siblings_[branch.parent].push_back(i);
      if (branch.category() == k_range) sets_.emplace(i, VersionSet(branch.name()));
    }
    for (const Product& one : csaf.products) {
      for (int at = one.branch; at >= 0; at = csaf.branches[static_cast<std::size_t>(at)].parent) {
        if (csaf.branches[static_cast<std::size_t>(at)].category() == k_range) {
          below_[static_cast<std::size_t>(at)].push_back(one.id);
        }
      }
    }
  }

  /// Calls `each` with a range, a sibling that overlaps it, and whether that is a range as well.
  template <typename Each>
  void run(Each each) {
    constexpr std::size_t k_pairs_max = 200'000;
    std::size_t pairs = 0;
    for (const auto& [number, set] : sets_) {
      for (const std::size_t other : siblings_[csaf_.branches[number].parent]) {
        if (other == number || ++pairs > k_pairs_max) continue;
        const Branch& sibling = csaf_.branches[other];
        if (const auto range = sets_.find(other); range != sets_.end()) {
          const bool is_second = other > number || !csaf_.branches[number].node->has("product");
          if (is_second && set.overlaps(range->second)) each(number, other, true);
        } else if (sibling.category() == k_version && set.is_ordered() && set.contains(sibling.name())) {
          each(number, other, false);
        }
      }
    }
  }

  [[nodiscard]] bool is_vers(std::size_t number) const { return sets_.at(number).is_vers(); }
  [[nodiscard]] const std::vector<std::string_view>& products_below(std::size_t number) { return below_[number]; }

 private:
  Csaf& csaf_;
  std::map<std::size_t, VersionSet> sets_;
  std::map<int, std::vector<std::size_t>> siblings_;
  std::map<std::size_t, std::vector<std::string_view>> below_;
};

enum class Sibling : std::uint8_t { vers, vls, version };

/// Fails where overlapping siblings are in groups that contradict each other, or in the same group.
void overlap_of_products(Csaf& csaf, Sibling kind, bool is_contradiction) {
  if (csaf.branches.empty() || csaf.vulnerabilities.size() == 0) return;
  Overlaps overlaps(csaf);
  std::vector<std::map<std::string_view, StatusGroup>> status;
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    auto& groups = status.emplace_back();
    for (std::size_t i = 0; i < k_status_groups; ++i) {
      for (const std::string_view id : csaf.in_group(vulnerability, static_cast<StatusGroup>(i))) {
        groups.emplace(id, static_cast<StatusGroup>(i));
      }
    }
  }
  overlaps.run([&](std::size_t range, std::size_t sibling, bool is_range) {
    const Sibling found = !is_range ? Sibling::version : overlaps.is_vers(sibling) ? Sibling::vers : Sibling::vls;
    const Node& product = (*csaf.branches[sibling].node)["product"]["product_id"];
    if (found != kind || !product.is_string()) return;
    for (const auto& groups : status) {
      const auto other = groups.find(product.text());
      if (other == groups.end()) continue;
      for (const std::string_view id : overlaps.products_below(range)) {
        const auto one = groups.find(id);
        if (one == groups.end() || (one->second != other->second) != is_contradiction) continue;
        csaf.fail(name_node(csaf.branches[sibling]), "the versions of " + quote(id) + " and " + quote(product.text()) +
                                                         " overlap, and they are in the groups \"" +
                                                         std::string(name_of(one->second)) + "\" and \"" +
                                                         std::string(name_of(other->second)) + "\"");
      }
    }
  });
}

void contradicting_vers(Csaf& csaf) { overlap_of_products(csaf, Sibling::vers, true); }
void contradicting_vls(Csaf& csaf) { overlap_of_products(csaf, Sibling::vls, true); }
void contradicting_version(Csaf& csaf) { overlap_of_products(csaf, Sibling::version, true); }
void same_vers(Csaf& csaf) { overlap_of_products(csaf, Sibling::vers, false); }
void same_vls(Csaf& csaf) { overlap_of_products(csaf, Sibling::vls, false); }
void same_version(Csaf& csaf) { overlap_of_products(csaf, Sibling::version, false); }

void overlap_of_branches(Csaf& csaf, bool of_ranges) {
  if (csaf.branches.empty()) return;
  Overlaps(csaf).run([&](std::size_t, std::size_t sibling, bool is_range) {
    const Branch& branch = csaf.branches[sibling];
    if (is_range == of_ranges && branch.node->has("branches")) {
      csaf.fail(name_node(branch), quote(branch.name()) + " overlaps a range beside it");
    }
  });
}
void branches_of_ranges(Csaf& csaf) { overlap_of_branches(csaf, true); }
void branches_of_versions(Csaf& csaf) { overlap_of_branches(csaf, false); }

constexpr std::string_view k_split = "Split the ranges so that they do not overlap.";
constexpr std::string_view k_vers = "Write it as VERS: vers:deb/<2.0, or list the versions.";

constexpr std::array<CsafTest, 16> k_range_tests{{
    {"6.1.31", k_in_both, Weight::error, range_as_version,
     "Use the category `product_version_range`, or list the versions."},
    {"6.1.50", k_in_21, Weight::error, range_rules, k_vers},
    {"6.1.59", k_in_21, Weight::error, single_version, "Use the category `product_version`."},
    {"6.2.18", k_in_both, Weight::warning, no_vers, k_vers},
    {"6.2.49", k_in_21, Weight::warning, open_above, "End it at the last version that is known."},
    {"6.2.50.1", k_in_21, Weight::warning, contradicting_vers, k_split},
    {"6.2.50.2", k_in_21, Weight::warning, contradicting_vls, k_split},
    {"6.2.50.3", k_in_21, Weight::warning, contradicting_version, k_split},
    {"6.2.51", k_in_21, Weight::warning, unknown_type, "Use a registered type."},
    {"6.3.10", k_in_both, Weight::note, any_range, "List the versions where you can."},
    {"6.3.11", k_in_both, Weight::note, leading_v, "Leave out the v, if it is not part of the version."},
    {"6.3.19.1", k_in_21, Weight::note, same_vers, k_split},
    {"6.3.19.2", k_in_21, Weight::note, same_vls, k_split},
    {"6.3.19.3", k_in_21, Weight::note, same_version, k_split},
    {"6.3.19.4", k_in_21, Weight::note, branches_of_ranges, k_split},
    {"6.3.19.5", k_in_21, Weight::note, branches_of_versions, k_split},
}};

}  // namespace

std::span<const CsafTest> csaf_range_tests() { return k_range_tests; }

}  // namespace signet::advisory
