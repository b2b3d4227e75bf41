// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/report_words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace signet::cli::video_cli {

namespace {

using video::Authenticity;
using video::FindingKind;
using video::Provenance;

struct FindingWords {
  FindingKind kind;
  std::string_view title;
  std::string_view meaning;
};

constexpr std::array k_findings{
    FindingWords{
        FindingKind::altered, "altered picture data",
        "What stands here is not what the camera signed. The data was changed after signing: by editing, or by "
        "a fault in storage or transmission. The signature cannot tell which."},
    FindingWords{FindingKind::added, "added picture data",
                 "This piece was not there when the camera signed this part of the recording, or it stood elsewhere."},
    FindingWords{
        FindingKind::missing, "missing picture data",
        "The camera signed a piece that is no longer there. It was lost or removed; what is left is as it was."},
    FindingWords{FindingKind::section_mismatch, "a part that does not match its signature",
                 "This part differs from what was signed. The camera saved space by not signing pictures one by one, "
                 "so nobody can say which of them is meant."},
    FindingWords{FindingKind::signature_invalid, "a signature that does not hold",
                 "The signature itself, or what it says, was changed or made with another key. The pictures that it "
                 "should prove are unproven."},
    FindingWords{FindingKind::signature_missing, "pictures whose signature is missing",
                 "Before and after this place there are signatures, but the one for these pictures is not there. They "
                 "are unproven."},
    FindingWords{FindingKind::gops_missing, "whole stretches are missing",
                 "The signed parts do not follow each other: one or more stretches between them were lost or cut out."},
    FindingWords{FindingKind::replayed, "a replayed stretch",
                 "This stretch stood at another place of the recording, or stands there twice."},
    FindingWords{
        FindingKind::key_changed, "another key signs from here on",
        "From here on the signatures are by another key: another camera, or a camera that was set up anew. The "
        "recording is not of one piece."},
    FindingWords{FindingKind::unprotected_slice, "picture data that no signature covers",
                 "The format leaves this kind of picture data unsigned. It is shown with the rest, but nothing proves "
                 "where it comes from."},
    FindingWords{
        FindingKind::unprotected_missing, "pictures that no signature covered are gone",
        "The format leaves this kind of picture unsigned, so no signature misses them. But the pictures around "
        "this place are numbered in the order in which they are shown, and numbers are left out here. They "
        "were lost or removed, or the camera left them out itself."},
    FindingWords{FindingKind::malformed_sei, "a signature that cannot be read",
                 "Signature data is broken. Often the camera or a converter wrote it in a way that the file format "
                 "does not allow."},
    FindingWords{FindingKind::signer_defect, "a fault of the camera's signer",
                 "The camera did not keep to its own format. This casts no doubt on the pictures."},
    FindingWords{FindingKind::no_key, "a signature without its key",
                 "The recording does not bring the key that would be needed to check this signature."},
    FindingWords{FindingKind::parameters_changed, "decoder settings changed in mid-stream",
                 "The settings by which a player decodes and crops pictures change here. They are not signed: a change "
                 "may hide a part of a genuine picture. Compare how the pictures look before and after."},
    FindingWords{FindingKind::time_gap, "a gap in time",
                 "By the camera's own clock, time passed here of which there is no picture."},
    FindingWords{FindingKind::note, "worth knowing", "This casts no doubt on a picture."},
};

const FindingWords& words_of(FindingKind kind) {
  const auto* const row = std::ranges::find(k_findings, kind, &FindingWords::kind);
  return row == k_findings.end() ? k_findings.back() : *row;
}

std::string name_in(const pki::Certificate& certificate) {
  return certificate.common_name().empty() ? certificate.subject() : certificate.common_name();
}

}  // namespace

