// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "vuln/vuln_commands.hpp"

#include "signet/sbom/purl.hpp"
#include "signet/sbom/range.hpp"

#include "vuln/lines.hpp"

namespace signet::cli {

namespace {

constexpr std::string_view k_blanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(k_blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blanks) - first + 1);
}

/// Takes the last word from the end.
std::string_view take_last(std::string_view& text) {
  text = trimmed(text);
  const std::size_t blank = text.find_last_of(k_blanks);
  const std::string_view word = blank == std::string_view::npos ? text : text.substr(blank + 1);
  text = trimmed(text.substr(0, text.size() - word.size()));
  return word;
}

Error bad_fields(std::string_view form) {
  return {Errc::invalid_input, "lines.fields", "the line is not " + std::string(form),
          "Put blanks between the fields, and none within a version."};
}

struct Question {
  std::string_view ecosystem;
  std::string_view a;
  std::string_view b;
  std::string_view order;
};

Result<Question> compare_line(std::string_view line) {
  Question question;
  question.b = take_last(line);
  question.a = take_last(line);
  question.ecosystem = line;
  if (question.ecosystem.empty()) return bad_fields("ECOSYSTEM VERSION VERSION");
  TRY_ASSIGN(const sbom::VersionScheme scheme, sbom::version_scheme(question.ecosystem));
  TRY(sbom::check_version(scheme, question.a));
  TRY(sbom::check_version(scheme, question.b));
  const std::weak_ordering order = sbom::compare_versions(scheme, question.a, question.b);
  question.order = order == std::weak_ordering::less ? "<" : order == std::weak_ordering::greater ? ">" : "=";
  return question;
}

void append_member(std::string& to, std::string_view key, std::string_view value) {
  to += to.ends_with('{') ? "\"" : ",\"";
  to.append(key).append("\":");
  append_json(to, value);
}

/// What stands on the command line is one line.
std::vector<std::string> joined(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return {line};
}

Result<void> compare(const Invocation& call) {
  const bool details = call.has("--details");
  return answer_lines(call, joined(call.all("WORD")), "line",
                      [details](std::string_view line, std::string& to) -> Result<void> {
                        TRY_ASSIGN(const Question question, compare_line(line));
                        if (!details) {
                          to += question.order;
                          return {};
                        }
                        to += '{';
                        append_member(to, "ecosystem", question.ecosystem);
                        append_member(to, "a", question.a);
                        append_member(to, "b", question.b);
                        append_member(to, "order", question.order);
                        to += '}';
                        return {};
                      });
}

Result<void> purl_line(std::string_view line, std::string& to) {
  TRY_ASSIGN(const sbom::Purl purl, sbom::Purl::canonicalise(trimmed(line)));
  const sbom::PurlParts& parts = purl.parts();
  to += '{';
  append_member(to, "purl", line);
  append_member(to, "canonical", purl.to_string());
  append_member(to, "type", parts.type);
  if (!parts.name_space.empty()) append_member(to, "namespace", parts.name_space);
  append_member(to, "name", parts.name);
  if (!parts.version.empty()) append_member(to, "version", parts.version);
  if (!parts.qualifiers.empty()) {
    to += ",\"qualifiers\":{";
    for (const auto& [key, value] : parts.qualifiers) append_member(to, key, value);
    to += '}';
  }
  if (!parts.subpath.empty()) append_member(to, "subpath", parts.subpath);
  to += '}';
  return {};
}

Result<void> purl(const Invocation& call) { return answer_lines(call, call.all("PURL"), "purl", purl_line); }

