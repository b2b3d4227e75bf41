// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// CVE Record Format 5.1 and 5.2 (cveproject.github.io/cve-schema), content by CNA Operational Rules 4.1.0 section 5.
#include "signet/advisory/weakness.hpp"
#include "signet/sbom/purl.hpp"
#include "signet/vuln/cvss.hpp"

#include "drafts.hpp"
#include "ranges.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

constexpr Instant k_newest{253'402'300'799};

Json english(std::string_view text) { return Json::object({{"lang", "en"}, {"value", text}}); }

/// The name of the order as CVE records call it.
std::string version_type(const Product& product) {
  const std::string scheme = scheme_of(product);
  return scheme == "pypi" ? "python" : scheme;
}

Json version_entry(const Interval& interval, const std::string& type) {
  // "0" is the beginning and "*" no end, by the schema's own words.
  Json entry = Json::object(
      {{"version", interval.from.empty() ? "0" : interval.from}, {"status", "affected"}, {"versionType", type}});
  if (interval.is_single) return entry;
  const std::string end = interval.to.empty() ? "*" : interval.to;
  entry.set(interval.to_included ? "lessThanOrEqual" : "lessThan", end);
  return entry;
}

/// Where the packages of a type are collected, as the schema's examples write it: 5.1 has no package URLs.
struct Collection {
  std::string_view type;
  std::string_view name_space;  ///< of the package URL, which the collection stands for; empty: part of the name
  std::string_view url;
  char joined_by;
};
constexpr std::array<Collection, 10> k_collections{{{"npm", "", "https://registry.npmjs.org", '/'},
                                                    {"pypi", "", "https://pypi.org", '/'},
                                                    {"maven", "", "https://repo.maven.apache.org/maven2", ':'},
                                                    {"cargo", "", "https://crates.io", '/'},
                                                    {"gem", "", "https://rubygems.org", '/'},
                                                    {"composer", "", "https://packagist.org", '/'},
                                                    {"golang", "", "https://pkg.go.dev", '/'},
                                                    {"nuget", "", "https://nuget.org/packages", '/'},
                                                    {"hex", "", "https://repo.hex.pm", '/'},
                                                    {"deb", "debian", "https://packages.debian.org", '/'}}};

void add_collection(const Product& product, Json& to) {
  const auto purl = sbom::Purl::parse(product.purl);
  if (!purl) return;
  const sbom::PurlParts& parts = purl->parts();
  for (const Collection& one : k_collections) {
    if (one.type != parts.type || (!one.name_space.empty() && one.name_space != parts.name_space)) continue;
    const bool has_space = one.name_space.empty() && !parts.name_space.empty();
    to.set("collectionURL", one.url);
    to.set("packageName", has_space ? parts.name_space + one.joined_by + parts.name : parts.name);
  }
}

Json affected_product(const Product& product, bool is_52) {
  Json one = Json::object({{"vendor", product.vendor}, {"product", product.name}});
  if (is_52) one.set("packageURL", product.purl);
  add_collection(product, one);
  if (!product.cpe.empty()) one.set("cpes", Json::array({product.cpe}));
  const bool is_open = product.status == ProductStatus::under_investigation;
  one.set("defaultStatus", is_open ? "unknown" : "unaffected");
  Json versions = Json::array();
  const std::string type = version_type(product);
  for (const Interval& interval : intervals_of(product)) versions.push(version_entry(interval, type));
  if (!versions.elements().empty()) one.set("versions", std::move(versions));
  return one;
}

/// CPE applicability (NISTIR 7698): one match for each interval.
Json applicability(const Facts& facts) {
  Json matches = Json::array();
  for (const Product& product : facts.products) {
    if (product.cpe.empty()) continue;
    for (const Interval& interval : intervals_of(product)) {
      const std::string criteria = interval.is_single ? cpe_at(product, interval.from) : product.cpe;
      Json match = Json::object({{"vulnerable", true}, {"criteria", criteria}});
      if (!interval.is_single) {
        if (!interval.from.empty()) match.set("versionStartIncluding", interval.from);
        if (!interval.to.empty()) {
          match.set(interval.to_included ? "versionEndIncluding" : "versionEndExcluding", interval.to);
        }
      }
      matches.push(std::move(match));
    }
  }
  if (matches.elements().empty()) return matches;
  Json node = Json::object({{"operator", "OR"}, {"negate", false}, {"cpeMatch", std::move(matches)}});
  return Json::array({Json::object({{"nodes", Json::array({std::move(node)})}})});
}

Json metrics(const Facts& facts) {
  Json list = Json::array();
  for (const std::string& text : facts.cvss) {
    const auto vector = vuln::CvssVector::parse(text);
    if (!vector) continue;
    std::string name = "cvssV" + std::string(name_of(vector->version()));
    std::ranges::replace(name, '.', '_');
    list.push(Json::object({{"format", "CVSS"}, {name, cvss_json(text)}}));
  }
  return list;
}

Json problem_types(const Facts& facts) {
  Json list = Json::array();
  for (const std::string& id : facts.cwe) {
    const auto known = advisory::known_weakness(id, k_newest);
    const std::string text = id + (known ? " " + known->name : std::string());
    Json description = Json::object({{"lang", "en"}, {"description", text}, {"cweId", id}, {"type", "CWE"}});
    list.push(Json::object({{"descriptions", Json::array({std::move(description)})}}));
  }
  return list;
}

Json references(const Draft& draft) {
  Json own = Json::object({{"url", url_below(draft.publisher, page_path(draft.one))},
                           {"name", draft.one.id()},
                           {"tags", Json::array({"vendor-advisory"})}});
  Json list = Json::array({std::move(own)});
  for (const Reference& one : draft.one.facts().references) {
    list.push(Json::object({{"url", one.url}, {"name", one.summary}}));
  }
  return list;
}

/// What anybody may know of the history; who did what stays inside.
Json timeline(const Case& one) {
  struct Moment {
    State state;
    std::string_view text;
  };
  constexpr std::array<Moment, 3> k_moments{{{State::received, "Reported to the vendor."},
                                             {State::fix_available, "Repair or mitigation available."},
                                             {State::published, "Advisory published."}}};
  Json list = Json::array();
  for (const Moment& moment : k_moments) {
    if (const auto at = one.reached(moment.state)) {
      list.push(Json::object({{"time", to_rfc3339(*at)}, {"lang", "en"}, {"value", moment.text}}));
    }
  }
  return list;
}

void set_if_any(Json& to, std::string_view name, Json list) {
  if (!list.elements().empty()) to.set(name, std::move(list));
}

void add_help(const Facts& facts, Json& to) {
  Json workarounds = Json::array();
  Json solutions = Json::array();
  for (const Remediation& one : remediations_of(facts)) {
    const bool is_workaround = one.category == "workaround" || one.category == "mitigation";
    push_new(is_workaround ? workarounds : solutions, english(one.details));
  }
  set_if_any(to, "workarounds", std::move(workarounds));
  set_if_any(to, "solutions", std::move(solutions));
}

Json provider(const Draft& draft) {
  Json provider = Json::object({{"orgId", draft.publisher.cna_org}});
  if (!draft.publisher.cna_name.empty()) provider.set("shortName", draft.publisher.cna_name);
  return provider;
}

Json published_container(const Draft& draft, bool is_52) {
  const Facts& facts = draft.one.facts();
  Json cna = Json::object({{"providerMetadata", provider(draft)}, {"title", facts.title}});
  if (draft.is_public) cna.set("datePublic", to_rfc3339(draft.first));
  cna.set("descriptions", Json::array({english(facts.description.empty() ? facts.title : facts.description)}));
  Json affected = Json::array();
  for (const Product& product : facts.products) affected.push(affected_product(product, is_52));
  cna.set("affected", std::move(affected));
  set_if_any(cna, "cpeApplicability", applicability(facts));
  set_if_any(cna, "problemTypes", problem_types(facts));
  set_if_any(cna, "metrics", metrics(facts));
  cna.set("references", references(draft));
  add_help(facts, cna);
  if (facts.exploited) {
    cna.set("exploits", Json::array({english("The vendor knows of active exploitation.")}));
  }
  set_if_any(cna, "timeline", timeline(draft.one));
  Json credits = Json::array();
  for (const Credit& one : facts.credits) {
    const std::string name = one.name + (one.organization.empty() ? "" : " (" + one.organization + ")");
    push_new(credits, Json::object({{"lang", "en"}, {"value", name}, {"type", one.role}}));
  }
  set_if_any(cna, "credits", std::move(credits));
  cna.set("source",
          Json::object({{"advisory", draft.one.id()}, {"discovery", facts.credits.empty() ? "UNKNOWN" : "EXTERNAL"}}));
  return cna;
}

Json rejected_container(const Draft& draft) {
  return Json::object({{"providerMetadata", provider(draft)},
                       {"rejectedReasons", Json::array({english(draft.one.last_move().act.note)})}});
}

}  // namespace

