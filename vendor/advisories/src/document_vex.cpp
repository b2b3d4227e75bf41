// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// OpenVEX 0.2.0 (github.com/openvex/spec) and CycloneDX 1.6 with its `vulnerabilities` (VEX and VDR).
#include "signet/core/version.hpp"
#include "signet/vuln/cvss.hpp"

#include "drafts.hpp"
#include "ranges.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

std::string actions_of(const Facts& facts) {
  std::string text;
  for (const Remediation& one : remediations_of(facts)) text += (text.empty() ? "" : " ") + one.details;
  return text;
}

/// Other names of the vulnerability.
std::vector<std::string> aliases_of(const Case& one) {
  std::vector<std::string> all = one.facts().aliases;
  if (!one.facts().cve.empty()) all.push_back(one.id());
  return all;
}

class OpenVexMaker {
 public:
  explicit OpenVexMaker(const Draft& draft) : draft_(draft), facts_(draft.one.facts()) {}

  Result<Json> make() {
    for (const Product& product : facts_.products) TRY(add(product));
    return Json::object({{"@context", "https://openvex.dev/ns/v0.2.0"},
                         {"@id", url_below(draft_.publisher, "openvex/" + draft_.one.id() + ".json")},
                         {"author", draft_.publisher.name},
                         {"role", "vendor"},
                         {"timestamp", to_rfc3339(draft_.first)},
                         {"last_updated", to_rfc3339(draft_.last)},
                         {"version", std::uint64_t{draft_.revision}},
                         {"tooling", "Signet " + std::string(project_version())},
                         {"statements", std::move(statements_)}});
  }

 private:
  Json named(const Product& product, const std::string& version) const {
    const std::string purl = version.empty() ? product.purl : purl_at(product, version);
    Json identifiers = Json::object({{"purl", purl}});
    if (!product.cpe.empty()) identifiers.set("cpe23", cpe_at(product, version));
    return Json::object({{"@id", purl}, {"identifiers", std::move(identifiers)}});
  }

  Json statement(std::string_view status, Json products) const {
    Json vulnerability = Json::object({{"name", called(draft_.one)}});
    if (!facts_.description.empty()) vulnerability.set("description", facts_.description);
    Json aliases = Json::array();
    for (const std::string& one : aliases_of(draft_.one)) push_new(aliases, one);
    if (!aliases.elements().empty()) vulnerability.set("aliases", std::move(aliases));
    return Json::object({{"vulnerability", std::move(vulnerability)},
                         {"products", std::move(products)},
                         {"status", status},
                         {"timestamp", to_rfc3339(draft_.first)},
                         {"last_updated", to_rfc3339(draft_.last)}});
  }

  void add_not_affected(Json products, std::string_view justification, std::string_view impact) {
    Json one = statement("not_affected", std::move(products));
    if (!justification.empty()) one.set("justification", justification);
    if (!impact.empty()) one.set("impact_statement", impact);
    statements_.push(std::move(one));
  }

  Result<void> add(const Product& product) {
    if (product.status == ProductStatus::not_affected) {
      add_not_affected(Json::array({named(product, "")}), product.justification, product.impact);
      return {};
    }
    if (product.status == ProductStatus::under_investigation) {
      statements_.push(statement("under_investigation", Json::array({named(product, "")})));
      return {};
    }
    return add_affected(product);
  }

  /// OpenVEX has no ranges: each version that is known is listed.
  Result<void> add_affected(const Product& product) {
    const std::vector<Interval> intervals = intervals_of(product);
    Json affected = Json::array();
    Json fixed = Json::array();
    Json older = Json::array();
    if (intervals.size() == 1 && intervals.front() == Interval{}) {
      affected.push(named(product, ""));  // a name without version is every version
    } else {
      for (const std::string& version : known_versions(product, intervals)) {
        const Verdict verdict = verdict_on(product, version);
        Json& list = verdict == Verdict::affected ? affected : verdict == Verdict::fixed ? fixed : older;
        list.push(named(product, version));
      }
    }
    if (affected.elements().empty()) {
      return Error(Errc::unsupported, "document.no-releases",
                   "OpenVEX has no ranges, and no affected release of " + printable(product.name, 60) + " is known",
                   "List the releases that were given out: `releases` of the product.");
    }
    Json one = statement("affected", std::move(affected));
    one.set("action_statement", actions_of(facts_));
    statements_.push(std::move(one));
    if (!fixed.elements().empty()) statements_.push(statement("fixed", std::move(fixed)));
    if (!older.elements().empty()) {
      add_not_affected(std::move(older), "vulnerable_code_not_present", "The code is not in this version.");
    }
    return {};
  }