Result<void> in_range_line(std::string_view line, std::string& to) {
  const std::string_view version = take_last(line);
  const std::string_view text = line;
  if (text.empty()) return bad_fields("RANGE VERSION");
  const std::size_t colon = text.find(':');
  const bool is_vers = colon != std::string_view::npos && text.substr(0, colon) == "vers";
  const std::size_t blank = text.find_first_of(k_blanks);
  if (!is_vers && blank == std::string_view::npos) return bad_fields("RANGE VERSION, or ECOSYSTEM RANGE VERSION");
  TRY_ASSIGN(const sbom::VersionRange range,
             is_vers ? sbom::VersionRange::canonicalise(text)
                     : sbom::VersionRange::from_native(text.substr(0, blank), trimmed(text.substr(blank))));
  TRY(sbom::check_version(range.order(), version));
  to += '{';
  append_member(to, "range", range.to_string());
  append_member(to, "version", version);
  to += range.contains(version) ? ",\"in_range\":true}" : ",\"in_range\":false}";
  return {};
}

Result<void> in_range(const Invocation& call) {
  return answer_lines(call, joined(call.all("WORD")), "line", in_range_line);
}

Positional words(const char* help) {
  return {.name = "WORD", .help = help, .required = false, .repeatable = true, .complete = Complete::nothing};
}

}  // namespace

std::vector<Command> vuln_commands() {
  std::vector<Command> commands = {
      {.noun = "vuln",
       .verb = "compare-versions",
       .summary = "Compare versions in the order of their ecosystem",
       .description =
           "Reads lines of the form ECOSYSTEM VERSION VERSION from standard input, or one from the command line, and "
           "answers each with <, = or > on a line of its own. The ecosystem is the type of a package URL (deb, rpm, "
           "apk, npm, pypi, maven, golang, ...) or the name that OSV uses (Debian:12, crates.io, Red Hat).\n\n"
           "A line that cannot be answered gives a JSON object with line, error and message.",
       .positionals = {words("ECOSYSTEM VERSION VERSION; without them, standard input is read.")},
       .options = {{.name = "--details", .help = "Answer with a JSON object: ecosystem, a, b, order."}},
       .examples = {{"signet vuln compare-versions deb 7.88.1-10+deb12u5 7.88.1-10+deb12u12", "Compare two."},
                    {"signet vuln compare-versions < pairs.txt", "Compare many."}},
       .run = compare,
       .exits = line_exits()},
      {.noun = "vuln",
       .verb = "purl",
       .summary = "Read package URLs and write them in canonical form",
       .description =
           "Reads one package URL (ECMA-427) a line from standard input, or those on the command line, and writes one "
           "JSON object a line for each: purl as it came, canonical, and its parts decoded: type, namespace, name, "
           "version, qualifiers, subpath. A line that is none gives an object with purl, error and message.",
       .positionals = {{.name = "PURL",
                        .help = "A package URL; without any, standard input is read.",
                        .required = false,
                        .repeatable = true,
                        .complete = Complete::nothing}},
       .examples = {{"signet vuln purl pkg:PYPI/Django_package@1.11.1", "Read one."}},
       .run = purl,
       .exits = line_exits()},
      {.noun = "vuln",
       .verb = "in-range",
       .summary = "Say whether versions lie in ranges",
       .description =
           "Reads lines of the form RANGE VERSION (a VERS range such as vers:npm/>=1.0|<2.0) or ECOSYSTEM RANGE "
           "VERSION "
           "(the ecosystem's own notation) from standard input, or one from the command line, and writes one JSON "
           "object a line for each: range in canonical form, version, in_range. A line that cannot be answered gives "
           "an object with line, error and message.",
       .positionals = {words("RANGE VERSION, or ECOSYSTEM RANGE VERSION; without them, standard input is read.")},
       .examples = {{"signet vuln in-range 'vers:deb/<7.88.1-10+deb12u12' 7.88.1-10+deb12u5", "Ask about a version."},
                    {"signet vuln in-range npm '^1.2.0' 1.9.3", "Ask in npm's notation."}},
       .run = in_range,
       .exits = line_exits()},
  };
  for (auto* more : {&vuln_index_commands, &vuln_match_commands}) {
    for (Command& command : (*more)()) commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace signet::cli
