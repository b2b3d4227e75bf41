// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The decision. It is made here only: to answer a question, and to explain an answer.
#include "signet/crypto.hpp"
#include "signet/keystored_policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::keystored {

namespace {

struct ActRow {
  Act act;
  std::string_view name;
  bool key;
};
constexpr std::array<ActRow, k_acts> k_act_rows{{
    {Act::sign, "sign", true},
    {Act::decrypt, "decrypt", true},
    {Act::derive, "derive", true},
    {Act::seal, "seal", false},
    {Act::generate, "generate", true},
    {Act::import, "import", true},
    {Act::destroy, "destroy", true},
    {Act::rotate, "rotate", true},
    {Act::attest, "attest", true},
    {Act::list, "list", true},
    {Act::objects, "objects", false},
    {Act::token, "token", false},
    {Act::watch, "watch", false},
}};

const ActRow& row_of(Act act) { return k_act_rows.at(static_cast<std::size_t>(act)); }

/// Whether a text fits a pattern in which '*' stands for any characters. Linear but for one way back to the last star.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// Whether a rule is about a caller as far as his program does not matter.
bool is_about_caller(const PolicyRule& rule, const Subject& subject) {
  if (rule.uid && *rule.uid != subject.uid) return false;
  const auto in_group = [&](gid_t gid) {
    return gid == subject.gid || std::ranges::find(subject.groups, gid) != subject.groups.end();
  };
  if (rule.gid && !in_group(*rule.gid)) return false;
  // What is not known fits no rule that wants to know it.
  return rule.unit.empty() || rule.unit == subject.unit.value_or("");
}

bool is_about(const PolicyRule& rule, const Subject& subject) {
  return is_about_caller(rule, subject) && (rule.program.empty() || rule.program == subject.program.value_or(""));
}

bool is_about_key(const PolicyRule& rule, const std::string& key, std::optional<keystore::Purpose> purpose) {
  const bool named =
      rule.keys.empty() || std::ranges::any_of(rule.keys, [&](const auto& each) { return fits(each, key); });
  if (!named || rule.purposes.empty()) return named;
  return purpose && std::ranges::find(rule.purposes, *purpose) != rule.purposes.end();
}

/// Whether a rule allows anything with keys: then these are to be seen.
bool uses_keys(const PolicyRule& rule) {
  return std::ranges::any_of(
      k_act_rows, [&](const ActRow& row) { return row.key && rule.may.test(static_cast<std::size_t>(row.act)); });
}

/// Everything but the rate, which is the only thing that a decision changes.
Fit fit_of(const PolicyRule& rule, const Subject& subject, const Ask& ask, const Circumstances& around) {
  if (!is_about(rule, subject)) {
    return is_about_caller(rule, subject) && !subject.program ? Fit::program_unknown : Fit::other_user;
  }
  const bool sees = ask.act == Act::list && uses_keys(rule);
  if (!sees && !rule.may.test(static_cast<std::size_t>(ask.act))) return Fit::other_act;
  if (needs_key(ask.act) && !is_about_key(rule, ask.key, ask.purpose)) return Fit::other_key;
  if (sees) return Fit::grants;  // the rest is about uses
  if (rule.from && around.now < *rule.from) return Fit::too_early;
  if (rule.until && around.now >= *rule.until) return Fit::too_late;
  if (rule.floor_at_least) {
    const auto floor = around.floor_of ? around.floor_of() : std::nullopt;
    if (!floor || *floor < *rule.floor_at_least) return Fit::floor;
  }
  if (rule.pin && !around.logged_in) return Fit::pin;
  return Fit::grants;
}

constexpr std::array<std::string_view, 10> k_fits{"other-user", "program-unknown", "other-act", "other-key",
                                                  "too-early",  "too-late",        "floor",     "pin",
                                                  "rate",       "grants"};
constexpr std::array<std::string_view, 3> k_boot_states{"holds", "differs", "unknown"};  // in the order of the enum

std::string quoted(const PolicyRule& rule) { return "the rule '" + printable(rule.name, 64) + "'"; }

std::string text_of(const PolicyRule& rule, Fit fit) {
  switch (fit) {
    case Fit::other_user:
      return "is about other callers";
    case Fit::program_unknown:
      return "names a program, and which program asks cannot be seen: signet-keystored sees those of other users only "
             "with CAP_SYS_PTRACE, which its packaged unit does not give it. Name a unit instead";
    case Fit::other_act:
      return "does not allow this act";
    case Fit::other_key:
      return "is about other keys or purposes";
    case Fit::too_early:
      return "allows it from " + to_rfc3339(rule.from.value_or(Instant{})) + " on";
    case Fit::too_late:
      return "allowed it until " + to_rfc3339(rule.until.value_or(Instant{}));
    case Fit::floor:
      return "allows it once the version floor is " + std::to_string(rule.floor_at_least.value_or(0)) +
             " or higher, and the floor is lower or not known";
    case Fit::pin:
      return "allows it after a login with the token's user PIN on the same connection";
    case Fit::rate:
      return "allows it " + std::to_string(rule.rate->per_minute) + " times a minute";
    case Fit::grants:
      break;
  }
  if (!rule.rate) return "allows it";
  return "allows it, " + std::to_string(rule.rate->burst) + " times at once and " +
         std::to_string(rule.rate->per_minute) + " times a minute";
}

std::string what(const Ask& ask) {
  return std::string(name_of(ask.act)) +
         (needs_key(ask.act) && !ask.key.empty() ? " with the key '" + printable(ask.key, 64) + "'" : std::string());
}

}  // namespace

