// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ranges.hpp"

#include "signet/sbom/purl.hpp"
#include "signet/sbom/range.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

using sbom::Comparator;

Error bad_range(std::string_view range, const std::string& why) {
  return {Errc::invalid_input, "case.range", "'" + printable(range, 100) + "' cannot be the affected versions: " + why,
          "Write whole ranges: vers:semver/>=1.0.0|<1.2.3, several of them one after the other, or vers:semver/*."};
}

/// Puts constraints together to intervals; they stand in the order of their versions.
class Builder {
 public:
  explicit Builder(std::string_view range) : range_(range) {}

  Result<void> add(const sbom::VersionConstraint& one) {
    switch (one.comparator) {
      case Comparator::equal:
        if (is_open_) return bad_range(range_, "'=" + one.version + "' stands inside another range");
        intervals_.push_back({.from = one.version, .to = one.version, .to_included = true, .is_single = true});
        return {};
      case Comparator::greater_equal:
        if (is_open_) return bad_range(range_, "a range begins inside another one");
        open_ = {.from = one.version, .to = {}, .to_included = false, .is_single = false};
        is_open_ = true;
        return {};
      case Comparator::less:
      case Comparator::less_equal:
        if (!is_open_ && !intervals_.empty()) return bad_range(range_, "a range ends that did not begin");
        open_.to = one.version;
        open_.to_included = one.comparator == Comparator::less_equal;
        intervals_.push_back(open_);
        open_ = {};
        is_open_ = false;
        return {};
      case Comparator::greater:
      case Comparator::not_equal:
        break;
    }
    return bad_range(range_, "'" + std::string(name_of(one.comparator)) + "' is nothing that all formats can say");
  }

  std::vector<Interval> take() {
    if (is_open_) intervals_.push_back(open_);
    return std::move(intervals_);
  }

 private:
  std::string_view range_;
  std::vector<Interval> intervals_;
  Interval open_;
  bool is_open_ = false;
};

}  // namespace

Result<std::vector<Interval>> read_intervals(std::string_view text) {
  const auto range = sbom::VersionRange::parse(text);
  if (!range) {
    const auto meant = sbom::VersionRange::canonicalise(text);
    return bad_range(text, meant ? "its canonical form is " + meant->to_string() : range.error().text());
  }
  if (range->is_any()) return std::vector<Interval>{Interval{}};
  if (range->constraints().empty()) return bad_range(text, "it holds no version");
  Builder builder(text);
  for (const sbom::VersionConstraint& one : range->constraints()) TRY(builder.add(one));
  return builder.take();
}

std::vector<Interval> intervals_of(const Product& product) {
  if (product.status != ProductStatus::affected) return {};
  auto intervals = read_intervals(product.affected);
  return intervals ? *std::move(intervals) : std::vector<Interval>();
}

std::string scheme_of(const Product& product) {
  const auto range = sbom::VersionRange::parse(product.affected);
  return range ? range->scheme() : "semver";
}

std::string fix_after(const Product& product, const Interval& interval) {
  if (interval.to.empty()) return {};
  const auto range = sbom::VersionRange::parse(product.affected);
  if (!range) return {};
  std::string best;
  for (const std::string& fixed : product.fixed) {
    if (sbom::compare_versions(range->order(), fixed, interval.to) == std::weak_ordering::less) continue;
    if (best.empty() || sbom::compare_versions(range->order(), fixed, best) == std::weak_ordering::less) best = fixed;
  }
  return best;
}

std::string describe(const Interval& interval) {
  if (interval.is_single) return interval.from;
  if (interval.from.empty() && interval.to.empty()) return "all versions";
  std::string text;
  if (!interval.from.empty()) text = "from " + interval.from;
  if (interval.to.empty()) return text + " on";
  return text + (text.empty() ? "" : " ") + (interval.to_included ? "up to " : "before ") + interval.to;
}

std::string purl_at(const Product& product, std::string_view version) {
  const auto bare = sbom::Purl::parse(product.purl);
  if (!bare) return product.purl;
  sbom::PurlParts parts = bare->parts();
  parts.version = std::string(version);
  const auto made = sbom::Purl::build(std::move(parts));
  return made ? made->to_string() : product.purl;
}

std::string cpe_at(const Product& product, std::string_view version) {
  // The version is the fourth attribute behind "cpe:2.3:"; signs other than these are escaped (NISTIR 7695 6.2).
  constexpr int k_attributes_before = 5;
  if (product.cpe.empty() || version.empty()) return product.cpe;
  std::size_t at = 0;
  for (int i = 0; i < k_attributes_before; ++i) {
    at = product.cpe.find(':', at);
    while (at != std::string::npos && at > 0 && product.cpe[at - 1] == '\\') at = product.cpe.find(':', at + 1);
    if (at == std::string::npos) return product.cpe;
    ++at;
  }
  std::string escaped;
  for (const char c : version) {
    const bool is_plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
    if (!is_plain) escaped += '\\';
    escaped += c;
  }
  return product.cpe.substr(0, at) + escaped + product.cpe.substr(product.cpe.find(':', at));
}

Verdict verdict_on(const Product& product, std::string_view version) {
  if (product.status == ProductStatus::not_affected) return Verdict::not_affected;
  if (product.status == ProductStatus::under_investigation) return Verdict::under_investigation;
  const auto range = sbom::VersionRange::parse(product.affected);
  if (!range) return Verdict::under_investigation;
  if (range->contains(version)) return Verdict::affected;
  const bool is_past_a_fix = std::ranges::any_of(product.fixed, [&](const std::string& fixed) {
    return sbom::compare_versions(range->order(), fixed, version) != std::weak_ordering::greater;
  });
  return is_past_a_fix ? Verdict::fixed : Verdict::not_affected;
}

}  // namespace signet::advisories
