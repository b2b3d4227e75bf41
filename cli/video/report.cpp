// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/report.hpp"

#include "video/video_commands.hpp"

#include <algorithm>
#include <array>

namespace signet::cli::video_cli {

namespace {

using video::Authenticity;
using video::FrameVerdict;
using video::GopVerdict;

constexpr std::size_t k_gops_max = 20'000;
constexpr std::size_t k_runs_max = 20'000;
constexpr std::size_t k_findings_printed = 20;
constexpr std::size_t k_timeline_chars = 60;

std::string count_of(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string answer_of(const video::Verdict& verdict) {
  const video::Coverage& coverage = verdict.coverage();
  const std::string genuine = count_of(coverage.frames_authentic, "picture");
  switch (verdict.authenticity()) {
    case Authenticity::not_signed:
      return "NOT SIGNED: nothing can be said of its " + count_of(coverage.frames, "picture") + ".";
    case Authenticity::authentic:
      return "AUTHENTIC: " + genuine + " as the signer recorded them, none missing between them.";
    case Authenticity::authentic_with_missing:
      return "AUTHENTIC, BUT " + count_of(coverage.units_missing, "signed unit") + " MISSING: the other " + genuine +
             " are as the signer recorded them.";
    case Authenticity::partly_unprotected:
      return "PARTLY UNPROTECTED: " + count_of(coverage.frames_unprotected, "picture") +
             " within the signed span hold data that no signature covers.";
    case Authenticity::not_authentic:
      break;
  }
  return "NOT AUTHENTIC: " + count_of(coverage.frames_bad, "picture") + " altered, added or without valid signature" +
         (verdict.first_bad_gop() ? ", from GOP " + std::to_string(*verdict.first_bad_gop()) + " on." : ".");
}

/// One colour for each verdict, in the order of GopVerdict.
struct Paint {
  char letter;
  std::string_view colour;
};
constexpr std::array k_paints{Paint{'=', "\x1b[32m"}, Paint{'-', "\x1b[33m"}, Paint{'?', "\x1b[33m"},
                              Paint{'X', "\x1b[1;31m"}, Paint{'.', "\x1b[2m"}};

std::string timeline_of(const std::vector<video::GopReport>& gops) {
  std::string line;
  const std::size_t width = std::min(gops.size(), k_timeline_chars);
  for (std::size_t i = 0; i < width; ++i) {
    // Where one letter stands for several GOPs, the one that a reader must see wins.
    constexpr std::array k_weight{0, 2, 3, 4, 1};
    std::size_t shown = 0;
    for (std::size_t k = i * gops.size() / width; k < (i + 1) * gops.size() / width; ++k) {
      const auto verdict = static_cast<std::size_t>(gops[k].verdict);
      if (k_weight.at(verdict) >= k_weight.at(shown)) shown = verdict;
    }
    const Paint& paint = k_paints.at(shown);
    line += std::string(paint.colour) + paint.letter + "\x1b[0m";
  }
  return line;
}

void print_provenance(Output& out, const video::Verdict& verdict) {
  const video::ProvenanceReport& report = verdict.provenance_report();
  const video::Device& device = verdict.device();
  std::string line = "key        " + std::string(name_of(report.provenance));
  if (!report.reason.empty()) line += ": " + report.reason;
  out.line(line);
  for (const pki::Certificate& certificate : report.path) out.line("           " + certificate.subject());
  if (!report.attested_serial.empty()) out.line("attested   serial number " + report.attested_serial);
  std::string text;
  for (const auto& [name, value] : {std::pair{"manufacturer", &device.manufacturer},
                                    {"hardware", &device.hardware},
                                    {"firmware", &device.firmware},
                                    {"serial", &device.serial}}) {
    if (!value->empty()) text += (text.empty() ? "" : ", ") + std::string(name) + " " + *value;
  }
  if (!text.empty()) out.line("device     " + text + " (by its own signed account)");
  if (report.recorded_from) {
    const bool is_signed = report.time_source == video::TimeSource::signature;
    out.line("recorded   " + to_rfc3339(*report.recorded_from) +
             (report.recorded_to && *report.recorded_to != *report.recorded_from
                  ? " to " + to_rfc3339(*report.recorded_to)
                  : "") +
             (is_signed ? " (signed, by the camera's clock)" : " (the file's creation time, which nobody signed)"));
  } else if (verdict.authenticity() != Authenticity::not_signed) {
    out.line("recorded   unknown: neither a signed date nor a creation time is there");
  }
}

void print_coverage(Output& out, const video::Coverage& coverage) {
  out.line("pictures   " + std::to_string(coverage.frames) + ", of which " + std::to_string(coverage.frames_authentic) +
           " authentic, " + std::to_string(coverage.frames_bad) + " bad, " +
           std::to_string(coverage.frames_unprotected) + " unprotected, " + std::to_string(coverage.head_frames) +
           " before and " + std::to_string(coverage.tail_frames) + " after the signed span");
  out.line("not covered by any signature: decoder parameters, which say how pictures are cropped and shown (" +
           count_of(coverage.parameter_sets, "parameter set") + ", " +
           count_of(coverage.parameter_set_changes, "change") + "); " +
           count_of(coverage.foreign_sei, "foreign SEI message") + "; audio; metadata" +
           (coverage.slices_unprotected > 0 ? "; " + count_of(coverage.slices_unprotected, "coded slice") : ""));
}

Json coverage_json(const video::Coverage& coverage) {
  return Json::object({{"frames", coverage.frames},
                       {"frames_authentic", coverage.frames_authentic},
                       {"frames_bad", coverage.frames_bad},
                       {"frames_unprotected", coverage.frames_unprotected},
                       {"uncovered_head_frames", coverage.head_frames},
                       {"uncovered_tail_frames", coverage.tail_frames},
                       {"unprotected_slices", coverage.slices_unprotected},
                       {"missing", coverage.units_missing},
                       {"foreign_sei", coverage.foreign_sei},
                       {"parameter_sets", coverage.parameter_sets},
                       {"parameter_set_changes", coverage.parameter_set_changes},
                       {"time_gaps", coverage.time_gaps},
                       {"decoder_parameters", "not_covered"}});
}

Json provenance_json(const video::ProvenanceReport& report) {
  Json path = Json::array();
  for (const pki::Certificate& certificate : report.path) path.push(certificate.subject());
  constexpr std::array<std::string_view, 3> k_sources{"none", "signature", "container"};
  Json json = Json::object({{"fingerprint", report.key_fingerprint},
                            {"reason", report.reason},
                            {"path", std::move(path)},
                            {"attested_serial", report.attested_serial},
                            {"time_source", k_sources.at(static_cast<std::size_t>(report.time_source))}});
  if (report.recorded_from) json.set("recorded_from", to_rfc3339(*report.recorded_from));
  if (report.recorded_to) json.set("recorded_to", to_rfc3339(*report.recorded_to));
  return json;
}

Json finding_json(const video::Finding& finding) {
  Json json = Json::object({{"kind", name_of(finding.kind)}, {"gop", finding.gop}, {"count", finding.count}});
  if (finding.frame) json.set("frame", *finding.frame);
  if (finding.unit) json.set("unit", *finding.unit);
  json.set("text", finding.text);
  return json;
}

}  // namespace

void ReportCollector::on_frame(const video::FrameReport& frame) {
  if (!runs_.empty() && runs_.back().first.verdict == frame.verdict && runs_.back().last + 1 == frame.frame) {
    runs_.back().last = frame.frame;
  } else if (runs_.size() < k_runs_max) {
    runs_.push_back({frame, frame.frame});
  } else {
    cut_ = true;
  }
}

void ReportCollector::on_gop(const video::GopReport& gop) {
  if (gops_.size() < k_gops_max) {
    gops_.push_back(gop);
  } else {
    cut_ = true;
  }
}

void print_report(Output& out, const FileFacts& facts, const video::Verdict& verdict, const ReportCollector& collected,
                  bool with_frames) {
  out.line(answer_of(verdict));
  std::string profiles;
  for (const video::Profile profile : verdict.profiles()) {
    profiles += (profiles.empty() ? "" : " and ") + std::string(name_of(profile));
  }
  out.line("recording  " + std::string(name_of(facts.codec)) + " in " + std::string(name_of(facts.container)) +
           (profiles.empty() ? "" : ", signed as " + profiles) + "; " +
           count_of(verdict.signatures_valid(), "valid signature") + ", " +
           std::to_string(verdict.signatures_invalid()) + " invalid");
  if (verdict.authenticity() != Authenticity::not_signed) {
    out.line("timeline   " + timeline_of(collected.gops()));
    out.line("           = authentic, - pictures missing, ? unprotected, X not authentic, . not covered");
    print_provenance(out, verdict);
  }
  print_coverage(out, verdict.coverage());
  std::size_t printed = 0;
  for (const video::Finding& finding : verdict.findings()) {
    if (++printed > k_findings_printed) break;
    out.line("GOP " + std::to_string(finding.gop) +
             (finding.frame ? ", picture " + std::to_string(*finding.frame) : std::string()) +
             (finding.unit ? ", unit " + std::to_string(*finding.unit) : std::string()) + ": " + finding.text +
             (finding.count > 1 ? " (" + std::to_string(finding.count) + ")" : ""));
  }
  if (verdict.findings_total() > k_findings_printed) {
    out.line(std::to_string(verdict.findings_total() - k_findings_printed) + " more findings: see --json");
  }
  if (!with_frames) return;
  for (const FrameRun& run : collected.runs()) {
    out.line("pictures " + std::to_string(run.first.frame) + " to " + std::to_string(run.last) + " (from unit " +
             std::to_string(run.first.unit) +
             (run.first.time_us ? ", at " + clock_text(*run.first.time_us) : std::string()) +
             "): " + std::string(name_of(run.first.verdict)));
  }
}

Json report_json(const FileFacts& facts, const video::Verdict& verdict, const ReportCollector& collected) {
  Json profiles = Json::array();
  for (const video::Profile profile : verdict.profiles()) profiles.push(name_of(profile));
  Json gops = Json::array();
  for (const video::GopReport& gop : collected.gops()) {
    gops.push(Json::object({{"gop", gop.gop},
                            {"first_frame", gop.first_frame},
                            {"frames", gop.frames},
                            {"verdict", name_of(gop.verdict)},
                            {"frames_bad", gop.frames_bad},
                            {"missing", gop.units_missing},
                            {"unprotected_slices", gop.slices_unprotected}}));
  }
  Json frames = Json::array();
  for (const FrameRun& run : collected.runs()) {
    Json json = Json::object({{"from", run.first.frame},
                              {"to", run.last},
                              {"unit", run.first.unit},
                              {"verdict", name_of(run.first.verdict)}});
    if (run.first.time_us) json.set("time_us", *run.first.time_us);
    frames.push(std::move(json));
  }
  Json findings = Json::array();
  for (const video::Finding& finding : verdict.findings()) findings.push(finding_json(finding));
  const video::Device& device = verdict.device();
  return Json::object(
      {{"authenticity", name_of(verdict.authenticity())},
       {"provenance", name_of(verdict.provenance())},
       {"first_bad_gop", verdict.first_bad_gop() ? Json(*verdict.first_bad_gop()) : Json()},
       {"file", printable(facts.file, 4096)},
       {"codec", name_of(facts.codec)},
       {"container", name_of(facts.container)},
       {"profiles", std::move(profiles)},
       {"signatures", Json::object({{"valid", verdict.signatures_valid()}, {"invalid", verdict.signatures_invalid()}})},
       {"coverage", coverage_json(verdict.coverage())},
       {"key", provenance_json(verdict.provenance_report())},
       {"device", Json::object({{"manufacturer", device.manufacturer},
                                {"hardware", device.hardware},
                                {"firmware", device.firmware},
                                {"serial", device.serial},
                                {"address", device.address},
                                {"signer_version", device.signer_version}})},
       {"gops", std::move(gops)},
       {"frames", std::move(frames)},
       {"findings", std::move(findings)},
       {"findings_total", verdict.findings_total()},
       {"cut", collected.is_cut()}});
}

}  // namespace signet::cli::video_cli
