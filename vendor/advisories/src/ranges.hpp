// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/case.hpp"
#include "signet/sbom/versions.hpp"

#include <string>
#include <vector>

namespace signet::advisories {

/// Versions from one to another, as every format can say it.
struct Interval {
  std::string from;  ///< empty: from the beginning
  std::string to;    ///< empty: no end
  bool to_included = false;
  bool is_single = false;  ///< `from` alone

  friend bool operator==(const Interval&, const Interval&) = default;
};

/// "case.range": no canonical vers range, or one that formats with plain intervals cannot say.
Result<std::vector<Interval>> read_intervals(std::string_view range);

/// The intervals of an affected product of a sound case.
[[nodiscard]] std::vector<Interval> intervals_of(const Product& product);
/// The name of the order of its versions, as vers has it: "semver"; "semver" where there is no range.
[[nodiscard]] std::string scheme_of(const Product& product);
/// The first version with the repair after an interval, or empty.
[[nodiscard]] std::string fix_after(const Product& product, const Interval& interval);
/// "from 1.0.0 before 1.2.3": an interval for people.
[[nodiscard]] std::string describe(const Interval& interval);
/// The package URL with a version.
[[nodiscard]] std::string purl_at(const Product& product, std::string_view version);
/// The CPE name with a version; empty if the product has none.
[[nodiscard]] std::string cpe_at(const Product& product, std::string_view version);

}  // namespace signet::advisories