std::string_view name_of(Act act) { return row_of(act).name; }
std::string_view name_of(Fit fit) { return k_fits.at(static_cast<std::size_t>(fit)); }
bool needs_key(Act act) { return row_of(act).key; }

Result<Act> act_from(std::string_view name) {
  std::string known;
  for (const ActRow& row : k_act_rows) {
    if (row.name == name) return row.act;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return Error(Errc::invalid_input, "policy.act", "'" + printable(name, 40) + "' is nothing that a policy allows",
               "It allows: " + known + ".");
}

Policy Policy::built_in(uid_t own_uid, const std::vector<uid_t>& allow_uids) {
  Policy policy;
  Json said = Json::array();
  const auto add = [&](std::string name, uid_t uid, std::bitset<k_acts> may) {
    said.push(Json::object({{"uid", std::uint64_t{uid}}, {"may", may.to_string()}}));
    PolicyRule rule{.name = std::move(name)};
    rule.uid = uid;
    rule.may = may;
    policy.rules_.push_back(std::move(rule));
  };
  const auto all = std::bitset<k_acts>().set();
  add("root", 0, all);
  if (own_uid != 0) add("keystored's own user", own_uid, all);
  for (const uid_t uid : allow_uids) {
    add("--allow-uid " + std::to_string(uid), uid,
        std::bitset<k_acts>(all).reset(static_cast<std::size_t>(Act::watch)));
  }
  policy.digest_ = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(said.dump())));
  return policy;
}

bool Policy::knows(const Subject& subject) const {
  return std::ranges::any_of(rules_, [&](const PolicyRule& rule) { return is_about(rule, subject); });
}

bool Policy::shows(const Subject& subject, const std::string& key, keystore::Purpose purpose) const {
  return std::ranges::any_of(rules_, [&](const PolicyRule& rule) {
    return is_about(rule, subject) && uses_keys(rule) && is_about_key(rule, key, purpose);
  });
}

Result<std::size_t> Policy::decide(const Subject& subject, const Ask& ask, const Circumstances& around,
                                   const Take& take) const {
  Fit nearest = Fit::other_user;
  std::size_t nearest_rule = 0;
  std::int64_t wait_seconds = 0;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const PolicyRule& rule = rules_[i];
    Fit fit = fit_of(rule, subject, ask, around);
    if (fit == Fit::grants) {
      const auto wait = rule.rate && ask.act != Act::list ? take(i) : std::nullopt;
      if (!wait) return i;
      wait_seconds = nearest == Fit::rate ? std::min(wait_seconds, *wait) : *wait;
      fit = Fit::rate;
    }
    if (fit > nearest) {
      nearest = fit;
      nearest_rule = i;
    }
  }
  return refusal(subject, ask, nearest, nearest_rule, wait_seconds);
}

