// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Remediations, flags, involvements (CSAF section 6.1.24, 6.1.29, 6.1.32, 6.1.33, 6.1.35, 6.1.36, 6.2.2, 6.2.7, ...).
#include "csaf.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

constexpr std::array<std::string_view, 7> k_categories{
    "workaround", "mitigation", "vendor_fix", "optional_patch", "none_available", "fix_planned", "no_fix_planned"};

std::optional<std::size_t> category_of(const Node& remediation) {
  const auto at = std::ranges::find(k_categories, remediation["category"].text());
  if (at == k_categories.end()) return std::nullopt;
  return static_cast<std::size_t>(at - k_categories.begin());
}

/// Section 3.2.4.14.1, first table: 'x' is prohibited. Rows and columns as k_categories.
constexpr std::array<std::string_view, 7> k_together{"...xx..",   // workaround
                                                     "...xx..",   // mitigation
                                                     "...xxxx",   // vendor_fix
                                                     "xxx.xxx",   // optional_patch
                                                     "xxxx.xx",   // none_available
                                                     "..xxx.x",   // fix_planned
                                                     "..xxxx."};  // no_fix_planned

/// Second table: columns Affected, Not affected, Fixed, Under investigation, Unknown; '?' is discouraged.
constexpr std::array<std::string_view, 7> k_with_status{".xx??",   // workaround
                                                        ".xx??",   // mitigation
                                                        ".xx??",   // vendor_fix
                                                        "x.?..",   // optional_patch
                                                        ".xx..",   // none_available
                                                        ".?x??",   // fix_planned
                                                        ".?x.."};  // no_fix_planned

void contradicting_remediations(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::map<std::string_view, std::set<std::size_t>> given;
    for (const Node& remediation : vulnerability["remediations"].items()) {
      const auto category = category_of(remediation);
      if (!category) continue;
      for (const std::string_view id : csaf.products_of(remediation)) {
        auto& others = given[id];
        for (const std::size_t other : others) {
          if (k_together[*category][other] != 'x') continue;
          csaf.fail(remediation, quote(k_categories[*category]) + " and " + quote(k_categories[other]) +
                                     " contradict each other for " + quote(id));
        }
        others.insert(*category);
      }
    }
  }
}

void remediation_of_status(Csaf& csaf, char mark, std::string_view what) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::array<std::vector<std::string_view>, k_status_groups> groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      groups[i] = csaf.in_group(vulnerability, static_cast<StatusGroup>(i));
      std::ranges::sort(groups[i]);
    }
    for (const Node& remediation : vulnerability["remediations"].items()) {
      const auto category = category_of(remediation);
      if (!category) continue;
      for (const std::string_view id : csaf.products_of(remediation)) {
        for (std::size_t i = 0; i < groups.size(); ++i) {
          if (k_with_status[*category][i] != mark || !std::ranges::binary_search(groups[i], id)) continue;
          csaf.fail(remediation, quote(k_categories[*category]) + std::string(what) + quote(id) +
                                     ", which is in the group \"" + std::string(name_of(static_cast<StatusGroup>(i))) +
                                     "\"");
        }
      }
    }
  }
}

void prohibited_combination(Csaf& csaf) { remediation_of_status(csaf, 'x', " may not be given for "); }
void discouraged_combination(Csaf& csaf) { remediation_of_status(csaf, '?', " should not be given for "); }

void unbound_remediation(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& one : vulnerability["remediations"].items()) {
      if (!csaf.names_products(one)) csaf.fail(one, "the remediation does not say for which products it is");
    }
  }
}

void unbound_flag(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& one : vulnerability["flags"].items()) {
      if (!csaf.names_products(one)) csaf.fail(one, "the flag does not say for which products it is");
    }
  }
}

void several_flags(Csaf& csaf) {
  constexpr std::array<std::string_view, 5> k_justifications{
      "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
      "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"};
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::set<std::string_view> flagged;
    for (const Node& flag : vulnerability["flags"].items()) {
      if (std::ranges::find(k_justifications, flag["label"].text()) == k_justifications.end()) continue;
      for (const std::string_view id : csaf.products_of(flag)) {
        if (!flagged.insert(id).second) csaf.fail(flag, quote(id) + " has two justifications");
      }
    }
  }
}

void missing_remediation(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::unordered_set<std::string_view> covered;
    for (const Node& one : vulnerability["remediations"].items()) {
      for (const std::string_view id : csaf.products_of(one)) covered.insert(id);
    }
    for (const StatusGroup group : {StatusGroup::affected, StatusGroup::under_investigation}) {
      for (const std::string_view list : lists_of(group)) {
        for (const Node& id : vulnerability["product_status"][list].items()) {
          if (!covered.contains(id.text())) csaf.fail(id, "nothing says what to do about " + quote(id.text()));
        }
      }
    }
  }
}

