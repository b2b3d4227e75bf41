// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: range_fuzz)
#include "signet/sbom/range.hpp"

#include "signet/core/bytes.hpp"

#include "native_range.hpp"
#include "orders.hpp"
#include "percent.hpp"

#include <algorithm>
#include <array>

namespace signet::sbom {

namespace {

constexpr std::weak_ordering k_same = std::weak_ordering::equivalent;

Error bad(std::string_view reason, std::string text, std::string hint) {
  return {Errc::invalid_input, "range." + std::string(reason), std::move(text), std::move(hint)};
}

Error bad_syntax(std::string_view what) {
  return bad("syntax", "'" + printable(what, 60) + "' is no constraint of a version range",
             "Write a range as in vers:npm/>=1.0.0|<2.0.0.");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_lower_bound(Comparator c) { return c == Comparator::greater || c == Comparator::greater_equal; }
bool is_upper_bound(Comparator c) { return c == Comparator::less || c == Comparator::less_equal; }

Result<VersionConstraint> parse_constraint(VersionScheme order, std::string_view text) {
  VersionConstraint constraint;
  constraint.comparator = take_comparator(text).value_or(Comparator::equal);
  TRY_ASSIGN(constraint.version, percent_decoded(trimmed(text)));
  if (constraint.version.empty()) return bad_syntax(text);
  TRY(check_version(order, constraint.version));
  return constraint;
}

}  // namespace

std::string_view name_of(Comparator comparator) {
  constexpr std::array<std::string_view, 6> k_names{"=", "!=", "<", "<=", ">", ">="};
  return k_names[static_cast<std::size_t>(comparator)];
}

void VersionRange::sort() {
  // At one version, what ends just before it comes first and what begins just behind it comes last.
  const auto rank = [](Comparator c) {
    if (c == Comparator::less) return 0;
    return c == Comparator::greater ? 2 : 1;
  };
  const auto is_before = [&](const VersionConstraint& a, const VersionConstraint& b) {
    const std::weak_ordering order = compare_versions(order_, a.version, b.version);
    return order == k_same ? rank(a.comparator) < rank(b.comparator) : order == std::weak_ordering::less;
  };
  // By insertion: with hostile versions an ecosystem's order need not be transitive, which std::sort may not be given.
  std::vector<VersionConstraint> sorted;
  for (VersionConstraint& one : constraints_) {
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), one, is_before), std::move(one));
  }
  constraints_ = std::move(sorted);
}

Result<VersionRange> VersionRange::canonicalise(std::string_view text) {
  if (text.size() > k_range_size_bytes_max) {
    return bad("too-long", "the range is longer than " + std::to_string(k_range_size_bytes_max) + " bytes",
               "Give one range.");
  }
  std::string_view rest = trimmed(text);
  if (compare_folded(take_until(rest, ':'), "vers") != k_same) return bad_syntax(text);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return bad_syntax(text);
  std::string scheme;
  for (const char c : trimmed(rest.substr(0, slash))) scheme += to_lower(c);
  rest = trimmed(rest.substr(slash + 1));
  TRY_ASSIGN(const VersionScheme order, version_scheme(scheme));
  VersionRange range(std::move(scheme), order);
  range.is_any_ = rest == "*";
  if (range.is_any_ || rest.empty()) return range;
  for (bool more = true; more;) {
    more = rest.find('|') != std::string_view::npos;
    if (range.constraints_.size() >= k_range_constraints_max) {
      return bad("too-long", "the range has more than " + std::to_string(k_range_constraints_max) + " constraints",
                 "Split it.");
    }
    TRY_ASSIGN(VersionConstraint constraint, parse_constraint(order, trimmed(take_until(rest, '|'))));
    range.constraints_.push_back(std::move(constraint));
  }
  range.sort();
  return range;
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
  TRY_ASSIGN(VersionRange range, canonicalise(text));
  const std::string canonical = range.to_string();
  if (canonical == text) return range;
  return bad("canonical", "'" + printable(text, 60) + "' is not in canonical form",
             "Write " + printable(canonical, 200) + ".");
}

Result<VersionRange> VersionRange::from_native(std::string_view ecosystem, std::string_view text) {
  TRY_ASSIGN(const VersionScheme order, version_scheme(ecosystem));
  if (text.size() > k_range_size_bytes_max) return bad("too-long", "the range is too long", "Give one range.");
  std::string scheme;
  for (const char c : ecosystem) scheme += to_lower(c);
  VersionRange range(std::move(scheme), order);
  TRY_ASSIGN(NativeRange native, parse_native(range.scheme_, order, text));
  range.is_any_ = native.is_any;
  range.constraints_ = std::move(native.constraints);
  if (range.constraints_.size() > k_range_constraints_max) return bad("too-long", "the range is too long", "Split it.");
  range.sort();
  return range;
}

bool VersionRange::contains(std::string_view version) const {
  if (is_any_) return true;
  bool only_excludes = !constraints_.empty();
  for (const VersionConstraint& one : constraints_) {
    only_excludes = only_excludes && one.comparator == Comparator::not_equal;
    if (compare_versions(order_, version, one.version) != k_same) continue;
    if (one.comparator == Comparator::not_equal) return false;
    if (one.comparator != Comparator::less && one.comparator != Comparator::greater) return true;
  }
  if (only_excludes) return true;
  // Along the versions, a lower bound opens an interval and the last of several upper bounds closes it; upper bounds
  // that come first close one that has no beginning.
  bool is_inside = true;
  bool seen_bound = false;
  for (std::size_t i = 0; i < constraints_.size(); ++i) {
    const VersionConstraint& one = constraints_[i];
    if (!is_lower_bound(one.comparator) && !is_upper_bound(one.comparator)) continue;
    const std::weak_ordering order = compare_versions(order_, version, one.version);
    if (is_lower_bound(one.comparator)) {
      if (!seen_bound || !is_inside) is_inside = order == std::weak_ordering::greater;
    } else if (is_inside && order != std::weak_ordering::less) {
      // Closed here, unless the next bound is an upper one that reaches further.
      const auto next = std::find_if(
          constraints_.begin() + static_cast<std::ptrdiff_t>(i) + 1, constraints_.end(),
          [](const VersionConstraint& c) { return is_lower_bound(c.comparator) || is_upper_bound(c.comparator); });
      is_inside = next != constraints_.end() && is_upper_bound(next->comparator);
    } else if (is_inside) {
      return true;
    }
    seen_bound = true;
  }
  return seen_bound && is_inside;
}

std::string VersionRange::to_string() const {
  std::string text = "vers:" + scheme_ + "/";
  if (is_any_) return text + "*";
  for (std::size_t i = 0; i < constraints_.size(); ++i) {
    if (i > 0) text += '|';
    if (constraints_[i].comparator != Comparator::equal) text += name_of(constraints_[i].comparator);
    append_encoded(text, constraints_[i].version);
  }
  return text;
}

}  // namespace signet::sbom