Error Policy::refusal(const Subject& subject, const Ask& ask, Fit fit, std::size_t rule,
                      std::int64_t wait_seconds) const {
  const std::string user = "the user " + std::to_string(subject.uid);
  if (fit == Fit::other_user || fit == Fit::program_unknown) {  // who may be a stranger is told no more than one
    return {Errc::denied, "keystored.peer", user + " may not ask anything",
            from_file_ ? "No rule of the policy is about this caller."
                       : "Start signet-keystored with --allow-uid " + std::to_string(subject.uid) +
                             " if that user is to have keys, or with --policy."};
  }
  const std::string text = user + " may not " + what(ask);
  if (fit == Fit::other_act || fit == Fit::other_key) {
    return {Errc::denied, "keystored.policy", text + ": no rule of the policy allows it",
            "`signet key policy explain` says why, rule by rule."};
  }
  const PolicyRule& near = rules_.at(rule);
  const std::string why = text + " now: " + quoted(near) + " " + text_of(near, fit);
  switch (fit) {
    case Fit::too_early:
      return {Errc::denied, "keystored.too-early", why, "Is the clock right?"};
    case Fit::too_late:
      return {Errc::denied, "keystored.too-late", why, "Is the clock right?"};
    case Fit::floor:
      return {Errc::denied, "keystored.floor", why, "`signet floor show` says what the floor is."};
    case Fit::pin:
      return {Errc::denied, "keystored.pin", why, "Log in to the PKCS#11 token first."};
    default:
      return {Errc::unavailable, "keystored.rate", why,
              "Try again in " + describe_seconds(std::max<std::int64_t>(wait_seconds, 1)) + "."};
  }
}

Explanation Policy::explain(const Subject& subject, const Ask& ask, const Circumstances& around) const {
  Explanation out;
  for (const PolicyRule& rule : rules_) {
    const Fit fit = fit_of(rule, subject, ask, around);
    if (fit == Fit::grants && !out.granted_by) out.granted_by = rule.name;
    out.findings.push_back({.rule = rule.name, .fit = fit, .text = text_of(rule, fit)});
  }
  return out;
}

Json Explanation::to_json() const {
  Json rows = Json::array();
  for (const Finding& finding : findings) {
    rows.push(Json::object({{"rule", finding.rule}, {"fit", name_of(finding.fit)}, {"text", finding.text}}));
  }
  Json out = Json::object({{"allowed", Json(allowed())}});
  if (granted_by) out.set("rule", *granted_by);
  if (boot_state) {
    const auto state = k_boot_states.at(static_cast<std::size_t>(boot_state->state));
    out.set("boot_state", Json::object({{"state", state}, {"text", boot_state->text}}));
  }
  return out.set("rules", std::move(rows));
}

Result<Explanation> Explanation::parse(const Json& json) {
  const Error strange(Errc::invalid_input, "policy.explanation", "it is not understood");
  Explanation out;
  if (const Json* told = json.find("boot_state")) {
    BootFinding& finding = out.boot_state.emplace();
    TRY_ASSIGN(const std::string state, told->string_at("state"));
    TRY_ASSIGN(finding.text, told->string_at("text"));
    const auto found = std::ranges::find(k_boot_states, state);
    if (found == k_boot_states.end()) return strange;
    finding.state = static_cast<BootFinding::State>(found - k_boot_states.begin());
  }
  TRY_ASSIGN(const Json::Array rows, json.array_at("rules"));
  for (const Json& row : rows) {
    TRY_ASSIGN(std::string rule, row.string_at("rule"));
    TRY_ASSIGN(const std::string fit, row.string_at("fit"));
    TRY_ASSIGN(std::string text, row.string_at("text"));
    const auto found = std::ranges::find(k_fits, fit);
    if (found == k_fits.end()) return strange;
    const auto value = static_cast<Fit>(found - k_fits.begin());
    if (value == Fit::grants && !out.granted_by) out.granted_by = rule;
    out.findings.push_back({.rule = std::move(rule), .fit = value, .text = std::move(text)});
  }
  return out;
}

}  // namespace signet::keystored
