// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisory/validate.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "advisory/advisory_commands.hpp"
#include "vuln/lines.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>

namespace signet::cli {

namespace {

using advisory::Finding;
using advisory::Kind;
using advisory::Preset;
using advisory::Report;
using advisory::Validator;
using advisory::Weight;

constexpr std::uint64_t k_answers_size_bytes_max = 16U << 20U;
constexpr std::uint64_t k_document_size_bytes_max = 128U << 20U;

Preset preset_of(const Invocation& call) {
  const std::string name = call.get("--tests");
  if (name == "schema") return Preset::schema;
  if (name == "basic") return Preset::basic;
  return name == "extended" ? Preset::extended : Preset::full;
}

/// Answers that were recorded: lines "URL STATUS".
Result<std::map<std::string, int>> read_answers(const std::string& path) {
  TRY_ASSIGN(const Bytes text, os::read_file(path, k_answers_size_bytes_max));
  std::map<std::string, int> answers;
  std::string_view rest = as_text(text);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t blank = line.find_last_of(" \t");
    if (line.empty() || line.front() == '#') continue;
    const std::string_view digits = blank == std::string_view::npos ? "" : line.substr(blank + 1);
    if (digits.size() != 3 || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
      return Error(Errc::invalid_input, "advisory.answers",
                   "\"" + std::string(line.substr(0, 100)) + "\" is not URL STATUS",
                   "Write one link a line, a blank, and the status code of HTTP.");
    }
    answers[std::string(line.substr(0, line.find_first_of(" \t")))] = std::stoi(std::string(digits));
  }
  return answers;
}

Result<advisory::Outside> outside_of(const Invocation& call) {
  advisory::Outside outside;
  outside.now = os::SystemClock().now();
  if (call.has("--spelling")) {
    outside.misspelt = advisory::hunspell();
    outside.ungrammatical = advisory::english_grammar();
  }
  for (const std::string& folder : call.all("--extensions")) outside.extensions.emplace_back(folder);
  if (call.has("--links")) {
    TRY_ASSIGN(const auto answers, read_answers(call.get("--links")));
    outside.resolve = [answers](std::string_view url) {
      const auto found = answers.find(std::string(url));
      return found == answers.end() ? 0 : found->second;
    };
  }
  return outside;
}

void append_report(std::string& to, std::string_view file, const Report& report) {
  const auto text = [&](std::string_view key, std::string_view value) {
    if (to.back() != '{') to += ',';
    to.append("\"").append(key).append("\":");
    append_json(to, value);
  };
  to += '{';
  if (!file.empty()) text("file", file);
  text("kind", advisory::slug_of(report.kind));
  text("version", report.version);
  text("id", report.id);
  to += report.is_valid() ? ",\"valid\":true" : ",\"valid\":false";
  to += ",\"findings\":[";
  for (const Finding& one : report.findings) {
    if (to.back() != '[') to += ',';
    to += '{';
    text("weight", name_of(one.weight));
    text("test", one.test);
    text("path", one.path);
    text("text", one.text);
    if (!one.remedy.empty()) text("remedy", one.remedy);
    to += '}';
  }
  to += report.is_cut ? "],\"cut\":true}" : "]}";
}

/// The files to judge: those given, and all *.json below the folders given, in order of their names.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const std::string& one : given) {
    std::error_code failed;
    if (!std::filesystem::is_directory(one, failed)) {
      files.push_back(one);
      continue;
    }
    const std::size_t from = files.size();
    std::filesystem::recursive_directory_iterator at(one, failed);
    while (!failed && at != std::filesystem::recursive_directory_iterator()) {
      std::error_code vanished;
      const bool is_document = at->is_regular_file(vanished) && at->path().extension() == ".json";
      if (is_document) files.push_back(at->path().string());
      at.increment(failed);
    }
    if (failed) return errno_error(failed.value(), "read the folder " + one);
    if (files.size() == from) {
      return Error(Errc::not_found, "advisory.empty", "no .json file is below " + one, "Give a folder with documents.");
    }
    std::ranges::sort(std::span(files).subspan(from));
  }
  return files;
}

