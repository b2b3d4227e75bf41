// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How severe a vulnerability is, whom it concerns, and what to do about it.
namespace signet::vuln {

/// Which edition of FIRST's Common Vulnerability Scoring System a vector is written in.
enum class CvssVersion : std::uint8_t { v2, v3_0, v3_1, v4_0 };

/// The qualitative rating. CVSS v2 itself has none; for it the NVD's three are used (low, medium, high).
enum class Severity : std::uint8_t { none, low, medium, high, critical };

/// "2.0", "3.0", "3.1", "4.0".
[[nodiscard]] std::string_view name_of(CvssVersion version);
/// As the JSON schemas of CVSS spell it: "NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL".
[[nodiscard]] std::string_view name_of(Severity severity);

/// The rating of a score in tenths of a point (v3.1 section 5, v4.0 section 6).
[[nodiscard]] Severity severity_of(CvssVersion version, unsigned score_tenths);

/// "9.8" for 98.
[[nodiscard]] std::string score_text(unsigned score_tenths);

/// Scores in tenths of a point, 0 to 100, so that they can be compared exactly.
struct CvssScores {
  unsigned overall_tenths = 0;                   ///< with all metrics of the vector: what a product should show
  unsigned base_tenths = 0;                      ///< of the base metrics alone
  std::optional<unsigned> temporal_tenths;       ///< v2 and v3, if a temporal metric is given
  std::optional<unsigned> environmental_tenths;  ///< v2 and v3, if an environmental metric is given
};

inline constexpr std::size_t k_cvss_size_bytes_max = 512;
inline constexpr std::size_t k_cvss_metrics_max = 32;

/// One metric of a vector in words.
struct CvssMetric {
  std::string_view key;    ///< "AV"
  std::string_view title;  ///< "Attack Vector"
  std::string_view code;   ///< "N"
  std::string_view value;  ///< "Network"
  std::string_view group;  ///< "base", "threat", "temporal", "environmental", "supplemental"
};

/// A vector that is valid in its edition: all base metrics, each metric once, each with one of its values.
class CvssVector {
 public:
  /// v2 has no prefix ("AV:N/AC:L/..."), the others have theirs ("CVSS:3.1/..."). Metrics of v2 and v3 may come in any
  /// order (v3.1 section 6), those of v4.0 only in that of its Table 23 (v4.0 section 7).
  ///
  /// Malformed: "cvss.too-long", "cvss.version", "cvss.syntax", "cvss.metric" (unknown), "cvss.value",
  /// "cvss.duplicate", "cvss.order", "cvss.missing" (a base metric).
  static Result<CvssVector> parse(std::string_view text);

  [[nodiscard]] CvssVersion version() const { return version_; }

  /// Exact, by the formulas of v2 section 3.2, v3.0 section 8, v3.1 section 7, and by v4.0 section 8 in whole numbers.
  /// Allocates nothing.
  [[nodiscard]] CvssScores scores() const;

  /// The code that a metric has ("H"), or its "not defined" ("X", "ND"); empty if the edition has no such metric.
  [[nodiscard]] std::string_view code_of(std::string_view metric) const;

  /// The metrics that the vector gives, in the order of the standard.
  [[nodiscard]] std::vector<CvssMetric> explain() const;

  /// The vector in the order of the standard, without metrics that say nothing: one spelling for each meaning.
  [[nodiscard]] std::string canonical() const;

  /// v4.0: the six digits of its equivalence classes (section 8.2), "000200"; empty for other editions.
  [[nodiscard]] std::string macro_vector() const;

  friend bool operator==(const CvssVector&, const CvssVector&) = default;

 private:
  using Values = std::array<std::uint8_t, k_cvss_metrics_max>;
  CvssVector(CvssVersion version, const Values& values) : version_(version), values_(values) {}

  CvssVersion version_;
  Values values_;  // by metric, the number of its value in the edition's table
};

}  // namespace signet::vuln
