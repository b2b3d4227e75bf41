// SPDX-FileCopyrightText: Signet contributors, FIRST, Red Hat, and contributors (the table of MacroVectors)
// SPDX-License-Identifier: Apache-2.0 AND BSD-2-Clause
#include "cvss_tables.hpp"

#include <algorithm>

namespace signet::vuln {

namespace {

using Numbers = std::span<const std::uint8_t, k_cvss_metrics_max>;

// Numbers of metrics and of their values in cvss_tables.cpp
enum Metric : std::uint8_t { AV, AC, AT, PR, UI, VC, VI, VA, SC, SI, SA, E, CR, IR, AR, k_metrics };
constexpr std::uint8_t k_no = 255;

// The expert scores of CVSS v4.0 section 8.1 in tenths, by EQ1 to EQ6 (EQ1, EQ2 and EQ3 name the line). From
// cvss_lookup.js of FIRST's reference calculator, Copyright FIRST, Red Hat, and contributors, BSD-2-Clause (the text of
// the licence: lib/vuln/LICENSE.first).
constexpr std::array<std::uint8_t, 324> k_scores{
    100,  99, 98,   95, 95,   92, 100,  96, 93,   87, 91,   81, 93,   90, 89,   80, 81,   68,  // 000
    98,   95, 95,   92, 90,   84, 93,   92, 89,   81, 81,   65, 88,   80, 78,   70, 69,   48,  // 001
    k_no, 92, k_no, 82, k_no, 72, k_no, 79, k_no, 69, k_no, 50, k_no, 69, k_no, 55, k_no, 27,  // 002
    99,   97, 95,   92, 92,   85, 95,   91, 90,   83, 84,   71, 92,   81, 82,   71, 72,   53,  // 010
    95,   93, 92,   85, 85,   73, 92,   82, 80,   72, 70,   59, 84,   70, 71,   52, 50,   30,  // 011
    k_no, 86, k_no, 75, k_no, 52, k_no, 71, k_no, 52, k_no, 29, k_no, 63, k_no, 29, k_no, 17,  // 012
    98,   95, 94,   87, 91,   81, 94,   89, 86,   74, 77,   64, 87,   75, 74,   63, 63,   49,  // 100
    94,   89, 88,   77, 76,   67, 86,   76, 74,   58, 59,   50, 72,   57, 57,   52, 52,   25,  // 101
    k_no, 83, k_no, 70, k_no, 54, k_no, 65, k_no, 58, k_no, 26, k_no, 53, k_no, 21, k_no, 13,  // 102
    95,   90, 88,   76, 76,   70, 90,   77, 75,   62, 61,   53, 77,   66, 68,   59, 52,   30,  // 110
    89,   78, 76,   67, 62,   58, 74,   59, 57,   57, 47,   23, 61,   52, 57,   29, 24,   16,  // 111
    k_no, 71, k_no, 59, k_no, 30, k_no, 58, k_no, 26, k_no, 15, k_no, 23, k_no, 13, k_no, 6,   // 112
    93,   87, 86,   72, 75,   58, 86,   74, 74,   61, 56,   34, 70,   54, 52,   40, 40,   22,  // 200
    85,   75, 74,   55, 62,   51, 72,   57, 55,   41, 46,   19, 53,   36, 34,   19, 19,   8,   // 201
    k_no, 64, k_no, 51, k_no, 20, k_no, 47, k_no, 21, k_no, 11, k_no, 24, k_no, 9,  k_no, 4,   // 202
    88,   75, 73,   53, 60,   50, 73,   55, 59,   40, 41,   20, 54,   43, 45,   22, 20,   11,  // 210
    75,   55, 58,   45, 40,   21, 61,   51, 48,   18, 20,   9,  46,   18, 17,   7,  8,    2,   // 211
    k_no, 53, k_no, 24, k_no, 14, k_no, 24, k_no, 12, k_no, 5,  k_no, 10, k_no, 3,  k_no, 1,   // 212
};

std::uint8_t lookup(const MacroVector& m) {
  constexpr MacroVector k_sizes{3, 2, 3, 3, 3, 2};
  std::size_t at = 0;
  for (std::size_t i = 0; i < m.size(); ++i) {
    if (m[i] >= k_sizes[i]) return k_no;
    at = at * k_sizes[i] + m[i];
  }
  return k_scores[at];
}

/// How far each metric is from its worst value, in steps, after modified metrics have replaced base ones and "not
/// defined" has become the worst case (section 8.3). SC, SI and SA count from Safety, which is one above High.
using Levels = std::array<std::uint8_t, k_metrics>;

Levels levels_of(Numbers v) {
  Levels levels{};
  for (std::size_t i = AV; i <= SA; ++i) {
    const std::uint8_t changed = v[15 + i];  // MAV is number 15
    levels[i] = changed == 0 ? v[i] : static_cast<std::uint8_t>(changed - 1);
  }
  levels[SC] = static_cast<std::uint8_t>(levels[SC] + 1);
  for (const Metric metric : {SI, SA}) {  // of the modified ones, Safety is the first value
    if (v[15 + metric] == 0) levels[metric] = static_cast<std::uint8_t>(levels[metric] + 1);
  }
  for (std::size_t i = E; i < k_metrics; ++i) levels[i] = v[i] == 0 ? 0 : static_cast<std::uint8_t>(v[i] - 1);
  return levels;
}

/// Section 8.2, Tables 24 to 29
MacroVector classes_of(const Levels& l) {
  MacroVector m{};
  const bool any_none = l[AV] == 0 || l[PR] == 0 || l[UI] == 0;
  const bool all_none = l[AV] == 0 && l[PR] == 0 && l[UI] == 0;
  m[0] = all_none ? 0 : any_none && l[AV] != 3 ? 1 : 2;
  m[1] = l[AC] == 0 && l[AT] == 0 ? 0 : 1;
  m[2] = l[VC] == 0 && l[VI] == 0 ? 0 : l[VC] == 0 || l[VI] == 0 || l[VA] == 0 ? 1 : 2;
  m[3] = l[SI] == 0 || l[SA] == 0 ? 0 : l[SC] == 1 || l[SI] == 1 || l[SA] == 1 ? 1 : 2;
  m[4] = l[E];
  m[5] = (l[CR] == 0 && l[VC] == 0) || (l[IR] == 0 && l[VI] == 0) || (l[AR] == 0 && l[VA] == 0) ? 0 : 1;
  return m;
}

/// The most severe vectors of a class (section 8.3, the reference's max_composed.js), as levels of a few metrics.
template <std::size_t Count>
using Highest = std::array<std::uint8_t, Count>;

/// Steps from the first highest vector that is nowhere less severe than this one.
template <std::size_t Count>
unsigned distance(const Levels& levels, const std::array<Metric, Count>& metrics,
                  std::span<const Highest<Count>> highest) {
  for (const Highest<Count>& one : highest) {
    unsigned steps = 0;
    bool is_above = true;
    for (std::size_t i = 0; i < Count && is_above; ++i) {
      is_above = levels[metrics[i]] >= one[i];
      if (is_above) steps += static_cast<unsigned>(levels[metrics[i]] - one[i]);
    }
    if (is_above) return steps;
  }
  return 0;
}

unsigned distance_eq1(const Levels& levels, unsigned eq1) {
  constexpr std::array k_metrics_of{AV, PR, UI};
  constexpr std::array<Highest<3>, 6> k_highest{{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {3, 0, 0}, {1, 1, 1}}};
  constexpr std::array<std::size_t, 4> k_from{0, 1, 4, 6};
  return distance<3>(levels, k_metrics_of, std::span(k_highest).subspan(k_from[eq1], k_from[eq1 + 1] - k_from[eq1]));
}

unsigned distance_eq2(const Levels& levels, unsigned eq2) {
  constexpr std::array k_metrics_of{AC, AT};
  constexpr std::array<Highest<2>, 3> k_highest{{{0, 0}, {1, 0}, {0, 1}}};
  constexpr std::array<std::size_t, 3> k_from{0, 1, 3};
  return distance<2>(levels, k_metrics_of, std::span(k_highest).subspan(k_from[eq2], k_from[eq2 + 1] - k_from[eq2]));
}

unsigned distance_eq3_eq6(const Levels& levels, unsigned eq3, unsigned eq6) {
  constexpr std::array k_metrics_of{VC, VI, VA, CR, IR, AR};
  constexpr std::array<Highest<6>, 11> k_highest{{{0, 0, 0, 0, 0, 0},    // 00
                                                  {0, 0, 1, 1, 1, 0},    // 01
                                                  {0, 0, 0, 1, 1, 1},    //
                                                  {1, 0, 0, 0, 0, 0},    // 10
                                                  {0, 1, 0, 0, 0, 0},    //
                                                  {1, 0, 1, 0, 1, 0},    // 11
                                                  {1, 0, 0, 0, 1, 1},    //
                                                  {0, 1, 0, 1, 0, 1},    //
                                                  {0, 1, 1, 1, 0, 0},    //
                                                  {1, 1, 0, 0, 0, 1},    //
                                                  {1, 1, 1, 0, 0, 0}}};  // 21
  constexpr std::array<std::size_t, 7> k_from{0, 1, 3, 5, 10, 10, 11};
  const std::size_t at = eq3 * 2 + eq6;
  return distance<6>(levels, k_metrics_of, std::span(k_highest).subspan(k_from[at], k_from[at + 1] - k_from[at]));
}

unsigned distance_eq4(const Levels& levels, unsigned eq4) {
  constexpr std::array k_metrics_of{SC, SI, SA};
  constexpr std::array<Highest<3>, 3> k_highest{{{1, 0, 0}, {1, 1, 1}, {2, 2, 2}}};
  return distance<3>(levels, k_metrics_of, std::span(k_highest).subspan(eq4, 1));
}

/// The next less severe MacroVector's score, where one class is lowered.
std::uint8_t lower(MacroVector m, std::size_t eq) {
  ++m[eq];
  return lookup(m);
}

std::uint8_t lower_eq3_eq6(MacroVector m) {
  if (m[2] == 1 && m[5] == 0) return lower(m, 5);
  if (m[5] == 1) return lower(m, 2);
  // From 00 two ways lead down, and the higher score counts.
  const std::uint8_t left = lower(m, 5);
  const std::uint8_t right = lower(m, 2);
  return left == k_no ? right : right == k_no ? left : std::max(left, right);
}

/// Section 8.4 in whole numbers: the depths 1, 2, 4, 5, 6, 7, 8 and 10 all divide 840.
unsigned score_of(const Levels& levels) {
  constexpr std::array<unsigned, 3> k_depth_eq1{1, 4, 5};
  constexpr std::array<unsigned, 2> k_depth_eq2{1, 2};
  constexpr std::array<unsigned, 6> k_depth_eq3_eq6{7, 6, 8, 8, 10, 10};
  constexpr std::array<unsigned, 3> k_depth_eq4{6, 5, 4};
  constexpr unsigned k_scale = 840;

  if (levels[VC] == 2 && levels[VI] == 2 && levels[VA] == 2 && levels[SC] == 3 && levels[SI] == 3 && levels[SA] == 3) {
    return 0;
  }
  const MacroVector m = classes_of(levels);
  const unsigned value = lookup(m);
  struct Step {
    std::uint8_t next;
    unsigned distance;
    unsigned depth;
  };
  const std::array<Step, 5> steps{
      {{lower(m, 0), distance_eq1(levels, m[0]), k_depth_eq1[m[0]]},
       {lower(m, 1), distance_eq2(levels, m[1]), k_depth_eq2[m[1]]},
       {lower_eq3_eq6(m), distance_eq3_eq6(levels, m[2], m[5]), k_depth_eq3_eq6[m[2] * 2U + m[5]]},
       {lower(m, 3), distance_eq4(levels, m[3]), k_depth_eq4[m[3]]},
       {lower(m, 4), 0, 1}}};
  unsigned count = 0;
  unsigned sum = 0;
  for (const Step& step : steps) {
    if (step.next == k_no) continue;
    ++count;
    sum += (value - step.next) * step.distance * (k_scale / step.depth);
  }
  if (count == 0) return value;
  const unsigned unit = k_scale * count;
  const unsigned whole = value * unit;
  if (sum >= whole) return 0;
  return (2 * (whole - sum) + unit) / (2 * unit);  // ties go up
}

}  // namespace

MacroVector macro_vector_of(Numbers values) { return classes_of(levels_of(values)); }

CvssScores score_v4(Numbers v) {
  CvssScores scores;
  scores.overall_tenths = score_of(levels_of(v));
  std::array<std::uint8_t, k_cvss_metrics_max> base{};
  std::copy_n(v.begin(), E, base.begin());
  scores.base_tenths = score_of(levels_of(base));
  return scores;
}

}  // namespace signet::vuln
