// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "version_sets.hpp"

#include <algorithm>
#include <array>

namespace signet::advisory {

namespace {

using sbom::Comparator;
using sbom::VersionConstraint;

constexpr std::array<std::string_view, 38> k_registered{
    "all",    "alpine", "alpm",    "apk",  "arch",     "bitbucket",     "bitnami",  "cargo", "cocoapods", "composer",
    "conan",  "conda",  "cpan",    "cran", "datetime", "deb",           "ebuild",   "gem",   "generic",   "gentoo",
    "github", "golang", "hackage", "hex",  "intdot",   "lexicographic", "luarocks", "maven", "nginx",     "none",
    "npm",    "nuget",  "openssl", "pub",  "pypi",     "rpm",           "semver",   "swift"};

bool is_lower(Comparator one) { return one == Comparator::greater || one == Comparator::greater_equal; }
bool is_exact(Comparator one) { return one == Comparator::equal || one == Comparator::not_equal; }

Comparator take_comparator(std::string_view& text) {
  constexpr std::array<Comparator, 6> k_longest_first{Comparator::not_equal,     Comparator::less_equal,
                                                      Comparator::greater_equal, Comparator::less,
                                                      Comparator::greater,       Comparator::equal};
  for (const Comparator one : k_longest_first) {
    if (!text.starts_with(name_of(one))) continue;
    text.remove_prefix(name_of(one).size());
    return one;
  }
  return Comparator::equal;
}

std::optional<sbom::VersionScheme> order_of(std::string_view type) {
  if (type == "intdot" || type == "generic") return sbom::VersionScheme::semver;
  const auto scheme = sbom::version_scheme(type);
  if (!scheme) return std::nullopt;
  return *scheme;
}

}  // namespace

bool is_registered_vers_type(std::string_view type) { return std::ranges::binary_search(k_registered, type); }

VersionSet::VersionSet(std::string_view text) {
  constexpr std::string_view k_vers = "vers:";
  is_vers_ = text.starts_with(k_vers);
  if (std::ranges::any_of(text, [](char c) { return c == ' ' || static_cast<unsigned char>(c) < 0x20; })) {
    error_ = "there are blanks in it";
  }
  if (!is_vers_) {
    order_ = sbom::VersionScheme::semver;
    read(text);
    return;
  }
  text.remove_prefix(k_vers.size());
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    error_ = "the type is not followed by a slash";
    return;
  }
  type_ = text.substr(0, slash);
  order_ = order_of(type_);
  text.remove_prefix(slash + 1);
  if (text == "*") {
    is_any_ = true;
    return;
  }
  if (type_ == "all" || type_ == "none") error_ = "the type " + type_ + " takes nothing but *";
  read(text);
}

void VersionSet::read(std::string_view constraints) {
  if (constraints.empty() && error_.empty()) error_ = "it has no constraint";
  while (!constraints.empty()) {
    std::string_view one = constraints.substr(0, constraints.find('|'));
    constraints.remove_prefix(std::min(constraints.size(), one.size() + 1));
    VersionConstraint constraint{.comparator = take_comparator(one), .version = std::string(one)};
    if (one.empty() && error_.empty()) error_ = "a constraint has no version";
    if (one.find_first_of("<>=!") != std::string_view::npos && error_.empty()) {
      error_ = "a constraint has more than one comparator";
    }
    constraints_.push_back(std::move(constraint));
  }
  if (!order_) return;
  std::vector<const VersionConstraint*> bounds;
  for (const VersionConstraint& one : constraints_) {
    if (!is_exact(one.comparator)) bounds.push_back(&one);
  }
  std::ranges::sort(bounds, [&](const VersionConstraint* a, const VersionConstraint* b) {
    const auto order = compare(a->version, b->version);
    return order == std::weak_ordering::equivalent ? a < b : order == std::weak_ordering::less;
  });
  for (const VersionConstraint* one : bounds) sorted_.push_back(*one);
}

std::weak_ordering VersionSet::compare(std::string_view a, std::string_view b) const {
  const auto bare = [](std::string_view text) {
    return text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && text[1] >= '0' && text[1] <= '9' ? text.substr(1)
                                                                                                     : text;
  };
  return is_vers_ ? sbom::compare_versions(*order_, a, b) : sbom::compare_versions(*order_, bare(a), bare(b));
}

bool VersionSet::is_single() const {
  const auto including = std::ranges::count_if(
      constraints_, [](const VersionConstraint& one) { return one.comparator != Comparator::not_equal; });
  if (including == 1) {
    return std::ranges::any_of(constraints_,
                               [](const VersionConstraint& one) { return one.comparator == Comparator::equal; });
  }
  return including == 2 && sorted_.size() == 2 && sorted_[0].version == sorted_[1].version &&
         sorted_[0].comparator != sorted_[1].comparator && sorted_[0].comparator != Comparator::less &&
         sorted_[0].comparator != Comparator::greater && sorted_[1].comparator != Comparator::less &&
         sorted_[1].comparator != Comparator::greater;
}

bool VersionSet::is_open_above() const {
  for (auto one = constraints_.rbegin(); one != constraints_.rend(); ++one) {
    if (one->comparator != Comparator::not_equal) return is_lower(one->comparator);
  }
  return false;
}

bool VersionSet::contains(std::string_view version) const { return contains(Point{version, false}); }

bool VersionSet::contains(const Point& point) const {
  if (is_any_) return true;
  if (!order_) return false;
  for (const VersionConstraint& one : constraints_) {
    if (is_exact(one.comparator) && !point.is_after &&
        compare(one.version, point.version) == std::weak_ordering::equivalent) {
      return one.comparator == Comparator::equal;
    }
  }
  const auto above = [&](const VersionConstraint& one) {  // the point meets a lower bound
    const auto order = compare(point.version, one.version);
    if (order == std::weak_ordering::equivalent) return point.is_after || one.comparator == Comparator::greater_equal;
    return order == std::weak_ordering::greater;
  };
  const auto below = [&](const VersionConstraint& one) {
    const auto order = compare(point.version, one.version);
    if (order == std::weak_ordering::equivalent) return !point.is_after && one.comparator == Comparator::less_equal;
    return order == std::weak_ordering::less;
  };
  // From the front: an upper bound closes what the lower bound before it opened, or what begins at the very start.
  bool is_inside = true;
  bool has_lower = false;
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    const VersionConstraint& one = sorted_[i];
    if (is_lower(one.comparator)) {
      if (!has_lower) is_inside = above(one);
      has_lower = true;
      continue;
    }
    const bool is_last = i + 1 == sorted_.size() || is_lower(sorted_[i + 1].comparator);
    if (!is_last) continue;
    if (is_inside && below(one)) return true;
    is_inside = false;
    has_lower = false;
  }
  return has_lower && is_inside;
}

bool VersionSet::overlaps(const VersionSet& other) const {
  if (is_any_ || other.is_any_) return true;
  if (!is_ordered() || !other.is_ordered() || order_ != other.order_) return false;
  for (const auto* set : {this, &other}) {
    for (const VersionConstraint& one : set->constraints_) {
      for (const bool is_after : {false, true}) {
        const Point point{one.version, is_after};
        if (contains(point) && other.contains(point)) return true;
      }
    }
  }
  return contains(Point{"", false}) && other.contains(Point{"", false});
}

}  // namespace signet::advisory
