// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/cvss.hpp"

#include "vuln/findings.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace signet::cli {

namespace {

constexpr std::array<std::string_view, 6> k_severities = {"CRITICAL", "HIGH", "MEDIUM", "LOW", "NONE", "UNKNOWN"};

// Light and dark by the reader's own setting; patterns and words besides colours, so that none is needed to read it.
constexpr std::string_view k_head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Vulnerabilities</title><style>
:root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--line:#c9d1d9;--soft:#f3f5f7;--bar:#3b6ea5;--bar2:#8a5a00}
@media(prefers-color-scheme:dark){:root{--fg:#e6e9ed;--bg:#14171a;--line:#3a424b;--soft:#1d2226;--bar:#7fb2e5;
--bar2:#e0b05a}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--fg);background:var(--bg);margin:2rem auto;
max-width:78rem;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.charts{display:flex;flex-wrap:wrap;gap:2rem}figure{margin:0}figcaption{font-weight:600;margin-bottom:.4rem}
svg text{fill:var(--fg);font:13px system-ui,sans-serif}svg .bar{fill:var(--bar)}svg .bar2{fill:url(#stripes)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;
padding:.35rem .6rem;border-bottom:1px solid var(--line)}
th{background:var(--soft)}td.v{white-space:nowrap}details{max-width:60ch}code{overflow-wrap:anywhere}
.tag{border:1px solid currentColor;border-radius:.3rem;padding:0 .35rem;font-size:.85em;white-space:nowrap}
</style></head><body>
)";

std::string escaped(std::string_view foreign, std::size_t size_max = 400) {
  std::string safe;
  for (const char c : printable(foreign, size_max)) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

struct Bar {
  std::string label;
  std::size_t plain = 0;
  std::size_t striped = 0;
};

/// Bars that lie, each with its numbers in words; the striped part stands for what has no fix yet.
std::string chart(std::string_view title, const std::vector<Bar>& bars) {
  constexpr std::size_t k_left = 130;
  constexpr std::size_t k_width = 220;
  constexpr std::size_t k_row = 26;
  std::size_t most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.plain + bar.striped);
  std::string svg = "<figure><figcaption>" + escaped(title) + "</figcaption><svg role=\"img\" width=\"430\" height=\"" +
                    std::to_string(bars.size() * k_row + 4) + "\" aria-label=\"" + escaped(title) +
                    "\"><defs><pattern id=\"stripes\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
                    "patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"6\" "
                    "style=\"fill:var(--bar2)\"/></pattern></defs>";
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const std::string y = std::to_string(i * k_row + 3);
    const std::size_t plain = bar.plain * k_width / most;
    const std::size_t striped = bar.striped * k_width / most;
    const auto rect = [&](std::size_t x, std::size_t width, const char* kind) {
      return "<rect class=\"" + std::string(kind) + "\" x=\"" + std::to_string(x) + "\" y=\"" + y + "\" width=\"" +
             std::to_string(width) + "\" height=\"18\"/>";
    };
    svg += "<text x=\"0\" y=\"" + std::to_string(i * k_row + 17) + "\">" + escaped(bar.label) + "</text>";
    svg += rect(k_left, plain, "bar") + rect(k_left + plain, striped, "bar2");
    svg += "<text x=\"" + std::to_string(k_left + plain + striped + 6) + "\" y=\"" + std::to_string(i * k_row + 17) +
           "\">" + std::to_string(bar.plain + bar.striped) + "</text>";
  }
  return svg + "</svg></figure>";
}

std::string charts(const FindingsView& view) {
  std::vector<Bar> by_severity;
  for (const std::string_view severity : k_severities) by_severity.push_back({.label = std::string(severity)});
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 5> k_ages = {{{30, "up to 30 days"},
                                                                                {90, "31 to 90 days"},
                                                                                {365, "91 to 365 days"},
                                                                                {INT64_MAX, "over a year"},
                                                                                {-1, "no date"}}};
  std::vector<Bar> by_age;
  for (const auto& [days, label] : k_ages) by_age.push_back({.label = std::string(label)});
  std::vector<Bar> by_fix = {{.label = "fix available"}, {.label = "no fix known"}, {.label = "known exploited"}};
  for (const vuln::Finding& finding : view.report.open) {
    const bool has_fix = !finding.fixed_in.empty();
    const auto count = [&](Bar& bar) { ++(has_fix ? bar.plain : bar.striped); };
    const auto severity = std::ranges::find(k_severities, severity_of(finding));
    count(by_severity[severity == k_severities.end() ? 5 : static_cast<std::size_t>(severity - k_severities.begin())]);
    const std::int64_t days = (view.now.seconds_since_epoch - finding.published.seconds_since_epoch) / 86400;
    std::size_t age = 4;
    if (finding.published != Instant{}) {
      age = static_cast<std::size_t>(std::ranges::find_if(k_ages, [&](const auto& one) { return days <= one.first; }) -
                                     k_ages.begin());
    }
    count(by_age[age]);
    count(by_fix[has_fix ? 0 : 1]);
    if (finding.kev) count(by_fix[2]);
  }
  return "<div class=\"charts\">" + chart("Open, by severity", by_severity) + chart("Open, by age", by_age) +
         chart("Open, by fix (striped: none known)", by_fix) + "</div>";
}

std::string reasons(const vuln::Finding& finding) {
  std::string html = "<details><summary>" + escaped(finding.evidence.front().because) + "</summary><ol>";
  for (const vuln::Evidence& one : finding.evidence) {
    html += "<li><b>" + escaped(name_of(one.status)) + "</b>: " + escaped(one.kind) + " <code>" +
            escaped(one.document) + "</code>" + (one.publisher.empty() ? "" : " by " + escaped(one.publisher)) + " (" +
            escaped(name_of(one.authority)) + ", known by " + escaped(name_of(one.identity)) + " <code>" +
            escaped(one.product) + "</code>): " + escaped(one.because) +
            (one.note.empty() ? "" : "; " + escaped(one.note)) + "</li>";
  }
  return html + "</ol></details>";
}

std::string table(const FindingsView& view, const std::vector<vuln::Finding>& findings) {
  if (findings.empty()) return "<p>None.</p>";
  std::string html =
      "<table><thead><tr><th>Severity</th><th>Vulnerability</th><th>Component</th><th>Status</th><th>Fixed in</th>"
      "<th>Why (the first decides)</th></tr></thead><tbody>";
  for (const vuln::Finding& finding : findings) {
    const sbom::Component& component = view.bom.components[finding.component];
    html += "<tr><td class=\"v\">" + escaped(severity_of(finding)) +
            (finding.cvss.empty() ? "" : " " + vuln::score_text(finding.score_tenths)) +
            (finding.kev ? "<br><span class=\"tag\">known exploited</span>" : "") + "</td><td class=\"v\">" +
            escaped(finding.vulnerability) + "</td><td>" + escaped(component.name) + " <code>" +
            escaped(component.version) + "</code><br>" + escaped(finding.title) + "</td><td class=\"v\">" +
            escaped(name_of(finding.status)) + "</td><td>" +
            (finding.fixed_in.empty() ? "&ndash;" : "<code>" + escaped(finding.fixed_in) + "</code>") + "</td><td>" +
            reasons(finding) + "</td></tr>";
  }
  return html + "</tbody></table>";
}

}  // namespace

std::string findings_html(const FindingsView& view) {
  std::string html(k_head);
  html += "<h1>Vulnerabilities of " + escaped(view.bom.name.empty() ? "this product" : view.bom.name) + " " +
          escaped(view.bom.version) + "</h1><p>" + std::to_string(view.report.components) + " components, " +
          std::to_string(view.report.open.size()) + " open findings, " + std::to_string(view.report.resolved.size()) +
          " resolved. Made " + to_rfc3339(view.now) + " from an index of " + to_rfc3339(view.index.created) + " with " +
          std::to_string(view.index.advisories) + " advisories.</p>";
  html += charts(view);
  html += "<h2>Open</h2>" + table(view, view.report.open);
  html += "<h2>Resolved: a better source says it does not apply, or is fixed</h2>" + table(view, view.report.resolved);
  return html + "</body></html>\n";
}

}  // namespace signet::cli
