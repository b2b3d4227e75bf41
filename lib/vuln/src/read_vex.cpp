// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
//
// VEX as OpenVEX (github.com/openvex/spec, 0.0.1 and 0.2.0) and within CycloneDX (1.4 to 1.7, `vulnerabilities`).
#include "readers.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace signet::vuln {

namespace {

Error bad_openvex(const std::string& what) {
  return {Errc::invalid_input, "feed.openvex", "the OpenVEX document " + what,
          "OpenVEX 0.2.0 says what it must have: github.com/openvex/spec."};
}

/// Of a document or a statement. The schema demands one of the document; some have it in their statements only.
std::string_view date_of(JsonNode node) {
  return node.text("last_updated").empty() ? node.text("timestamp") : node.text("last_updated");
}

std::optional<Status> openvex_status(std::string_view word) {
  if (word == "affected") return Status::affected;
  if (word == "not_affected") return Status::not_affected;
  if (word == "fixed") return Status::fixed;
  if (word == "under_investigation") return Status::under_investigation;
  return std::nullopt;
}

void add_name(std::string_view text, std::vector<ProductName>& to) {
  std::optional<ProductName> product;
  if (text.starts_with("pkg:")) product = purl_product(text);
  if (text.starts_with("cpe:")) product = cpe_product(text);
  if (!product && !text.empty() && text.size() <= k_name_size_bytes_max) {
    product = ProductName{.kind = ProductName::Kind::ref, .text = std::string(text), .vendor = {}, .release = {}};
  }
  if (product && std::ranges::find(to, *product) == to.end()) to.push_back(std::move(*product));
}

/// The names of a product or subcomponent: a text in 0.0.1, later an object with an id and identifiers.
std::vector<ProductName> names_of(JsonNode product) {
  std::vector<ProductName> names;
  add_name(product.is_text() ? product.text() : product.text("@id"), names);
  for (const std::string_view kind : {"purl", "cpe23", "cpe22"}) add_name(product["identifiers"].text(kind), names);
  return names;
}

std::string package_of(const std::vector<ProductName>& names) {
  const auto purl = std::ranges::find(names, ProductName::Kind::purl, &ProductName::kind);
  if (purl != names.end()) return purl->text;
  return names.empty() ? std::string() : names.front().text;
}

void add_openvex_statements(JsonNode node, Status status, Advisory& advisory) {
  std::string note(node.text("justification"));
  const std::string_view impact =
      node.text("impact_statement").empty() ? node.text("action_statement") : node.text("impact_statement");
  if (!impact.empty()) note += (note.empty() ? "" : ": ") + std::string(impact);
  const auto add = [&](std::vector<ProductName> names, std::string within) {
    if (names.empty()) return;
    advisory.statements.push_back({.products = std::move(names),
                                   .rules = {},
                                   .otherwise = status,
                                   .only_listed = false,
                                   .note = shortened(note),
                                   .within = std::move(within),
                                   .condition = {}});
  };
  node["products"].each([&](JsonNode product) {
    const JsonNode parts = product["subcomponents"].size() > 0 ? product["subcomponents"] : node["subcomponents"];
    if (parts.size() == 0) return add(names_of(product), {});
    const std::string whole = package_of(names_of(product));
    parts.each([&](JsonNode part) { add(names_of(part), whole); });
  });
}

Status cyclonedx_status(std::string_view state) {
  if (state == "resolved" || state == "resolved_with_pedigree") return Status::fixed;
  if (state == "not_affected" || state == "false_positive") return Status::not_affected;
  if (state == "in_triage") return Status::under_investigation;
  return state == "exploitable" ? Status::affected : Status::unknown;
}

using Names = std::map<std::string, std::vector<ProductName>, std::less<>>;

void collect_components(JsonNode components, Names& names, std::size_t depth) {
  constexpr std::size_t k_nesting_max = 32;
  if (depth > k_nesting_max) return;
  const auto take = [&](JsonNode component) {
    std::vector<ProductName> found;
    if (!component.text("purl").empty()) add_name(component.text("purl"), found);
    if (!component.text("cpe").empty()) add_name(component.text("cpe"), found);
    if (!component.text("bom-ref").empty()) names.emplace(std::string(component.text("bom-ref")), std::move(found));
    collect_components(component["components"], names, depth + 1);
  };
  components.each(take);
  if (components.is_object()) take(components);
}

Advisory cyclonedx_advisory(JsonNode node, const Names& names) {
  Advisory advisory;
  advisory.id = shortened(node.text("id"));
  node["references"].each([&](JsonNode reference) { advisory.aliases.push_back(shortened(reference.text("id"))); });
  advisory.title = shortened(node.text("description"));
  node["ratings"].each([&](JsonNode rating) { take_vector(advisory, rating.text("vector")); });
  node["ratings"].each([&](JsonNode rating) { take_severity(advisory, rating.text("severity")); });
  advisory.published = lenient_instant(node.text("published"));
  advisory.modified = lenient_instant(node.text("updated"));
  const JsonNode analysis = node["analysis"];
  const Status status = cyclonedx_status(analysis.text("state"));
  std::string note(analysis.text("justification"));
  if (!analysis.text("detail").empty()) note += (note.empty() ? "" : ": ") + std::string(analysis.text("detail"));
  node["affects"].each([&](JsonNode affected) {
    std::string_view ref = affected.text("ref");
    const std::size_t hash = ref.rfind('#');  // a BOM-Link: urn:cdx:serial/version#ref
    if (ref.starts_with("urn:cdx:") && hash != std::string_view::npos) ref = ref.substr(hash + 1);
    Statement statement{.products = {},
                        .rules = {},
                        .otherwise = status,
                        .only_listed = false,
                        .note = shortened(note),
                        .within = {},
                        .condition = {}};
    if (const auto known = names.find(ref); known != names.end()) statement.products = known->second;
    add_name(ref, statement.products);
    affected["versions"].each([&](JsonNode version) {
      const Status said = version.text("status") == "unaffected" ? Status::not_affected
                          : version.text("status") == "unknown"  ? Status::unknown
                          : status == Status::unknown            ? Status::affected
                                                                 : status;
      std::vector<VersionRule> rules = version.text("version").empty()
                                           ? rules_from_range(version.text("range"))
                                           : rules_from_words(version.text("version"), Status::affected, {});
      for (VersionRule& rule : rules) {
        if (rule.status == Status::affected) rule.status = said;
        statement.rules.push_back(std::move(rule));
      }
    });
    if (!statement.rules.empty()) {
      statement.otherwise = Status::unknown;
      statement.only_listed = true;
    }
    if (!statement.products.empty()) advisory.statements.push_back(std::move(statement));
  });
  return advisory;
}

}  // namespace

