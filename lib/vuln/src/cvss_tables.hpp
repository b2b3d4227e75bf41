// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/vuln/cvss.hpp"

#include <span>

namespace signet::vuln {

/// One value of a metric: its code in a vector, and its name.
struct ValueInfo {
  std::string_view code;
  std::string_view title;
};

/// Which score a metric goes into.
enum class MetricGroup : std::uint8_t { base, temporal, threat, environmental, supplemental };

/// One metric of an edition. Where it may be left out, its first value is "not defined".
struct MetricInfo {
  std::string_view key;
  std::string_view title;
  MetricGroup group;
  std::span<const ValueInfo> values;
};

/// The metrics of an edition, in the order of its standard. The functions that score rely on the order of metrics and
/// of values.
std::span<const MetricInfo> metrics_of(CvssVersion version);

/// Scores by edition; `values` is what CvssVector keeps.
CvssScores score_v2(std::span<const std::uint8_t, k_cvss_metrics_max> values);
CvssScores score_v3(std::span<const std::uint8_t, k_cvss_metrics_max> values, bool is_3_1);
CvssScores score_v4(std::span<const std::uint8_t, k_cvss_metrics_max> values);

/// The six equivalence classes of a v4.0 vector.
using MacroVector = std::array<std::uint8_t, 6>;
MacroVector macro_vector_of(std::span<const std::uint8_t, k_cvss_metrics_max> values);

}  // namespace signet::vuln
