// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/report_html.hpp"

#include "signet/core/version.hpp"

#include "video/html_parts.hpp"
#include "video/html_text.hpp"
#include "video/report_words.hpp"

#include <filesystem>

namespace signet::cli::video_cli {

namespace {

using video::Authenticity;

std::string_view tone_of(Authenticity authenticity) {
  switch (authenticity) {
    case Authenticity::authentic:
      return "good";
    case Authenticity::not_signed:
      return "none";
    case Authenticity::not_authentic:
      return "bad";
    default:
      return "warn";
  }
}

/// "Not authentic" for a heading.
std::string heading_of(Authenticity authenticity) {
  std::string word = answer_word(authenticity);
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (word[i] >= 'A' && word[i] <= 'Z') word[i] = static_cast<char>(word[i] - 'A' + 'a');
  }
  return word;
}

std::string with_capital(std::string sentence) {
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z') {
    sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  }
  return sentence;
}

std::string answer_part(const Report& report) {
  const video::Verdict& verdict = report.verdict;
  std::string html = "<div class=\"answer " + std::string(tone_of(verdict.authenticity())) + "\"><h1>" +
                     html_text(heading_of(verdict.authenticity())) + "</h1><p>" +
                     html_text(with_capital(answer_sentence(verdict))) + "</p>";
  if (verdict.authenticity() != Authenticity::not_signed) {
    html += "<p class=\"key\"><b>Whose key:</b> " + html_text(provenance_word(verdict.provenance())) + ". " +
            html_text(provenance_sentence(verdict.provenance_report())) + "</p>";
  }
  return html + "</div>\n";
}

std::string tile(std::uint64_t number, const std::string& what) {
  return "<div><b>" + std::to_string(number) + "</b><span>" + html_text(what) + "</span></div>";
}

std::string numbers_part(const Report& report) {
  const video::Coverage& coverage = report.verdict.coverage();
  return "<div class=\"numbers\">" + tile(coverage.frames, "pictures in the file") +
         tile(coverage.frames_authentic, "genuine, as signed") + tile(coverage.frames_bad, "not authentic") +
         tile(coverage.units_missing, "signed pieces missing") +
         tile(coverage.frames_unprotected, "with unprotected data") +
         tile(coverage.head_frames + coverage.tail_frames, "outside the signed span") +
         (coverage.frames_not_presented > 0 ? tile(coverage.frames_not_presented,
                                                   "judged, but cut away by the file's edit list: no player shows them")
                                            : std::string()) +
         "</div>";
}

std::string provenance_part(const Report& report) {
  const video::Verdict& verdict = report.verdict;
  if (verdict.authenticity() == Authenticity::not_signed) return {};
  const video::ProvenanceReport& key = verdict.provenance_report();
  std::string rows = table_row("Result", provenance_word(key.provenance)) +
                     table_row("What that means", provenance_sentence(key)) +
                     table_row("Recorded", with_capital(time_sentence(key))) +
                     table_row("Hardware", with_capital(hardware_sentence(verdict)));
  if (!key.reason.empty() && key.provenance != video::Provenance::untrusted) rows += table_row("Remark", key.reason);
  rows += table_row("Key (SHA-256)", key.key_fingerprint, true);
  std::string html = "<section><h2>Who signed</h2><table>" + rows + "</table>";
  if (!key.path.empty()) html += "<h3 class=\"gap\">Certificate path</h3>" + chain_part(key.path);
  html += "<h3 class=\"gap\">Trust anchors given to this examination</h3>";
  if (report.facts.anchors.empty()) {
    html +=
        "<p class=\"soft\">None. Without the root certificate of the camera's maker, nobody vouches for the key.</p>";
  } else {
    html += "<table>";
    for (const Anchor& anchor : report.facts.anchors) html += table_row(anchor.subject, anchor.fingerprint, true);
    html += "</table>";
  }
  return html + "</section>\n";
}

std::string device_part(const Report& report) {
  const auto rows = device_rows(report.verdict.device());
  if (rows.empty()) return {};
  std::string html =
      "<section><h2>The camera</h2><p class=\"soft small\">What the camera says of itself. It is signed with the "
      "recording, so it is as good as the key.</p><table>";
  for (const auto& [name, value] : rows) html += table_row(with_capital(name), value);
  return html + "</table></section>\n";
}

std::string uncovered_row(const Uncovered& range) {
  std::string text = "Pictures " + std::to_string(range.from) + " to " + std::to_string(range.to);
  if (range.from_us && range.to_us) {
    text += ", about " + clock_text(*range.from_us) + " to " + clock_text(*range.to_us);
  }
  return "<li>" + html_text(text + ": " + std::string(range.where) + " the signed span") + "</li>";
}