Result<void> read_openvex(JsonNode root, FeedContent& out) {
  const std::string_view id = root.text("@id");
  if (id.empty() || id.size() > k_name_size_bytes_max) return bad_openvex("has no @id");
  Instant modified = lenient_instant(date_of(root));
  root["statements"].each([&](JsonNode node) { modified = std::max(modified, lenient_instant(date_of(node))); });
  if (modified == Instant{}) return bad_openvex("has no valid timestamp");
  if (!root["statements"].is_array()) return bad_openvex("has no statements");
  Document document{.kind = DocumentKind::openvex,
                    .id = std::string(id),
                    .publisher = shortened(root.text("author")),
                    .is_vendor = in_lower_case(root.text("role")).find("vendor") != std::string::npos,
                    .modified = modified,
                    .advisories = {}};
  Result<void> outcome;
  root["statements"].each([&](JsonNode node) {
    if (!outcome) return;
    const JsonNode named = node["vulnerability"];
    const std::string_view name = named.is_text() ? named.text() : named.text("name");
    const auto status = openvex_status(node.text("status"));
    if (name.empty()) outcome = bad_openvex("has a statement without a vulnerability");
    if (!status) outcome = bad_openvex("has a statement whose status is none of the four");
    if (!outcome) return;
    Advisory advisory;
    advisory.id = shortened(name);
    named["aliases"].each([&](JsonNode alias) { advisory.aliases.push_back(shortened(alias.text())); });
    advisory.modified = date_of(node).empty() ? modified : lenient_instant(date_of(node));
    add_openvex_statements(node, *status, advisory);
    document.advisories.push_back(std::move(advisory));
  });
  TRY(outcome);
  out.documents.push_back(std::move(document));
  return {};
}

Result<void> read_cyclonedx(JsonNode root, FeedContent& out) {
  if (root["vulnerabilities"].size() == 0) {  // a bill of materials and nothing else
    out.is_known = false;
    return {};
  }
  Names names;
  collect_components(root["components"], names, 0);
  collect_components(root["metadata"]["component"], names, 0);
  const Instant modified = lenient_instant(root["metadata"].text("timestamp"));
  std::string id(root.text("serialNumber"));
  if (id.empty()) id = root["metadata"]["component"].text("name");
  Document document{.kind = DocumentKind::cyclonedx,
                    .id = shortened(id),
                    .publisher = shortened(root["metadata"]["supplier"].text("name")),
                    .is_vendor = root["metadata"]["supplier"].is_object(),
                    .modified = modified,
                    .advisories = {}};
  bool has_all_ids = true;
  root["vulnerabilities"].each([&](JsonNode node) {
    Advisory advisory = cyclonedx_advisory(node, names);
    if (advisory.modified == Instant{}) advisory.modified = modified;
    has_all_ids = has_all_ids && !advisory.id.empty();
    document.modified = std::max(document.modified, advisory.modified);
    document.advisories.push_back(std::move(advisory));
  });
  if (!has_all_ids) {
    return Error(Errc::invalid_input, "feed.cyclonedx", "a vulnerability of the CycloneDX document has no id",
                 "A statement about no vulnerability says nothing; ask its publisher.");
  }
  out.documents.push_back(std::move(document));
  return {};
}

}  // namespace signet::vuln
