// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored_policy.hpp"
#include "signet/test/expect.hpp"

#include "allowance.hpp"
#include "caller.hpp"

#include <string>
#include <vector>

namespace signet::keystored {
namespace {

using keystore::Purpose;

/// A machine with one user and one group.
Accounts accounts() {
  Accounts made = system_accounts();
  made.uid_of = [fallback = made.uid_of](const std::string& name) -> Result<uid_t> {
    if (name == "www-data") return 33U;
    return fallback(name);
  };
  made.gid_of = [fallback = made.gid_of](const std::string& name) -> Result<gid_t> {
    if (name == "media") return 44U;
    return fallback(name);
  };
  return made;
}

Policy policy_of(const std::string& rules) {
  auto policy = Policy::parse(as_bytes(R"({"version":1,"rules":[)" + rules + "]}"), accounts());
  if (!policy) ADD_FAILURE() << policy.error().message();
  return policy ? *std::move(policy) : Policy::built_in(0, {});
}

constexpr const char* k_rules = R"(
  {"name":"web","who":{"user":"www-data"},"may":["sign"],"keys":["web","web.*"],"purposes":["tls"]},
  {"name":"video","who":{"group":"media"},"may":["sign","list"],"purposes":["video"]},
  {"name":"seals","who":{"user":"700"},"may":["seal"],"keys":["nothing"]},
  {"name":"one program","who":{"user":"800","unit":"agent.service","program":"/usr/bin/agent"},"may":["sign"]},
  {"name":"this year","who":{"user":"900"},"may":["sign"],"from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"},
  {"name":"new firmware","who":{"user":"901"},"may":["sign"],"floor_at_least":7},
  {"name":"with a PIN","who":{"user":"902"},"may":["all"],"pin":true},
  {"name":"two ways","who":{"user":"903"},"may":["sign"],"pin":true},
  {"name":"the other way","who":{"user":"903"},"may":["sign"],"keys":["open"]}
)";

const Instant k_2026 = *from_rfc3339("2026-11-22T12:00:00Z");

struct Case {
  const char* name;
  Subject subject;
  Ask ask;
  const char* reason;  ///< empty: granted
  Instant now = k_2026;
  std::optional<std::uint64_t> floor = {};
  bool logged_in = false;
};

const Ask k_sign_web{.act = Act::sign, .key = "web", .purpose = Purpose::tls};

const std::vector<Case>& cases() {
  static const std::vector<Case> k_cases{
      {"his key", {.uid = 33}, k_sign_web, ""},
      {"the key before", {.uid = 33}, {Act::sign, "web.old", Purpose::tls}, ""},
      {"not root either", {.uid = 0}, k_sign_web, "keystored.peer"},
      {"another user", {.uid = 34}, k_sign_web, "keystored.peer"},
      {"nobody", {.uid = 65534, .gid = 65534}, k_sign_web, "keystored.peer"},
      {"another act", {.uid = 33}, {Act::decrypt, "web", Purpose::tls}, "keystored.policy"},
      {"destroying is no signing", {.uid = 33}, {Act::destroy, "web", Purpose::tls}, "keystored.policy"},
      {"another key", {.uid = 33}, {Act::sign, "website", Purpose::tls}, "keystored.policy"},
      {"a key that only ends so", {.uid = 33}, {Act::sign, "xweb", Purpose::tls}, "keystored.policy"},
      {"another purpose", {.uid = 33}, {Act::sign, "web", Purpose::video}, "keystored.policy"},
      {"a purpose that nobody knows", {.uid = 33}, {Act::sign, "web", std::nullopt}, "keystored.policy"},
      {"the group is the first one", {.uid = 500, .gid = 44}, {Act::sign, "cam", Purpose::video}, ""},
      {"the group is another one", {.uid = 500, .gid = 500, .groups = {1, 44}}, {Act::sign, "c", Purpose::video}, ""},
      {"not in the group", {.uid = 44, .gid = 45}, {Act::sign, "cam", Purpose::video}, "keystored.peer"},
      {"who may sign may see", {.uid = 33}, {Act::list, "web", Purpose::tls}, ""},
      {"but nothing else", {.uid = 33}, {Act::list, "cam", Purpose::video}, "keystored.policy"},
      {"who only seals sees nothing", {.uid = 700}, {Act::list, "nothing", Purpose::tls}, "keystored.policy"},
      {"sealing has no key", {.uid = 700}, {Act::seal, "", std::nullopt}, ""},
      {"all that is said is true", {.uid = 800, .unit = "agent.service", .program = "/usr/bin/agent"}, k_sign_web, ""},
      {"another program", {.uid = 800, .unit = "agent.service", .program = "/bin/sh"}, k_sign_web, "keystored.peer"},
      {"a program that is not known", {.uid = 800, .unit = "agent.service"}, k_sign_web, "keystored.peer"},
      {"the unit of another user",
       {.uid = 801, .unit = "agent.service", .program = "/usr/bin/agent"},
       k_sign_web,
       "keystored.peer"},
      {"in time", {.uid = 900}, k_sign_web, ""},
      {"the first second", {.uid = 900}, k_sign_web, "", *from_rfc3339("2026-01-01T00:00:00Z")},
      {"before it", {.uid = 900}, k_sign_web, "keystored.too-early", *from_rfc3339("2025-12-31T23:59:59Z")},
      {"the last second", {.uid = 900}, k_sign_web, "", *from_rfc3339("2026-12-31T23:59:59Z")},
      {"after it", {.uid = 900}, k_sign_web, "keystored.too-late", *from_rfc3339("2027-01-01T00:00:00Z")},
      {"old firmware", {.uid = 901}, k_sign_web, "keystored.floor", k_2026, 6},
      {"new firmware", {.uid = 901}, k_sign_web, "", k_2026, 7},
      {"a floor that nobody knows", {.uid = 901}, k_sign_web, "keystored.floor"},
      {"no PIN", {.uid = 902}, k_sign_web, "keystored.pin"},
      {"no PIN, another act", {.uid = 902}, {Act::destroy, "web", Purpose::tls}, "keystored.pin"},
      {"a PIN", {.uid = 902}, k_sign_web, "", k_2026, {}, true},
      {"a later rule", {.uid = 903}, {Act::sign, "open", Purpose::tls}, ""},
      {"the nearest rule speaks", {.uid = 903}, k_sign_web, "keystored.pin"},
  };
  return k_cases;
}

}  // namespace

