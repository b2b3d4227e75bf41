// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/clocks.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "advisory/advisory_commands.hpp"
#include "advisory/case_commands.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

namespace signet::cli {

namespace {

using advisories::Act;
using advisories::Case;
using advisories::Facts;
using advisories::Store;

const Option k_by = {
    .name = "--by", .value = "NAME", .help = "Who did it; without it, the name of the user who runs the command."};
const Option k_at = {
    .name = "--at", .value = "TIME", .help = "When it happened, as 2026-11-23T07:00:00Z; without it, now."};
const Option k_note = {.name = "--note", .value = "TEXT", .help = "What should be remembered about it."};
const Option k_facts = {.name = "--facts",
                        .value = "FILE",
                        .help =
                            "A JSON object of facts, in the form of docs/formats/advisory-case.md; what it names "
                            "is replaced.",
                        .complete = Complete::file};

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr && user->pw_name != nullptr ? user->pw_name : "uid " + std::to_string(::geteuid());
}

Result<Act> act_of(const Invocation& call) {
  TRY_ASSIGN(const auto at, time_of(call, "--at"));
  const Instant now = os::SystemClock().now();
  return Act{.by = call.has("--by") ? call.get("--by") : user_name(),
             .at = at.value_or(now),
             .recorded = now,
             .note = call.get("--note"),
             .entry = 0};
}

Result<Facts> read_facts(const Invocation& call, Facts over) {
  if (!call.has("--facts")) return over;
  TRY_ASSIGN(const Bytes text, os::read_file(call.get("--facts"), advisories::k_case_size_bytes_max));
  return advisories::merge_facts(std::move(over), text).context("read " + call.get("--facts"));
}

void tell(const Invocation& call, const Case& one, const std::string& what) {
  const std::uint64_t entry = one.steps().back().act.entry;
  call.out().line(what + " (" + std::string(name_of(one.state())) + "; entry " + std::to_string(entry) +
                  " of the ledger)");
  call.out().result(Json::object({{"id", one.id()}, {"state", name_of(one.state())}, {"entry", entry}}));
}

Result<void> init(const Invocation& call) {
  const Instant now = os::SystemClock().now();
  constexpr std::int64_t k_contact_days = 364;  // less than a year: RFC 9116 section 2.5.5
  const advisories::Publisher publisher{.name = call.get("--publisher"),
                                        .url = call.get("--url"),
                                        .base = call.get("--base"),
                                        .prefix = call.get("--prefix"),
                                        .contact = call.get("--contact"),
                                        .policy = call.get("--policy"),
                                        .cna_org = call.get("--cna-org"),
                                        .cna_name = call.get("--cna-name"),
                                        .csirt = call.get("--csirt"),
                                        .contact_until = now.plus_days(k_contact_days),
                                        .since = now};
  TRY(Store::create(call.get("CASES"), publisher));
  call.out().line("Made " + printable(call.get("CASES")) + "; publisher.json in it can be edited.");
  call.out().result(Json::object({{"publisher", publisher.name}}));
  return {};
}

Result<void> begin(const Invocation& call) {
  TRY_ASSIGN(Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(Act act, act_of(call));
  Facts facts;
  facts.title = call.get("--title");
  TRY_ASSIGN(facts, read_facts(call, std::move(facts)));
  if (call.has("--reporter")) facts.reporter = call.get("--reporter");
  TRY_ASSIGN(const Case one, store.begin(call.get("--id"), facts, std::move(act)));
  tell(call, one, "Opened " + one.id());
  return {};
}

/// Facts that are times: the option, and where it goes.
struct TimeOption {
  const char* name;
  std::optional<Instant> Facts::* to;
};
constexpr std::array<TimeOption, 4> k_times{{{"--embargo", &Facts::embargo},
                                             {"--disclosed", &Facts::disclosed},
                                             {"--exploited", &Facts::exploited},
                                             {"--incident", &Facts::incident}}};
struct TextOption {
  const char* name;
  std::string Facts::* to;
};
constexpr std::array<TextOption, 4> k_texts{{{"--title", &Facts::title},
                                             {"--description", &Facts::description},
                                             {"--cve", &Facts::cve},
                                             {"--reporter", &Facts::reporter}}};

Result<Facts> changed_facts(const Invocation& call, Facts facts, Instant at) {
  TRY_ASSIGN(facts, read_facts(call, std::move(facts)));
  for (const TextOption& one : k_texts) {
    if (call.has(one.name)) facts.*one.to = call.get(one.name);
  }
  if (call.has("--cwe")) facts.cwe = call.all("--cwe");
  if (call.has("--cvss")) facts.cvss = call.all("--cvss");
  for (const TimeOption& one : k_times) {
    if (!call.has(one.name)) continue;
    TRY_ASSIGN(facts.*one.to, time_of(call, one.name));
  }
  for (const std::string& what : call.all("--sent")) {
    std::erase_if(facts.sent, [&](const advisories::Sent& one) { return one.what == what; });
    facts.sent.push_back({.what = what, .at = at});
  }
  return facts;
}

Result<void> set(const Invocation& call) {
  TRY_ASSIGN(Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(Act act, act_of(call));
  const auto change = [&](const Case& before, Act now) -> Result<Case> {
    const Instant at = now.at;
    // What was sent yesterday is written down today: the time is that of the sending, not of the step.
    now.at = call.has("--sent") ? std::max(at, before.steps().back().act.at) : at;
    TRY_ASSIGN(Facts facts, changed_facts(call, before.facts(), at));
    if (facts == before.facts()) {
      return Error(Errc::usage, "case.same", "nothing would change",
                   "Give facts that are not the case's already: --facts, --title, --cvss, ...");
    }
    return before.changed(std::move(facts), std::move(now));
  };
  TRY_ASSIGN(const Case one, store.change(call.get("ID"), std::move(act), change));
  tell(call, one, "Changed " + one.id());
  return {};
}

Result<void> advance(const Invocation& call) {
  TRY_ASSIGN(Store store, Store::open(call.get("CASES")));
  TRY_ASSIGN(Act act, act_of(call));
  const auto to = advisories::state_from(call.get("STATE"));
  if (!to) {
    return Error(Errc::usage, "case.state", "'" + printable(call.get("STATE"), 60) + "' is no state of a case",
                 "Use triaged, confirmed, rejected, fix_in_progress, fix_available, published or closed.");
  }
  TRY_ASSIGN(const Case one, store.change(call.get("ID"), std::move(act), [&](const Case& before, Act now) {
    return before.advanced(*to, std::move(now));
  }));
  tell(call, one, one.id() + " is now " + std::string(name_of(*to)));
  return {};
}

Command init_command() {
  return {.noun = "advisory",
          .verb = "init",
          .summary = "Make a folder for cases of vulnerabilities",
          .description =
              "The folder gets publisher.json, with what all documents say of you, a folder of cases and a ledger, in "
              "which every step of every case stands with who did it and when. Keep the folder for the team alone: it "
              "holds what is under embargo.",
          .positionals = {cases_folder()},
          .options = {{.name = "--publisher", .value = "NAME", .help = "Who publishes.", .required = true},
                      {.name = "--url", .value = "URL", .help = "Your own address of the web.", .required = true},
                      {.name = "--base",
                       .value = "URL",
                       .help = "Where the published folder will be served, without a slash at its end.",
                       .required = true},
                      {.name = "--prefix", .value = "NAME", .help = "What ids of cases begin with.", .required = true},
                      {.name = "--contact",
                       .value = "URL",
                       .help = "How reporters reach you: mailto:psirt@example.com, or a page.",
                       .required = true},
                      {.name = "--policy", .value = "URL", .help = "The page of your disclosure policy."},
                      {.name = "--cna-org", .value = "UUID", .help = "Your organization in the CVE program."},
                      {.name = "--cna-name", .value = "NAME", .help = "Its short name there."},
                      {.name = "--csirt",
                       .value = "NAME",
                       .help = "The CSIRT that the Cyber Resilience Act has you report to."}},
          .examples = {{"signet advisory init cases --publisher 'Example Company' --url https://example.com --base "
                        "https://example.com/security --prefix EXAMPLE --contact mailto:psirt@example.com",
                        "Begin."}},
          .run = init};
}

Command new_command() {
  return {.noun = "advisory",
          .verb = "new",
          .summary = "Open a case for a report",
          .description =
              "The case begins in the state received. Say with --at when the report came in: clocks run from then on. "
              "Without --id it gets the next id of the year.",
          .positionals = {cases_folder()},
          .options = {{.name = "--title", .value = "TEXT", .help = "The flaw and the product.", .required = true},
                      {.name = "--id", .value = "ID", .help = "The id, where it is not to be the next one."},
                      {.name = "--reporter", .value = "NAME", .help = "Who reported it; stays inside the team."},
                      k_facts,
                      k_at,
                      k_by,
                      k_note},
          .examples = {{"signet advisory new cases --title 'Restart of Camera OS without login' --reporter 'A. Finder "
                        "<a@example.org>' --at 2026-11-20T09:30:00Z",
                        "A report came in on Friday morning."}},
          .run = begin};
}

Command set_command() {
  std::vector<Option> options = {
      k_facts,
      {.name = "--title", .value = "TEXT", .help = "The flaw and the product."},
      {.name = "--description", .value = "TEXT", .help = "Product, flaw, attacker and impact."},
      {.name = "--cve", .value = "CVE", .help = "The CVE that was assigned."},
      {.name = "--cwe", .value = "CWE", .help = "A weakness; those given replace all.", .repeatable = true},
      {.name = "--cvss", .value = "VECTOR", .help = "A vector; those given replace all.", .repeatable = true},
      {.name = "--reporter", .value = "NAME", .help = "Who reported it; stays inside the team."},
      {.name = "--embargo", .value = "TIME", .help = "Nothing may be public before this, or none."},
      {.name = "--disclosed", .value = "TIME", .help = "When others made it public, or none."},
      {.name = "--exploited", .value = "TIME", .help = "When you learnt that it is actively exploited, or none."},
      {.name = "--incident",
       .value = "TIME",
       .help = "When you learnt of a severe incident that comes of it, or none."},
      {.name = "--sent",
       .value = "WHAT",
       .help = "What was sent or submitted at the time of --at; `signet advisory clocks` names what is due.",
       .repeatable = true}};
  for (const std::string_view one : advisories::known_sendings()) options.back().choices.emplace_back(one);
  for (const Option& one : {k_at, k_by, k_note}) options.push_back(one);
  return {
      .noun = "advisory",
      .verb = "set",
      .summary = "Change what is known of a case",
      .description =
          "Facts are checked as they are written: ranges of versions, package URLs, CPE names, vectors, weaknesses. "
          "Products, remediations, credits and references come in a file. Changes of a published case are seen by "
          "nobody until it is published once more.",
      .positionals = {cases_folder(), case_id()},
      .options = std::move(options),
      .examples = {{"signet advisory set cases EXAMPLE-2026-001 --facts facts.json", "Products and ranges."},
                   {"signet advisory set cases EXAMPLE-2026-001 --cvss "
                    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H --cwe CWE-306",
                    "Severity and weakness."},
                   {"signet advisory set cases EXAMPLE-2026-001 --sent cra-early-warning --at "
                    "2026-11-21T08:00:00Z",
                    "Write down that the authority was told."}},
      .run = set};
}

Command advance_command() {
  return {.noun = "advisory",
          .verb = "advance",
          .summary = "Move a case to its next state",
          .description =
              "States: received, triaged, confirmed or rejected, fix_in_progress, fix_available, published, closed. A "
              "move that skips what must be there is refused, and said why. A case under embargo cannot be published. "
              "A case that is published once more gets a new revision; --note is its summary.",
          .positionals = {cases_folder(),
                          case_id(),
                          {.name = "STATE", .help = "The new state.", .complete = Complete::nothing}},
          .options = {k_at, k_by, k_note},
          .examples = {{"signet advisory advance cases EXAMPLE-2026-001 triaged --by alice", "Somebody has looked."},
                       {"signet advisory advance cases EXAMPLE-2026-001 rejected --note 'Not reproducible on any "
                        "release.'",
                        "It is no vulnerability of ours."}},
          .run = advance};
}

}  // namespace

Positional cases_folder() { return {.name = "CASES", .help = "The folder of cases.", .complete = Complete::folder}; }

Positional case_id() { return {.name = "ID", .help = "The case.", .complete = Complete::nothing}; }

Result<std::optional<Instant>> time_of(const Invocation& call, std::string_view option) {
  const std::string text = call.get(option);
  if (text.empty() || text == "none") return std::optional<Instant>();
  const auto time = from_rfc3339(text);
  if (time) return std::optional<Instant>(*time);
  return Error(Errc::usage, "usage.time", std::string(option) + ": '" + printable(text, 60) + "' is no time",
               "Write it as 2026-11-23T07:00:00Z.");
}

std::vector<Command> case_writing_commands() {
  return {init_command(), new_command(), set_command(), advance_command()};
}

std::vector<Command> advisory_case_commands() {
  std::vector<Command> all = case_writing_commands();
  for (Command& command : case_reading_commands()) all.push_back(std::move(command));
  return all;
}

}  // namespace signet::cli
