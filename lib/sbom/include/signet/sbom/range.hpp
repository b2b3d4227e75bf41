// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/sbom/versions.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::sbom {

/// How a version stands to the one of a constraint.
enum class Comparator : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

/// "=", "!=", "<", "<=", ">", ">=".
[[nodiscard]] std::string_view name_of(Comparator comparator);

/// One term of a range: ">=1.2".
struct VersionConstraint {
  Comparator comparator = Comparator::equal;
  std::string version;

  friend bool operator==(const VersionConstraint&, const VersionConstraint&) = default;
};

inline constexpr std::size_t k_range_size_bytes_max = 64U << 10U;
inline constexpr std::size_t k_range_constraints_max = 4096;

/// A set of versions, as the VERS specification writes it ("vers:npm/>=1.0.0|<2.0.0"): constraints in the order of
/// their versions. "*" is every version; no constraint at all is none.
class VersionRange {
 public:
  /// Strict: the text must be the canonical form, in order, each character spelled one way.
  /// Malformed: "range.syntax", "range.canonical", "range.too-long", "version.…"; not found: "version.ecosystem".
  static Result<VersionRange> parse(std::string_view text);

  /// Lenient: blanks, order and percent-encoding are put right; what is not to be understood is an error as above.
  static Result<VersionRange> canonicalise(std::string_view text);

  /// From the notation of an ecosystem: npm ("^1.2 || ~2.0"), conan, pypi ("~=1.4, !=1.4.2"), gem ("~> 2.0.8"), maven
  /// and nuget ("[1.0,2.0)"), nginx ("0.8.40+"), openssl; others take comparators between commas. Malformed:
  /// "range.native".
  static Result<VersionRange> from_native(std::string_view ecosystem, std::string_view text);

  /// The scheme as it stands in the text ("npm").
  [[nodiscard]] const std::string& scheme() const { return scheme_; }
  [[nodiscard]] VersionScheme order() const { return order_; }
  /// In the order of their versions; empty for "*" as well.
  [[nodiscard]] const std::vector<VersionConstraint>& constraints() const { return constraints_; }
  [[nodiscard]] bool is_any() const { return is_any_; }

  /// Whether a version is in the range. Where constraints overlap, the wider one counts; a range that only excludes
  /// holds everything else.
  [[nodiscard]] bool contains(std::string_view version) const;

  /// The canonical form.
  [[nodiscard]] std::string to_string() const;

 private:
  VersionRange(std::string scheme, VersionScheme order) : scheme_(std::move(scheme)), order_(order) {}
  void sort();

  std::string scheme_;
  VersionScheme order_;
  bool is_any_ = false;
  std::vector<VersionConstraint> constraints_;
};

}  // namespace signet::sbom