TEST(Policy, P_KEYSTORED_030_what_no_rule_allows_is_refused_with_its_reason) {
  const Policy policy = policy_of(k_rules);
  const auto take = [](std::size_t) { return std::optional<std::int64_t>(); };
  for (const Case& each : cases()) {
    const Circumstances around{
        .now = each.now, .logged_in = each.logged_in, .floor_of = [&each] { return each.floor; }};
    const auto decided = policy.decide(each.subject, each.ask, around, take);
    if (each.reason[0] == '\0') {
      EXPECT_OK(decided) << each.name;
    } else {
      EXPECT_REASON(decided, each.reason) << each.name;
    }
    // What explains an answer is what gave it.
    const Explanation why = policy.explain(each.subject, each.ask, around);
    EXPECT_EQ(why.granted_by.has_value(), decided.has_value()) << each.name;
    EXPECT_EQ(why.findings.size(), policy.rules().size()) << each.name;
    EXPECT_EQ(why.granted_by.value_or("nobody"), decided ? policy.rules()[*decided].name : "nobody") << each.name;
    const auto read = Explanation::parse(why.to_json());
    ASSERT_OK(read);
    EXPECT_EQ(read->to_json(), why.to_json());
  }
}

TEST(Policy, P_KEYSTORED_030_a_rule_about_a_program_that_cannot_be_seen_says_so) {
  const Policy policy = policy_of(R"({"name":"a","who":{"user":"500","program":"/usr/sbin/nginx"},"may":["sign"]})");
  const auto take = [](std::size_t) { return std::optional<std::int64_t>(); };
  const auto fit = [&](const Subject& subject) {
    return name_of(policy.explain(subject, k_sign_web, {.now = k_2026}).findings.at(0).fit);
  };
  EXPECT_EQ(fit({.uid = 500, .program = "/usr/sbin/nginx"}), "grants");
  EXPECT_EQ(fit({.uid = 500, .program = "/usr/bin/curl"}), "other-user");
  EXPECT_EQ(fit({.uid = 501}), "other-user");
  EXPECT_EQ(fit({.uid = 500}), "program-unknown");
  EXPECT_REASON(policy.decide({.uid = 500}, k_sign_web, {.now = k_2026}, take), "keystored.peer");
  EXPECT_FALSE(policy.knows({.uid = 500}));
  const Explanation why = policy.explain({.uid = 500}, k_sign_web, {.now = k_2026});
  EXPECT_NE(why.findings[0].text.find("CAP_SYS_PTRACE"), std::string::npos);
}

