// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/open_recording.hpp"
#include "video/report_words.hpp"

#include <algorithm>
#include <array>

namespace signet::cli::video_cli {

namespace {

constexpr std::size_t k_findings_printed = 20;
constexpr std::size_t k_row_cells = 60;
constexpr std::size_t k_rows_max = 10;

/// One letter and colour for each verdict, in the order of GopVerdict.
struct Paint {
  char letter;
  std::string_view colour;
};
constexpr std::array k_paints{Paint{'=', "\x1b[32m"}, Paint{'-', "\x1b[33m"}, Paint{'?', "\x1b[33m"},
                              Paint{'X', "\x1b[1;31m"}, Paint{'.', "\x1b[2m"}};
constexpr std::string_view k_plain = "\x1b[0m";

std::string painted(video::GopVerdict verdict) {
  const Paint& paint = k_paints.at(static_cast<std::size_t>(verdict));
  return std::string(paint.colour) + paint.letter + std::string(k_plain);
}

/// A name in the first column, what it says in the second.
void row(Output& out, std::string name, const std::string& text) {
  name.resize(std::max<std::size_t>(name.size(), 12), ' ');
  out.line(name + text);
}

std::string padded(std::string text, std::size_t size) {
  text.insert(0, size - std::min(size, text.size()), ' ');
  return text;
}

void print_timeline(Output& out, const Report& report) {
  const std::vector<TimelineCell>& cells = report.collected.timeline();
  if (cells.empty()) return;
  const std::size_t shown = std::min(cells.size(), k_row_cells * k_rows_max);
  const bool is_whole = shown == cells.size() && cells.back().last_gop + 1 == cells.size();
  row(out, "timeline", is_whole ? "one cell for each GOP" : "several GOPs in a cell, the worst of them shown");
  std::array<bool, k_paints.size()> seen{};
  for (std::size_t i = 0; i < shown;) {
    const TimelineCell& first = cells[i * cells.size() / shown];
    std::string label = "GOP " + std::to_string(first.first_gop);
    if (first.time_us) label = clock_text(*first.time_us);
    std::string line = "  " + padded(label, 14) + "  ";
    for (std::size_t k = 0; k < k_row_cells && i < shown; ++k, ++i) {
      video::GopVerdict worst = cells[i * cells.size() / shown].verdict;
      for (std::size_t j = i * cells.size() / shown; j < (i + 1) * cells.size() / shown; ++j) {
        if (weight_of(cells[j].verdict) > weight_of(worst)) worst = cells[j].verdict;
      }
      seen.at(static_cast<std::size_t>(worst)) = true;
      line += painted(worst);
    }
    out.line(line);
  }
  constexpr std::array<std::string_view, k_paints.size()> k_legend{
      "authentic", "authentic, pictures missing", "partly unprotected", "not authentic", "not covered"};
  std::string legend;
  for (std::size_t i = 0; i < k_paints.size(); ++i) {
    if (!seen.at(i)) continue;
    legend +=
        (legend.empty() ? "" : "   ") + painted(static_cast<video::GopVerdict>(i)) + " " + std::string(k_legend.at(i));
  }
  out.line("                  " + legend);
}

void print_findings(Output& out, const Report& report) {
  const video::Verdict& verdict = report.verdict;
  if (verdict.findings().empty()) return;
  row(out, "findings", std::to_string(verdict.findings_total()));
  std::size_t printed = 0;
  for (const video::Finding& finding : verdict.findings()) {
    if (++printed > k_findings_printed) break;
    const std::string_view colour = is_remark(finding.kind) ? "\x1b[2m" : "\x1b[1;31m";
    const auto time = finding.frame ? report.collected.time_of(*finding.frame) : std::nullopt;
    out.line("  " + std::string(colour) + (is_remark(finding.kind) ? "-" : "!") + std::string(k_plain) + " GOP " +
             std::to_string(finding.gop) +
             (finding.frame ? ", picture " + std::to_string(*finding.frame) : std::string()) +
             (time ? ", about " + clock_text(*time) : std::string()) +
             (finding.unit ? ", unit " + std::to_string(*finding.unit) : std::string()) + ": " + finding.text +
             (finding.count > 1 ? " (" + std::to_string(finding.count) + ")" : ""));
  }
  if (verdict.findings_total() > k_findings_printed) {
    out.line("    and " + std::to_string(verdict.findings_total() - k_findings_printed) + " more: see --json");
  }
}

void print_provenance(Output& out, const Report& report) {
  const video::ProvenanceReport& key = report.verdict.provenance_report();
  row(out, "key", provenance_word(key.provenance));
  out.line("            " + provenance_sentence(key));
  if (!key.reason.empty() && key.provenance != video::Provenance::untrusted) out.line("            " + key.reason);
  if (!key.key_fingerprint.empty()) row(out, "", "SHA-256 of the public key: " + key.key_fingerprint);
  for (std::size_t i = 0; i < key.path.size(); ++i) {
    const pki::Certificate& certificate = key.path[i];
    row(out, i == 0 ? "chain" : "",
        certificate.subject() + ", valid " + to_rfc3339(certificate.not_before()) + " to " +
            to_rfc3339(certificate.not_after()));
  }
  row(out, "recorded", time_sentence(key));
  row(out, "hardware", hardware_sentence(report.verdict));
  std::string text;
  for (const auto& [name, value] : device_rows(report.verdict.device())) {
    text += (text.empty() ? "" : ", ") + name + " " + value;
  }
  if (!text.empty()) row(out, "device", text + " (by its own signed account)");
}

void print_coverage(Output& out, const Report& report) {
  const video::Coverage& coverage = report.verdict.coverage();
  row(out, "pictures",
      std::to_string(coverage.frames) + ", of which " + std::to_string(coverage.frames_authentic) + " authentic, " +
          std::to_string(coverage.frames_bad) + " bad, " + std::to_string(coverage.frames_unprotected) +
          " unprotected, " + std::to_string(coverage.head_frames) + " before and " +
          std::to_string(coverage.tail_frames) + " after the signed span");
  if (report.verdict.authenticity() != video::Authenticity::not_signed) {
    for (const Uncovered& range : uncovered_of(report)) {
      row(out, "",
          "not covered: pictures " + std::to_string(range.from) + " to " + std::to_string(range.to) +
              (range.from_us && range.to_us
                   ? ", about " + clock_text(*range.from_us) + " to " + clock_text(*range.to_us)
                   : std::string()) +
              ", " + std::string(range.where) + " the signed span");
    }
  }
  if (coverage.frames_not_presented > 0) {
    row(out, "",
        count_of(coverage.frames_not_presented, "picture") +
            " cut away by the file's edit list: judged as all others, but no player shows them");
  }
  if (coverage.frames_absent > 0) {
    row(out, "",
        count_of(coverage.frames_absent, "picture") +
            " of a kind that no signature covers are missing, by the order in which the others are shown");
  }
  if (report.facts.transport) print_transport(out, *report.facts.transport);
  std::string name = "not signed";
  for (const std::string& sentence : never_covered(coverage)) {
    row(out, name, sentence);
    name.clear();
  }
}

}  // namespace

void print_report(Output& out, const Report& report, bool with_frames) {
  const video::Verdict& verdict = report.verdict;
  const bool is_good = verdict.authenticity() == video::Authenticity::authentic;
  const bool is_bad = verdict.authenticity() == video::Authenticity::not_authentic;
  out.line(std::string(is_good  ? "\x1b[1;32m"
                       : is_bad ? "\x1b[1;31m"
                                : "\x1b[1;33m") +
           answer_word(verdict.authenticity()) + std::string(k_plain) + ": " + answer_sentence(verdict));
  std::string profiles;
  for (const video::Profile profile : verdict.profiles()) {
    profiles += (profiles.empty() ? "" : " and ") + std::string(name_of(profile));
  }
  row(out, "recording",
      std::string(name_of(report.facts.codec)) + " in " + std::string(name_of(report.facts.container)) +
          (profiles.empty() ? "" : ", signed as " + profiles) + "; " +
          count_of(verdict.signatures_valid(), "valid signature") + ", " +
          std::to_string(verdict.signatures_invalid()) + " invalid");
  if (verdict.authenticity() != video::Authenticity::not_signed) {
    print_timeline(out, report);
    print_findings(out, report);
    print_provenance(out, report);
  } else if (verdict.signatures_valid() + verdict.signatures_invalid() > 0) {
    print_findings(out, report);
  }
  print_coverage(out, report);
  if (!with_frames) return;
  for (const FrameRun& run : report.collected.runs()) {
    out.line("pictures " + std::to_string(run.first.frame) + " to " + std::to_string(run.last) + " (from unit " +
             std::to_string(run.first.unit) +
             (run.first.time_us ? ", at " + clock_text(*run.first.time_us) : std::string()) +
             "): " + std::string(name_of(run.first.verdict)));
  }
}

}  // namespace signet::cli::video_cli
