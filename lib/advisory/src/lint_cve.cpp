// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_cve_fuzz)
//
// What the schema of CVE records lets pass, and no matcher or reader can use.
#include "signet/sbom/versions.hpp"
#include "signet/vuln/cpe.hpp"

#include "cvss_facts.hpp"
#include "judges.hpp"
#include "weaknesses.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

class CveLinter {
 public:
  explicit CveLinter(const Node& root) : root_(root), meta_(root["cveMetadata"]), cna_(root["containers"]["cna"]) {}

  std::vector<RawFinding> run() {
    dates();
    if (meta_["state"].text() == "REJECTED") return std::move(findings_);
    for (const Node& one : cna_["affected"].items()) affected(one);
    if (!any_affected())
      add(Weight::error, "cve.nothing-affected", cna_, "no product is affected or unknown",
          "List at least one (CNA rules 5.1.2).");
    weaknesses();
    scores(cna_["metrics"]);
    for (const Node& adp : root_["containers"]["adp"].items()) scores(adp["metrics"]);
    if (!cna_.has("metrics"))
      add(Weight::warning, "cve.no-score", cna_, "the CNA gives no score", "Add metrics with a CVSS vector.");
    references();
    descriptions();
    return std::move(findings_);
  }

 private:
  void add(Weight weight, std::string_view test, const Node& at, std::string text, std::string_view remedy) {
    findings_.push_back({weight, test, &at, std::move(text), remedy});
  }

  void order(const Node& earlier, const Node& later, std::string_view what) {
    const auto a = parse_moment(earlier.text(), true);
    const auto b = parse_moment(later.text(), true);
    if (a && b && *b < *a) add(Weight::warning, "cve.dates", later, std::string(what), "Put the dates right.");
  }

  void dates() {
    order(meta_["dateReserved"], meta_["datePublished"], "the record was published before it was reserved");
    order(meta_["datePublished"], meta_["dateUpdated"], "the record was updated before it was published");
    order(meta_["dateReserved"], meta_["dateRejected"], "the record was rejected before it was reserved");
    const std::string_view id = meta_["cveId"].text();
    const std::string_view reserved = meta_["dateReserved"].text();
    if (id.size() > 8 && reserved.size() > 4 && id.substr(4, 4) > reserved.substr(0, 4)) {
      add(Weight::note, "cve.year", meta_["cveId"], "the year of the id is later than that of its reservation",
          "Look whether the id is right.");
    }
  }

  bool any_affected() const {
    const auto counts = [](const Node& status) { return status.text() == "affected" || status.text() == "unknown"; };
    return std::ranges::any_of(cna_["affected"].items(), [&](const Node& one) {
      return counts(one["defaultStatus"]) || !one.has("versions") ||
             std::ranges::any_of(one["versions"].items(), [&](const Node& version) {
               return counts(version["status"]) || version.has("changes");
             });
    });
  }

  /// "<6.9", "2.8.3 or earlier", "10.5 - 11.5", "6.0 to 6.4": a version that is more than one.
  static bool is_range_text(std::string_view text) {
    constexpr std::array<std::string_view, 14> k_words{"before", "prior", "earlier", "below", "through",
                                                       "thru",   "later", "above",   "newer", "older",
                                                       "until",  "from",  "upto",    "up"};
    constexpr std::array<std::string_view, 5> k_between{" to ", " -", "- ", "\u2013", "\u2014"};
    if (text.find_first_of("<>=") != std::string_view::npos) return true;
    const std::string small = lower(text);
    std::string word;
    for (const char c : small + " ") {
      if (c >= 'a' && c <= 'z') {
        word += c;
        continue;
      }
      if (std::ranges::find(k_words, word) != k_words.end()) return true;
      word.clear();
    }
    constexpr std::string_view k_digits = "0123456789";
    return std::ranges::any_of(k_between, [&](std::string_view sign) {
      const std::size_t at = small.find(sign, std::min(small.find_first_of(k_digits), small.size()));
      return at != std::string::npos && small.find_first_of(k_digits, at) != std::string::npos;
    });
  }

