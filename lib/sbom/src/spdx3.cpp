// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bom_fuzz)
//
// SPDX 3.0.1 in its JSON-LD form with compact names (spdx.github.io/spdx-spec/v3.0.1, clauses "Core" and "Software"):
// one graph of elements that name each other.
#include "bom_documents.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace signet::sbom {

namespace {

// Core/Vocabularies/HashAlgorithm, and as CycloneDX spells it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> k_algorithms{{{"md5", "MD5"},
                                                                                      {"sha1", "SHA-1"},
                                                                                      {"sha256", "SHA-256"},
                                                                                      {"sha384", "SHA-384"},
                                                                                      {"sha512", "SHA-512"},
                                                                                      {"sha3_256", "SHA3-256"},
                                                                                      {"sha3_384", "SHA3-384"},
                                                                                      {"sha3_512", "SHA3-512"},
                                                                                      {"blake2b256", "BLAKE2b-256"},
                                                                                      {"blake2b384", "BLAKE2b-384"},
                                                                                      {"blake2b512", "BLAKE2b-512"},
                                                                                      {"blake3", "BLAKE3"}}};

std::string type_of(const Json& element) {
  std::string type = text_at(element, "type");
  return type.empty() ? text_at(element, "@type") : type;
}

std::string id_of(const Json& element) {
  std::string id = text_at(element, "spdxId");
  return id.empty() ? text_at(element, "@id") : id;
}

/// What packages refer to, by identifier.
struct Named {
  std::map<std::string, std::string> agents;
  std::map<std::string, std::string> licenses;
};

void read_identifiers(const Json& list, Component& component) {
  for (const Json& one : list.elements()) {
    const std::string type = text_at(one, "externalIdentifierType");
    if (type == "packageUrl" && component.purl.empty()) component.purl = text_at(one, "identifier");
    if ((type == "cpe23" || type == "cpe22") && component.cpe.empty()) component.cpe = text_at(one, "identifier");
  }
}

Result<Component> read_package(const Json& element, const Named& named) {
  Component component;
  component.ref = id_of(element);
  component.name = text_at(element, "name");
  if (component.ref.empty() || component.name.empty()) {
    return Error(Errc::invalid_input, "bom.document", "a package has no name or no spdxId",
                 "Each package of SPDX 3 has both (SPDX 3.0.1, Core/Classes/Element).");
  }
  component.version = text_at(element, "software_packageVersion");
  component.purl = text_at(element, "software_packageUrl");
  const auto supplier = named.agents.find(text_at(element, "suppliedBy"));
  if (supplier != named.agents.end()) component.supplier = supplier->second;
  if (const Json* identifiers = element.find("externalIdentifier")) read_identifiers(*identifiers, component);
  if (const Json* hashes = element.find("verifiedUsing")) {
    for (const Json& one : hashes->elements()) {
      const std::string algorithm = text_at(one, "algorithm");
      if (algorithm.empty()) continue;
      const auto at = std::ranges::find(k_algorithms, algorithm, [](const auto& pair) { return pair.first; });
      component.hashes.push_back(
          {at == k_algorithms.end() ? algorithm : std::string(at->second), text_at(one, "hashValue")});
    }
  }
  return component;
}

void read_relationship(const Json& element, const Named& named, const std::map<std::string, std::size_t>& by_ref,
                       Bom& bom) {
  const std::string type = text_at(element, "relationshipType");
  const auto from = by_ref.find(text_at(element, "from"));
  const Json* to = element.find("to");
  if (from == by_ref.end() || to == nullptr) return;
  Component& component = bom.components[from->second];
  for (const Json& one : to->elements()) {
    const auto target = one.as_string();
    if (!target) continue;
    if (type == "dependsOn" && by_ref.contains(*target)) component.depends_on.push_back(*target);
    const auto license = named.licenses.find(*target);
    if (type == "hasDeclaredLicense" && license != named.licenses.end()) {
      component.licenses.push_back(license->second);
    }
  }
}

}  // namespace

bool is_spdx3(const Json& document) {
  const std::string context = text_at(document, "@context");
  return context.starts_with("https://spdx.org/rdf/3.") && document.find("@graph") != nullptr;
}

Result<Bom> read_spdx3(const Json& document) {
  const Json::Array& graph = document.find("@graph")->elements();
  Named named;
  for (const Json& element : graph) {
    const std::string type = type_of(element);
    if (type == "Organization" || type == "Person" || type == "Agent") {
      named.agents.emplace(id_of(element), text_at(element, "name"));
    }
    if (type == "simplelicensing_LicenseExpression") {
      named.licenses.emplace(id_of(element), text_at(element, "simplelicensing_licenseExpression"));
    }
  }
  Bom bom;
  std::map<std::string, std::size_t> by_ref;
  for (const Json& element : graph) {
    const std::string type = type_of(element);
    if (type == "SpdxDocument" && bom.name.empty()) bom.name = text_at(element, "name");
    if (type != "software_Package") continue;
    if (bom.components.size() >= k_bom_components_max) {
      return Error(Errc::invalid_input, "bom.document",
                   "the bill has more than " + std::to_string(k_bom_components_max) + " components", "Split it.");
    }
    TRY_ASSIGN(Component component, read_package(element, named));
    by_ref.emplace(component.ref, bom.components.size());
    bom.components.push_back(std::move(component));
  }
  for (const Json& element : graph) {
    if (type_of(element).ends_with("Relationship")) read_relationship(element, named, by_ref, bom);
  }
  return bom;
}

}  // namespace signet::sbom
