// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/match.hpp"

#include "signet/sbom/purl.hpp"

#include "evidence.hpp"
#include "readers.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace signet::vuln {

namespace {

/// All that is known of one vulnerability in one component.
struct Case {
  std::vector<Evidence> evidence;
  std::set<std::string> aliases;
  Advisory best;  ///< whose title and score are shown
  bool has_best = false;
};

using Cases = std::map<std::string, Case>;

/// The identifier under which documents of several formats meet: the CVE, where one is named.
std::string common_id(const std::vector<std::string_view>& ids) {
  const auto cve = std::ranges::find_if(ids, is_cve_id);
  return std::string(cve != ids.end() ? *cve : ids.front());
}

bool needs_attention(Status status) { return status != Status::not_affected && status != Status::fixed; }

/// The package URL without version and qualifiers, or the text.
std::string bare_product(std::string_view text) {
  const auto product = purl_product(text);
  if (!product) return std::string(text);
  return product->text.substr(0, product->text.rfind('@'));
}

/// Judges components against one index after the other.
class Matcher {
 public:
  Matcher(const sbom::Bom& bom, const Index& index, const MatchOptions& options)
      : bom_(bom), index_(index), options_(options), whole_(options.product) {}

  MatchReport run() {
    MatchReport report{.components = bom_.components.size(), .open = {}, .resolved = {}};
    find_whole_product();
    for (std::size_t i = 0; i < bom_.components.size(); ++i) {
      Cases cases;
      has_tracker_ = false;
      seen_.clear();
      const std::vector<CalledName> names = names_of(bom_.components[i], options_.with_names);
      for (const CalledName& called : names) {
        collect(called, index_, false, cases);
        if (options_.vex != nullptr) collect(called, *options_.vex, true, cases);
      }
      for (auto& [id, one] : cases) finish(i, id, one, report);
    }
    const auto order = [](const Finding& a, const Finding& b) {
      return std::tuple(b.kev.has_value(), b.score_tenths, std::string_view(a.vulnerability), a.component) <
             std::tuple(a.kev.has_value(), a.score_tenths, std::string_view(b.vulnerability), b.component);
    };
    std::ranges::sort(report.open, order);
    std::ranges::sort(report.resolved, order);
    return report;
  }

 private:
  /// Whether a statement about a part of a product means this product.
  [[nodiscard]] bool is_within(const std::string& within) const {
    if (within.empty()) return true;
    if (!whole_.empty() && bare_product(within) == bare_product(whole_)) return true;
    const auto purl = sbom::Purl::canonicalise(within);
    const std::string name = purl ? purl->parts().name : within;
    if (bom_.name.empty() || name != bom_.name) return false;
    return !purl || purl->parts().version.empty() || bom_.version.empty() || purl->parts().version == bom_.version;
  }

  void collect(const CalledName& called, const Index& index, bool is_given, Cases& cases) {
    const auto key = product_key(called.product);
    if (!key) return;
    for (const StatementPlace& place : index.find(*key)) {
      const Statement statement = index.statement(place.statement);
      for (const ProductName& product : statement.products) {
        const auto fits = fit(called, product);
        if (!fits) continue;
        const Document document = index.document(place.document);
        has_tracker_ = has_tracker_ || document.kind == DocumentKind::debian;
        if (!is_within(statement.within)) break;
        if (!seen_.emplace(&index, place.statement).second) break;  // known by a surer name already
        add(index, place, statement, document, called, product, *fits, is_given, cases);
        break;
      }
    }
  }

  void add(const Index& index, const StatementPlace& place, const Statement& statement, const Document& document,
           const CalledName& called, const ProductName& product, const Fit& fits, bool is_given, Cases& cases) {
    Judgement judged = judge(statement, called.version);
    if (judged.says_nothing) return;
    if (!fits.doubt.empty()) {
      judged.status = Status::unknown;
      judged.because = fits.doubt;
    }
    const Advisory advisory = index.advisory(place.advisory);
    if (advisory.is_withdrawn) return;
    const std::vector<std::string_view> ids = index.ids(place.advisory);
    Case& one = cases[common_id(ids)];
    for (const std::string_view id : ids) one.aliases.emplace(id);
    one.evidence.push_back(
        {.status = judged.status,
         .authority = authority_of(document, called.identity, product, is_given),
         .identity = called.identity,
         .kind = std::string(name_of(document.kind)),
         .document = document.id,
         .publisher = document.publisher,
         .product = text_of(product),
         .because = judged.because,
         .note = statement.note,
         .fixed_in = judged.fixed_in,
         .modified = advisory.modified,
         .is_vendor = document.is_vendor,
         .is_readable = judged.is_readable,
         .specificity = fits.specificity + (judged.is_exact ? 2U : 0U) + (statement.within.empty() ? 0U : 4U)});
    const bool is_better = !one.has_best || (one.best.cvss.empty() && !advisory.cvss.empty());
    if (is_better) one.best = advisory;
    one.has_best = true;
  }

  /// Statements about the product as a whole hold for each of its components (OpenVEX: a product without
  /// subcomponents).
  void find_whole_product() {
    std::vector<CalledName> names;
    if (auto product = purl_product(whole_)) {
      const auto purl = sbom::Purl::canonicalise(whole_);
      names.push_back({.product = *product,
                       .version = {.text = purl ? purl->parts().version : std::string(), .scheme = std::nullopt},
                       .identity = Identity::product});
    }
    for (const CalledName& called : names) {
      collect(called, index_, false, whole_cases_);
      if (options_.vex != nullptr) collect(called, *options_.vex, true, whole_cases_);
    }
    has_tracker_ = false;
  }

