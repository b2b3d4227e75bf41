// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
//
// OSV schema 1.x, ossf.github.io/osv-schema.
#include "readers.hpp"

#include <algorithm>
#include <array>

namespace signet::vuln {

namespace {

Error bad_osv(std::string_view id, const std::string& what) {
  return {Errc::invalid_input, "feed.osv", "the OSV record " + printable(id, 60) + " " + what,
          "Fetch it again from its publisher."};
}

struct Ecosystem {
  std::string_view name;  // of OSV, in small letters, before the colon
  std::string_view type;  // of a package URL
  std::string_view name_space;
};

constexpr std::array<Ecosystem, 24> k_ecosystems = {{{"debian", "deb", "debian/"},
                                                     {"ubuntu", "deb", "ubuntu/"},
                                                     {"alpine", "apk", "alpine/"},
                                                     {"wolfi", "apk", "wolfi/"},
                                                     {"chainguard", "apk", "chainguard/"},
                                                     {"red hat", "rpm", "redhat/"},
                                                     {"rocky linux", "rpm", "rocky-linux/"},
                                                     {"almalinux", "rpm", "almalinux/"},
                                                     {"suse", "rpm", "suse/"},
                                                     {"opensuse", "rpm", "opensuse/"},
                                                     {"npm", "npm", ""},
                                                     {"pypi", "pypi", ""},
                                                     {"maven", "maven", ""},
                                                     {"go", "golang", ""},
                                                     {"crates.io", "cargo", ""},
                                                     {"rubygems", "gem", ""},
                                                     {"packagist", "composer", ""},
                                                     {"nuget", "nuget", ""},
                                                     {"hex", "hex", ""},
                                                     {"pub", "pub", ""},
                                                     {"swifturl", "swift", ""},
                                                     {"conancenter", "conan", ""},
                                                     {"hackage", "hackage", ""},
                                                     {"cran", "cran", ""}}};

std::optional<ProductName> product_of(JsonNode package) {
  const std::string ecosystem = in_lower_case(package.text("ecosystem"));
  const std::size_t colon = ecosystem.find(':');
  const std::string name = ecosystem.substr(0, colon);
  std::optional<ProductName> product;
  const auto* known = std::ranges::find(k_ecosystems, name, &Ecosystem::name);
  if (known != k_ecosystems.end() && !package.text("name").empty()) {
    product = package_product(known->type, std::string(known->name_space) + std::string(package.text("name")));
  }
  if (!product) product = purl_product(package.text("purl"));
  // "Debian:12" names a release; "Debian:12:LTS" as well, and the rest of it is not in any package URL.
  if (product && colon != std::string::npos && product->release.empty()) {
    const std::string rest = ecosystem.substr(colon + 1);
    product->release = release_number(rest.substr(0, rest.find(':')));
  }
  return product;
}

/// Events in the document's order: each "introduced" opens a range that the next "fixed", "last_affected" or "limit"
/// closes (schema, section "Requirements" of ranges).
Result<void> add_events(std::string_view id, JsonNode range, std::string_view scheme, std::vector<VersionRule>& rules) {
  VersionRule open{.status = Status::affected,
                   .kind = VersionRule::Kind::range,
                   .from_excluded = false,
                   .to_included = false,
                   .scheme = std::string(scheme),
                   .from = {},
                   .to = {}};
  bool is_open = false;
  bool is_bad = false;
  range["events"].each([&](JsonNode event) {
    if (event["introduced"].exists()) {
      if (is_open) rules.push_back(open);
      const std::string_view from = event.text("introduced");
      open.from = from == "0" ? std::string() : shortened(from);
      is_open = true;
      return;
    }
    const bool is_last = event["last_affected"].exists();
    const JsonNode end = is_last ? event["last_affected"] : event["fixed"].exists() ? event["fixed"] : event["limit"];
    is_bad = is_bad || !end.is_text();
    if (!is_open || end.text() == "*") return;
    VersionRule closed = open;
    closed.to = shortened(end.text());
    closed.to_included = is_last;
    rules.push_back(std::move(closed));
    is_open = false;
  });
  if (is_open) rules.push_back(std::move(open));
  if (is_bad) return bad_osv(id, "has an event that is none of introduced, fixed, last_affected and limit");
  return {};
}

Result<void> read_affected(std::string_view id, JsonNode affected, Advisory& advisory) {
  const auto product = product_of(affected["package"]);
  if (!product) return {};
  Statement statement{.products = {*product},
                      .rules = {},
                      .otherwise = Status::not_affected,
                      .only_listed = false,
                      .note = {},
                      .within = {},
                      .condition = {}};
  affected["versions"].each([&](JsonNode version) {
    statement.rules.push_back({.status = Status::affected,
                               .kind = VersionRule::Kind::exact,
                               .from_excluded = false,
                               .to_included = false,
                               .scheme = {},
                               .from = shortened(version.text()),
                               .to = {}});
  });
  Result<void> outcome;
  bool has_git = false;
  affected["ranges"].each([&](JsonNode range) {
    const std::string_view type = range.text("type");
    has_git = has_git || type == "GIT";
    if (!outcome || type == "GIT") return;  // commits have no order that could be seen here
    outcome = add_events(id, range, type == "SEMVER" ? "semver" : "", statement.rules);
  });
  TRY(outcome);
  if (statement.rules.empty()) statement.otherwise = Status::unknown;
  statement.note = statement.rules.empty() && has_git ? "only ranges of commits" : "";
  advisory.statements.push_back(std::move(statement));
  return {};
}

/// The CVEs that a record is about: itself, its aliases, and those that a distribution's advisory answers.
std::vector<std::string> cves_of(JsonNode root) {
  constexpr std::size_t k_cves_max = 1000;
  std::vector<std::string> cves;
  const auto add = [&](std::string_view id) {
    if (is_cve_id(id) && cves.size() < k_cves_max && std::ranges::find(cves, id) == cves.end()) cves.emplace_back(id);
  };
  for (const std::string_view list : {"aliases", "upstream"}) {
    root[list].each([&](JsonNode alias) { add(alias.text()); });
  }
  return cves;
}

}  // namespace

Result<void> read_osv(JsonNode root, FeedContent& out) {
  const std::string_view id = root.text("id");
  if (id.empty() || id.size() > k_title_size_bytes_max) return bad_osv(id, "has no id");
  const Instant modified = lenient_instant(root.text("modified"));
  if (modified == Instant{}) return bad_osv(id, "has no date in 'modified'");
  if (root["affected"].exists() && !root["affected"].is_array()) return bad_osv(id, "has no list in 'affected'");
  Advisory advisory;
  const std::vector<std::string> cves = cves_of(root);
  root["aliases"].each([&](JsonNode alias) {
    if (!is_cve_id(alias.text()) && !alias.text().empty()) advisory.aliases.push_back(shortened(alias.text()));
  });
  advisory.title = shortened(root.text("summary").empty() ? root.text("details") : root.text("summary"));
  for (const std::string_view type : {"CVSS_V4", "CVSS_V3", "CVSS_V2"}) {
    root["severity"].each([&](JsonNode severity) {
      if (severity.text("type") == type) take_vector(advisory, severity.text("score"));
    });
  }
  take_severity(advisory, root["database_specific"].text("severity"));
  advisory.published = lenient_instant(root.text("published"));
  advisory.modified = modified;
  advisory.is_withdrawn = root["withdrawn"].is_text();
  Result<void> outcome;
  if (!advisory.is_withdrawn) {
    root["affected"].each([&](JsonNode affected) {
      if (outcome) outcome = read_affected(id, affected, advisory);
    });
  }
  TRY(outcome);
  Document document{.kind = DocumentKind::osv,
                    .id = std::string(id),
                    .publisher = std::string(id.substr(0, id.find('-'))),
                    .is_vendor = false,
                    .modified = modified,
                    .advisories = {}};
  // An advisory that answers several CVEs says the same of each; they stay several vulnerabilities.
  for (const std::string& cve : cves) {
    document.advisories.push_back(advisory);
    document.advisories.back().id = cve;
    document.advisories.back().aliases.emplace_back(id);
  }
  if (cves.empty()) {
    advisory.id = std::string(id);
    document.advisories.push_back(std::move(advisory));
  }
  out.documents.push_back(std::move(document));
  return {};
}

}  // namespace signet::vuln
