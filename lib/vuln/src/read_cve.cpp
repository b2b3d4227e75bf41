// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
//
// CVE Record Format 5.0 to 5.2, cveproject.github.io/cve-schema; the meaning of `versions` is that of its page
// "Version Range Encoding".
#include "signet/sbom/purl.hpp"
#include "signet/vuln/cpe.hpp"

#include "readers.hpp"

#include <algorithm>
#include <array>

namespace signet::vuln {

namespace {

Error bad_cve(std::string_view id, const std::string& what) {
  return {Errc::invalid_input, "feed.cve", "the CVE record " + printable(id, 60) + " " + what,
          "Fetch it again from the CVE list; `signet cve validate` names every fault."};
}

struct Collection {
  std::string_view url;  // a part of it
  std::string_view type;
  std::string_view name_space;
};

// Package collections by their collectionURL. Red Hat's names packages whose versions are those of RPM.
constexpr std::array<Collection, 14> k_collections = {{{"registry.npmjs.org", "npm", ""},
                                                       {"npmjs.com", "npm", ""},
                                                       {"pypi.org", "pypi", ""},
                                                       {"pypi.python.org", "pypi", ""},
                                                       {"maven", "maven", ""},
                                                       {"crates.io", "cargo", ""},
                                                       {"rubygems.org", "gem", ""},
                                                       {"packagist.org", "composer", ""},
                                                       {"pkg.go.dev", "golang", ""},
                                                       {"proxy.golang.org", "golang", ""},
                                                       {"nuget.org", "nuget", ""},
                                                       {"hex.pm", "hex", ""},
                                                       {"access.redhat.com", "rpm", "redhat/"},
                                                       {"debian.org", "deb", "debian/"}}};

Status status_of(std::string_view word) {
  if (word == "affected") return Status::affected;
  return word == "unaffected" ? Status::not_affected : Status::unknown;
}

/// "0", "unspecified" and the like as a lower end: there is none.
std::string lower_end(std::string_view text) {
  constexpr std::array<std::string_view, 7> k_none = {"0", "*", "-", "n/a", "N/A", "unspecified", ""};
  return std::ranges::find(k_none, text) != k_none.end() ? std::string() : std::string(text);
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// A range with its changes, the last change first: so the first rule that holds a version says what the schema means.
void add_range(JsonNode entry, Status status, std::string_view scheme, std::vector<VersionRule>& rules) {
  const bool is_included = entry["lessThanOrEqual"].exists();
  const std::string_view end = entry.text(is_included ? "lessThanOrEqual" : "lessThan");
  VersionRule rule{.status = status,
                   .kind = VersionRule::Kind::range,
                   .from_excluded = false,
                   .to_included = is_included,
                   .scheme = std::string(scheme),
                   .from = lower_end(entry.text("version")),
                   .to = end == "*" ? std::string() : std::string(end)};
  const bool is_readable = (end == "*" || has_digit(end)) && rule.from.size() + rule.to.size() < k_name_size_bytes_max;
  if (!is_readable || end.find(' ') != std::string_view::npos || rule.from.find(' ') != std::string::npos) {
    rule.kind = VersionRule::Kind::text;
    rule.from = shortened(std::string(entry.text("version")) + " up to " + std::string(end));
    rule.to.clear();
    rules.push_back(std::move(rule));
    return;
  }
  const auto first = static_cast<std::ptrdiff_t>(rules.size());
  rules.push_back(rule);
  entry["changes"].each([&](JsonNode change) {
    VersionRule later = rule;
    later.from = shortened(change.text("at"));
    later.status = status_of(change.text("status"));
    rules.insert(rules.begin() + first, std::move(later));
  });
}

std::vector<VersionRule> read_versions(JsonNode affected) {
  std::vector<VersionRule> rules;
  affected["versions"].each([&](JsonNode entry) {
    const Status status = status_of(entry.text("status"));
    const std::string scheme = shortened(entry.text("versionType"), 40);
    if (entry["lessThan"].exists() || entry["lessThanOrEqual"].exists()) {
      add_range(entry, status, scheme, rules);
    } else {
      for (VersionRule& rule : rules_from_words(entry.text("version"), status, scheme)) {
        rules.push_back(std::move(rule));
      }
    }
  });
  return rules;
}

bool says_nothing(std::string_view name) { return name.empty() || name == "n/a" || name == "N/A" || name == "unknown"; }

/// The package of a known collection; it is then the only name, since vendor and CPE name the collection's owner.
std::optional<ProductName> collection_product(JsonNode affected) {
  if (auto product = purl_product(affected.text("packageURL"))) return product;
  const std::string_view url = affected.text("collectionURL");
  const std::string_view package = affected.text("packageName");
  if (url.empty() || package.empty()) return std::nullopt;
  for (const Collection& one : k_collections) {
    if (url.find(one.url) == std::string_view::npos) continue;
    auto product = package_product(one.type, std::string(one.name_space) + std::string(package));
    affected["cpes"].each([&](JsonNode text) {  // here they name the distribution: cpe:/o:redhat:enterprise_linux:8
      const auto cpe = Cpe::parse(text.text());
      if (product && cpe && product->release.empty() && one.type == "rpm")
        product->release = cpe->value(Cpe::version).text;
    });
    return product;
  }
  return std::nullopt;
}

std::vector<ProductName> products_of(JsonNode affected) {
  std::vector<ProductName> products;
  const std::string_view url = affected.text("collectionURL");
  if (auto package = collection_product(affected)) {
    products.push_back(std::move(*package));
    return products;
  }
  affected["cpes"].each([&](JsonNode cpe) {
    if (auto product = cpe_product(cpe.text())) products.push_back(std::move(*product));
  });
  const std::string_view vendor = affected.text("vendor");
  const std::string_view product = affected.text("product");
  const bool is_plugin = url.find("wordpress.org") != std::string_view::npos;
  if (!says_nothing(product) && product.size() <= k_name_size_bytes_max && !is_plugin) {
    products.push_back({.kind = ProductName::Kind::name,
                        .text = std::string(product),
                        .vendor = says_nothing(vendor) ? std::string() : shortened(vendor),
                        .release = {}});
  }
  return products;
}

void read_affected(JsonNode container, Advisory& advisory) {
  container["affected"].each([&](JsonNode affected) {
    Statement statement{.products = products_of(affected),
                        .rules = read_versions(affected),
                        .otherwise = status_of(affected.text("defaultStatus")),
                        .only_listed = false,
                        .note = {},
                        .within = {},
                        .condition = {}};
    // The schema's default is "unknown". But who lists the affected versions and states no default means that the
    // others are not, and taken by the letter every such record would be a finding for every version of the product.
    const bool lists_versions = std::ranges::any_of(statement.rules, [](const VersionRule& rule) {
      return rule.kind != VersionRule::Kind::text && rule.status == Status::affected;
    });
    if (!affected["defaultStatus"].exists() && lists_versions) statement.otherwise = Status::not_affected;
    if (!statement.products.empty()) advisory.statements.push_back(std::move(statement));
  });
}

VersionRule rule_of(JsonNode match) {
  const bool from_excluded = match["versionStartExcluding"].exists();
  const bool to_included = match["versionEndIncluding"].exists();
  return {.status = match["vulnerable"].is_true() ? Status::affected : Status::not_affected,
          .kind = VersionRule::Kind::range,
          .from_excluded = from_excluded,
          .to_included = to_included,
          .scheme = {},
          .from = shortened(match.text(from_excluded ? "versionStartExcluding" : "versionStartIncluding")),
          .to = shortened(match.text(to_included ? "versionEndIncluding" : "versionEndExcluding"))};
}

/// CPE applicability (NISTIR 7698, as the NVD uses it): each match is a statement of its own. Where all nodes must
/// hold, what the others want becomes a condition.
void read_applicability(JsonNode container, Advisory& advisory) {
  container["cpeApplicability"].each([&](JsonNode configuration) {
    const bool needs_all = configuration.text("operator") == "AND";
    std::string platforms;
    configuration["nodes"].each([&](JsonNode node) {
      node["cpeMatch"].each([&](JsonNode match) {
        if (!match["vulnerable"].is_true())
          platforms += (platforms.empty() ? "" : " or ") + shortened(match.text("criteria"));
      });
    });
    configuration["nodes"].each([&](JsonNode node) {
      const bool is_negated = node["negate"].is_true() || configuration["negate"].is_true();
      node["cpeMatch"].each([&](JsonNode match) {
        auto product = cpe_product(match.text("criteria"));
        if (!product || !match["vulnerable"].is_true()) return;
        std::string condition = needs_all && !platforms.empty() ? "needs also " + shortened(platforms) : std::string();
        if (node.text("operator") == "AND" && node["cpeMatch"].size() > 1) condition = "needs several products at once";
        if (is_negated) condition = "the node is negated";
        advisory.statements.push_back({.products = {std::move(*product)},
                                       .rules = {rule_of(match)},
                                       .otherwise = Status::not_affected,
                                       .only_listed = false,
                                       .note = {},
                                       .within = {},
                                       .condition = std::move(condition)});
      });
    });
  });
}

void read_metrics(JsonNode container, Advisory& advisory) {
  for (const std::string_view version : {"cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"}) {
    container["metrics"].each([&](JsonNode metric) { take_vector(advisory, metric[version].text("vectorString")); });
  }
}

std::string title_of(JsonNode cna) {
  if (!cna.text("title").empty()) return shortened(cna.text("title"));
  std::string title;
  cna["descriptions"].each([&](JsonNode description) {
    if (title.empty() && description.text("lang").starts_with("en")) title = shortened(description.text("value"));
  });
  return title;
}

}  // namespace

Result<void> read_cve(JsonNode root, FeedContent& out) {
  const JsonNode metadata = root["cveMetadata"];
  const std::string_view id = metadata.text("cveId");
  if (!is_cve_id(id)) return bad_cve(id, "has no valid cveMetadata.cveId");
  if (!root.text("dataVersion").starts_with("5.")) return bad_cve(id, "is not of data version 5");
  const std::string_view state = metadata.text("state");
  if (state == "RESERVED") return {};
  if (state != "PUBLISHED" && state != "REJECTED") return bad_cve(id, "has no state PUBLISHED or REJECTED");
  const JsonNode cna = root["containers"]["cna"];
  if (!cna.is_object() || !cna["providerMetadata"].is_object()) return bad_cve(id, "has no container of its CNA");

  Advisory advisory{.id = std::string(id),
                    .aliases = {},
                    .title = title_of(cna),
                    .cvss = {},
                    .severity = {},
                    .score_tenths = 0,
                    .published = lenient_instant(metadata.text("datePublished")),
                    .modified = lenient_instant(metadata.text("dateUpdated")),
                    .is_withdrawn = state == "REJECTED",
                    .statements = {}};
  if (!advisory.is_withdrawn) {
    if (!cna["descriptions"].is_array()) return bad_cve(id, "is published and has no descriptions");
    if (cna["affected"].exists() && !cna["affected"].is_array()) return bad_cve(id, "has no list in 'affected'");
    read_metrics(cna, advisory);
    read_affected(cna, advisory);
    read_applicability(cna, advisory);
    root["containers"]["adp"].each([&](JsonNode adp) {
      read_metrics(adp, advisory);
      read_affected(adp, advisory);
      read_applicability(adp, advisory);
    });
  }
  Document document{.kind = DocumentKind::cve,
                    .id = std::string(id),
                    .publisher = shortened(metadata.text("assignerShortName"), 60),
                    .is_vendor = false,
                    .modified = advisory.modified,
                    .advisories = {}};
  document.advisories.push_back(std::move(advisory));
  out.documents.push_back(std::move(document));
  return {};
}

}  // namespace signet::vuln