Result<Json> cve_record(const Draft& draft, bool is_52) {
  const Facts& facts = draft.one.facts();
  if (facts.cve.empty()) {
    return Error(Errc::unsupported, "document.no-cve", "the case has no CVE identifier",
                 "Reserve one, then: `signet advisory set --cve CVE-2026-12345`.");
  }
  if (draft.publisher.cna_org.empty()) {
    return Error(Errc::unsupported, "document.no-cna", "publisher.json names no CNA",
                 "Set cna_org to the UUID that the CVE program gave; without one, ask your root for a record.");
  }
  const bool is_rejected = draft.one.state() == State::rejected;
  const bool has_any =
      std::ranges::any_of(facts.products, [](const Product& one) { return one.status != ProductStatus::not_affected; });
  if (!is_rejected && !has_any) {
    return Error(Errc::unsupported, "document.not-affected", "no product is affected, and a CVE record wants one",
                 "Publish VEX (openvex, csaf-2.0), or reject the case (CNA rules 5.1.2).");
  }
  Json metadata = Json::object({{"cveId", facts.cve},
                                {"assignerOrgId", draft.publisher.cna_org},
                                {"state", is_rejected ? "REJECTED" : "PUBLISHED"}});
  if (!draft.publisher.cna_name.empty()) metadata.set("assignerShortName", draft.publisher.cna_name);
  if (is_rejected) {
    metadata.set("dateRejected", to_rfc3339(draft.one.last_move().act.at));
  } else if (draft.is_public) {
    metadata.set("datePublished", to_rfc3339(draft.first));
    metadata.set("dateUpdated", to_rfc3339(draft.last));
  }
  Json container = is_rejected ? rejected_container(draft) : published_container(draft, is_52);
  return Json::object({{"dataType", "CVE_RECORD"},
                       {"dataVersion", is_52 ? "5.2.0" : "5.1.1"},
                       {"cveMetadata", std::move(metadata)},
                       {"containers", Json::object({{"cna", std::move(container)}})}});
}

}  // namespace signet::advisories
