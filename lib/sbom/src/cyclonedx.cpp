// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bom_fuzz)
#include "signet/core/version.hpp"

#include "bom_documents.hpp"

#include <algorithm>
#include <array>

namespace signet::sbom {

namespace {

constexpr std::string_view k_source_property = "signet:source-package";
constexpr std::array<std::string_view, 12> k_types{"application",
                                                   "container",
                                                   "cryptographic-asset",
                                                   "data",
                                                   "device",
                                                   "device-driver",
                                                   "file",
                                                   "firmware",
                                                   "framework",
                                                   "library",
                                                   "machine-learning-model",
                                                   "operating-system"};
constexpr std::array<std::string_view, 12> k_algorithms{"MD5",         "SHA-1",       "SHA-256",     "SHA-384",
                                                        "SHA-512",     "SHA3-256",    "SHA3-384",    "SHA3-512",
                                                        "BLAKE2b-256", "BLAKE2b-384", "BLAKE2b-512", "BLAKE3"};

void add_license(const Json& choice, Component& component) {
  std::string text = text_at(choice, "expression");
  if (const Json* license = choice.find("license"); license != nullptr && text.empty()) {
    text = text_at(*license, "id");
    if (text.empty()) text = text_at(*license, "name");
  }
  if (!text.empty()) component.licenses.push_back(std::move(text));
}

Result<Component> read_component(const Json& json, std::size_t number) {
  Component component;
  component.name = text_at(json, "name");
  if (component.name.empty()) {
    return Error(Errc::invalid_input, "bom.document", "the component number " + std::to_string(number) + " has no name",
                 "Each component of CycloneDX has a name.");
  }
  const std::string group = text_at(json, "group");
  component.ref = text_at(json, "bom-ref");
  if (component.ref.empty()) component.ref = "#" + std::to_string(number);
  component.type = text_at(json, "type");
  component.version = text_at(json, "version");
  component.purl = text_at(json, "purl");
  component.cpe = text_at(json, "cpe");
  if (component.purl.empty() && !group.empty()) component.name.insert(0, group + "/");
  if (const Json* supplier = json.find("supplier")) component.supplier = text_at(*supplier, "name");
  if (const Json* licenses = json.find("licenses")) {
    for (const Json& choice : licenses->elements()) add_license(choice, component);
  }
  if (const Json* hashes = json.find("hashes")) {
    for (const Json& hash : hashes->elements())
      component.hashes.push_back({text_at(hash, "alg"), text_at(hash, "content")});
  }
  if (const Json* properties = json.find("properties")) {
    for (const Json& property : properties->elements()) {
      if (text_at(property, "name") == k_source_property) component.source = text_at(property, "value");
    }
  }
  return component;
}

/// Components may hold components; JsonLimits bounds how deep.
Result<void> read_components(const Json& list, Bom& bom) {
  for (const Json& json : list.elements()) {
    if (bom.components.size() >= k_bom_components_max) {
      return Error(Errc::exhausted, "bom.document", "the document has too many components", "Split it.");
    }
    TRY_ASSIGN(Component component, read_component(json, bom.components.size()));
    bom.components.push_back(std::move(component));
    if (const Json* inner = json.find("components")) TRY(read_components(*inner, bom));
  }
  return {};
}

void read_dependencies(const Json& list, Bom& bom) {
  std::vector<std::pair<std::string_view, Component*>> by_ref;
  for (Component& component : bom.components) by_ref.emplace_back(component.ref, &component);
  std::ranges::sort(by_ref, {}, [](const auto& pair) { return pair.first; });
  for (const Json& json : list.elements()) {
    const std::string ref = text_at(json, "ref");
    const auto at =
        std::ranges::lower_bound(by_ref, std::string_view(ref), {}, [](const auto& pair) { return pair.first; });
    const Json* wanted = json.find("dependsOn");
    if (at == by_ref.end() || at->first != ref || wanted == nullptr) continue;
    for (const Json& one : wanted->elements()) {
      if (auto text = one.as_string()) at->second->depends_on.push_back(*std::move(text));
    }
  }
}

/// An expression stands alone; of several, each is a choice of its own.
Json license_json(std::string_view found, bool is_alone) {
  const bool is_expression =
      found.find(" OR ") != std::string_view::npos || found.find(" AND ") != std::string_view::npos;
  if (is_alone && is_expression) return Json::object({{"expression", found}});
  const std::string id = spdx_license(found);
  Json license = id.empty() ? Json::object({{"name", found}}) : Json::object({{"id", id}});
  return Json::object({{"license", std::move(license)}});
}

Json component_json(const Component& component) {
  const bool is_type = std::ranges::find(k_types, component.type) != k_types.end();
  Json json = Json::object(
      {{"type", is_type ? std::string_view(component.type) : std::string_view("library")}, {"bom-ref", component.ref}});
  if (!component.supplier.empty()) json.set("supplier", Json::object({{"name", component.supplier}}));
  json.set("name", component.name);
  if (!component.version.empty()) json.set("version", component.version);
  Json hashes = Json::array();
  for (const ComponentHash& hash : component.hashes) {
    if (std::ranges::find(k_algorithms, hash.algorithm) == k_algorithms.end()) continue;
    hashes.push(Json::object({{"alg", hash.algorithm}, {"content", hash.value}}));
  }
  if (!hashes.elements().empty()) json.set("hashes", std::move(hashes));
  Json licenses = Json::array();
  for (const std::string& found : component.licenses)
    licenses.push(license_json(found, component.licenses.size() == 1));
  if (!component.licenses.empty()) json.set("licenses", std::move(licenses));
  if (!component.cpe.empty()) json.set("cpe", component.cpe);
  if (!component.purl.empty()) json.set("purl", component.purl);
  if (!component.source.empty()) {
    json.set("properties", Json::array({Json::object({{"name", k_source_property}, {"value", component.source}})}));
  }
  return json;
}

}  // namespace

Result<Bom> read_cyclonedx(const Json& document) {
  const std::string version = text_at(document, "specVersion");
  constexpr std::array<std::string_view, 6> k_versions{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"};
  if (std::ranges::find(k_versions, version) == k_versions.end()) {
    return Error(Errc::unsupported, "bom.version", "CycloneDX '" + printable(version, 20) + "' is not read",
                 "Known are 1.2 to 1.7.");
  }
  Bom bom;
  if (const Json* metadata = document.find("metadata")) {
    if (const Json* component = metadata->find("component")) {
      bom.name = text_at(*component, "name");
      bom.version = text_at(*component, "version");
    }
  }
  if (const Json* components = document.find("components")) TRY(read_components(*components, bom));
  if (const Json* dependencies = document.find("dependencies")) read_dependencies(*dependencies, bom);
  return bom;
}

std::string write_cyclonedx(const Bom& normal, Instant created) {
  Json components = Json::array();
  Json dependencies = Json::array();
  for (const Component& component : normal.components) {
    components.push(component_json(component));
    if (component.depends_on.empty()) continue;
    Json wanted = Json::array();
    for (const std::string& ref : component.depends_on) wanted.push(ref);
    dependencies.push(Json::object({{"ref", component.ref}, {"dependsOn", std::move(wanted)}}));
  }
  Json tool = Json::object({{"type", "application"}, {"name", "signet"}, {"version", project_version()}});
  Json metadata = Json::object(
      {{"timestamp", to_rfc3339(created)}, {"tools", Json::object({{"components", Json::array({std::move(tool)})}})}});
  if (!normal.name.empty()) {
    Json about = Json::object({{"type", "firmware"}, {"bom-ref", "product"}, {"name", normal.name}});
    if (!normal.version.empty()) about.set("version", normal.version);
    metadata.set("component", std::move(about));
  }
  const std::string content = metadata.dump() + components.dump() + dependencies.dump();
  Json document = Json::object({{"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
                                {"bomFormat", "CycloneDX"},
                                {"specVersion", "1.6"},
                                {"serialNumber", "urn:uuid:" + content_uuid(content)},
                                {"version", 1},
                                {"metadata", std::move(metadata)},
                                {"components", std::move(components)},
                                {"dependencies", std::move(dependencies)}});
  return document.dump(2) + "\n";
}

}  // namespace signet::sbom
