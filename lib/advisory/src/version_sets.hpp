// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/range.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::advisory {

/// A set of versions as CSAF 2.1 section 3.2.3 lets it be written: VERS, or its constraints alone (vls).
class VersionSet {
 public:
  /// What cannot be read has an error(), and holds what could be read.
  explicit VersionSet(std::string_view text);

  [[nodiscard]] bool is_vers() const { return is_vers_; }
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool is_single() const;
  /// Whether the last constraint that includes versions has no upper end.
  [[nodiscard]] bool is_open_above() const;
  /// Whether versions of this set can be put in order.
  [[nodiscard]] bool is_ordered() const { return order_.has_value() && error_.empty(); }

  [[nodiscard]] bool contains(std::string_view version) const;
  [[nodiscard]] bool overlaps(const VersionSet& other) const;

 private:
  /// A version, or what comes right after it.
  struct Point {
    std::string_view version;
    bool is_after = false;
  };
  void read(std::string_view constraints);
  [[nodiscard]] std::weak_ordering compare(std::string_view a, std::string_view b) const;
  [[nodiscard]] bool contains(const Point& point) const;

  bool is_vers_ = false;
  bool is_any_ = false;
  std::string type_;
  std::string error_;
  std::optional<sbom::VersionScheme> order_;
  std::vector<sbom::VersionConstraint> constraints_;  ///< as they stand
  std::vector<sbom::VersionConstraint> sorted_;       ///< those with < and >, in order
};

/// Types of VERS that are registered at package-url/vers-spec; "all" and "none" are among them.
[[nodiscard]] bool is_registered_vers_type(std::string_view type);

}  // namespace signet::advisory