std::string coverage_part(const Report& report) {
  std::string html =
      "<section><h2>What was not covered</h2><p>A signature proves only what it covers. Nothing can be said about "
      "what follows, neither that it is genuine nor that it is not.</p>";
  const auto ranges = uncovered_of(report);
  constexpr std::size_t k_ranges_max = 50;
  if (report.verdict.authenticity() != Authenticity::not_signed) {
    html += "<h3 class=\"gap\">In this recording</h3><ul class=\"plain\">";
    if (ranges.empty()) html += "<li>Every picture lies within the signed span.</li>";
    for (std::size_t i = 0; i < std::min(ranges.size(), k_ranges_max); ++i) html += uncovered_row(ranges[i]);
    if (ranges.size() > k_ranges_max) {
      html += "<li>" + std::to_string(ranges.size() - k_ranges_max) + " more stretches</li>";
    }
    if (report.verdict.coverage().slices_unprotected > 0) {
      html += "<li>" + count_of(report.verdict.coverage().slices_unprotected, "piece") +
              " of picture data of a kind that the format leaves unsigned</li>";
    }
    if (report.verdict.coverage().frames_absent > 0) {
      html += "<li>" + count_of(report.verdict.coverage().frames_absent, "picture") +
              " of such a kind that are gone, by the order in which the others are shown</li>";
    }
    html += "</ul>";
  }
  html += "<h3 class=\"gap\">In any recording of this kind</h3><ul class=\"plain\">";
  for (const std::string& sentence : never_covered(report.verdict.coverage())) {
    html += "<li>" + html_text(with_capital(sentence)) + "</li>";
  }
  return html + "</ul></section>\n";
}

std::string file_part(const Report& report) {
  std::string profiles;
  for (const video::Profile profile : report.verdict.profiles()) {
    profiles += (profiles.empty() ? "" : " and ") + std::string(name_of(profile));
  }
  const FileFacts& facts = report.facts;
  return "<section><h2>The file, and this examination</h2><table>" + table_row("File", facts.file) +
         table_row("Size", size_text(facts.size_bytes) + " (" + std::to_string(facts.size_bytes) + " bytes)") +
         table_row("SHA-256 of the file", facts.sha256, true) +
         table_row("Format", std::string(name_of(facts.codec)) + " in " + std::string(name_of(facts.container)) +
                                 (profiles.empty() ? "" : ", signed as " + profiles)) +
         table_row("Signatures", std::to_string(report.verdict.signatures_valid()) + " valid, " +
                                     std::to_string(report.verdict.signatures_invalid()) + " invalid") +
         table_row("Transport", with_capital(transport_sentence(facts))) +
         table_row("Judged", to_rfc3339(facts.judged)) + table_row("By", "signet " + std::string(project_version())) +
         table_row("To check it again",
                   "signet video verify FILE" + std::string(facts.anchors.empty() ? "" : " --anchor ROOT.pem"), true) +
         "</table><p class=\"soft small\">This report speaks of the file with exactly this SHA-256 and of no other. "
         "The report itself is not signed: a signed one is made with --report and --sign.</p></section>\n";
}

constexpr std::string_view k_glossary = R"(<section><h2>Words used here</h2><dl>
<dt>Signature</dt><dd>A number that only the holder of a secret key can make, and that fits exactly one set of
pictures.
If one bit of them changes, it no longer fits.</dd>
<dt>GOP (group of pictures)</dt><dd>A stretch of pictures, often a second long, that begins with a complete
picture. Cameras sign
GOP by GOP. They are counted from 0.</dd>
<dt>Picture, unit</dt><dd>Pictures (frames) are counted from 0 in the order in which they are stored. A unit
is a piece of
data within the file; a picture has at least one.</dd>
<dt>Certificate, trust anchor</dt><dd>A certificate says whose a key is, and is signed by somebody who vouches
for it. The trust
anchor is the certificate at the end of that path which the examiner has chosen to believe.</dd>
<dt>Signed span</dt><dd>From the first to the last picture whose signature holds. The last pictures before a
recording
stops are often not signed any more; that is no sign of a fault.</dd>
</dl></section>

)";

}  // namespace

std::string report_html(const Report& report, const Stills& stills) {
  const std::string name = html_text(std::filesystem::path(report.facts.file).filename().string());
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta name=\"referrer\" content=\"no-referrer\"><title>" +
      html_text(heading_of(report.verdict.authenticity())) + ": " + name + "</title><style>" +
      std::string(html_style()) +
      "</style></head>\n<body><main>\n<header class=\"top\"><span>Report on the recording <b>" + name +
      "</b></span><span>" + to_rfc3339(report.facts.judged) + "</span></header>\n";
  html += answer_part(report);
  html += "<section><h2>Timeline</h2>" + timeline_part(report) + numbers_part(report) + over_all_part(report, stills) +
          "</section>\n";
  html += findings_part(report, stills);
  html += provenance_part(report) + device_part(report) + coverage_part(report) + file_part(report);
  html += k_glossary;
  return html + "<footer>Made by signet " + html_text(project_version()) +
         ". Pictures in this report are decoded previews: they help to find a place, and prove nothing by "
         "themselves.</footer>\n</main></body></html>\n";
}

}  // namespace signet::cli::video_cli