TEST(Policy, what_the_tpm_demands_is_part_of_the_answer) {
  Explanation why{.granted_by = "a", .findings = {{.rule = "a", .fit = Fit::grants, .text = "allows it"}}};
  EXPECT_TRUE(why.allowed());
  for (const auto state : {BootFinding::State::holds, BootFinding::State::differs, BootFinding::State::unknown}) {
    why.boot_state = BootFinding{state, "PCR 11"};
    EXPECT_EQ(why.allowed(), state != BootFinding::State::differs);
    const auto read = Explanation::parse(why.to_json());
    ASSERT_OK(read);
    EXPECT_EQ(read->to_json(), why.to_json());
    EXPECT_EQ(read->allowed(), why.allowed());
  }
}

TEST(Policy, without_a_file_it_is_root_the_own_user_and_those_who_were_named) {
  const Policy policy = Policy::built_in(990, {4242});
  const auto take = [](std::size_t) { return std::optional<std::int64_t>(); };
  const Circumstances around{.now = k_2026};
  for (const uid_t uid : {0U, 990U, 4242U}) {
    EXPECT_OK(policy.decide({.uid = uid}, k_sign_web, around, take)) << uid;
    EXPECT_OK(policy.decide({.uid = uid}, {.act = Act::token}, around, take)) << uid;
  }
  EXPECT_OK(policy.decide({.uid = 990}, {.act = Act::watch}, around, take));
  EXPECT_REASON(policy.decide({.uid = 4242}, {.act = Act::watch}, around, take), "keystored.policy");
  EXPECT_REASON(policy.decide({.uid = 4243, .gid = 990, .groups = {0}}, k_sign_web, around, take), "keystored.peer");
}

TEST(Policy, P_KEYSTORED_031_too_often_is_refused_by_user_until_there_is_room_again) {
  const Policy policy =
      policy_of(R"({"name":"a","who":{"group":"media"},"may":["sign"],"rate":{"per_minute":6,"burst":3}})");
  Allowances allowances;
  Allowances::Moment now{};
  const auto sign = [&](uid_t uid) {
    const auto take = [&](std::size_t rule) { return allowances.take(rule, uid, *policy.rules()[rule].rate, now); };
    return policy.decide({.uid = uid, .gid = 44}, k_sign_web, {.now = k_2026}, take);
  };
  for (int i = 0; i < 3; ++i) EXPECT_OK(sign(500));
  const auto refused = sign(500);
  EXPECT_REASON(refused, "keystored.rate");
  EXPECT_EQ(refused.error().code(), Errc::unavailable);
  EXPECT_EQ(refused.error().hint(), "Try again in 10 seconds.");
  EXPECT_OK(sign(501)) << "another user has his own allowance";
  now += std::chrono::seconds(9);
  EXPECT_REASON(sign(500), "keystored.rate");
  now += std::chrono::seconds(1);
  EXPECT_OK(sign(500));
  EXPECT_REASON(sign(500), "keystored.rate");
  now += std::chrono::hours(24);
  for (int i = 0; i < 3; ++i) EXPECT_OK(sign(500));
  EXPECT_REASON(sign(500), "keystored.rate") << "no more than a burst is saved up";
}

