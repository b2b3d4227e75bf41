// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// OSV schema 1.7 (ossf.github.io/osv-schema).
#include "signet/sbom/purl.hpp"
#include "signet/vuln/cvss.hpp"

#include "drafts.hpp"
#include "ranges.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

/// How OSV calls the package of a package URL, and whether its versions are semantic ones.
struct Ecosystem {
  std::string_view type;
  std::string_view name_space;  ///< of the package URL; empty: any
  std::string_view name;
  bool is_semver;
  char joined_by;  ///< what stands between namespace and name; '\0': the name stands alone
};
constexpr std::array<Ecosystem, 17> k_ecosystems{{{"npm", "", "npm", true, '/'},
                                                  {"cargo", "", "crates.io", true, '/'},
                                                  {"golang", "", "Go", true, '/'},
                                                  {"pypi", "", "PyPI", false, '/'},
                                                  {"maven", "", "Maven", false, ':'},
                                                  {"gem", "", "RubyGems", false, '/'},
                                                  {"nuget", "", "NuGet", false, '/'},
                                                  {"composer", "", "Packagist", false, '/'},
                                                  {"hex", "", "Hex", true, '/'},
                                                  {"pub", "", "Pub", true, '/'},
                                                  {"conan", "", "ConanCenter", false, '/'},
                                                  {"hackage", "", "Hackage", false, '/'},
                                                  {"cran", "", "CRAN", false, '/'},
                                                  {"swift", "", "SwiftURL", true, '/'},
                                                  {"deb", "debian", "Debian", false, '\0'},
                                                  {"deb", "ubuntu", "Ubuntu", false, '\0'},
                                                  {"apk", "alpine", "Alpine", false, '\0'}}};

const Ecosystem* ecosystem_of(const sbom::PurlParts& parts) {
  const auto* found = std::ranges::find_if(k_ecosystems, [&](const Ecosystem& one) {
    return one.type == parts.type && (one.name_space.empty() || one.name_space == parts.name_space);
  });
  return found == k_ecosystems.end() ? nullptr : found;
}

/// "fixed" and "last_affected" may not stand in one range, so each interval is a range of its own.
Json range_of(const Interval& interval, bool is_semver) {
  Json events = Json::array({Json::object({{"introduced", interval.from.empty() ? "0" : interval.from}})});
  if (!interval.to.empty()) {
    events.push(Json::object({{interval.to_included ? "last_affected" : "fixed", interval.to}}));
  }
  return Json::object({{"type", is_semver ? "SEMVER" : "ECOSYSTEM"}, {"events", std::move(events)}});
}

Result<Json> affected_package(const Product& product) {
  TRY_ASSIGN(const sbom::Purl purl, sbom::Purl::parse(product.purl));
  const sbom::PurlParts& parts = purl.parts();
  const Ecosystem* ecosystem = ecosystem_of(parts);
  if (ecosystem == nullptr) {
    return Error(Errc::unsupported, "document.no-ecosystem",
                 "OSV knows packages of ecosystems alone, and " + product.purl + " is of none of them",
                 "Publish CSAF, OpenVEX and CycloneDX for devices and their firmware.");
  }
  std::string name = parts.name;
  if (ecosystem->joined_by != '\0' && !parts.name_space.empty()) name = parts.name_space + ecosystem->joined_by + name;
  Json package = Json::object({{"ecosystem", ecosystem->name}, {"name", name}, {"purl", product.purl}});
  Json ranges = Json::array();
  Json versions = Json::array();
  for (const Interval& interval : intervals_of(product)) {
    if (interval.is_single) {
      versions.push(interval.from);
    } else {
      ranges.push(range_of(interval, ecosystem->is_semver));
    }
  }
  for (const std::string& one : product.releases) {
    if (verdict_on(product, one) == Verdict::affected) versions.push(one);
  }
  Json affected = Json::object({{"package", std::move(package)}});
  if (!ranges.elements().empty()) affected.set("ranges", std::move(ranges));
  if (!versions.elements().empty()) affected.set("versions", std::move(versions));
  return affected;
}

Json severity(const Facts& facts) {
  Json list = Json::array();
  for (const std::string& text : facts.cvss) {
    const auto vector = vuln::CvssVector::parse(text);
    if (!vector) continue;
    const std::string_view name = name_of(vector->version());
    list.push(Json::object({{"type", "CVSS_V" + std::string(name.substr(0, 1))}, {"score", text}}));
  }
  return list;
}

Json credits(const Facts& facts) {
  Json list = Json::array();
  for (const Credit& one : facts.credits) {
    std::string type = one.role;
    for (char& c : type) c = c == ' ' ? '_' : static_cast<char>(c - 'a' + 'A');
    list.push(Json::object({{"name", one.name}, {"type", type}}));
  }
  return list;
}

}  // namespace

Result<Json> osv_record(const Draft& draft) {
  const Facts& facts = draft.one.facts();
  Json affected = Json::array();
  for (const Product& product : facts.products) {
    if (product.status != ProductStatus::affected) continue;  // OSV lists what is affected, and nothing else
    TRY_ASSIGN(Json package, affected_package(product));
    affected.push(std::move(package));
  }
  if (affected.elements().empty()) {
    return Error(Errc::unsupported, "document.no-products", "no product is affected, and OSV speaks of nothing else",
                 "Publish VEX (openvex, csaf-2.0) for what is not affected.");
  }
  // "x_" begins the ids of databases that OSV does not list.
  Json record = Json::object({{"schema_version", "1.7.0"},
                              {"id", "x_" + draft.one.id()},
                              {"modified", to_rfc3339(draft.last)},
                              {"published", to_rfc3339(draft.first)}});
  Json aliases = Json::array();
  if (!facts.cve.empty()) aliases.push(facts.cve);
  for (const std::string& one : facts.aliases) aliases.push(one);
  if (!aliases.elements().empty()) record.set("aliases", std::move(aliases));
  record.set("summary", facts.title);
  if (!facts.description.empty()) record.set("details", facts.description);
  if (Json list = severity(facts); !list.elements().empty()) record.set("severity", std::move(list));
  record.set("affected", std::move(affected));
  Json references =
      Json::array({Json::object({{"type", "ADVISORY"}, {"url", url_below(draft.publisher, page_path(draft.one))}})});
  for (const Reference& one : facts.references) references.push(Json::object({{"type", "WEB"}, {"url", one.url}}));
  record.set("references", std::move(references));
  if (Json list = credits(facts); !list.elements().empty()) record.set("credits", std::move(list));
  Json cwes = Json::array();
  for (const std::string& one : facts.cwe) cwes.push(one);
  if (!cwes.elements().empty()) record.set("database_specific", Json::object({{"cwe_ids", std::move(cwes)}}));
  return record;
}

}  // namespace signet::advisories
