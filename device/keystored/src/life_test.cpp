// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "life.hpp"

#include "signet/test/expect.hpp"

#include <array>
#include <string>

namespace signet::keystored {
namespace {

constexpr std::array k_all_phases{Phase::factory, Phase::begun, Phase::closing, Phase::closed, Phase::born};
constexpr std::array k_all_events{Event::begin, Event::prove, Event::install};

TEST(Life, P_KEYSTORED_001_a_born_device_takes_no_other_birth) {
  EXPECT_REASON(transition(Phase::born, Event::prove), "keystored.born");
  EXPECT_EQ(transition(Phase::born, Event::begin)->rule, Rule::same_order);
  EXPECT_EQ(transition(Phase::born, Event::install)->rule, Rule::same_identity);
}

TEST(Life, no_step_leads_back) {
  for (const Transition& row : transitions()) EXPECT_GE(row.to, row.from) << name_of(row.from) << name_of(row.event);
}

TEST(Life, only_proof_of_this_tpm_leads_to_closing_and_only_closing_to_birth) {
  for (const Transition& row : transitions()) {
    if (row.from < Phase::closing && row.to >= Phase::closing) {
      EXPECT_EQ(row.event, Event::prove);
    }
    if (row.from != Phase::born && row.to == Phase::born) {
      EXPECT_EQ(row.from, Phase::closed);
    }
  }
}

TEST(Life, what_the_table_does_not_have_is_refused) {
  unsigned rows = 0;
  for (const Phase phase : k_all_phases) {
    for (const Event event : k_all_events) {
      if (transition(phase, event)) ++rows;
    }
  }
  EXPECT_EQ(rows, transitions().size());
  EXPECT_REASON(transition(Phase::factory, Event::prove), "keystored.birth-order");
  EXPECT_REASON(transition(Phase::begun, Event::install), "keystored.birth-order");
  EXPECT_REASON(transition(Phase::closing, Event::install), "keystored.birth-order");
}

TEST(Life, names_lead_back_to_phases) {
  for (const Phase phase : k_all_phases) EXPECT_EQ(*phase_from(name_of(phase)), phase);
  EXPECT_REASON(phase_from("undead"), "keystored.state");
}

}  // namespace
}  // namespace signet::keystored