TEST(Policy, allowances_of_many_users_do_not_pile_up) {
  Allowances allowances;
  Allowances::Moment now{};
  for (uid_t uid = 0; uid < 10'000; ++uid) {
    EXPECT_FALSE(allowances.take(0, uid, {.per_minute = 60, .burst = 1}, now).has_value());
    now += std::chrono::milliseconds(10);
  }
  EXPECT_EQ(allowances.take(0, 9999, {.per_minute = 60, .burst = 1}, now), 1) << "one that is not full stays";
}

TEST(Policy, P_KEYSTORED_032_a_policy_that_is_not_whole_is_refused_and_says_where) {
  struct Bad {
    const char* text;
    const char* reason;
    const char* said;
  };
  const std::vector<Bad> bad{
      {"", "policy.malformed", ""},
      {"[]", "policy.malformed", "object"},
      {R"({"rules":[]})", "policy.malformed", "version"},
      {R"({"version":2,"rules":[]})", "policy.malformed", "version 2"},
      {R"({"version":1,"rules":[],"more":1})", "policy.malformed", "more"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],"Keys":["x"]}]})", "policy.malformed",
       "rule 1"},
      {R"({"version":1,"rules":[{"name":"a","who":{},"may":["sign"]}]})", "policy.malformed", "user or a group"},
      {R"({"version":1,"rules":[{"name":"a","who":{"unit":"x.service"},"may":["sign"]}]})", "policy.malformed",
       "narrow"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"no-such-user"},"may":["sign"]}]})", "policy.unknown-user",
       "no-such-user"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"4294967295"},"may":["sign"]}]})", "policy.unknown-user", ""},
      {R"({"version":1,"rules":[{"name":"a","who":{"group":"no-such-group"},"may":["sign"]}]})", "policy.unknown-group",
       "no-such-group"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1","program":"sh"},"may":["sign"]}]})", "policy.malformed",
       "absolute"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":[]}]})", "policy.malformed", "may"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["fly"]}]})", "policy.malformed", "fly"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],"keys":[]}]})", "policy.malformed",
       "keys"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],"purposes":["x"]}]})", "policy.malformed",
       "purpose"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],"rate":{"per_minute":0,"burst":1}}]})",
       "policy.malformed", "per_minute"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],"pin":"yes"}]})", "policy.malformed",
       "pin"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],"from":"tomorrow"}]})",
       "policy.malformed", "rule 1"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"],
          "from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}]})",
       "policy.malformed", "until"},
      {R"({"version":1,"rules":[{"name":"a","who":{"user":"1"},"may":["sign"]},
          {"name":"a","who":{"user":"2"},"may":["sign"]}]})",
       "policy.malformed", "rule 2"},
  };
  for (const Bad& each : bad) {
    const auto parsed = Policy::parse(as_bytes(std::string_view(each.text)), accounts());
    EXPECT_REASON(parsed, each.reason) << each.text;
    EXPECT_NE(parsed.error().message().find(each.said), std::string::npos) << parsed.error().message();
    EXPECT_FALSE(parsed.error().hint().empty());
  }
}

TEST(Policy, a_unit_is_the_outermost_service_so_that_no_user_names_his_own_after_it) {
  const auto unit = [](const char* text) { return unit_in(text).value_or("none"); };
  EXPECT_EQ(unit("0::/system.slice/nginx.service\n"), "nginx.service");
  EXPECT_EQ(unit("0::/system.slice/system-getty.slice/getty@tty1.service"), "getty@tty1.service");
  EXPECT_EQ(unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service\n"), "user@1000.service");
  EXPECT_EQ(unit("0::/system.slice/docker.service/nginx.service\n"), "docker.service");
  EXPECT_EQ(unit("12:cpu:/x.service\n1:name=systemd:/system.slice/nginx.service\n0::/\n"), "nginx.service");
  EXPECT_EQ(unit("12:cpu:/system.slice/nginx.service\n"), "none");
  for (const char* text : {"", "0::/", "0::/init.scope\n", "0::/.service", "garbage", "\n\n"}) {
    EXPECT_EQ(unit(text), "none") << text;
  }
}

}  // namespace signet::keystored