struct Counts {
  std::size_t documents = 0;
  std::size_t invalid = 0;
  std::array<std::size_t, 3> findings{};
};

void say(Output& out, std::string_view file, const Report& report) {
  out.line(printable(file) + ": " + std::string(name_of(report.kind)) + (report.id.empty() ? "" : " " + report.id) +
           (report.is_valid() ? ": valid" : ": NOT valid"));
  for (const Finding& one : report.findings) {
    out.line("  " + std::string(name_of(one.weight)) + " " + one.test + " at " + (one.path.empty() ? "/" : one.path));
    out.line("      " + one.text + (one.remedy.empty() ? "" : "  -> " + one.remedy));
  }
  if (report.is_cut) out.line("  ... and more");
}

Error not_valid(const Counts& counts) {
  return {Errc::invalid_input, "advisory.not-valid",
          std::to_string(counts.invalid) + " of " + std::to_string(counts.documents) + " documents are not valid",
          "Each finding above says what to do."};
}

/// One JSON value of a report, for --json.
Result<Json> report_json(std::string_view file, const Report& report) {
  std::string text;
  append_report(text, file, report);
  return Json::parse(as_bytes(text), {.size_bytes_max = 64U << 20U});
}

Result<void> validate_files(const Invocation& call, Validator& validator, std::optional<Kind> kind) {
  TRY_ASSIGN(const std::vector<std::string> files, files_of(call.all("DOCUMENT")));
  Counts counts;
  Json reports = Json::array();
  for (const std::string& file : files) {
    TRY_ASSIGN(const Bytes text, os::read_file(file, k_document_size_bytes_max));
    auto report = validator.validate(text, kind);
    if (!report && files.size() == 1) return std::move(report).error().with_context("read " + file);
    ++counts.documents;
    if (!report) {
      ++counts.invalid;
      call.out().line(printable(file) + ": " + report.error().message());
      reports.push(
          Json::object({{"file", file}, {"error", report.error().reason()}, {"message", report.error().message()}}));
      continue;
    }
    if (!report->is_valid()) ++counts.invalid;
    for (const Finding& one : report->findings) ++counts.findings[static_cast<std::size_t>(one.weight)];
    if (call.has("--lines")) {
      std::string line;
      append_report(line, file, *report);
      call.out().line(line);
    } else if (!call.has("--quiet")) {
      say(call.out(), file, *report);
    }
    if (call.out().json()) {
      TRY_ASSIGN(Json one, report_json(file, *report));
      reports.push(std::move(one));
    }
  }
  if (!call.has("--lines")) {
    call.out().line(std::to_string(counts.documents) + " documents, " + std::to_string(counts.invalid) +
                    " not valid; " + std::to_string(counts.findings[0]) + " errors, " +
                    std::to_string(counts.findings[1]) + " warnings, " + std::to_string(counts.findings[2]) + " notes");
  }
  Json result = Json::object({{"documents", static_cast<std::int64_t>(counts.documents)},
                              {"not_valid", static_cast<std::int64_t>(counts.invalid)},
                              {"reports", std::move(reports)}});
  if (counts.invalid != 0) {
    call.out().evidence(std::move(result));
    return not_valid(counts);
  }
  call.out().result(std::move(result));
  return {};
}

Result<void> validate(const Invocation& call, std::optional<Kind> kind, advisory::Outside outside) {
  Validator validator(preset_of(call), std::move(outside));
  if (!call.all("DOCUMENT").empty()) return validate_files(call, validator, kind);
  return answer_lines(call, {}, "line", [&](std::string_view line, std::string& to) -> Result<void> {
    TRY_ASSIGN(const Report report, validator.validate(as_bytes(line), kind));
    append_report(to, "", report);
    return {};
  });
}

Result<void> validate_any(const Invocation& call) {
  std::optional<Kind> kind;
  if (call.has("--kind")) kind = advisory::kind_from_slug(call.get("--kind"));
  TRY_ASSIGN(advisory::Outside outside, outside_of(call));
  return validate(call, kind, std::move(outside));
}

Result<void> validate_cve(const Invocation& call) {
  advisory::Outside outside;
  outside.now = os::SystemClock().now();
  return validate(call, Kind::cve, std::move(outside));
}

