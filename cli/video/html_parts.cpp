// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/html_parts.hpp"

#include "video/html_text.hpp"
#include "video/report_words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace signet::cli::video_cli {

namespace {

constexpr std::size_t k_cells_max = 800;
constexpr std::size_t k_marks_max = 40;
constexpr std::size_t k_findings_max = 200;

// Stripes and dots beside colours: for paper, and for eyes that do not tell red from green.
constexpr std::string_view k_patterns =
    "<defs><pattern id=\"p1\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" "
    "class=\"v1\"/><path d=\"M0 3H6\" stroke=\"#fff\" stroke-width=\"1.2\"/></pattern>"
    "<pattern id=\"p2\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect "
    "width=\"6\" height=\"6\" class=\"v2\"/><path d=\"M3 0V6\" stroke=\"#fff\" stroke-width=\"1.6\"/></pattern>"
    "<pattern id=\"p4\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" "
    "class=\"v4\"/><circle cx=\"3\" cy=\"3\" r=\".9\" fill=\"#fff\"/></pattern></defs>";

constexpr std::array<std::string_view, 5> k_fills{"class=\"v0\"", "fill=\"url(#p1)\"", "fill=\"url(#p2)\"",
                                                  "class=\"v3\"", "fill=\"url(#p4)\""};
constexpr std::array<std::string_view, 5> k_names{"authentic", "authentic, pictures missing", "partly unprotected",
                                                  "not authentic", "not covered"};

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

/// Fewer cells, where a cell would be narrower than a pixel.
std::vector<TimelineCell> drawn_cells(const std::vector<TimelineCell>& cells) {
  std::vector<TimelineCell> drawn;
  const std::size_t count = std::min(cells.size(), k_cells_max);
  for (std::size_t i = 0; i < count; ++i) {
    TimelineCell cell = cells[i * cells.size() / count];
    for (std::size_t k = i * cells.size() / count + 1; k < (i + 1) * cells.size() / count; ++k) {
      cell.last_gop = cells[k].last_gop;
      cell.frames += cells[k].frames;
      if (weight_of(cells[k].verdict) > weight_of(cell.verdict)) cell.verdict = cells[k].verdict;
    }
    drawn.push_back(cell);
  }
  return drawn;
}

std::string label_of(const TimelineCell& cell) {
  std::string text = "GOP " + std::to_string(cell.first_gop);
  if (cell.last_gop != cell.first_gop) text += " to " + std::to_string(cell.last_gop);
  if (cell.time_us) text += ", " + clock_text(*cell.time_us);
  return text + ": " + std::string(k_names.at(static_cast<std::size_t>(cell.verdict))) + ", " +
         count_of(cell.frames, "picture");
}

std::string axis_label(const Report& report, std::uint64_t frame) {
  const auto time = report.collected.time_of(frame);
  return html_text(time ? clock_text(*time) : "picture " + std::to_string(frame));
}

/// The frame at which a finding is drawn.
std::optional<std::uint64_t> place_of(const Report& report, const video::Finding& finding) {
  if (finding.frame) return finding.frame;
  const auto gop = std::ranges::find(report.collected.gops(), finding.gop, &video::GopReport::gop);
  return gop == report.collected.gops().end() ? std::nullopt : std::optional(gop->first_frame);
}

std::string marks(const Report& report, std::uint64_t frames) {
  std::string html;
  std::size_t index = 0;
  std::set<std::string> taken;  // marks would hide each other at one place
  for (const video::Finding& finding : report.verdict.findings()) {
    if (++index > k_marks_max) break;
    const auto frame = place_of(report, finding);
    if (!frame || *frame >= frames) continue;
    const double share = 100.0 * (static_cast<double>(*frame) + 0.5) / static_cast<double>(frames);
    std::array<char, 16> place{};
    std::snprintf(place.data(), place.size(), "%.0f", share / 2);
    if (!taken.insert(place.data()).second) continue;
    html += "<a class=\"mark" + std::string(is_remark(finding.kind) ? " remark" : "") +
            "\" style=\"left:" + number(share) + "%\" href=\"#f" + std::to_string(index) + "\" title=\"Finding " +
            std::to_string(index) + "\">" + std::to_string(index) + "</a>";
  }
  return html;
}

std::string legend(const std::array<bool, 5>& seen) {
  std::string html = "<ul class=\"legend\">";
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen.at(i)) continue;
    html += "<li><svg viewBox=\"0 0 22 12\" aria-hidden=\"true\"><rect width=\"22\" height=\"12\" " +
            std::string(k_fills.at(i)) + "/></svg>" + std::string(k_names.at(i)) + "</li>";
  }
  return html + "</ul>";
}

constexpr std::array<std::string_view, 4> k_frame_names{"genuine", "unprotected data", "not authentic", "not covered"};

std::string figure(const Report& report, const Stills& stills, std::uint64_t frame) {
  const auto found = stills.pictures.find(frame);
  if (found == stills.pictures.end()) return {};
  const auto verdict = report.collected.verdict_of(frame).value_or(video::FrameVerdict::not_covered);
  const auto index = static_cast<std::size_t>(verdict);
  const auto time = report.collected.time_of(frame);
  const std::string caption = "picture " + std::to_string(frame) + (time ? ", " + clock_text(*time) : std::string()) +
                              ": " + std::string(k_frame_names.at(index));
  return "<figure class=\"f" + std::to_string(index) + "\"><img alt=\"" + html_text(caption) +
         "\" src=\"data:image/jpeg;base64," + to_base64(found->second) + "\"><figcaption>" + html_text(caption) +
         "</figcaption></figure>";
}