void twice_involved(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::set<std::pair<std::string_view, std::string>> seen;
    for (const Node& one : vulnerability["involvements"].items()) {
      const auto date = parse_moment(one["date"].text());
      std::string when = date ? std::to_string(date->seconds) + "." + std::to_string(date->nanoseconds)
                              : std::string(one["date"].text());
      if (!seen.emplace(one["party"].text(), std::move(when)).second) {
        csaf.fail(one, quote(one["party"].text()) + " is involved twice at the same time");
      }
    }
  }
}

void undated_involvement(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& one : vulnerability["involvements"].items()) {
      if (!one.has("date")) csaf.fail(one, "the involvement has no date");
    }
  }
}

void same_cve(Csaf& csaf) {
  std::unordered_set<std::string_view> seen;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const Node& cve = one["cve"];
    if (cve.is_string() && !seen.insert(cve.text()).second) csaf.fail(cve, quote(cve.text()) + " is described twice");
  }
}

void missing_cve(Csaf& csaf) {
  for (const Node& one : csaf.vulnerabilities.items()) {
    if (!one.has("cve")) csaf.fail(one, "the vulnerability has no CVE");
  }
}

bool is_cve(std::string_view text) {
  if (!text.starts_with("CVE-") || text.size() < 13 || text[8] != '-') return false;
  const auto are_digits = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  return are_digits(text.substr(4, 4)) && are_digits(text.substr(9));
}

void cve_in_ids(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& one : vulnerability["ids"].items()) {
      if (is_cve(one["text"].text())) csaf.fail(one, quote(one["text"].text()) + " is a CVE");
    }
  }
}

/// The TC's registry of vulnerability ID systems (RVISC), version 1.
enum class IdSystem : std::uint8_t { unregistered, csaf_issue, euvd };

IdSystem system_of(const Node& id) {
  const std::string_view name = id["system_name"].text();
  if (name == "https://github.com/oasis-tcs/csaf") return IdSystem::csaf_issue;
  return name == "https://euvd.enisa.europa.eu" ? IdSystem::euvd : IdSystem::unregistered;
}

bool is_digits(std::string_view text, std::size_t min) {
  return text.size() >= min && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool fits(IdSystem system, std::string_view text) {
  if (system == IdSystem::csaf_issue)
    return text.size() > 1 && text[0] == '#' && text[1] != '0' && is_digits(text.substr(1), 1);
  return text.size() > 10 && text.starts_with("EUVD-") && text[5] != '0' && is_digits(text.substr(5, 4), 4) &&
         text[9] == '-' && is_digits(text.substr(10), 4);
}

void id_of_system(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& id : vulnerability["ids"].items()) {
      const IdSystem system = system_of(id);
      if (system == IdSystem::unregistered || fits(system, id["text"].text())) continue;
      csaf.fail(id["text"], quote(id["text"].text()) + " is not how that system writes its ids");
    }
  }
}

void unregistered_system(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& id : vulnerability["ids"].items()) {
      if (system_of(id) == IdSystem::unregistered) {
        csaf.fail(id["system_name"], quote(id["system_name"].text()) + " is not in the registry of ID systems");
      }
    }
  }
}

constexpr std::string_view k_bind = "Name the products in product_ids or group_ids.";

constexpr std::array<CsafTest, 14> k_remediation_tests{{
    {"6.1.23", k_in_both, Weight::error, same_cve, "Make one vulnerability of the two."},
    {"6.1.24", k_in_both, Weight::error, twice_involved, "Leave one of the two."},
    {"6.1.29", k_in_both, Weight::error, unbound_remediation, k_bind},
    {"6.1.32", k_in_both, Weight::error, unbound_flag, k_bind},
    {"6.1.33", k_in_both, Weight::error, several_flags, "Leave the one that says most."},
    {"6.1.35", k_in_21, Weight::error, contradicting_remediations, "Leave the stronger one of the two."},
    {"6.1.36", k_in_21, Weight::error, prohibited_combination, "Put right the status, or leave out the remediation."},
    {"6.2.2", k_in_both, Weight::warning, missing_remediation, "Add a remediation; `none_available` is one."},
    {"6.2.7", k_in_both, Weight::warning, undated_involvement, "Add the date."},
    {"6.2.17", k_in_both, Weight::warning, cve_in_ids, "Move it to `cve`."},
    {"6.2.27", k_in_21, Weight::warning, discouraged_combination, "Look whether the status is right."},
    {"6.2.53", k_in_21, Weight::warning, id_of_system, "Write it as the registry demands."},
    {"6.3.3", k_in_both, Weight::note, missing_cve, "Have a CVE assigned."},
    {"6.3.20", k_in_21, Weight::note, unregistered_system, "Use a registered system where there is one."},
}};

}  // namespace

std::span<const CsafTest> csaf_remediation_tests() { return k_remediation_tests; }

}  // namespace signet::advisory