Positional documents() {
  return {.name = "DOCUMENT",
          .help = "A document, or a folder with documents; without any, standard input is read, one document a line.",
          .required = false,
          .repeatable = true};
}

std::vector<Option> common_options() {
  return {{.name = "--tests",
           .value = "PRESET",
           .help = "Which tests are run; each preset includes those before it.",
           .fallback = "full",
           .choices = {"schema", "basic", "extended", "full"}},
          {.name = "--quiet", .help = "Print the summary alone."},
          {.name = "--lines", .help = "Print one JSON object a line for each document."}};
}

std::vector<Exit> exits() {
  return {{0, {}, "every document is valid"},
          {1, {"advisory.not-valid", "lines.bad"}, "a document is not valid, or a line could not be answered"}};
}

}  // namespace

std::vector<Command> advisory_commands() {
  std::vector<Option> options = common_options();
  options.push_back({.name = "--kind",
                     .value = "KIND",
                     .help = "What the documents are; found out by itself otherwise.",
                     .choices = {"csaf-2.0", "csaf-2.1", "csaf-provider", "cve", "cyclonedx", "openvex", "osv"}});
  options.push_back({.name = "--links",
                     .value = "FILE",
                     .help = "Recorded answers of links, lines URL STATUS; without it no link is tested.",
                     .complete = Complete::file});
  options.push_back(
      {.name = "--spelling", .help = "Check spelling by the dictionaries of hunspell, and some grammar."});
  options.push_back({.name = "--extensions",
                     .value = "FOLDER",
                     .help = "A folder with schemas and metadata of CSAF extensions.",
                     .repeatable = true,
                     .complete = Complete::folder});
  return {{.noun = "advisory",
           .verb = "validate",
           .summary = "Judge advisories, CVE records, VEX and bills of materials",
           .description =
               "Judges documents of CSAF 2.0 and 2.1 by their schema and all tests of the standard's section 6, CVE "
               "records, CycloneDX 1.4 to 1.7, OpenVEX 0.2.0 and OSV by their schemas and by what good ones have. Each "
               "finding has the test's number, the place as a JSON pointer, what is wrong, and what to do.\n\n"
               "A finding is an error (the document is not valid), a warning (CSAF: recommended tests) or a note "
               "(CSAF: informative tests). Presets are those of CSAF 2.1: schema; basic, with the mandatory tests; "
               "extended, with the recommended ones; full, with the informative ones.\n\n"
               "Nothing is asked from the network. Links are judged by recorded answers, spelling by the dictionaries "
               "of this machine.\n\n"
               "Without a document it reads one a line from standard input and writes one JSON object a line.",
           .positionals = {documents()},
           .options = std::move(options),
           .examples = {{"signet advisory validate example-2026-001.json", "Judge one advisory."},
                        {"signet advisory validate --tests basic --quiet advisories",
                         "Judge a folder by what is mandatory."}},
           .run = validate_any,
           .exits = exits()}};
}

std::vector<Command> cve_commands() {
  return {{.noun = "cve",
           .verb = "validate",
           .summary = "Judge CVE records by their schema and by what matchers need",
           .description =
               "Judges CVE Records 5.x by the schema of 5.1, and by what the schema lets pass: ranges of versions in "
               "words, scores that are not those of their vectors, weaknesses that are missing or not for "
               "vulnerabilities, dates out of order, nothing affected, bad CPE names, links given twice.\n\n"
               "Without a document it reads one a line from standard input and writes one JSON object a line.",
           .positionals = {documents()},
           .options = {{.name = "--tests",
                        .value = "PRESET",
                        .help = "Which tests are run; each preset includes those before it.",
                        .fallback = "full",
                        .choices = {"schema", "basic", "extended", "full"}},
                       {.name = "--quiet", .help = "Print the summary alone."},
                       {.name = "--lines", .help = "Print one JSON object a line for each document."}},
           .examples = {{"signet cve validate CVE-2024-6173.json", "Judge one record."},
                        {"signet cve validate < records.jsonl > reports.jsonl", "Judge many."}},
           .run = validate_cve,
           .exits = exits()}};
}

}  // namespace signet::cli
