// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/clocks.hpp"
#include "signet/advisories/publish.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "advisory/case_commands.hpp"

#include <algorithm>
#include <cstdlib>

namespace signet::cli {

namespace {

using advisories::Case;
using advisories::ClockState;
using advisories::Deadline;
using advisories::Store;

bool is_open(const Case& one) {
  return one.state() != advisories::State::closed && one.state() != advisories::State::rejected;
}

/// The deadline of a case that comes first, of those that are open.
std::optional<Deadline> next_deadline(const Case& one, Instant now) {
  for (const Deadline& deadline : advisories::clocks(one, now)) {
    if (!deadline.done && deadline.due) return deadline;
  }
  return std::nullopt;
}

Result<void> list(const Invocation& call) {
  TRY_ASSIGN(const Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(const std::vector<Case> all, store.read_all());
  const Instant now = os::SystemClock().now();
  Json rows = Json::array();
  for (const Case& one : all) {
    if (call.has("--open") && !is_open(one)) continue;
    const auto next = next_deadline(one, now);
    std::string line = one.id() + "  " + std::string(name_of(one.state())) + "  " + one.facts().title;
    if (!one.facts().cve.empty()) line += "  [" + one.facts().cve + "]";
    if (next) line += "  -- " + std::string(next->what) + " " + describe(*next, now);
    call.out().line(line);
    Json row = Json::object(
        {{"id", one.id()}, {"state", name_of(one.state())}, {"title", one.facts().title}, {"cve", one.facts().cve}});
    if (next) row.set("next", Json::object({{"what", next->what}, {"due", to_rfc3339(*next->due)}}));
    rows.push(std::move(row));
  }
  if (rows.elements().empty()) call.out().line("There are no cases.");
  call.out().result(Json::object({{"cases", std::move(rows)}}));
  return {};
}

void say_facts(Output& out, const Case& one) {
  const advisories::Facts& facts = one.facts();
  const auto line = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) out.line("  " + name + ": " + value);
  };
  out.line(one.id() + ": " + facts.title);
  line("state", std::string(name_of(one.state())));
  line("CVE", facts.cve);
  for (const std::string& vector : facts.cvss) line("severity", vector);
  for (const std::string& weakness : facts.cwe) line("weakness", weakness);
  if (facts.embargo) line("embargo", to_rfc3339(*facts.embargo));
  if (facts.exploited) line("exploited", "known since " + to_rfc3339(*facts.exploited));
  line("reporter", facts.reporter);
  for (const advisories::Product& product : facts.products) {
    line("product", product.name + " (" + product.purl + "): " + std::string(name_of(product.status)) +
                        (product.affected.empty() ? "" : " " + product.affected));
  }
  line("description", facts.description);
}

Result<void> show(const Invocation& call) {
  TRY_ASSIGN(const Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(const Case one, store.read(call.get("ID")));
  if (call.has("--entry")) {
    const std::string entry = one.ledger_entry();
    if (!call.out().json()) call.out().raw(as_bytes(entry));
    call.out().result(Json::object({{"entry", entry}, {"index", one.steps().back().act.entry}}));
    return {};
  }
  Output& out = call.out();
  say_facts(out, one);
  out.line("  history:");
  for (const advisories::Step& step : one.steps()) {
    out.line("    " + to_rfc3339(step.act.at) + "  " +
             (step.is_change ? "facts changed" : std::string(name_of(step.state))) + ", " + printable(step.act.by) +
             (step.act.note.empty() ? "" : ": " + step.act.note));
  }
  std::string next;
  for (const advisories::State state : advisories::next_states(one.state())) {
    next += (next.empty() ? "" : ", ") + std::string(name_of(state));
  }
  out.line("  can become: " + (next.empty() ? "nothing else" : next));
  const std::string file = one.file();
  TRY_ASSIGN(Json json, Json::parse(as_bytes(file)));
  out.result(std::move(json));
  return {};
}

Result<void> document(const Invocation& call) {
  TRY_ASSIGN(const Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(const Case one, store.read(call.get("ID")));
  const auto form = advisories::form_from(call.get("--form"));
  if (!form) return Error(Errc::internal, "cli.form", "a form is not known");
  std::optional<Case> shown;
  if (call.has("--published")) {
    shown = one.as_published();
    if (!shown) {
      return Error(Errc::not_found, "case.not-published", "the case " + one.id() + " was not published",
                   "Leave --published out to see the draft.");
    }
  }
  TRY_ASSIGN(const std::string text, advisories::make_document(shown ? *shown : one, store.publisher(), *form));
  Output& out = call.out();
  if (call.has("--out")) {
    TRY(os::replace_file(call.get("--out"), as_bytes(text)));
    out.line("Written to " + printable(call.get("--out")) + ".");
  } else if (!out.json()) {
    out.raw(as_bytes(text));
  }
  out.result(Json::object({{"id", one.id()}, {"form", slug_of(*form)}, {"document", text}}));
  return {};
}

Result<void> publish(const Invocation& call) {
  TRY_ASSIGN(const Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(const std::vector<Case> all, store.read_all());
  const advisories::OpenPgpKey key{.fingerprint = call.get("--openpgp-key"), .home = call.get("--openpgp-home")};
  if (!key.home.empty() && key.fingerprint.empty()) {
    return Error(Errc::usage, "usage.openpgp", "--openpgp-home needs --openpgp-key",
                 "Name the key that signs by its fingerprint.");
  }
  TRY_ASSIGN(const advisories::Publication done,
             advisories::publish(all, store.publisher(), call.get("SITE"), key, os::SystemClock().now()));
  Output& out = call.out();
  out.line(std::to_string(done.advisories) + " advisories in " + std::to_string(done.files) + " files" +
           (done.is_changed ? ", put in place." : "; nothing has changed."));
  if (done.signatures_new != 0) out.line(std::to_string(done.signatures_new) + " documents newly signed.");
  if (key.fingerprint.empty()) out.line("Not signed: a trusted provider of CSAF signs, see --openpgp-key.");
  Json missing = Json::array();
  for (const std::string& one : done.not_expressed) {
    out.line("Not made: " + printable(one));
    missing.push(one);
  }
  out.result(Json::object({{"advisories", std::uint64_t{done.advisories}},
                           {"files", std::uint64_t{done.files}},
                           {"signatures_new", std::uint64_t{done.signatures_new}},
                           {"changed", done.is_changed},
                           {"not_made", std::move(missing)}}));
  return {};
}

Json deadline_json(const Case& one, const Deadline& deadline, Instant now) {
  Json json = Json::object({{"id", one.id()},
                            {"what", deadline.what},
                            {"rule", deadline.rule},
                            {"must", deadline.is_must},
                            {"state", name_of(deadline.state)},
                            {"text", describe(deadline, now)}});
  if (deadline.begins) json.set("begins", to_rfc3339(*deadline.begins));
  if (deadline.due) json.set("due", to_rfc3339(*deadline.due));
  if (deadline.done) json.set("done", to_rfc3339(*deadline.done));
  return json;
}

Result<void> show_clocks(const Invocation& call) {
  TRY_ASSIGN(const Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(const auto at, time_of(call, "--at"));
  const Instant now = at.value_or(os::SystemClock().now());
  std::vector<Case> cases;
  if (call.has("ID")) {
    TRY_ASSIGN(Case one, store.read(call.get("ID")));
    cases.push_back(std::move(one));
  } else {
    TRY_ASSIGN(cases, store.read_all());
  }
  Json rows = Json::array();
  std::size_t overdue = 0;
  for (const Case& one : cases) {
    if (!call.has("ID") && !is_open(one)) continue;
    for (const Deadline& deadline : advisories::clocks(one, now)) {
      if (!call.has("ID") && deadline.done) continue;
      const bool is_late = deadline.state == ClockState::overdue;
      if (is_late) ++overdue;
      call.out().line((is_late ? "OVERDUE  " : "         ") + one.id() + "  " + std::string(deadline.what) + "  " +
                      describe(deadline, now) + (deadline.is_must ? "" : " (should)") + "  -- " +
                      std::string(deadline.rule));
      rows.push(deadline_json(one, deadline, now));
    }
  }
  if (rows.elements().empty()) call.out().line("No clock is running.");
  Json result = Json::object({{"overdue", std::uint64_t{overdue}}, {"clocks", std::move(rows)}});
  if (overdue != 0) {
    call.out().evidence(std::move(result));
    return Error(Errc::expired, "clocks.overdue", std::to_string(overdue) + " deadlines are overdue",
                 "Send what is due, then write it down: `signet advisory set --sent WHAT`.");
  }
  call.out().result(std::move(result));
  return {};
}

Command document_command() {
  Option form = {.name = "--form", .value = "FORM", .help = "What the case becomes.", .required = true};
  for (const advisories::Form one : advisories::all_forms()) form.choices.emplace_back(slug_of(one));
  return {.noun = "advisory",
          .verb = "document",
          .summary = "Make one document of a case",
          .description =
              "CSAF 2.0 and 2.1, CVE records 5.1 and 5.2, OpenVEX, CycloneDX VEX, OSV; the advisory as text and as a "
              "page; a mail and an Atom feed; drafts of the reports that the Cyber Resilience Act wants. The same case "
              "gives the same document. Before publication it is a draft, and says so where its format can.\n\n"
              "What a format cannot say is refused and never left out: OpenVEX has no ranges and needs the releases, "
              "OSV knows packages of ecosystems alone, a CVE record needs the CVE.",
          .positionals = {cases_folder(), case_id()},
          .options = {std::move(form),
                      {.name = "--published", .help = "As it was published last, without later changes."},
                      {.name = "--out",
                       .value = "FILE",
                       .help = "Write to this file instead of standard output.",
                       .complete = Complete::file}},
          .examples = {{"signet advisory document cases EXAMPLE-2026-001 --form csaf-2.0 --out draft.json",
                        "A draft for the reporter to read."},
                       {"signet advisory document cases EXAMPLE-2026-001 --form cra-early-warning",
                        "What the authority wants within 24 hours."}},
          .run = document};
}

Command publish_command() {
  return {
      .noun = "advisory",
      .verb = "publish",
      .summary = "Make the folder that a web server hands out",
      .description =
          "Every published case as CSAF (provider with digests, index, ROLIE feed, provider-metadata.json, and "
          "signatures where a key is given), CVE record, OpenVEX, CycloneDX, OSV, text and page; the list as a page "
          "and as an Atom feed; security.txt. Every document is judged before it leaves.\n\n"
          "The new folder takes the place of the old one in one step. The same cases give the same folder. Cases "
          "that were not published are not in it, and one under embargo stops everything.",
      .positionals = {cases_folder(), {.name = "SITE", .help = "The folder to make.", .complete = Complete::folder}},
      .options = {{.name = "--openpgp-key", .value = "FINGERPRINT", .help = "The key in GnuPG that signs."},
                  {.name = "--openpgp-home",
                   .value = "FOLDER",
                   .help = "GnuPG's folder, where it is not the user's own.",
                   .complete = Complete::folder}},
      .examples = {{"signet advisory publish cases site", "Without signatures."},
                   {"signet advisory publish cases site --openpgp-key 0123456789ABCDEF0123456789ABCDEF01234567",
                    "As a trusted provider."}},
      .run = publish};
}

Command clocks_command() {
  return {.noun = "advisory",
          .verb = "clocks",
          .summary = "Say which deadlines run, and what is overdue",
          .description =
              "The Cyber Resilience Act's Article 14 for active exploitation and severe incidents (24 hours, 72 hours, "
              "14 days after a measure is available, one month), the CNA Operational Rules (answer, CVE record), and "
              "the embargo. Of all open cases what is not done; of one case everything.",
          .positionals = {cases_folder(),
                          {.name = "ID", .help = "One case.", .required = false, .complete = Complete::nothing}},
          .options = {{.name = "--at", .value = "TIME", .help = "As it will be at that time."}},
          .examples = {{"signet advisory clocks cases", "What is due?"},
                       {"signet advisory clocks cases EXAMPLE-2026-001 --at 2026-12-01T00:00:00Z",
                        "What will be due next week?"}},
          .run = show_clocks,
          .exits = {{0, {}, "nothing is overdue"}, {1, {"clocks.overdue"}, "something is overdue"}}};
}

}  // namespace

std::vector<Command> case_reading_commands() {
  return {{.noun = "advisory",
           .verb = "list",
           .summary = "List cases and what is due next",
           .description = "One line for each case: id, state, title, CVE, and the deadline that comes first.",
           .positionals = {cases_folder()},
           .options = {{.name = "--open", .help = "Leave out what is closed or rejected."}},
           .examples = {{"signet advisory list cases --open", "What is there to do?"}},
           .run = list},
          {.noun = "advisory",
           .verb = "show",
           .summary = "Show what is known of a case, and its history",
           .description =
               "With --json, the file of the case. With --entry, the bytes that the ledger has for its last step, for "
               "`signet ledger check`.",
           .positionals = {cases_folder(), case_id()},
           .options = {{.name = "--entry", .help = "Print the ledger's entry for the last step instead."}},
           .examples = {{"signet advisory show cases EXAMPLE-2026-001", "Who did what, and what comes next."}},
           .run = show},
          document_command(),
          publish_command(),
          clocks_command()};
}

}  // namespace signet::cli
