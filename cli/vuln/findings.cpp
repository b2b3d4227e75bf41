// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "vuln/findings.hpp"

#include "signet/vuln/cvss.hpp"

#include <algorithm>
#include <array>

namespace signet::cli {

namespace {

Json evidence_json(const vuln::Evidence& evidence) {
  Json json = Json::object({{"status", name_of(evidence.status)},
                            {"authority", name_of(evidence.authority)},
                            {"identity", name_of(evidence.identity)},
                            {"kind", evidence.kind},
                            {"document", evidence.document},
                            {"publisher", evidence.publisher},
                            {"product", evidence.product},
                            {"because", evidence.because}});
  if (!evidence.note.empty()) json.set("note", evidence.note);
  if (!evidence.fixed_in.empty()) json.set("fixed_in", evidence.fixed_in);
  if (evidence.modified != Instant{}) json.set("modified", to_rfc3339(evidence.modified));
  return json;
}

Json finding_json(const sbom::Bom& bom, const vuln::Finding& finding) {
  const sbom::Component& component = bom.components[finding.component];
  Json json = Json::object(
      {{"vulnerability", finding.vulnerability},
       {"component",
        Json::object({{"name", component.name}, {"version", component.version}, {"purl", component.purl}})},
       {"status", name_of(finding.status)},
       {"severity", severity_of(finding)}});
  Json aliases = Json::array();
  for (const std::string& alias : finding.aliases) aliases.push(alias);
  json.set("aliases", std::move(aliases));
  if (!finding.cvss.empty()) {
    json.set("score", static_cast<double>(finding.score_tenths) / 10).set("cvss", finding.cvss);
  }
  if (!finding.title.empty()) json.set("title", finding.title);
  if (finding.published != Instant{}) json.set("published", to_rfc3339(finding.published));
  if (!finding.fixed_in.empty()) json.set("fixed_in", finding.fixed_in);
  if (finding.kev) {
    json.set("known_exploited", Json::object({{"added", finding.kev->added},
                                              {"due", finding.kev->due},
                                              {"ransomware", finding.kev->in_ransomware}}));
  }
  if (finding.epss) {
    json.set("epss", Json::object({{"probability", static_cast<double>(finding.epss->probability_ppm) / 1e6},
                                   {"percentile", static_cast<double>(finding.epss->percentile_ppm) / 1e6}}));
  }
  Json evidence = Json::array();
  for (const vuln::Evidence& one : finding.evidence) evidence.push(evidence_json(one));
  return json.set("evidence", std::move(evidence));
}

Json findings_list(const sbom::Bom& bom, const std::vector<vuln::Finding>& findings) {
  Json list = Json::array();
  for (const vuln::Finding& finding : findings) list.push(finding_json(bom, finding));
  return list;
}

std::string cell(std::string_view text, std::size_t width) {
  std::string padded = printable(text, width);
  padded.resize(std::max(width, padded.size()), ' ');
  return padded;
}

void print_list(const FindingsView& view, const std::vector<vuln::Finding>& findings, Output& out) {
  out.line("  " + cell("SEVERITY", 14) + cell("VULNERABILITY", 18) + cell("COMPONENT", 30) + cell("VERSION", 22) +
           cell("STATUS", 21) + "FIXED IN");
  for (const vuln::Finding& finding : findings) {
    const sbom::Component& component = view.bom.components[finding.component];
    std::string severity = severity_of(finding);
    if (!finding.cvss.empty()) severity += " " + vuln::score_text(finding.score_tenths);
    out.line((finding.kev ? "! " : "  ") + cell(severity, 14) + cell(finding.vulnerability, 18) +
             cell(component.name, 30) + cell(component.version, 22) + cell(name_of(finding.status), 21) +
             (finding.fixed_in.empty() ? "-" : printable(finding.fixed_in, 60)));
    const vuln::Evidence& first = finding.evidence.front();
    std::string because = "      " + first.kind + " " + printable(first.document, 80) + " (" +
                          std::string(name_of(first.authority)) + ", by " + std::string(name_of(first.identity)) +
                          "): " + printable(first.because, 200);
    if (!first.note.empty()) because += "; " + printable(first.note, 120);
    out.line(because);
  }
}

}  // namespace

std::string severity_of(const vuln::Finding& finding) {
  return finding.severity.empty() ? std::string("UNKNOWN") : finding.severity;
}

Json findings_json(const FindingsView& view) {
  std::array<std::uint64_t, 5> by_status{};
  for (const auto* list : {&view.report.open, &view.report.resolved}) {
    for (const vuln::Finding& finding : *list) ++by_status[static_cast<std::size_t>(finding.status)];
  }
  Json counts = Json::object();
  for (std::size_t i = 0; i < by_status.size(); ++i) counts.set(name_of(static_cast<vuln::Status>(i)), by_status[i]);
  return Json::object({{"components", std::uint64_t{view.report.components}},
                       {"index", Json::object({{"created", to_rfc3339(view.index.created)},
                                               {"documents", view.index.documents},
                                               {"advisories", view.index.advisories}})},
                       {"counts", std::move(counts)},
                       {"open", findings_list(view.bom, view.report.open)},
                       {"resolved", findings_list(view.bom, view.report.resolved)}});
}

void print_findings(const FindingsView& view, bool with_resolved, Output& out) {
  if (!view.report.open.empty()) {
    out.line("Open (! = known to be exploited):");
    print_list(view, view.report.open, out);
  }
  if (with_resolved && !view.report.resolved.empty()) {
    out.line("Resolved:");
    print_list(view, view.report.resolved, out);
  }
  out.line(std::to_string(view.report.components) + " components, " + std::to_string(view.report.open.size()) +
           " open findings, " + std::to_string(view.report.resolved.size()) + " resolved; index of " +
           to_rfc3339(view.index.created) + ".");
}

}  // namespace signet::cli
