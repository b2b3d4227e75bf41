// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_case_fuzz)
#include "facts.hpp"

#include "signet/advisories/clocks.hpp"
#include "signet/advisory/weakness.hpp"
#include "signet/sbom/purl.hpp"
#include "signet/sbom/range.hpp"
#include "signet/vuln/cpe.hpp"
#include "signet/vuln/cvss.hpp"

#include "ranges.hpp"
#include "words.hpp"

#include <algorithm>
#include <set>

namespace signet::advisories {

namespace {

/// Weaknesses are judged by the newest release that is known here: a case must not become unsound with time.
constexpr Instant k_newest_cwe{253'402'300'799};

Error bad(const std::string& reason, const std::string& text, const std::string& hint) {
  return {Errc::invalid_input, reason, text, hint};
}

template <std::size_t N>
Result<void> check_word(std::string_view word, const std::array<std::string_view, N>& words, const std::string& what) {
  if (std::ranges::find(words, word) != words.end()) return {};
  std::string list;
  for (const std::string_view one : words) list += (list.empty() ? "" : ", ") + std::string(one);
  return bad("case.word", "'" + printable(word, 60) + "' is no " + what, "Use one of: " + list + ".");
}

template <typename T>
Result<void> check_count(const std::vector<T>& items, const std::string& what) {
  if (items.size() <= k_items_max) return {};
  return Error(Errc::exhausted, "case.too-big", "there are " + std::to_string(items.size()) + " " + what,
               "Use at most " + std::to_string(k_items_max) + ".");
}

Error twice(const std::string& what) {
  return bad("case.twice", printable(what, 100) + " stands there twice", "Leave one of the two.");
}

Result<void> check_unique(const std::vector<std::string>& items, const std::string& what) {
  TRY(check_count(items, what));
  std::set<std::string_view> seen;
  for (const std::string& one : items) {
    if (!seen.insert(one).second) return twice(one);
  }
  return {};
}

Result<void> check_severity(const Facts& facts) {
  TRY(check_unique(facts.cwe, "weaknesses"));
  for (const std::string& one : facts.cwe) {
    const auto known = advisory::known_weakness(one, k_newest_cwe);
    if (known && known->is_for_mapping) continue;
    return bad("case.cwe", "'" + printable(one, 60) + "' is no weakness by which vulnerabilities are called",
               "Take one of cwe.mitre.org, written as CWE-306; categories, views and deprecated ones are none.");
  }
  std::set<vuln::CvssVersion> editions;
  for (const std::string& one : facts.cvss) {
    const auto vector = vuln::CvssVector::parse(one);
    if (!vector) {
      return bad("case.cvss", "'" + printable(one, 120) + "' is no CVSS vector: " + vector.error().text(),
                 "`signet cvss explain` says what a vector means.");
    }
    if (vector->canonical() != one) {
      return bad("case.cvss", "'" + one + "' is not in the standard's order", "Write " + vector->canonical() + ".");
    }
    if (!editions.insert(vector->version()).second) return twice("CVSS " + std::string(name_of(vector->version())));
  }
  return {};
}

Result<void> check_names(const Product& product) {
  TRY(check_line(product.vendor, "the vendor", k_line_size_bytes_max));
  TRY(check_line(product.name, "the product's name", k_line_size_bytes_max));
  if (product.vendor.empty() || product.name.empty()) {
    return bad("case.text", "a product has no vendor or no name", "Give vendor, name and purl of each product.");
  }
  TRY(check_line(product.purl, "a package URL", k_purl_size_bytes_max));
  const auto purl = sbom::Purl::parse(product.purl);
  if (!purl || !purl->parts().version.empty() || !purl->parts().qualifiers.empty() || !purl->parts().subpath.empty() ||
      purl->to_string() != product.purl) {
    return bad("case.purl",
               "'" + printable(product.purl, 100) + "' is no package URL of all versions of a product" +
                   (purl ? std::string() : ": " + purl.error().text()),
               "Write it without version and qualifiers: pkg:generic/example/camera-os.");
  }
  if (product.cpe.empty()) return {};
  const auto cpe = vuln::Cpe::parse(product.cpe);
  using vuln::Cpe;
  const bool is_whole = cpe && cpe->to_string() == product.cpe &&
                        cpe->value(Cpe::version).kind == vuln::CpeValue::Kind::any &&
                        cpe->value(Cpe::vendor).kind == vuln::CpeValue::Kind::text &&
                        cpe->value(Cpe::product).kind == vuln::CpeValue::Kind::text;
  if (is_whole) return {};
  return bad("case.cpe", "'" + printable(product.cpe, 120) + "' is no CPE name of all versions of a product",
             "Write it with a star for the version: cpe:2.3:o:example:camera_os:*:*:*:*:*:*:*:*.");
}

Result<void> check_versions(const Product& product) {
  TRY(check_unique(product.fixed, "fixed versions"));
  TRY(check_unique(product.releases, "releases"));
  if (product.status != ProductStatus::affected) {
    if (product.affected.empty() && product.fixed.empty()) return {};
    return bad("case.range", "a product that is not affected has affected or fixed versions",
               "Set its status to affected, or leave the versions out.");
  }
  TRY(check_line(product.affected, "the range of affected versions", k_range_size_bytes_max));
  TRY_ASSIGN(const std::vector<Interval> intervals, read_intervals(product.affected));
  for (const Interval& one : intervals) {
    for (const std::string& end : {one.from, one.to}) {
      if (!end.empty()) TRY(check_version_text(end));
    }
  }
  const auto range = sbom::VersionRange::parse(product.affected);
  for (const auto* list : {&product.fixed, &product.releases}) {
    for (const std::string& version : *list) {
      TRY(check_version_text(version));
      TRY(sbom::check_version(range->order(), version));
    }
  }
  for (const std::string& version : product.fixed) {
    if (!range->contains(version)) continue;
    return bad("case.version", "the fixed version " + printable(version, 60) + " is one of the affected ones",
               "End the range before it: vers:" + range->scheme() + "/<" + version + ".");
  }
  return {};
}

Result<void> check_product(const Product& product) {
  constexpr std::array<std::string_view, 6> k_justifications{"",
                                                             "component_not_present",
                                                             "vulnerable_code_not_present",
                                                             "vulnerable_code_not_in_execute_path",
                                                             "vulnerable_code_cannot_be_controlled_by_adversary",
                                                             "inline_mitigations_already_exist"};
  TRY(check_names(product));
  TRY(check_versions(product));
  TRY(check_word(product.justification, k_justifications, "justification of VEX"));
  TRY(check_text(product.impact, "the impact", k_text_size_bytes_max));
  const bool has_reason = !product.justification.empty() || !product.impact.empty();
  if (has_reason == (product.status == ProductStatus::not_affected)) return {};
  return bad("case.word",
             has_reason ? "a reason why a product is not affected stands beside another status"
                        : "nothing says why " + printable(product.name, 60) + " is not affected",
             "Products that are not affected, and no others, have a justification or an impact.");
}

Result<void> check_people(const Facts& facts) {
  constexpr std::array<std::string_view, 10> k_roles{"finder",
                                                     "reporter",
                                                     "analyst",
                                                     "coordinator",
                                                     "remediation developer",
                                                     "remediation reviewer",
                                                     "remediation verifier",
                                                     "tool",
                                                     "sponsor",
                                                     "other"};
  TRY(check_count(facts.credits, "credits"));
  for (const Credit& one : facts.credits) {
    TRY(check_line(one.name, "a name that is thanked", k_line_size_bytes_max));
    TRY(check_line(one.organization, "an organization that is thanked", k_line_size_bytes_max));
    TRY(check_word(one.role, k_roles, "role of who is thanked"));
    if (one.name.empty()) return bad("case.text", "a credit has no name", "Give the name of who is thanked.");
    if (std::ranges::count(facts.credits, one) != 1) return twice(one.name);
  }
  TRY(check_line(facts.reporter, "the reporter", k_line_size_bytes_max));
  TRY(check_unique(facts.made_available, "Member States"));
  for (const std::string& one : facts.made_available) {
    const bool is_code = one.size() == 2 && std::ranges::all_of(one, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!is_code)
      return bad("case.word", "'" + printable(one, 20) + "' is no country", "Use codes of ISO 3166: DE, FR.");
  }
  return {};
}

Result<void> check_links(const Facts& facts) {
  constexpr std::array<std::string_view, 5> k_categories{"vendor_fix", "workaround", "mitigation", "no_fix_planned",
                                                         "none_available"};
  TRY(check_count(facts.remediations, "remediations"));
  for (const Remediation& one : facts.remediations) {
    TRY(check_word(one.category, k_categories, "kind of remediation"));
    TRY(check_text(one.details, "a remediation", k_text_size_bytes_max));
    if (one.details.empty()) return bad("case.text", "a remediation says nothing", "Say what customers should do.");
    if (!one.url.empty()) TRY(check_url(one.url, "the link of a remediation"));
    if (std::ranges::count(facts.remediations, one) != 1) return twice("a remediation");
  }
  const auto gives = [&](std::string_view category) {
    return std::ranges::find(facts.remediations, category, &Remediation::category) != facts.remediations.end();
  };
  // CSAF 2.1 section 3.2.4.14.1 says which of them contradict each other.
  const bool has_fix = gives("vendor_fix");
  const bool has_any = has_fix || gives("workaround") || gives("mitigation");
  if ((gives("none_available") && (has_any || gives("no_fix_planned"))) || (has_fix && gives("no_fix_planned"))) {
    return bad("case.word", "remediations contradict each other", "Leave out that there is none.");
  }
  TRY(check_count(facts.references, "references"));
  std::set<std::string_view> seen;
  for (const Reference& one : facts.references) {
    TRY(check_line(one.summary, "the summary of a reference", k_line_size_bytes_max));
    if (one.summary.empty()) return bad("case.text", "a reference has no summary", "Say what the link leads to.");
    TRY(check_url(one.url, "the link of a reference"));
    if (!seen.insert(one.url).second) return twice(one.url);
  }
  return {};
}

Result<void> check_sent(const Facts& facts) {
  std::set<std::string_view> seen;
  for (const Sent& one : facts.sent) {
    if (!is_known_sending(one.what)) {
      std::string list;
      for (const std::string_view name : known_sendings()) list += (list.empty() ? "" : ", ") + std::string(name);
      return bad("case.word", "'" + printable(one.what, 60) + "' is nothing that is sent", "Use one of: " + list + ".");
    }
    if (!seen.insert(one.what).second) return twice(one.what);
    TRY(check_time(one.at));
  }
  for (const auto& time : {facts.embargo, facts.disclosed, facts.exploited, facts.incident}) {
    if (time) TRY(check_time(*time));
  }
  return {};
}

Error needs(State to, const std::string& what, const std::string& hint) {
  return {Errc::conflict, "case.needs", "a case that is " + std::string(name_of(to)) + " needs " + what, hint};
}

Result<void> check_published_needs(const Facts& facts, const Act& act) {
  constexpr std::size_t k_description_min = 20;
  constexpr State k_to = State::published;
  if (facts.description.size() < k_description_min) {
    return needs(k_to, "a description", "Say product, flaw, attacker and impact: `signet advisory set --description`.");
  }
  if (facts.cvss.empty()) return needs(k_to, "a severity", "`signet advisory set --cvss VECTOR`.");
  if (facts.cwe.empty()) return needs(k_to, "a weakness", "`signet advisory set --cwe CWE-306`.");
  if (facts.embargo && act.recorded < *facts.embargo) {
    return Error(Errc::denied, "case.embargo", "the case is under embargo until " + to_rfc3339(*facts.embargo),
                 "Wait, or agree on another date with the reporter: `signet advisory set --embargo`.");
  }
  return {};
}

}  // namespace

Result<void> check_facts(const Facts& facts) {
  TRY(check_line(facts.title, "the title", k_line_size_bytes_max));
  if (facts.title.empty()) return bad("case.text", "the case has no title", "Name the flaw and the product.");
  TRY(check_text(facts.description, "the description", k_text_size_bytes_max));
  if (!facts.cve.empty()) TRY(check_cve(facts.cve));
  TRY(check_unique(facts.aliases, "other identifiers"));
  for (const std::string& one : facts.aliases) {
    TRY(check_line(one, "an identifier", k_line_size_bytes_max));
    if (one.empty() || one == facts.cve) return twice(one.empty() ? "an empty identifier" : one);
  }
  TRY(check_severity(facts));
  TRY(check_count(facts.products, "products"));
  std::set<std::string_view> purls;
  for (const Product& one : facts.products) {
    TRY(check_product(one));
    if (!purls.insert(one.purl).second) return twice(one.purl);
  }
  TRY(check_people(facts));
  TRY(check_links(facts));
  return check_sent(facts);
}

Result<void> check_needs(const Facts& facts, State to, const Act& act) {
  if (to == State::rejected && act.note.empty()) {
    return needs(to, "a reason", "Say why it is no vulnerability of ours: --note.");
  }
  const bool is_ours =
      to == State::confirmed || to == State::fix_in_progress || to == State::fix_available || to == State::published;
  if (is_ours && facts.products.empty()) {
    return needs(to, "at least one product", "Give products in a file: `signet advisory set --facts FILE`.");
  }
  if (to == State::fix_available) {
    const bool has_fix = std::ranges::any_of(facts.products, [](const Product& one) { return !one.fixed.empty(); });
    const bool has_help = std::ranges::any_of(facts.remediations, [](const Remediation& one) {
      return one.category == "vendor_fix" || one.category == "workaround" || one.category == "mitigation";
    });
    if (!has_fix && !has_help) {
      return needs(to, "a fixed version, a workaround or a mitigation", "`signet advisory set --facts FILE`.");
    }
  }
  return to == State::published ? check_published_needs(facts, act) : Result<void>();
}

std::string_view best_vector(const Facts& facts) {
  std::string_view best;
  auto edition = vuln::CvssVersion::v2;
  for (const std::string& one : facts.cvss) {
    const auto vector = vuln::CvssVector::parse(one);
    if (!vector || (!best.empty() && vector->version() < edition)) continue;
    best = one;
    edition = vector->version();
  }
  return best;
}

}  // namespace signet::advisories
