// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bom_fuzz)
#include "signet/core/version.hpp"

#include "bom_documents.hpp"
#include "orders.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <utility>

namespace signet::sbom {

namespace {

// SPDX and CycloneDX spell algorithms in two ways (SPDX 2.3 clause 7.10).
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> k_algorithms{{{"MD5", "MD5"},
                                                                                      {"SHA1", "SHA-1"},
                                                                                      {"SHA256", "SHA-256"},
                                                                                      {"SHA384", "SHA-384"},
                                                                                      {"SHA512", "SHA-512"},
                                                                                      {"SHA3-256", "SHA3-256"},
                                                                                      {"SHA3-384", "SHA3-384"},
                                                                                      {"SHA3-512", "SHA3-512"},
                                                                                      {"BLAKE2b-256", "BLAKE2b-256"},
                                                                                      {"BLAKE2b-384", "BLAKE2b-384"},
                                                                                      {"BLAKE2b-512", "BLAKE2b-512"},
                                                                                      {"BLAKE3", "BLAKE3"}}};

bool is_assertion(std::string_view text) { return !text.empty() && text != "NOASSERTION" && text != "NONE"; }

/// "Organization: X (address)", "Person: X"
std::string supplier_of(std::string_view text) {
  for (const std::string_view prefix : {"Organization: ", "Person: "}) {
    if (text.starts_with(prefix)) return std::string(text.substr(prefix.size()));
  }
  return {};
}

void read_references(const Json& list, Component& component) {
  for (const Json& one : list.elements()) {
    const std::string type = text_at(one, "referenceType");
    if (type == "purl" && component.purl.empty()) component.purl = text_at(one, "referenceLocator");
    if (type == "cpe23Type" && component.cpe.empty()) component.cpe = text_at(one, "referenceLocator");
  }
}

Result<Component> read_package(const Json& json) {
  Component component;
  component.ref = text_at(json, "SPDXID");
  component.name = text_at(json, "name");
  if (component.name.empty() || component.ref.empty()) {
    return Error(Errc::invalid_input, "bom.document", "a package has no name or no SPDXID",
                 "Each package of SPDX has both (SPDX 2.3 clauses 7.1 and 7.2).");
  }
  component.version = text_at(json, "versionInfo");
  constexpr std::string_view k_built_from = "built from ";  // as it is written below
  if (const std::string source = text_at(json, "sourceInfo"); source.starts_with(k_built_from)) {
    component.source = source.substr(k_built_from.size());
  }
  component.supplier = supplier_of(text_at(json, "supplier"));
  if (const std::string license = text_at(json, "licenseDeclared"); is_assertion(license)) {
    component.licenses.push_back(license);
  }
  if (const Json* references = json.find("externalRefs")) read_references(*references, component);
  if (const Json* checksums = json.find("checksums")) {
    for (const Json& one : checksums->elements()) {
      const std::string algorithm = text_at(one, "algorithm");
      const auto at = std::ranges::find(k_algorithms, algorithm, [](const auto& pair) { return pair.first; });
      component.hashes.push_back(
          {at == k_algorithms.end() ? algorithm : std::string(at->second), text_at(one, "checksumValue")});
    }
  }
  return component;
}

void read_relationships(const Json& list, Bom& bom) {
  std::unordered_map<std::string, std::size_t> by_ref;
  for (std::size_t i = 0; i < bom.components.size(); ++i) by_ref.emplace(bom.components[i].ref, i);
  for (const Json& one : list.elements()) {
    const std::string type = text_at(one, "relationshipType");
    std::string from = text_at(one, "spdxElementId");
    std::string to = text_at(one, "relatedSpdxElement");
    if (type == "DEPENDENCY_OF") std::swap(from, to);
    if (type != "DEPENDS_ON" && type != "DEPENDENCY_OF") continue;
    const auto at = by_ref.find(from);
    if (at != by_ref.end() && by_ref.contains(to)) bom.components[at->second].depends_on.push_back(to);
  }
}

/// An expression if every licence is one that SPDX knows; otherwise nothing is asserted, and what was found is a
/// comment.
void set_license(Json& json, const Component& component) {
  std::set<std::string> ids;
  std::string expression;
  std::string found;
  bool all_known = !component.licenses.empty();
  for (const std::string& license : component.licenses) {
    const std::string id = spdx_license(license);
    all_known = all_known && !id.empty();
    if (ids.insert(id).second) expression += (expression.empty() ? "" : " AND ") + id;
    found += (found.empty() ? "" : ", ") + license;
  }
  json.set("licenseDeclared", all_known ? std::string_view(expression) : std::string_view("NOASSERTION"));
  if (!all_known && !found.empty()) json.set("licenseComments", "Found: " + found);
}

Json package_json(const Component& component, const std::string& id) {
  Json json = Json::object({{"SPDXID", id}, {"name", component.name}});
  if (!component.version.empty()) json.set("versionInfo", component.version);
  json.set("supplier", component.supplier.empty() ? "NOASSERTION" : "Organization: " + component.supplier);
  json.set("downloadLocation", "NOASSERTION").set("filesAnalyzed", false).set("licenseConcluded", "NOASSERTION");
  set_license(json, component);
  json.set("copyrightText", "NOASSERTION");
  if (!component.source.empty()) json.set("sourceInfo", "built from " + component.source);
  Json checksums = Json::array();
  for (const ComponentHash& hash : component.hashes) {
    const auto at = std::ranges::find(k_algorithms, hash.algorithm, [](const auto& pair) { return pair.second; });
    if (at != k_algorithms.end())
      checksums.push(Json::object({{"algorithm", at->first}, {"checksumValue", hash.value}}));
  }
  if (!checksums.elements().empty()) json.set("checksums", std::move(checksums));
  Json references = Json::array();
  if (!component.cpe.empty()) {
    references.push(Json::object(
        {{"referenceCategory", "SECURITY"}, {"referenceType", "cpe23Type"}, {"referenceLocator", component.cpe}}));
  }
  if (!component.purl.empty()) {
    references.push(Json::object(
        {{"referenceCategory", "PACKAGE-MANAGER"}, {"referenceType", "purl"}, {"referenceLocator", component.purl}}));
  }
  if (!references.elements().empty()) json.set("externalRefs", std::move(references));
  return json;
}

Json relationship(std::string_view from, std::string_view type, std::string_view to) {
  return Json::object({{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}});
}

}  // namespace

Result<Bom> read_spdx(const Json& document) {
  const std::string version = text_at(document, "spdxVersion");
  if (version != "SPDX-2.2" && version != "SPDX-2.3") {
    return Error(Errc::unsupported, "bom.version", "'" + printable(version, 20) + "' is not read",
                 "Known are SPDX-2.2 and SPDX-2.3.");
  }
  Bom bom;
  bom.name = text_at(document, "name");
  if (const Json* packages = document.find("packages")) {
    for (const Json& json : packages->elements()) {
      TRY_ASSIGN(Component component, read_package(json));
      bom.components.push_back(std::move(component));
    }
  }
  if (const Json* relationships = document.find("relationships")) read_relationships(*relationships, bom);
  return bom;
}

std::string write_spdx(const Bom& normal, Instant created) {
  std::unordered_map<std::string_view, std::string> ids;
  Json packages = Json::array();
  Json relationships = Json::array();
  for (std::size_t i = 0; i < normal.components.size(); ++i) {
    const std::string id = "SPDXRef-Package-" + std::to_string(i + 1);
    ids.emplace(normal.components[i].ref, id);
    packages.push(package_json(normal.components[i], id));
    relationships.push(relationship("SPDXRef-DOCUMENT", "DESCRIBES", id));
  }
  for (const Component& component : normal.components) {
    for (const std::string& ref : component.depends_on) {
      relationships.push(relationship(ids[component.ref], "DEPENDS_ON", ids[ref]));
    }
  }
  const std::string name = normal.name.empty() ? "sbom" : normal.name;
  const std::string uuid = content_uuid(to_rfc3339(created) + name + packages.dump() + relationships.dump());
  Json creation = Json::object({{"created", to_rfc3339(created)},
                                {"creators", Json::array({Json("Tool: signet-" + std::string(project_version()))})}});
  Json document = Json::object({{"spdxVersion", "SPDX-2.3"},
                                {"dataLicense", "CC0-1.0"},
                                {"SPDXID", "SPDXRef-DOCUMENT"},
                                {"name", name},
                                {"documentNamespace", "urn:uuid:" + uuid},
                                {"creationInfo", std::move(creation)},
                                {"packages", std::move(packages)},
                                {"relationships", std::move(relationships)}});
  return document.dump(2) + "\n";
}

}  // namespace signet::sbom