  void add_changelog(const sbom::Component& component, const std::string& id, Case& one) const {
    if (options_.history == nullptr || !is_cve_id(id) || component.source.empty()) return;
    const auto version = options_.history->fixed_in(component, id);
    if (!version) return;
    const std::string own = component.source.substr(component.source.rfind('@') + 1);
    const bool is_in = sbom::compare_versions(sbom::VersionScheme::deb, *version, own) != std::weak_ordering::greater;
    if (!is_in) return;
    one.evidence.push_back(
        {.status = Status::fixed,
         .authority = Authority::changelog,
         .identity = Identity::source,
         .kind = "changelog",
         .document = "/usr/share/doc/" + component.name,
         .publisher = component.supplier,
         .product = component.source,
         .because = "the changelog of the installed package names it at version " + printable(*version, 80),
         .note = {},
         .fixed_in = *version,
         .modified = {},
         .is_vendor = false,
         .is_readable = true,
         .specificity = 2});
  }

  /// A distribution that keeps count of a package and does not count this vulnerability makes a guess by name doubtful.
  void add_silence(Case& one) const {
    const bool is_guess =
        std::ranges::all_of(one.evidence, [](const Evidence& e) { return e.authority == Authority::guess; });
    if (!has_tracker_ || !is_guess) return;
    Evidence silence = one.evidence.front();
    silence.status = Status::unknown;
    silence.authority = Authority::third_party;
    silence.identity = Identity::source;
    silence.kind = name_of(DocumentKind::debian);
    silence.because = "Debian's tracker has the package, but not this vulnerability";
    silence.fixed_in.clear();
    one.evidence.push_back(std::move(silence));
  }

  /// A record often says the same twice, once in a form that cannot be read here (commits, words); then the other
  /// counts.
  static void drop_unreadable(std::vector<Evidence>& evidence) {
    const std::vector<Evidence> all = evidence;
    std::erase_if(evidence, [&](const Evidence& one) {
      return !one.is_readable && std::ranges::any_of(all, [&](const Evidence& other) {
        return other.is_readable && other.kind == one.kind && other.document == one.document;
      });
    });
  }

  void finish(std::size_t number, const std::string& id, Case& one, MatchReport& report) {
    drop_unreadable(one.evidence);
    const bool is_relevant =
        std::ranges::any_of(one.evidence, [](const Evidence& e) { return needs_attention(e.status); });
    if (!is_relevant) return;
    add_silence(one);
    add_changelog(bom_.components[number], id, one);
    if (const auto whole = whole_cases_.find(id); whole != whole_cases_.end()) {
      one.evidence.insert(one.evidence.end(), whole->second.evidence.begin(), whole->second.evidence.end());
    }
    rank(one.evidence);
    Finding finding;
    finding.component = number;
    finding.vulnerability = id;
    one.aliases.erase(id);
    finding.aliases.assign(one.aliases.begin(), one.aliases.end());
    finding.status = one.evidence.front().status;
    finding.title = one.best.title;
    finding.cvss = one.best.cvss;
    finding.severity = one.best.severity;
    finding.score_tenths = one.best.score_tenths;
    finding.published = one.best.published;
    fill_from_record(id, finding);
    finding.kev = index_.kev(id);
    finding.epss = index_.epss(id);
    for (const Evidence& evidence : one.evidence) {
      if (finding.fixed_in.empty() && evidence.status == Status::affected) finding.fixed_in = evidence.fixed_in;
    }
    finding.evidence = std::move(one.evidence);
    (finding.is_open() ? report.open : report.resolved).push_back(std::move(finding));
  }

  /// Title, date and score of the vulnerability's own record, where what matched has none.
  void fill_from_record(const std::string& id, Finding& finding) const {
    if (!finding.title.empty() && !finding.cvss.empty() && finding.published != Instant{}) return;
    for (const StatementPlace& place : index_.find_id(id)) {
      const Advisory record = index_.advisory(place.advisory);
      if (finding.title.empty()) finding.title = record.title;
      if (finding.published == Instant{}) finding.published = record.published;
      if (finding.cvss.empty() && !record.cvss.empty()) {
        finding.cvss = record.cvss;
        finding.severity = record.severity;
        finding.score_tenths = record.score_tenths;
      }
    }
  }

  const sbom::Bom& bom_;
  const Index& index_;
  const MatchOptions& options_;
  std::string whole_;
  Cases whole_cases_;
  // Of the component at hand:
  bool has_tracker_ = false;
  std::set<std::pair<const Index*, std::uint32_t>> seen_;
};

}  // namespace

std::string_view name_of(Identity identity) {
  constexpr std::array<std::string_view, 6> k_names = {"reference", "purl", "source", "cpe", "name", "product"};
  return k_names[static_cast<std::size_t>(identity)];
}

std::string_view name_of(Authority authority) {
  constexpr std::array<std::string_view, 6> k_names = {"guess",        "third_party", "changelog",
                                                       "distribution", "vendor",      "given"};
  return k_names[static_cast<std::size_t>(authority)];
}

MatchReport match(const sbom::Bom& bom, const Index& index, const MatchOptions& options) {
  return Matcher(bom, index, options).run();
}

}  // namespace signet::vuln
