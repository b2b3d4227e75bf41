// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The policy as a file: docs/formats/keystored-policy.md.
// parses: foreign bytes (fuzz: keystored_policy_fuzz)
#include "signet/crypto.hpp"
#include "signet/keystored_policy.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <set>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::int64_t k_version = 1;
constexpr std::size_t k_rules_max = 256;
constexpr std::size_t k_patterns_max = 64;
constexpr std::size_t k_text_chars_max = 256;
constexpr std::uint64_t k_rate_max = 1'000'000;

Error malformed(std::string text) {
  return {Errc::invalid_input, "policy.malformed", std::move(text),
          "docs/formats/keystored-policy.md has the members."};
}

Result<std::string> text_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(std::string text, json.string_at(name));
  if (!text.empty() && text.size() <= k_text_chars_max && printable(text, k_text_chars_max) == text) return text;
  return malformed("'" + std::string(name) + "' is empty, too long, or not printable");
}

Result<std::vector<std::string>> texts_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(const Json::Array values, json.array_at(name));
  if (values.empty() || values.size() > k_patterns_max) {
    return malformed("'" + std::string(name) + "' has 1 to 64 elements; leave it out if it is not to be compared");
  }
  std::vector<std::string> texts;
  for (const Json& value : values) {
    TRY_ASSIGN(std::string text, value.as_string(name));
    if (text.empty() || text.size() > k_text_chars_max) return malformed("an element of '" + std::string(name) + "'");
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<void> parse_who(const Json& who, const Accounts& accounts, PolicyRule& rule) {
  TRY(who.only_members({"user", "group", "unit", "program"}));
  if (who.find("user") != nullptr) {
    TRY_ASSIGN(const std::string user, text_at(who, "user"));
    TRY_ASSIGN(rule.uid, accounts.uid_of(user));
  }
  if (who.find("group") != nullptr) {
    TRY_ASSIGN(const std::string group, text_at(who, "group"));
    TRY_ASSIGN(rule.gid, accounts.gid_of(group));
  }
  if (who.find("unit") != nullptr) {
    TRY_ASSIGN(rule.unit, text_at(who, "unit"));
  }
  if (who.find("program") != nullptr) {
    TRY_ASSIGN(rule.program, text_at(who, "program"));
    if (rule.program.front() != '/') return malformed("'program' is an absolute path");
  }
  if (rule.uid || rule.gid) return {};
  // /proc tells units and programs, and anybody can start a program.
  return malformed("'who' names a user or a group; 'unit' and 'program' only narrow it down");
}

Result<void> parse_may(const Json& json, PolicyRule& rule) {
  TRY_ASSIGN(const auto names, texts_at(json, "may"));
  for (const std::string& name : names) {
    if (name == "all") {
      rule.may.set();
      continue;
    }
    TRY_ASSIGN(const Act act, act_from(name));
    rule.may.set(static_cast<std::size_t>(act));
  }
  return {};
}

Result<void> parse_keys(const Json& json, PolicyRule& rule) {
  if (json.find("keys") != nullptr) {
    TRY_ASSIGN(rule.keys, texts_at(json, "keys"));
  }
  if (json.find("purposes") == nullptr) return {};
  TRY_ASSIGN(const auto names, texts_at(json, "purposes"));
  for (const std::string& name : names) {
    TRY_ASSIGN(const keystore::Purpose purpose, keystore::purpose_from(name));
    rule.purposes.push_back(purpose);
  }
  return {};
}

Result<std::optional<Instant>> instant_at(const Json& json, std::string_view name) {
  if (json.find(name) == nullptr) return std::optional<Instant>();
  TRY_ASSIGN(const std::string text, json.string_at(name));
  TRY_ASSIGN(const Instant instant, from_rfc3339(text));
  return std::optional<Instant>(instant);
}

Result<void> parse_conditions(const Json& json, PolicyRule& rule) {
  if (json.find("rate") != nullptr) {
    TRY_ASSIGN(const Json rate, json.object_at("rate"));
    TRY(rate.only_members({"per_minute", "burst"}));
    Rate parsed;
    TRY_ASSIGN(parsed.per_minute, rate.uint_at("per_minute"));
    TRY_ASSIGN(parsed.burst, rate.uint_at("burst"));
    const auto odd = [](std::uint64_t value) { return value == 0 || value > k_rate_max; };
    if (odd(parsed.per_minute) || odd(parsed.burst)) return malformed("'per_minute' and 'burst' are 1 to 1000000");
    rule.rate = parsed;
  }
  if (const Json* pin = json.find("pin")) TRY(pin->as_bool(rule.pin, "pin"));
  TRY_ASSIGN(rule.from, instant_at(json, "from"));
  TRY_ASSIGN(rule.until, instant_at(json, "until"));
  if (rule.from && rule.until && *rule.from >= *rule.until) return malformed("'until' is not after 'from'");
  if (json.find("floor_at_least") != nullptr) {
    TRY_ASSIGN(rule.floor_at_least, json.uint_at("floor_at_least"));
  }
  return {};
}

Result<PolicyRule> parse_rule(const Json& json, const Accounts& accounts) {
  TRY(json.only_members({"name", "who", "may", "keys", "purposes", "rate", "pin", "from", "until", "floor_at_least"}));
  PolicyRule rule;
  TRY_ASSIGN(rule.name, text_at(json, "name"));
  TRY_ASSIGN(const Json who, json.object_at("who"));
  TRY(parse_who(who, accounts, rule));
  TRY(parse_may(json, rule));
  TRY(parse_keys(json, rule));
  TRY(parse_conditions(json, rule));
  return rule;
}

Result<std::vector<PolicyRule>> parse_rules(ByteView text, const Accounts& accounts) {
  TRY_ASSIGN(const Json json, Json::parse(text, {.size_bytes_max = 256U << 10U, .depth_max = 8, .values_max = 20'000}));
  if (!json.is_object()) return malformed("a policy is a JSON object");
  TRY(json.only_members({"version", "rules"}));
  TRY_ASSIGN(const std::int64_t version, json.int_at("version"));
  if (version != k_version) return malformed("a policy of version " + std::to_string(version) + " is not understood");
  TRY_ASSIGN(const Json::Array values, json.array_at("rules"));
  if (values.size() > k_rules_max) return malformed("a policy has at most 256 rules");
  std::vector<PolicyRule> rules;
  std::set<std::string> names;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string where = "rule " + std::to_string(i + 1);
    if (!values[i].is_object()) return malformed(where + " is no object");
    auto rule = parse_rule(values[i], accounts);
    if (!rule) return std::move(rule).error().with_context(where);
    if (!names.insert(rule->name).second) return malformed(where + ": two rules are called '" + rule->name + "'");
    rules.push_back(*std::move(rule));
  }
  return rules;
}

/// A number stands for itself.
std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failed == std::errc() && end == text.data() + text.size();
  // The highest one means "nobody" to the kernel.
  return whole && value != UINT32_MAX ? std::optional(value) : std::nullopt;
}

constexpr std::size_t k_entry_bytes = 1U << 16U;

Result<passwd> find_user(const std::string& name, Bytes& room) {
  room.resize(k_entry_bytes);
  passwd entry{};
  passwd* found = nullptr;
  const auto number = number_of(name);
  char* const at = reinterpret_cast<char*>(room.data());
  const int failed = number ? ::getpwuid_r(*number, &entry, at, room.size(), &found)
                            : ::getpwnam_r(name.c_str(), &entry, at, room.size(), &found);
  if (failed == 0 && found != nullptr) return entry;
  return Error(Errc::not_found, "policy.unknown-user", "there is no user '" + printable(name, 64) + "' on this machine",
               "Make that user first, or name a number.");
}

}  // namespace

Accounts system_accounts() {
  Accounts accounts;
  accounts.uid_of = [](const std::string& name) -> Result<uid_t> {
    if (const auto number = number_of(name)) return *number;
    Bytes room;
    TRY_ASSIGN(const passwd entry, find_user(name, room));
    return entry.pw_uid;
  };
  accounts.gid_of = [](const std::string& name) -> Result<gid_t> {
    if (const auto number = number_of(name)) return *number;
    Bytes room(k_entry_bytes);
    group entry{};
    group* found = nullptr;
    const int failed = ::getgrnam_r(name.c_str(), &entry, reinterpret_cast<char*>(room.data()), room.size(), &found);
    if (failed == 0 && found != nullptr) return entry.gr_gid;
    return Error(Errc::not_found, "policy.unknown-group",
                 "there is no group '" + printable(name, 64) + "' on this machine",
                 "Make that group first, or name a number.");
  };
  return accounts;
}

Result<Subject> subject_of_user(const std::string& name) {
  Bytes room;
  const auto entry = find_user(name, room);
  if (!entry) {
    const auto number = number_of(name);
    if (!number) return entry.error();
    return Subject{.uid = *number};  // a user without a name has no groups that could be looked up
  }
  Subject subject{.uid = entry->pw_uid, .gid = entry->pw_gid};
  std::array<gid_t, 256> groups{};
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(entry->pw_name, entry->pw_gid, groups.data(), &count) >= 0) {
    subject.groups.assign(groups.begin(), groups.begin() + count);
  }
  return subject;
}

Result<Policy> Policy::parse(ByteView text, const Accounts& accounts) {
  auto rules = parse_rules(text, accounts);
  if (!rules) {
    if (rules.error().reason().starts_with("policy.unknown-")) return std::move(rules).error();
    return malformed(rules.error().message());
  }
  Policy policy;
  policy.rules_ = *std::move(rules);
  policy.digest_ = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, text));
  policy.from_file_ = true;
  return policy;
}

}  // namespace signet::keystored