  static std::vector<std::string> known_versions(const Product& product, const std::vector<Interval>& intervals) {
    std::vector<std::string> all = product.releases;
    const auto add = [&](const std::string& version) {
      if (std::ranges::find(all, version) == all.end()) all.push_back(version);
    };
    for (const Interval& one : intervals) {
      if (one.is_single) add(one.from);
    }
    for (const std::string& one : product.fixed) add(one);
    return all;
  }

  const Draft& draft_;
  const Facts& facts_;
  Json statements_ = Json::array();
};

/// How CycloneDX calls the justifications of VEX; it has none for the one that is not here.
struct Justification {
  std::string_view vex;
  std::string_view cyclonedx;
};
constexpr std::array<Justification, 4> k_justifications{
    {{"component_not_present", "code_not_present"},
     {"vulnerable_code_not_present", "code_not_present"},
     {"vulnerable_code_not_in_execute_path", "code_not_reachable"},
     {"inline_mitigations_already_exist", "protected_by_mitigating_control"}}};

class CycloneDxMaker {
 public:
  explicit CycloneDxMaker(const Draft& draft) : draft_(draft), facts_(draft.one.facts()) {}

  Json make() {
    Json components = Json::array();
    Json vulnerabilities = Json::array();
    for (const Product& product : facts_.products) {
      Json component = Json::object({{"type", "application"},
                                     {"bom-ref", product.purl},
                                     {"supplier", Json::object({{"name", product.vendor}})},
                                     {"name", product.name},
                                     {"purl", product.purl}});
      if (!product.cpe.empty()) component.set("cpe", product.cpe);
      components.push(std::move(component));
      vulnerabilities.push(vulnerability(product, vulnerabilities.elements().size()));
    }
    Json supplier = Json::object({{"name", draft_.publisher.name}, {"url", Json::array({draft_.publisher.url})}});
    Json tool = Json::object({{"type", "application"}, {"name", "signet"}, {"version", project_version()}});
    Json metadata = Json::object({{"timestamp", to_rfc3339(draft_.last)},
                                  {"tools", Json::object({{"components", Json::array({std::move(tool)})}})},
                                  {"supplier", std::move(supplier)}});
    return Json::object({{"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
                         {"bomFormat", "CycloneDX"},
                         {"specVersion", "1.6"},
                         {"serialNumber", "urn:uuid:" + uuid_of(draft_.publisher.url + "#" + draft_.one.id())},
                         {"version", std::uint64_t{draft_.revision}},
                         {"metadata", std::move(metadata)},
                         {"components", std::move(components)},
                         {"vulnerabilities", std::move(vulnerabilities)}});
  }

 private:
  Json ratings() const {
    struct Edition {
      vuln::CvssVersion version;
      std::string_view method;
    };
    constexpr std::array<Edition, 4> k_newest_first{{{vuln::CvssVersion::v4_0, "CVSSv4"},
                                                     {vuln::CvssVersion::v3_1, "CVSSv31"},
                                                     {vuln::CvssVersion::v3_0, "CVSSv3"},
                                                     {vuln::CvssVersion::v2, "CVSSv2"}}};
    Json list = Json::array();
    for (const auto& [version, method] : k_newest_first) {
      for (const std::string& text : facts_.cvss) {
        const auto vector = vuln::CvssVector::parse(text);
        if (!vector || vector->version() != version) continue;
        const unsigned tenths = vector->scores().overall_tenths;
        std::string severity(name_of(severity_of(version, tenths)));
        for (char& c : severity) c = static_cast<char>(c - 'A' + 'a');
        list.push(Json::object({{"score", static_cast<double>(tenths) / 10.0},
                                {"severity", severity},
                                {"method", method},
                                {"vector", text}}));
      }
    }
    return list;
  }

  Json analysis(const Product& product) const {
    if (product.status == ProductStatus::under_investigation) return Json::object({{"state", "in_triage"}});
    if (product.status == ProductStatus::not_affected) {
      Json analysis = Json::object({{"state", "not_affected"}});
      const auto* known =
          std::ranges::find(k_justifications, std::string_view(product.justification), &Justification::vex);
      if (known != k_justifications.end()) analysis.set("justification", known->cyclonedx);
      std::string detail = product.justification;
      if (!product.impact.empty()) detail += (detail.empty() ? "" : ": ") + product.impact;
      analysis.set("detail", detail);
      return analysis;
    }
    Json analysis = Json::object({{"state", "exploitable"}});
    const auto remediations = remediations_of(facts_);
    Json response = Json::array();
    const auto respond = [&](std::string_view category, std::string_view word) {
      if (std::ranges::find(remediations, category, &Remediation::category) != remediations.end()) response.push(word);
    };
    respond("vendor_fix", "update");
    respond("workaround", "workaround_available");
    respond("no_fix_planned", "will_not_fix");
    if (!response.elements().empty()) analysis.set("response", std::move(response));
    return analysis;
  }

  Json affects(const Product& product) const {
    Json one = Json::object({{"ref", product.purl}});
    if (product.status == ProductStatus::affected) {
      Json versions = Json::array();
      const std::vector<Interval> intervals = intervals_of(product);
      const bool is_single = intervals.size() == 1 && intervals.front().is_single;
      versions.push(
          Json::object({{is_single ? "version" : "range", is_single ? intervals.front().from : product.affected},
                        {"status", "affected"}}));
      for (const std::string& fixed : product.fixed) {
        versions.push(Json::object({{"version", fixed}, {"status", "unaffected"}}));
      }
      one.set("versions", std::move(versions));
    }
    return Json::array({std::move(one)});
  }

  /// What is true of one product and its vulnerability: CycloneDX has one analysis for each.
  Json vulnerability(const Product& product, std::size_t number) const {
    const std::string page = url_below(draft_.publisher, page_path(draft_.one));
    Json source = Json::object({{"name", draft_.publisher.name}, {"url", page}});
    Json one = Json::object(
        {{"bom-ref", "vulnerability-" + std::to_string(number + 1)}, {"id", called(draft_.one)}, {"source", source}});
    Json references = Json::array();
    for (const std::string& alias : aliases_of(draft_.one)) {
      push_new(references, Json::object({{"id", alias}, {"source", source}}));
    }
    if (!references.elements().empty()) one.set("references", std::move(references));
    if (Json list = ratings(); !list.elements().empty()) one.set("ratings", std::move(list));
    Json cwes = Json::array();
    for (const std::string& id : facts_.cwe) cwes.push(std::int64_t{std::stoll(id.substr(4))});
    if (!cwes.elements().empty()) one.set("cwes", std::move(cwes));
    one.set("description", facts_.title);
    if (!facts_.description.empty()) one.set("detail", facts_.description);
    if (product.status == ProductStatus::affected) one.set("recommendation", actions_of(facts_));
    one.set("advisories", Json::array({Json::object({{"title", facts_.title}, {"url", page}})}));
    if (draft_.is_public) one.set("published", to_rfc3339(draft_.first));
    one.set("updated", to_rfc3339(draft_.last));
    Json people = Json::array();
    for (const Credit& credit : facts_.credits) people.push(Json::object({{"name", credit.name}}));
    if (!people.elements().empty()) one.set("credits", Json::object({{"individuals", std::move(people)}}));
    one.set("analysis", analysis(product));
    one.set("affects", affects(product));
    return one;
  }

  const Draft& draft_;
  const Facts& facts_;
};

Error no_products(std::string_view format) {
  return {Errc::unsupported, "document.no-products",
          "the case names no product, and " + std::string(format) + " speaks of products alone",
          "Give products in a file: `signet advisory set --facts FILE`."};
}

}  // namespace

Result<Json> openvex_document(const Draft& draft) {
  if (draft.one.facts().products.empty()) return no_products("OpenVEX");
  return OpenVexMaker(draft).make();
}

Result<Json> cyclonedx_document(const Draft& draft) {
  if (draft.one.facts().products.empty()) return no_products("CycloneDX VEX");
  return CycloneDxMaker(draft).make();
}

}  // namespace signet::advisories
