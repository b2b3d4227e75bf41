// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/bom.hpp"
#include "signet/vuln/index.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::vuln {

/// By what a component was found to be the product of a statement, the surest first.
enum class Identity : std::uint8_t {
  reference,  ///< the document names this component of this bill
  purl,       ///< the same package URL
  source,     ///< a package URL of the source package that a distribution built it from
  cpe,        ///< the same vendor and product of a CPE name
  name,       ///< the same product name and nothing else: may be another product
  product     ///< the document speaks of the whole product that the bill describes
};

/// "reference", "purl", "source", "cpe", "name", "product".
[[nodiscard]] std::string_view name_of(Identity identity);

/// Whose word counts more where documents differ; the last wins.
enum class Authority : std::uint8_t {
  guess,         ///< any document, the component known by its name alone
  third_party,   ///< a record or advisory of somebody who did not make the package: CVE, OSV, CSAF of others
  changelog,     ///< the changelog of the installed package names the vulnerability as fixed
  distribution,  ///< who built the package: Debian's tracker, OSV and CSAF of the distribution for its own packages
  vendor,        ///< VEX and CSAF in the index by a vendor for products of its own
  given          ///< VEX that was given with the question
};

/// "guess", "third_party", "changelog", "distribution", "vendor", "given".
[[nodiscard]] std::string_view name_of(Authority authority);

/// One thing that is known of a component and a vulnerability, and why.
struct Evidence {
  Status status = Status::unknown;
  Authority authority = Authority::guess;
  Identity identity = Identity::name;
  std::string kind;      ///< "cve", "osv", ...; "changelog"
  std::string document;  ///< its identifier
  std::string publisher;
  std::string product;   ///< as the document names it
  std::string because;   ///< which version stands how to which range, by which order
  std::string note;      ///< the document's justification
  std::string fixed_in;  ///< the version that ends the range, if one does
  Instant modified;
  bool is_vendor = false;
  bool is_readable = true;   ///< false: the document's versions could not be put beside the component's
  unsigned specificity = 0;  ///< how narrowly the document names what it means

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// A component and a vulnerability that some document connects.
struct Finding {
  std::size_t component = 0;  ///< in Bom::components
  std::string vulnerability;
  std::vector<std::string> aliases;
  Status status = Status::unknown;
  std::vector<Evidence> evidence;  ///< the one that decides first, never empty
  std::string title;
  std::string cvss;
  std::string severity;
  unsigned score_tenths = 0;
  Instant published;
  std::string fixed_in;  ///< the version to update to, if one is known
  std::optional<KevEntry> kev;
  std::optional<EpssEntry> epss;

  /// Affected, under investigation or unknown: somebody has to do something.
  [[nodiscard]] bool is_open() const { return status != Status::not_affected && status != Status::fixed; }
};

/// The changelogs of the packages in a Debian root file system, read when asked for.
class PackageHistory {
 public:
  /// Not found: "bom.no-root".
  static Result<PackageHistory> open(const std::filesystem::path& root);
  PackageHistory(PackageHistory&&) noexcept;
  PackageHistory& operator=(PackageHistory&&) noexcept;
  ~PackageHistory();

  /// The latest version whose entry names a CVE, in the installed changelog (changelog.Debian.gz, changelog.gz).
  [[nodiscard]] std::optional<std::string> fixed_in(const sbom::Component& component, std::string_view cve) const;

 private:
  class Impl;
  explicit PackageHistory(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The CVEs that a Debian changelog names, each with the version of the entry; entries that speak of reverting are left
/// out. Newest first.
struct ChangelogFix {
  std::string cve;
  std::string version;

  friend auto operator<=>(const ChangelogFix&, const ChangelogFix&) = default;
};
[[nodiscard]] std::vector<ChangelogFix> read_changelog(std::string_view text);

/// What is known besides the index.
struct MatchOptions {
  std::string product;         ///< package URL of what the bill describes; statements about parts of it apply
  const Index* vex = nullptr;  ///< given with the question
  const PackageHistory* history = nullptr;
  bool with_names = true;  ///< whether a bare name may make a match
};

/// What match() found, open ones by severity; every pair of component and vulnerability once.
struct MatchReport {
  std::size_t components = 0;
  std::vector<Finding> open;
  std::vector<Finding> resolved;  ///< some document said affected or unknown, and a better one says not
};

/// Puts all statements of the index beside all components.
///
/// Precedence where documents differ: authority; a vendor before others; the narrower product; the later date; affected
/// before unknown before the rest. A bill's version outside of every range of one document is that document's word too.
[[nodiscard]] MatchReport match(const sbom::Bom& bom, const Index& index, const MatchOptions& options = {});

}  // namespace signet::vuln
