// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored_policy.hpp"

#include "signet/test/fuzz.hpp"

#include "caller.hpp"

#include <array>
#include <string>

namespace {

using namespace signet;
using namespace signet::keystored;

/// A machine on which every user exists.
Accounts accounts() {
  return {.uid_of = [](const std::string& name) -> Result<uid_t> { return static_cast<uid_t>(name.size()); },
          .gid_of = [](const std::string& name) -> Result<gid_t> { return static_cast<gid_t>(name.size()); }};
}

void check(const Policy& policy, const Subject& subject, const Ask& ask, bool logged_in) {
  const Circumstances around{.now = Instant{1'790'000'000}, .logged_in = logged_in, .floor_of = [] {
                               return std::optional<std::uint64_t>(7);
                             }};
  const auto decided = policy.decide(subject, ask, around, [](std::size_t) { return std::optional<std::int64_t>(); });
  const Explanation why = policy.explain(subject, ask, around);
  FUZZ_ASSERT(why.granted_by.has_value() == decided.has_value());
  if (!decided) return;
  // Nothing is granted that does not stand in the rule that grants it.
  const PolicyRule& rule = policy.rules().at(*decided);
  FUZZ_ASSERT(rule.name == *why.granted_by);
  FUZZ_ASSERT(policy.knows(subject));
  FUZZ_ASSERT(!rule.uid || *rule.uid == subject.uid);
  FUZZ_ASSERT(!rule.pin || logged_in || ask.act == Act::list);
  FUZZ_ASSERT(rule.may.test(static_cast<std::size_t>(ask.act)) || ask.act == Act::list);
}

}  // namespace

/// A policy that can be read decides as it explains, and grants nothing that no rule says; a unit is one path
/// component.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  if (const auto unit = unit_in(as_text(input))) {
    FUZZ_ASSERT(unit->ends_with(".service") && unit->find('/') == std::string::npos);
  }
  const auto policy = Policy::parse(input, accounts());
  if (!policy) return 0;
  for (uid_t uid = 0; uid < 10; ++uid) {
    for (std::size_t act = 0; act < k_acts; ++act) {
      const Ask ask{.act = static_cast<Act>(act), .key = "web", .purpose = keystore::Purpose::tls};
      check(*policy, {.uid = uid, .gid = 5, .groups = {3}}, ask, (act + uid) % 2 == 0);
    }
  }
  return 0;
}
