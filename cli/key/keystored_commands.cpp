// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "key/keystored_commands.hpp"

#include "signet/keystore.hpp"
#include "signet/keystored.hpp"
#include "signet/keystored_policy.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "key/rotate_command.hpp"

#include <chrono>
#include <string>

namespace signet::cli {

namespace {

using keystore::KeystoredClient;
using keystored::Explanation;
using keystored::Policy;

constexpr std::uint64_t k_policy_bytes_max = 256U << 10U;
constexpr std::uint64_t k_watch_ms = 1000;

Error wrong(std::string text, std::string hint) { return {Errc::usage, "cli.usage", std::move(text), std::move(hint)}; }

// --- policy ---

Result<Policy> load_policy(const std::string& file) {
  TRY_ASSIGN(const Bytes text, os::read_file(file, k_policy_bytes_max));
  return Policy::parse(text, keystored::system_accounts()).context("policy '" + printable(file) + "'");
}

Result<void> check_policy(const Invocation& call) {
  if (!call.has("--policy")) return wrong("which policy?", "Name it with --policy FILE.");
  TRY_ASSIGN(const Policy policy, load_policy(call.get("--policy")));
  Json names = Json::array();
  Json warnings = Json::array();
  for (const auto& rule : policy.rules()) {
    names.push(rule.name);
    call.out().line("rule    " + printable(rule.name, 64));
    if (rule.program.empty()) continue;
    warnings.push("the rule '" + printable(rule.name, 64) +
                  "' names a program: it matches only where signet-keystored has " +
                  "CAP_SYS_PTRACE, which its packaged unit does not give it; name a unit instead");
    call.out().line("warning: " + warnings.elements().back().as_string().value_or(""));
  }
  call.out().line("sha256  " + policy.digest());
  call.out().result(
      Json::object({{"rules", std::move(names)}, {"warnings", std::move(warnings)}, {"sha256", policy.digest()}}));
  return {};
}

Result<keystored::Subject> subject_of(const Invocation& call) {
  TRY_ASSIGN(keystored::Subject subject, keystored::subject_of_user(call.get("--user")));
  if (call.has("--unit")) subject.unit = call.get("--unit");
  if (call.has("--program")) subject.program = call.get("--program");
  return subject;
}

Result<keystored::Ask> ask_of(const Invocation& call) {
  keystored::Ask ask;
  TRY_ASSIGN(ask.act, keystored::act_from(call.get("--op")));
  ask.key = call.get("--key");
  if (call.has("--purpose")) {
    TRY_ASSIGN(ask.purpose, keystore::purpose_from(call.get("--purpose")));
  }
  if (ask.key.empty() && keystored::needs_key(ask.act)) return wrong("with which key?", "Name it with --key LABEL.");
  return ask;
}

/// By the same code that decides in keystored, on a file that need not be in force yet.
Result<Explanation> explain_file(const Invocation& call) {
  TRY_ASSIGN(const Policy policy, load_policy(call.get("--policy")));
  TRY_ASSIGN(const keystored::Subject subject, subject_of(call));
  TRY_ASSIGN(const keystored::Ask ask, ask_of(call));
  keystored::Circumstances around{.now = os::SystemClock().now(), .logged_in = call.has("--logged-in")};
  if (call.has("--time")) {
    TRY_ASSIGN(around.now, from_rfc3339(call.get("--time")));
  }
  if (call.has("--floor")) {
    TRY_ASSIGN(const std::uint64_t floor, call.get_uint("--floor", 0, INT64_MAX));
    around.floor_of = [floor] { return std::optional(floor); };
  }
  return policy.explain(subject, ask, around);
}

Result<Explanation> explain_live(const Invocation& call) {
  for (const char* option : {"--time", "--floor"}) {
    if (call.has(option)) return wrong(std::string(option) + " goes with --policy", "The service knows for itself.");
  }
  TRY_ASSIGN(const keystored::Subject subject, subject_of(call));
  TRY_ASSIGN(const keystored::Ask ask, ask_of(call));
  Json groups = Json::array();
  for (const auto gid : subject.groups) groups.push(std::uint64_t{gid});
  Json arguments = Json::object({{"uid", std::uint64_t{subject.uid}}, {"groups", std::move(groups)}});
  if (subject.gid != static_cast<gid_t>(-1)) arguments.set("gid", std::uint64_t{subject.gid});
  if (subject.unit) arguments.set("unit", *subject.unit);
  if (subject.program) arguments.set("program", *subject.program);
  arguments.set("act", name_of(ask.act)).set("logged_in", Json(call.has("--logged-in")));
  if (!ask.key.empty()) arguments.set("label", ask.key);
  if (ask.purpose) arguments.set("purpose", name_of(*ask.purpose));
  KeystoredClient keystored(call.get("--keystored"));
  TRY_ASSIGN(const Json answer, keystored.call("policy-explain", std::move(arguments)));
  TRY_ASSIGN(const Json explanation, answer.object_at("explanation"));
  return Explanation::parse(explanation);
}

Result<void> explain_policy(const Invocation& call) {
  if (!call.has("--user")) return wrong("about whom?", "Name a user with --user.");
  TRY_ASSIGN(const Explanation found, call.has("--policy") ? explain_file(call) : explain_live(call));
  const std::string user = "the user '" + printable(call.get("--user"), 64) + "'";
  const std::string act =
      call.get("--op") + (call.has("--key") ? " with the key '" + printable(call.get("--key"), 64) + "'" : "");
  call.out().line((found.allowed() ? "yes, " + user + " may " : "no, " + user + " may not ") + act);
  for (const auto& finding : found.findings) {
    const bool grants = found.granted_by == finding.rule;
    call.out().line(std::string(grants ? "* " : "  ") + printable(finding.rule, 64) + ": " + finding.text);
  }
  if (found.findings.empty()) call.out().line("  the policy has no rules");
  if (found.boot_state) call.out().line("  boot state: " + printable(found.boot_state->text, 400));
  const Json json = found.to_json();
  call.out().evidence(Json::object({{"explanation", json}}));
  if (!found.granted_by)
    return Error(Errc::denied, "policy.refused", "no rule lets " + user + " " + act, "Each rule above says why.");
  if (!found.allowed())
    return Error(Errc::denied, "policy.boot-state", "the TPM does not let " + user + " " + act + " in this boot state",
                 "`signet key rotate` makes a new key for the state of now.");
  call.out().result(Json::object({{"explanation", json}}));
  return {};
}

Result<void> policy(const Invocation& call) {
  const std::string action = call.get("ACTION");
  if (action == "explain") return explain_policy(call);
  if (action == "check") return check_policy(call);
  return wrong("'" + printable(action, 40) + "' is nothing to do with a policy", "It is `explain` or `check`.");
}

// --- watch ---

std::string line_of(const Json& use) {
  const auto text = [&](std::string_view name) { return printable(use.string_at(name).value_or(""), 256); };
  const auto number = [&](std::string_view name) { return std::to_string(use.int_at(name).value_or(0)); };
  std::string line = text("time") + "  uid " + number("uid") + "  pid " + number("pid") + "  " + text("op");
  if (!text("key").empty()) line += " " + text("key");
  line += "  " + text("outcome") + "  " + number("took_us") + " us";
  const std::string who = text("unit").empty() ? text("program") : text("unit");
  return who.empty() ? line : line + "  " + who;
}

Result<void> watch(const Invocation& call) {
  if (call.out().json() && !call.has("--count") && !call.has("--seconds")) {
    return wrong("--json prints one value, so it needs an end", "Add --count N or --seconds N.");
  }
  TRY_ASSIGN(const std::uint64_t count, call.get_uint("--count", 0, 1'000'000));
  TRY_ASSIGN(const std::uint64_t seconds, call.get_uint("--seconds", 0, 1'000'000));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  KeystoredClient keystored(call.get("--keystored"));
  Json uses = Json::array();
  std::uint64_t missed = 0;
  Json arguments = Json::object({{"wait_ms", std::uint64_t{0}}});  // the first question says where now is
  for (;;) {
    TRY_ASSIGN(const Json answer, keystored.call("watch", arguments));
    TRY_ASSIGN(const Json::Array rows, answer.array_at("uses"));
    TRY_ASSIGN(const std::uint64_t next, answer.uint_at("next"));
    TRY_ASSIGN(const std::uint64_t gone, answer.uint_at("missed"));
    if (gone > 0) call.out().line(std::to_string(gone) + " uses came too fast to be shown; they are in the record");
    missed += gone;
    for (const Json& use : rows) {
      call.out().line(line_of(use));
      uses.push(use);
      if (count > 0 && uses.elements().size() == count) break;
    }
    const bool enough = count > 0 && uses.elements().size() >= count;
    if (enough || (seconds > 0 && std::chrono::steady_clock::now() >= end)) break;
    if (!call.out().json() && count == 0) uses = Json::array();  // printed already
    arguments = Json::object({{"next", next}, {"wait_ms", k_watch_ms}});
  }
  call.out().result(Json::object({{"uses", std::move(uses)}, {"missed", missed}}));
  return {};
}

Option keystored_option() {
  return {.name = "--keystored",
          .value = "SOCKET",
          .help = "Where signet-keystored listens.",
          .fallback = std::string(keystore::k_keystored_socket),
          .complete = Complete::file};
}

Command policy_command() {
  return {
      .noun = "key",
      .verb = "policy",
      .summary = "Say who may use a key of a device, and why",
      .description =
          "`policy explain` answers whether a user may do something with a key of signet-keystored, and what each rule "
          "says to it: by the policy in force, or with --policy by a file. The answer comes from the code that "
          "decides. Rates are named, not counted. Where it is not allowed, the command ends as with any denial.\n\n"
          "`policy check` reads a file as signet-keystored would. The form is docs/formats/keystored-policy.md.",
      .positionals = {{.name = "ACTION", .help = "What to do: explain or check", .complete = Complete::nothing}},
      .options = {{.name = "--user", .value = "NAME", .help = "The user, by name or number."},
                  {.name = "--key", .value = "LABEL", .help = "The key."},
                  {.name = "--op",
                   .value = "ACT",
                   .help = "What he wants to do with it.",
                   .fallback = "sign",
                   .choices = {"sign", "decrypt", "derive", "seal", "generate", "import", "destroy", "rotate", "attest",
                               "list", "objects", "token", "watch"}},
                  {.name = "--purpose",
                   .value = "PURPOSE",
                   .help = "The key's purpose; the service knows it for itself.",
                   .choices = {"device-id", "tls", "network", "video", "storage"}},
                  {.name = "--unit", .value = "NAME", .help = "The systemd unit that the program runs in."},
                  {.name = "--program", .value = "PATH", .help = "The program."},
                  {.name = "--logged-in", .value = {}, .help = "As if the token's user PIN had been given."},
                  {.name = "--policy",
                   .value = "FILE",
                   .help = "A policy that need not be in force.",
                   .complete = Complete::file},
                  {.name = "--time", .value = "TIME", .help = "When, in RFC 3339; with --policy."},
                  {.name = "--floor", .value = "N", .help = "The version floor; with --policy."},
                  keystored_option()},
      .examples = {{"signet key policy explain --user www-data --key web --op sign", "may the web server sign?"},
                   {"signet key policy explain --policy policy.json --user 33 --key web --purpose tls",
                    "what a new policy would say"},
                   {"signet key policy check --policy policy.json", "whether a policy is whole"}},
      .run = policy};
}

Command watch_command() {
  return {.noun = "key",
          .verb = "watch",
          .summary = "Show who uses which key of a device, live",
          .description =
              "Shows each use of a key of signet-keystored, and each refused one, from now on. The record on disk is "
              "below the service's state folder: docs/formats/keystored-audit.md.",
          .options = {keystored_option(),
                      {.name = "--count", .value = "N", .help = "End after so many uses.", .fallback = "0"},
                      {.name = "--seconds", .value = "N", .help = "End after so many seconds.", .fallback = "0"}},
          .examples = {{"signet key watch", "until it is interrupted"},
                       {"signet key watch --seconds 60 --json", "a minute, for a machine"}},
          .run = watch};
}

}  // namespace

std::vector<Command> keystored_key_commands() { return {policy_command(), watch_command(), rotate_command()}; }

}  // namespace signet::cli