  void affected(const Node& product) {
    if (!product.has("versions") && !product.has("defaultStatus")) {
      add(Weight::warning, "cve.no-versions", product, "nothing says which versions are affected",
          "Add versions, or a defaultStatus.");
    }
    const auto versions = product["versions"].items();
    for (const Node& version : versions) affected_version(version);
    const bool has_cpe = product.has("cpes") || cna_.has("cpeApplicability");
    if (!has_cpe)
      add(Weight::note, "cve.no-cpe", product, "the product has no CPE", "Add cpes, so that scanners find it.");
    for (const Node& cpe : product["cpes"].items()) {
      if (!vuln::Cpe::parse(cpe.text()))
        add(Weight::error, "cve.cpe", cpe, quote(cpe.text()) + " is no CPE name",
            "Write cpe:2.3:a:vendor:product:*:*:*:*:*:*:*:*.");
    }
  }

  void affected_version(const Node& version) {
    const std::string_view text = version["version"].text();
    const bool is_range = version.has("lessThan") || version.has("lessThanOrEqual");
    if (is_range_text(text)) {
      add(Weight::warning, "cve.range-text", version["version"],
          quote(text) + " is a range in words: no matcher can use it",
          "Use version, lessThan or lessThanOrEqual, and versionType.");
    }
    if (!is_range) return;
    const Node& end = version[version.has("lessThan") ? "lessThan" : "lessThanOrEqual"];
    const std::string_view type = version["versionType"].text();
    if (is_range_text(end.text())) {
      add(Weight::warning, "cve.range-text", end, quote(end.text()) + " is a range in words",
          "Give the one version where it ends.");
    }
    if (type.empty() || type == "custom") {
      add(Weight::note, "cve.version-type", version, "nothing says in which order the versions stand",
          "Set versionType: semver, rpm, deb, ...");
      return;
    }
    const auto scheme = sbom::version_scheme(type);
    if (!scheme || end.text().find('*') != std::string_view::npos || text == "0" || text == "*" || text.empty()) return;
    if (sbom::compare_versions(*scheme, text, end.text()) == std::weak_ordering::greater) {
      add(Weight::error, "cve.range-order", end, "the range ends before it begins", "Exchange the two versions.");
    }
  }

  void weaknesses() {
    bool has_any = false;
    for (const Node& type : cna_["problemTypes"].items()) {
      for (const Node& one : type["descriptions"].items()) {
        const Node& id = one["cweId"];
        if (!id.is_string()) {
          if (one["description"].text().find("CWE-") != std::string_view::npos) {
            add(Weight::warning, "cve.cwe-text", one, "the weakness stands in the text alone", "Set cweId.");
          }
          continue;
        }
        has_any = true;
        const auto known = newest_weakness(id.text());
        if (!known) {
          add(Weight::warning, "cve.cwe", id, quote(id.text()) + " is no weakness (a category, a view, or not there)",
              "Take one of cwe.mitre.org.");
        } else if (known->is_deprecated || known->usage == 'P') {
          add(Weight::warning, "cve.cwe", id, quote(id.text()) + " is not for vulnerabilities",
              "Take a weakness below it, or the one that took its place.");
        }
      }
    }
    if (!has_any)
      add(Weight::warning, "cve.no-cwe", cna_, "the CNA names no weakness", "Add problemTypes with a cweId.");
  }

  void scores(const Node& metrics) {
    for (const Node& metric : metrics.items()) {
      for (const char* name : {"cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"}) {
        for (CvssFault& fault : cvss_faults(metric[name])) {
          add(fault.is_score ? Weight::error : Weight::warning, fault.is_score ? "cve.score" : "cve.metric", *fault.at,
              std::move(fault.text), "Take the value from the vector.");
        }
      }
    }
  }

  void references() {
    std::set<std::string_view> seen;
    for (const Node& one : cna_["references"].items()) {
      const std::string_view url = one["url"].text();
      if (!seen.insert(url).second)
        add(Weight::warning, "cve.reference", one, quote(url) + " stands there twice", "Leave one of the two.");
      if (url.starts_with("http://"))
        add(Weight::note, "cve.reference", one["url"], "the link is not https", "Use https where the site has it.");
    }
  }

  void descriptions() {
    constexpr std::size_t k_text_min = 20;
    for (const Node& one : cna_["descriptions"].items()) {
      const std::string_view text = one["value"].text();
      if (text.size() < k_text_min || lower(text) == "n/a") {
        add(Weight::warning, "cve.description", one["value"], "the description says nothing",
            "Say product, flaw, attacker and impact.");
      }
    }
  }

  const Node& root_;
  const Node& meta_;
  const Node& cna_;
  std::vector<RawFinding> findings_;
};

}  // namespace

std::vector<RawFinding> lint_cve(const Node& root) { return CveLinter(root).run(); }

}  // namespace signet::advisory
