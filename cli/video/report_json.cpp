// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/version.hpp"

#include "video/open_recording.hpp"
#include "video/report_words.hpp"

#include <array>

namespace signet::cli::video_cli {

namespace {

Json maybe(std::optional<std::int64_t> value) { return value ? Json(*value) : Json(); }

Json facts_json(const FileFacts& facts) {
  Json json = Json::object({{"name", printable(facts.file, 4096)}, {"size_bytes", facts.size_bytes}});
  if (!facts.sha256.empty()) json.set("sha256", facts.sha256);
  return json;
}

Json coverage_json(const Report& report) {
  const video::Coverage& coverage = report.verdict.coverage();
  Json ranges = Json::array();
  for (const Uncovered& range : uncovered_of(report)) {
    ranges.push(Json::object({{"where", range.where},
                              {"from", range.from},
                              {"to", range.to},
                              {"frames", range.to - range.from + 1},
                              {"from_us", maybe(range.from_us)},
                              {"to_us", maybe(range.to_us)}}));
  }
  Json never = Json::array();
  for (std::string& sentence : never_covered(coverage)) never.push(std::move(sentence));
  return Json::object({{"frames", coverage.frames},
                       {"frames_authentic", coverage.frames_authentic},
                       {"frames_bad", coverage.frames_bad},
                       {"frames_unprotected", coverage.frames_unprotected},
                       {"uncovered_head_frames", coverage.head_frames},
                       {"uncovered_tail_frames", coverage.tail_frames},
                       {"uncovered", std::move(ranges)},
                       {"unprotected_slices", coverage.slices_unprotected},
                       {"missing", coverage.units_missing},
                       {"foreign_sei", coverage.foreign_sei},
                       {"parameter_sets", coverage.parameter_sets},
                       {"parameter_set_changes", coverage.parameter_set_changes},
                       {"absent", coverage.frames_absent},
                       {"time_gaps", coverage.time_gaps},
                       {"not_presented", coverage.frames_not_presented},
                       {"decoder_parameters", coverage.parameters_covered ? "covered" : "not_covered"},
                       {"gops_with_decoder_parameters", coverage.gops_with_parameters},
                       {"never_covered", std::move(never)}});
}

Json key_json(const FileFacts& facts, const video::ProvenanceReport& report) {
  Json path = Json::array();
  for (const pki::Certificate& certificate : report.path) {
    path.push(Json::object({{"subject", certificate.subject()},
                            {"issuer", certificate.issuer()},
                            {"serial", certificate.serial_hex()},
                            {"not_before", to_rfc3339(certificate.not_before())},
                            {"not_after", to_rfc3339(certificate.not_after())},
                            {"fingerprint", to_hex(certificate.fingerprint())}}));
  }
  Json anchors = Json::array();
  for (const Anchor& anchor : facts.anchors) {
    anchors.push(Json::object({{"subject", anchor.subject}, {"fingerprint", anchor.fingerprint}}));
  }
  constexpr std::array<std::string_view, 3> k_sources{"none", "signature", "container"};
  Json json = Json::object({{"fingerprint", report.key_fingerprint},
                            {"reason", report.reason},
                            {"path", std::move(path)},
                            {"anchors", std::move(anchors)},
                            {"attested_serial", report.attested_serial},
                            {"time_source", k_sources.at(static_cast<std::size_t>(report.time_source))}});
  if (report.recorded_from) json.set("recorded_from", to_rfc3339(*report.recorded_from));
  if (report.recorded_to) json.set("recorded_to", to_rfc3339(*report.recorded_to));
  return json;
}

Json device_json(const video::Device& device) {
  return Json::object({{"manufacturer", device.manufacturer},
                       {"hardware", device.hardware},
                       {"firmware", device.firmware},
                       {"serial", device.serial},
                       {"address", device.address},
                       {"signer_version", device.signer_version}});
}

Json gops_json(const ReportCollector& collected) {
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
  return gops;
}

Json frames_json(const ReportCollector& collected) {
  Json frames = Json::array();
  for (const FrameRun& run : collected.runs()) {
    Json json = Json::object({{"from", run.first.frame},
                              {"to", run.last},
                              {"unit", run.first.unit},
                              {"verdict", name_of(run.first.verdict)}});
    if (run.first.time_us) json.set("time_us", *run.first.time_us);
    frames.push(std::move(json));
  }
  return frames;
}

Json findings_json(const video::Verdict& verdict) {
  Json findings = Json::array();
  for (const video::Finding& finding : verdict.findings()) {
    Json json = Json::object({{"kind", name_of(finding.kind)}, {"gop", finding.gop}, {"count", finding.count}});
    if (finding.frame) json.set("frame", *finding.frame);
    if (finding.unit) json.set("unit", *finding.unit);
    json.set("text", finding.text);
    findings.push(std::move(json));
  }
  return findings;
}

}  // namespace

Json report_json(const Report& report) {
  const video::Verdict& verdict = report.verdict;
  Json profiles = Json::array();
  for (const video::Profile profile : verdict.profiles()) profiles.push(name_of(profile));
  Json json = Json::object(
      {{"authenticity", name_of(verdict.authenticity())},
       {"provenance", name_of(verdict.provenance())},
       {"first_bad_gop", verdict.first_bad_gop() ? Json(*verdict.first_bad_gop()) : Json()},
       {"file", facts_json(report.facts)},
       {"tool", Json::object({{"name", "signet"}, {"version", std::string(project_version())}})},
       {"judged_at", to_rfc3339(report.facts.judged)},
       {"codec", name_of(report.facts.codec)},
       {"container", name_of(report.facts.container)},
       {"profiles", std::move(profiles)},
       {"signatures", Json::object({{"valid", verdict.signatures_valid()}, {"invalid", verdict.signatures_invalid()}})},
       {"coverage", coverage_json(report)},
       {"key", key_json(report.facts, verdict.provenance_report())},
       {"device", device_json(verdict.device())},
       {"gops", gops_json(report.collected)},
       {"frames", frames_json(report.collected)},
       {"findings", findings_json(verdict)},
       {"findings_total", verdict.findings_total()},
       {"cut", report.collected.is_cut()}});
  if (report.facts.transport) json.set("transport", transport_json(*report.facts.transport));
  return json;
}

}  // namespace signet::cli::video_cli
