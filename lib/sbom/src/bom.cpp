// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bom_fuzz)
#include "signet/sbom/bom.hpp"

#include "signet/crypto.hpp"
#include "signet/sbom/purl.hpp"

#include "bom_documents.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace signet::sbom {

namespace {

/// Two components with one identity are one.
std::string identity_of(const Component& component) {
  if (!component.purl.empty()) return component.purl;
  return component.type + " " + component.name + "@" + component.version + " " + component.cpe;
}

template <typename T>
void add_missing(std::vector<T>& to, const std::vector<T>& more) {
  for (const T& one : more) {
    if (std::ranges::find(to, one) == to.end()) to.push_back(one);
  }
}

void fill_in(Component& to, const Component& more) {
  for (const auto field : {&Component::cpe, &Component::supplier, &Component::source}) {
    if ((to.*field).empty()) to.*field = more.*field;
  }
  add_missing(to.licenses, more.licenses);
  add_missing(to.hashes, more.hashes);
  add_missing(to.depends_on, more.depends_on);
}

/// What a package is called in any version.
std::string package_of(const Component& component) {
  auto purl = Purl::canonicalise(component.purl);
  if (!purl) return component.name;
  PurlParts parts = purl->parts();
  parts.version.clear();
  std::erase_if(parts.qualifiers, [](const auto& pair) { return pair.first != "arch"; });
  const auto bare = Purl::build(std::move(parts));
  return bare ? bare->to_string() : component.name;
}

std::map<std::string, std::set<std::string>> versions_of(const Bom& bom) {
  std::map<std::string, std::set<std::string>> versions;
  for (const Component& component : bom.components) versions[package_of(component)].insert(component.version);
  return versions;
}

std::string joined(const std::set<std::string>& versions) {
  std::string text;
  for (const std::string& one : versions) text += (text.empty() ? "" : ", ") + (one.empty() ? "unknown" : one);
  return text;
}

}  // namespace

std::string text_at(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member == nullptr ? std::string() : member->as_string().value_or("");
}

std::string content_uuid(std::string_view content) {
  Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(content));
  digest.resize(16);
  digest[6] = (digest[6] & std::byte{0x0f}) | std::byte{0x80};  // RFC 9562 section 5.8
  digest[8] = (digest[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string text = to_hex(digest);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

Bom normalized(const Bom& bom) {
  Bom normal{.name = bom.name, .version = bom.version, .components = {}};
  std::map<std::string, Component> all;  // by identity, which sorts them
  std::unordered_map<std::string, std::string> new_refs;
  for (const Component& component : bom.components) {
    const std::string identity = identity_of(component);
    new_refs.emplace(component.ref, identity);
    const auto [at, is_new] = all.emplace(identity, component);
    if (!is_new) fill_in(at->second, component);
  }
  for (auto& [identity, component] : all) {
    std::set<std::string> wanted;
    for (const std::string& ref : component.depends_on) {
      const auto found = new_refs.find(ref);
      if (found != new_refs.end() && found->second != identity) wanted.insert(found->second);
    }
    component.ref = identity;
    component.depends_on.assign(wanted.begin(), wanted.end());
    std::ranges::sort(component.licenses);
    std::ranges::sort(component.hashes, {},
                      [](const ComponentHash& hash) { return std::tie(hash.algorithm, hash.value); });
    normal.components.push_back(std::move(component));
  }
  return normal;
}

Result<Bom> read_bom(ByteView document) {
  TRY_ASSIGN(
      const Json json,
      Json::parse(document, {.size_bytes_max = k_bom_size_bytes_max, .depth_max = 64, .values_max = 20'000'000}));
  if (text_at(json, "bomFormat") == "CycloneDX") return read_cyclonedx(json);
  if (json.find("spdxVersion") != nullptr) return read_spdx(json);
  if (is_spdx3(json)) return read_spdx3(json);
  return Error(Errc::unsupported, "bom.format", "the document is neither CycloneDX nor SPDX in JSON",
               "Convert it first; XML and tag-value are not read.");
}

std::string write_bom(const Bom& bom, BomFormat format, Instant created) {
  const Bom normal = normalized(bom);
  return format == BomFormat::cyclonedx ? write_cyclonedx(normal, created) : write_spdx(normal, created);
}

std::vector<BomChange> diff(const Bom& before, const Bom& after) {
  const auto old_versions = versions_of(before);
  const auto new_versions = versions_of(after);
  std::vector<BomChange> changes;
  for (const auto& [package, versions] : old_versions) {
    const auto found = new_versions.find(package);
    if (found == new_versions.end()) {
      changes.push_back({package, joined(versions), ""});
    } else if (found->second != versions) {
      changes.push_back({package, joined(versions), joined(found->second)});
    }
  }
  for (const auto& [package, versions] : new_versions) {
    if (!old_versions.contains(package)) changes.push_back({package, "", joined(versions)});
  }
  std::ranges::sort(changes, {}, &BomChange::package);
  return changes;
}

Bom merge(std::span<const Bom> bills) {
  Bom all;
  for (std::size_t i = 0; i < bills.size(); ++i) {
    if (all.name.empty()) {
      all.name = bills[i].name;
      all.version = bills[i].version;
    }
    // Refs are unique within a bill only.
    const std::string prefix = std::to_string(i) + " ";
    for (Component component : bills[i].components) {
      component.ref.insert(0, prefix);
      for (std::string& ref : component.depends_on) ref.insert(0, prefix);
      all.components.push_back(std::move(component));
    }
  }
  return normalized(all);
}

}  // namespace signet::sbom
