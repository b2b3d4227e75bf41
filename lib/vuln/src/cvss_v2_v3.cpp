// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "cvss_tables.hpp"

#include <algorithm>
#include <cmath>

namespace signet::vuln {

namespace {

using Numbers = std::span<const std::uint8_t, k_cvss_metrics_max>;

// All weights have few decimals, so a sum or product that is exactly on a rounding border in decimal numbers is at most
// some 1e-14 away from it in binary ones, and no other value of the whole space comes as near as this.
constexpr double k_nudge = 1e-9;

unsigned tenths_half_up(double score) {
  return static_cast<unsigned>(std::floor(std::max(score, 0.0) * 10 + 0.5 + k_nudge));
}

double tenths(unsigned score_tenths) { return static_cast<double>(score_tenths) / 10; }

bool any_given(Numbers values, std::size_t first, std::size_t last) {
  return std::any_of(values.begin() + static_cast<std::ptrdiff_t>(first),
                     values.begin() + static_cast<std::ptrdiff_t>(last) + 1, [](std::uint8_t v) { return v != 0; });
}

/// v2 section 3.2.1, with the impact's weights changed by section 3.2.3, which also caps it.
unsigned base_v2(Numbers v, const std::array<double, 3>& requirement, double impact_max) {
  constexpr std::array<double, 3> k_av{0.395, 0.646, 1.0};
  constexpr std::array<double, 3> k_ac{0.35, 0.61, 0.71};
  constexpr std::array<double, 3> k_au{0.45, 0.56, 0.704};
  constexpr std::array<double, 3> k_cia{0.0, 0.275, 0.660};
  double left = 1;
  for (std::size_t i = 0; i < 3; ++i) left *= 1 - k_cia[v[3 + i]] * requirement[i];
  const double impact = std::min(impact_max, 10.41 * (1 - left));
  const double exploitability = 20 * k_av[v[0]] * k_ac[v[1]] * k_au[v[2]];
  const double f = v[3] + v[4] + v[5] == 0 ? 0 : 1.176;
  return tenths_half_up((0.6 * impact + 0.4 * exploitability - 1.5) * f);
}

double temporal_factor_v2(Numbers v) {
  constexpr std::array<double, 5> k_e{1, 0.85, 0.9, 0.95, 1};
  constexpr std::array<double, 5> k_rl{1, 0.87, 0.9, 0.95, 1};
  constexpr std::array<double, 4> k_rc{1, 0.9, 0.95, 1};
  return k_e[v[6]] * k_rl[v[7]] * k_rc[v[8]];
}

struct Exploit {
  std::size_t av, ac, pr, ui;
  bool is_changed;
};

double exploitability_v3(const Exploit& e) {
  constexpr std::array<double, 4> k_av{0.85, 0.62, 0.55, 0.2};
  constexpr std::array<double, 2> k_ac{0.77, 0.44};
  constexpr std::array<double, 3> k_pr{0.85, 0.62, 0.27};
  constexpr std::array<double, 3> k_pr_changed{0.85, 0.68, 0.5};
  constexpr std::array<double, 2> k_ui{0.85, 0.62};
  return 8.22 * k_av[e.av] * k_ac[e.ac] * (e.is_changed ? k_pr_changed : k_pr)[e.pr] * k_ui[e.ui];
}

double power(double base, unsigned exponent) {
  double result = 1;
  for (unsigned i = 0; i < exponent; ++i) result *= base;
  return result;
}

constexpr std::array<double, 3> k_cia3{0.56, 0.22, 0};

unsigned round_up(double score, bool is_3_1) {
  if (!is_3_1) return static_cast<unsigned>(std::ceil(score * 10 - k_nudge));  // v3.0 section 8
  const auto parts = static_cast<long>(std::lround(score * 100'000));          // v3.1 appendix A
  return static_cast<unsigned>(parts % 10'000 == 0 ? parts / 10'000 : parts / 10'000 + 1);
}

unsigned sum_v3(double impact, const Exploit& exploit, bool is_3_1) {
  if (impact <= k_nudge) return 0;
  const double sum = impact + exploitability_v3(exploit);
  return round_up(std::min(exploit.is_changed ? 1.08 * sum : sum, 10.0), is_3_1);
}

double temporal_factor_v3(Numbers v) {
  constexpr std::array<double, 5> k_e{1, 0.91, 0.94, 0.97, 1};
  constexpr std::array<double, 5> k_rl{1, 0.95, 0.96, 0.97, 1};
  constexpr std::array<double, 4> k_rc{1, 0.92, 0.96, 1};
  return k_e[v[8]] * k_rl[v[9]] * k_rc[v[10]];
}

/// A modified metric (its first value is "not defined") or the base metric that it stands for.
std::size_t modified(Numbers v, std::size_t base, std::size_t at) {
  return v[at] == 0 ? v[base] : static_cast<std::size_t>(v[at] - 1);
}

/// v3.0 section 8.3, v3.1 section 7.3
unsigned environmental_v3(Numbers v, bool is_3_1) {
  constexpr std::array<double, 4> k_requirement{1, 1.5, 1, 0.5};
  const Exploit exploit{modified(v, 0, 14), modified(v, 1, 15), modified(v, 2, 16), modified(v, 3, 17),
                        modified(v, 4, 18) == 1};
  double left = 1;
  for (std::size_t i = 0; i < 3; ++i) left *= 1 - k_requirement[v[11 + i]] * k_cia3[modified(v, 5 + i, 19 + i)];
  const double miss = std::min(1 - left, 0.915);
  double impact = 6.42 * miss;
  if (exploit.is_changed) {
    const double tail = is_3_1 ? power(miss * 0.9731 - 0.02, 13) : power(miss - 0.02, 15);
    impact = 7.52 * (miss - 0.029) - 3.25 * tail;
  }
  return round_up(tenths(sum_v3(impact, exploit, is_3_1)) * temporal_factor_v3(v), is_3_1);
}

}  // namespace

CvssScores score_v2(Numbers v) {
  CvssScores scores;
  scores.base_tenths = scores.overall_tenths = base_v2(v, {1, 1, 1}, 11);
  if (any_given(v, 6, 8)) {
    scores.temporal_tenths = tenths_half_up(tenths(scores.base_tenths) * temporal_factor_v2(v));
    scores.overall_tenths = *scores.temporal_tenths;
  }
  if (any_given(v, 9, 13)) {
    constexpr std::array<double, 6> k_cdp{0, 0, 0.1, 0.3, 0.4, 0.5};
    constexpr std::array<double, 5> k_td{1, 0, 0.25, 0.75, 1};
    constexpr std::array<double, 4> k_requirement{1, 0.5, 1, 1.51};
    const unsigned adjusted_base = base_v2(v, {k_requirement[v[11]], k_requirement[v[12]], k_requirement[v[13]]}, 10);
    const double adjusted = tenths(tenths_half_up(tenths(adjusted_base) * temporal_factor_v2(v)));
    scores.environmental_tenths = tenths_half_up((adjusted + (10 - adjusted) * k_cdp[v[9]]) * k_td[v[10]]);
    scores.overall_tenths = *scores.environmental_tenths;
  }
  return scores;
}

CvssScores score_v3(Numbers v, bool is_3_1) {
  const Exploit exploit{v[0], v[1], v[2], v[3], v[4] == 1};
  const double iss = 1 - (1 - k_cia3[v[5]]) * (1 - k_cia3[v[6]]) * (1 - k_cia3[v[7]]);
  const double impact = exploit.is_changed ? 7.52 * (iss - 0.029) - 3.25 * power(iss - 0.02, 15) : 6.42 * iss;
  CvssScores scores;
  scores.base_tenths = scores.overall_tenths = sum_v3(impact, exploit, is_3_1);
  if (any_given(v, 8, 10)) {
    scores.temporal_tenths = round_up(tenths(scores.base_tenths) * temporal_factor_v3(v), is_3_1);
    scores.overall_tenths = *scores.temporal_tenths;
  }
  if (any_given(v, 11, 21)) {
    scores.environmental_tenths = environmental_v3(v, is_3_1);
    scores.overall_tenths = *scores.environmental_tenths;
  }
  return scores;
}

}  // namespace signet::vuln