std::string count_of(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string size_text(std::uint64_t size_bytes) {
  constexpr std::array<std::string_view, 5> k_units{"bytes", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < k_units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f " : "%.1f ", value);
  return text.data() + std::string(k_units.at(unit));
}

std::string clock_text(std::int64_t time_us) {
  const std::int64_t ms = std::max<std::int64_t>(time_us, 0) / 1000;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld.%03lld", static_cast<long long>(ms / 3'600'000),
                static_cast<long long>(ms / 60'000 % 60), static_cast<long long>(ms / 1000 % 60),
                static_cast<long long>(ms % 1000));
  return text.data();
}

int weight_of(video::GopVerdict verdict) {
  switch (verdict) {
    case video::GopVerdict::authentic:
      return 0;
    case video::GopVerdict::not_covered:
      return 1;
    case video::GopVerdict::authentic_with_missing:
      return 2;
    case video::GopVerdict::partly_unprotected:
      return 3;
    case video::GopVerdict::not_authentic:
      break;
  }
  return 4;
}

std::string answer_word(Authenticity authenticity) {
  switch (authenticity) {
    case Authenticity::not_signed:
      return "NOT SIGNED";
    case Authenticity::authentic:
      return "AUTHENTIC";
    case Authenticity::authentic_with_missing:
      return "AUTHENTIC, BUT INCOMPLETE";
    case Authenticity::partly_unprotected:
      return "PARTLY UNPROTECTED";
    case Authenticity::not_authentic:
      break;
  }
  return "NOT AUTHENTIC";
}

std::string answer_sentence(const video::Verdict& verdict) {
  const video::Coverage& coverage = verdict.coverage();
  const std::string genuine = count_of(coverage.frames_authentic, "picture");
  const std::uint64_t outside = coverage.head_frames + coverage.tail_frames;
  const std::string rest =
      outside > 0 ? " " + count_of(outside, "picture") + " outside the signed span cannot be judged." : std::string();
  switch (verdict.authenticity()) {
    case Authenticity::not_signed:
      if (verdict.signatures_valid() + verdict.signatures_invalid() > 0) {
        return "its signatures are for pictures that are not in the file, or cannot be checked; none covers any of "
               "its " +
               count_of(coverage.frames, "picture") + ".";
      }
      return "nothing in the file proves where its " + count_of(coverage.frames, "picture") + " come from.";
    case Authenticity::authentic:
      return genuine + " as the signer recorded them, none missing between them." + rest;
    case Authenticity::authentic_with_missing:
      return count_of(coverage.units_missing, "signed unit") + " missing; the " + genuine +
             " that are there are as the signer recorded them." + rest;
    case Authenticity::partly_unprotected:
      if (coverage.frames_unprotected == 0) {
        return count_of(coverage.frames_absent, "picture") + " missing, of a kind that no signature covers; the " +
               genuine + " that are there are as the signer recorded them." + rest;
      }
      return count_of(coverage.frames_unprotected, "picture") +
             " within the signed span hold data that no signature covers." + rest;
    case Authenticity::not_authentic:
      break;
  }
  return count_of(coverage.frames_bad, "picture") + " altered, added or without valid signature" +
         (verdict.first_bad_gop() ? ", first in GOP " + std::to_string(*verdict.first_bad_gop()) + "; " : "; ") +
         genuine + " are genuine." + rest;
}

std::string provenance_word(Provenance provenance) {
  switch (provenance) {
    case Provenance::trusted:
      return "trusted";
    case Provenance::attested:
      return "attested by the camera's hardware";
    case Provenance::expired_today_valid_at_recording:
      return "valid when recorded, expired since";
    case Provenance::no_anchor:
      return "not judged: no trust anchor was given";
    case Provenance::untrusted:
      return "not trusted";
    case Provenance::none:
      break;
  }
  return "nobody's: nothing is signed";
}

std::string provenance_sentence(const video::ProvenanceReport& report) {
  const std::string leaf = report.path.empty() ? "the signing key" : "the key of " + name_in(report.path.front());
  const std::string anchor = report.path.empty() ? "a trusted root" : name_in(report.path.back());
  const std::string why = report.reason.empty() ? "" : " Reason: " + report.reason + ".";
  switch (report.provenance) {
    case Provenance::trusted:
      return anchor + " vouches for " + leaf + ". The certificate was valid at the recording time and is today.";
    case Provenance::attested:
      return "A secure element in the camera attests the signing key, and " + anchor +
             " vouches for that secure element.";
    case Provenance::expired_today_valid_at_recording:
      return anchor + " vouches for " + leaf +
             ". The certificate was valid at the recording time and has expired since, which takes nothing from the "
             "recording.";
    case Provenance::no_anchor:
      return "The recording brings certificates, but nobody has said whom to trust, so whose key it is remains open.";
    case Provenance::untrusted:
      return "Nothing that counts vouches for the key: whoever holds it signed, and who that is remains open." + why;
    case Provenance::none:
      break;
  }
  return "No signature is in the recording.";
}

std::string time_sentence(const video::ProvenanceReport& report) {
  if (!report.recorded_from) return "unknown: neither a signed date nor a creation time is there";
  std::string text = to_rfc3339(*report.recorded_from);
  if (report.recorded_to && *report.recorded_to != *report.recorded_from) {
    text += " to " + to_rfc3339(*report.recorded_to);
  }
  return text + (report.time_source == video::TimeSource::signature
                     ? " (signed, by the camera's clock)"
                     : " (the file's creation time, which nobody signed)");
}

std::string hardware_sentence(const video::Verdict& verdict) {
  const video::ProvenanceReport& report = verdict.provenance_report();
  if (report.provenance == Provenance::none) return "nothing is signed";
  if (!report.attested_serial.empty()) {
    return "in the secure element of the camera with the serial number " + report.attested_serial +
           ", by its own attestation" +
           (report.provenance == Provenance::attested ? "" : " (which no anchor vouches for)");
  }
  return "not attested: nothing in the recording proves in which hardware the key lies";
}

std::string_view finding_title(FindingKind kind) { return words_of(kind).title; }
std::string_view finding_meaning(FindingKind kind) { return words_of(kind).meaning; }

bool is_remark(FindingKind kind) {
  return kind == FindingKind::note || kind == FindingKind::signer_defect || kind == FindingKind::time_gap ||
         kind == FindingKind::parameters_changed;
}

std::vector<std::pair<std::string, std::string>> device_rows(const video::Device& device) {
  std::vector<std::pair<std::string, std::string>> rows{
      {"manufacturer", device.manufacturer}, {"hardware", device.hardware}, {"serial", device.serial},
      {"firmware", device.firmware},         {"address", device.address},   {"signer", device.signer_version},
  };
  std::erase_if(rows, [](const auto& row) { return row.second.empty(); });
  return rows;
}

std::vector<Uncovered> uncovered_of(const Report& report) {
  std::vector<Uncovered> list;
  const std::uint64_t frames = report.verdict.coverage().frames;
  for (const FrameRun& run : report.collected.runs()) {
    if (run.first.verdict != video::FrameVerdict::not_covered) continue;
    const bool at_front = run.first.frame == 0;
    const bool at_end = run.last + 1 == frames;
    list.push_back({at_front ? "before"
                    : at_end ? "after"
                             : "within",
                    run.first.frame, run.last, report.collected.time_of(run.first.frame),
                    report.collected.time_of(run.last)});
  }
  return list;
}

std::string transport_sentence(const FileFacts& facts) {
  if (!facts.transport || facts.transport->lost + facts.transport->units_broken == 0) return {};
  return count_of(facts.transport->lost, "packet") + " of " + std::to_string(facts.transport->packets) +
         " were lost on the way into this capture, by their own numbers, and " +
         count_of(facts.transport->units_broken, "unit") +
         " could not be put together. Such losses can explain missing pictures; they do not prove that nobody removed "
         "any";
}

std::vector<std::string> never_covered(const video::Coverage& coverage) {
  std::vector<std::string> list;
  if (!coverage.parameters_covered) {
    list.push_back("decoder settings (parameter sets), which say how pictures are decoded, cropped and shown: " +
                   count_of(coverage.parameter_sets, "parameter set") + ", " +
                   (coverage.parameter_set_changes == 0
                        ? "never changed in mid-stream"
                        : "changed in mid-stream " + count_of(coverage.parameter_set_changes, "time")) +
                   (coverage.gops_with_parameters > 0
                        ? "; signed for " + count_of(coverage.gops_with_parameters, "GOP") + " only"
                        : ""));
  }
  list.insert(list.end(), {
                              "messages of others in the stream (foreign SEI): " + std::to_string(coverage.foreign_sei),
                              "sound, metadata, subtitles, and the container around the stream (file times among it)",
                          });
  return list;
}

}  // namespace signet::cli::video_cli