std::string figures(const Report& report, const Stills& stills, const std::vector<std::uint64_t>& frames,
                    std::string_view style) {
  std::string html;
  for (const std::uint64_t frame : frames) html += figure(report, stills, frame);
  return html.empty() ? html : "<div class=\"" + std::string(style) + "\">" + html + "</div>";
}

std::string finding_part(const Report& report, const Stills& stills, const video::Finding& finding, std::size_t index) {
  std::string where = "GOP " + std::to_string(finding.gop);
  if (finding.frame) {
    where += ", picture " + std::to_string(*finding.frame);
    if (const auto time = report.collected.time_of(*finding.frame)) where += ", at about " + clock_text(*time);
  }
  if (finding.unit) where += ", unit " + std::to_string(*finding.unit);
  if (finding.count > 1) where += ", " + std::to_string(finding.count) + " times";
  std::string title(finding_title(finding.kind));
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  std::string html = "<div class=\"finding" + std::string(is_remark(finding.kind) ? " remark" : "") + "\" id=\"f" +
                     std::to_string(index) + "\"><div class=\"no\">" + std::to_string(index) + "</div><div><h3>" +
                     html_text(title) + "</h3><div class=\"where\">" + html_text(where) + "</div><p>" +
                     html_text(finding_meaning(finding.kind)) +
                     "</p><p class=\"soft small\">Found: " + html_text(finding.text) + ".</p>";
  if (index <= k_findings_with_stills) {
    html += figures(report, stills, frames_around(report, finding), "stills three");
  }
  return html + "</div></div>";
}

}  // namespace

std::string table_row(const std::string& name, const std::string& value, bool is_code) {
  if (value.empty()) return {};
  const std::string text = html_text(value);
  return "<tr><th>" + html_text(name) + "</th><td>" + (is_code ? "<code>" + text + "</code>" : text) + "</td></tr>";
}

std::string chain_part(const std::vector<pki::Certificate>& path) {
  std::string html = "<ol class=\"chain\">";
  for (const pki::Certificate& certificate : path) {
    const std::string title = certificate.common_name().empty() ? certificate.subject() : certificate.common_name();
    html += "<li><b>" + html_text(title) + "</b><table>" + table_row("Subject", certificate.subject()) +
            table_row("Issued by", certificate.issuer()) +
            table_row("Valid", to_rfc3339(certificate.not_before()) + " to " + to_rfc3339(certificate.not_after())) +
            table_row("Serial number", certificate.serial_hex(), true) +
            table_row("SHA-256", to_hex(certificate.fingerprint()), true) + "</table></li>";
  }
  return html + "</ol>";
}

std::string timeline_part(const Report& report) {
  const std::vector<TimelineCell> cells = drawn_cells(report.collected.timeline());
  std::uint64_t frames = 0;
  for (const TimelineCell& cell : cells) frames += cell.frames;
  if (frames == 0) return "<p class=\"soft\">No GOP was found.</p>";
  std::array<bool, 5> seen{};
  std::string rects;
  std::uint64_t at = 0;
  const double scale = 1000.0 / static_cast<double>(frames);
  const double gap = cells.size() <= 200 ? 1.0 : 0.0;
  for (const TimelineCell& cell : cells) {
    const auto verdict = static_cast<std::size_t>(cell.verdict);
    seen.at(verdict) = true;
    // A GOP of which every picture is gone still shows as a thin line.
    const double width = std::max(static_cast<double>(cell.frames) * scale - gap, 0.8);
    rects += "<rect x=\"" + number(static_cast<double>(at) * scale) + "\" width=\"" + number(width) +
             "\" height=\"52\" " + std::string(k_fills.at(verdict)) + "><title>" + html_text(label_of(cell)) +
             "</title></rect>";
    at += cell.frames;
  }
  return "<p class=\"soft small\">Each block is a GOP, a stretch of pictures that is signed together; its width is the "
         "number of its pictures. Numbers mark the findings below.</p><div class=\"line\">" +
         marks(report, frames) +
         "<svg viewBox=\"0 0 1000 52\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Timeline of verdicts\">" +
         std::string(k_patterns) + rects + "</svg></div><div class=\"axis\"><span>" + axis_label(report, 0) +
         "</span><span>" + axis_label(report, frames / 2) + "</span><span>" + axis_label(report, frames - 1) +
         "</span></div>" + legend(seen);
}

std::string over_all_part(const Report& report, const Stills& stills) {
  std::string html = figures(report, stills, frames_over_all(report), "stills");
  if (!stills.problem.empty()) {
    html += "<p class=\"soft small\">" +
            html_text((stills.pictures.empty() ? "This report has no pictures: " : "Some pictures are not here: ") +
                      stills.problem + ". All else in it is complete.") +
            "</p>";
  }
  return html;
}

std::string findings_part(const Report& report, const Stills& stills) {
  const video::Verdict& verdict = report.verdict;
  if (verdict.authenticity() == video::Authenticity::not_signed) return {};
  std::string html = "<section><h2>Findings</h2>";
  if (verdict.findings().empty()) {
    return html + "<p>None: within the signed span every piece is where it was signed, and as it was.</p></section>\n";
  }
  std::size_t index = 0;
  for (const video::Finding& finding : verdict.findings()) {
    if (++index > k_findings_max) break;
    html += finding_part(report, stills, finding, index);
  }
  if (verdict.findings_total() > index) {
    html +=
        "<p class=\"soft\">" + std::to_string(verdict.findings_total() - index) + " more findings of this kind.</p>";
  }
  return html + "</section>\n";
}

}  // namespace signet::cli::video_cli
