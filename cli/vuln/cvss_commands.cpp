// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/cvss.hpp"

#include "vuln/lines.hpp"
#include "vuln/vuln_commands.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

void append_score(std::string& to, std::string_view key, unsigned tenths) {
  to.append(",\"").append(key).append("\":");
  to += static_cast<char>('0' + tenths / 10 % 10);
  if (tenths == 100) to.replace(to.size() - 1, 1, "10");
  to += '.';
  to += static_cast<char>('0' + tenths % 10);
}

Result<void> score_line(std::string_view line, std::string& to) {
  TRY_ASSIGN(const vuln::CvssVector vector, vuln::CvssVector::parse(line));
  const vuln::CvssScores scores = vector.scores();
  to += "{\"vector\":";
  append_json(to, line);
  to.append(",\"version\":\"").append(name_of(vector.version())).append("\"");
  append_score(to, "score", scores.overall_tenths);
  to.append(",\"severity\":\"").append(name_of(severity_of(vector.version(), scores.overall_tenths))).append("\"");
  append_score(to, "base", scores.base_tenths);
  if (scores.temporal_tenths) append_score(to, "temporal", *scores.temporal_tenths);
  if (scores.environmental_tenths) append_score(to, "environmental", *scores.environmental_tenths);
  to += '}';
  return {};
}

Result<void> score(const Invocation& call) { return answer_lines(call, call.all("VECTOR"), "vector", score_line); }

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(width, cell.size()), ' ');
  return cell;
}

Result<void> explain(const Invocation& call) {
  TRY_ASSIGN(const vuln::CvssVector vector, vuln::CvssVector::parse(call.get("VECTOR")));
  const vuln::CvssScores scores = vector.scores();
  const std::string_view severity = name_of(severity_of(vector.version(), scores.overall_tenths));
  Output& out = call.out();
  out.line("CVSS " + std::string(name_of(vector.version())) + ": " + vuln::score_text(scores.overall_tenths) + " " +
           std::string(severity));
  Json metrics = Json::array();
  std::string_view group;
  const auto all = vector.explain();
  std::size_t width = 0;
  for (const vuln::CvssMetric& metric : all) width = std::max(width, metric.title.size());
  for (const vuln::CvssMetric& metric : all) {
    if (metric.group != group) out.line(std::string(metric.group) + " metrics:");
    group = metric.group;
    out.line("  " + padded(metric.key, 4) + padded(metric.title, width + 2) + std::string(metric.value));
    metrics.push(Json::object(
        {{"metric", metric.key}, {"title", metric.title}, {"value", metric.code}, {"meaning", metric.value}}));
  }
  Json result = Json::object({{"vector", vector.canonical()},
                              {"version", name_of(vector.version())},
                              {"score", static_cast<double>(scores.overall_tenths) / 10},
                              {"severity", severity},
                              {"base", static_cast<double>(scores.base_tenths) / 10}});
  const auto add = [&](std::string_view name, unsigned tenths) {
    out.line(padded(name, 15) + vuln::score_text(tenths));
    result.set(name, static_cast<double>(tenths) / 10);
  };
  if (scores.base_tenths != scores.overall_tenths || scores.temporal_tenths || scores.environmental_tenths) {
    add("base", scores.base_tenths);
  }
  if (scores.temporal_tenths) add("temporal", *scores.temporal_tenths);
  if (scores.environmental_tenths) add("environmental", *scores.environmental_tenths);
  if (!vector.macro_vector().empty()) {
    out.line("MacroVector    " + vector.macro_vector() + " (EQ1 to EQ6; 0 is the most severe class)");
    result.set("macro_vector", vector.macro_vector());
  }
  out.result(result.set("metrics", std::move(metrics)));
  return {};
}

}  // namespace

std::vector<Command> cvss_commands() {
  return {
      {.noun = "cvss",
       .verb = "score",
       .summary = "Score vectors of CVSS",
       .description =
           "Reads one vector of CVSS v2, v3.0, v3.1 or v4.0 a line from standard input, or those on the command line, "
           "and writes one JSON object a line for each, in the same order: vector, version, score, severity, base, and "
           "where the vector has such metrics temporal and environmental. The score is that of the whole vector.\n\n"
           "A line that is no vector gives an object with vector, error (a reason such as cvss.missing) and message; "
           "the others are scored all the same. Scores are exact: no rounding of binary fractions moves one by 0.1.",
       .positionals = {{.name = "VECTOR",
                        .help = "A vector; without any, standard input is read.",
                        .required = false,
                        .repeatable = true,
                        .complete = Complete::nothing}},
       .examples = {{"signet cvss score CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "Score one vector."},
                    {"signet cvss score < vectors.txt > scores.jsonl", "Score many."}},
       .run = score,
       .exits = line_exits()},
      {.noun = "cvss",
       .verb = "explain",
       .summary = "Say what a vector of CVSS means",
       .description = "Names each metric and its value, the score with its parts, and for v4.0 the MacroVector.",
       .positionals = {{.name = "VECTOR", .help = "A vector of CVSS.", .complete = Complete::nothing}},
       .examples = {{"signet cvss explain CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                     "Read a vector."}},
       .run = explain},
  };
}

}  // namespace signet::cli
