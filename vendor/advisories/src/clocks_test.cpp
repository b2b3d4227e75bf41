// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/clocks.hpp"

#include "cases_for_test.hpp"

#include <algorithm>

namespace signet::advisories {
namespace {

using test::act;
using test::at;

/// A case with every event that starts a clock.
Case eventful(const std::vector<Sent>& sent = {}) {
  Facts facts = test::samples()[0].facts;
  facts.exploited = at("2026-10-05T10:00:00Z");
  facts.incident = at("2026-10-06T10:00:00Z");
  facts.disclosed = at("2026-10-08T00:00:00Z");
  facts.sent = sent;
  auto one = Case::begin("EXAMPLE-2026-001", facts, act("2026-10-01T08:00:00Z", 0));
  one = one->advanced(State::triaged, act("2026-10-02T08:00:00Z", 1));
  one = one->advanced(State::confirmed, act("2026-10-03T08:00:00Z", 2));
  one = one->advanced(State::fix_available, act("2026-10-10T12:00:00Z", 3));
  EXPECT_OK(one);
  return *one;
}

const Deadline* find(const std::vector<Deadline>& all, std::string_view what) {
  const auto found = std::ranges::find(all, what, &Deadline::what);
  return found == all.end() ? nullptr : &*found;
}

struct Row {
  std::string what;
  std::string due;  ///< empty: not begun
  bool is_must;
};

TEST(Clocks, P_CASE_016_deadlines_are_those_of_the_article_and_the_rules) {
  const auto all =
      clocks(eventful({{"cra-incident-notification", at("2026-10-31T09:00:00Z")}}), at("2026-10-07T00:00:00Z"));
  const Row k_table[] = {{"cra-early-warning", "2026-10-06T10:00:00Z", true},  // aware + 24 h
                         {"cra-notification", "2026-10-08T10:00:00Z", true},   // aware + 72 h
                         {"cra-final-report", "2026-10-24T12:00:00Z", true},   // measure available + 14 days
                         {"cra-incident-early-warning", "2026-10-07T10:00:00Z", true},
                         {"cra-incident-notification", "2026-10-09T10:00:00Z", true},
                         {"cra-incident-final-report", "2026-11-30T09:00:00Z", true},  // a month: November has no 31st
                         {"cna-answer", "2026-10-04T08:00:00Z", true},
                         {"cve-record-should", "2026-10-09T00:00:00Z", false},
                         {"cve-record", "2026-10-11T00:00:00Z", true}};
  EXPECT_EQ(all.size(), std::size(k_table));
  for (const Row& row : k_table) {
    const Deadline* found = find(all, row.what);
    ASSERT_NE(found, nullptr) << row.what;
    ASSERT_TRUE(found->due.has_value()) << row.what;
    EXPECT_EQ(to_rfc3339(*found->due), row.due) << row.what;
    EXPECT_EQ(found->is_must, row.is_must) << row.what;
    EXPECT_FALSE(found->rule.empty());
  }
}

struct Moment {
  std::string now;
  std::optional<std::string> sent;
  ClockState state;
  std::string text;
};

TEST(Clocks, P_CASE_016_a_clock_says_how_it_stands) {
  const Moment k_table[] = {
      {"2026-10-05T10:00:00Z", {}, ClockState::running, "due in 1 day"},
      {"2026-10-06T09:59:59Z", {}, ClockState::running, "due in 1 second"},
      {"2026-10-06T10:00:00Z", {}, ClockState::running, "due in 0 seconds"},
      {"2026-10-06T10:00:01Z", {}, ClockState::overdue, "overdue by 1 second"},
      {"2026-10-08T11:30:00Z", {}, ClockState::overdue, "overdue by 2 days 1 hour"},
      {"2026-10-09T00:00:00Z", "2026-10-06T10:00:00Z", ClockState::met, "done 0 seconds before it was due"},
      {"2026-10-09T00:00:00Z", "2026-10-05T22:00:00Z", ClockState::met, "done 12 hours before it was due"},
      {"2026-10-09T00:00:00Z", "2026-10-06T10:05:00Z", ClockState::met_late, "done 5 minutes late"},
  };
  for (const Moment& moment : k_table) {
    std::vector<Sent> sent;
    if (moment.sent) sent.push_back({"cra-early-warning", at(*moment.sent)});
    const auto all = clocks(eventful(sent), at(moment.now));
    const Deadline* found = find(all, "cra-early-warning");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->state, moment.state) << moment.now;
    EXPECT_EQ(describe(*found, at(moment.now)), moment.text);
  }
}

TEST(Clocks, P_CASE_016_a_clock_waits_for_what_starts_it) {
  Facts facts = test::samples()[0].facts;
  facts.exploited = at("2026-10-05T10:00:00Z");
  const auto one = Case::begin("EXAMPLE-2026-001", facts, act("2026-10-01T08:00:00Z", 0));
  ASSERT_OK(one);
  const auto all = clocks(*one, at("2026-10-05T12:00:00Z"));
  const Deadline* final_report = find(all, "cra-final-report");
  ASSERT_NE(final_report, nullptr);
  EXPECT_EQ(final_report->state, ClockState::waiting);
  EXPECT_EQ(describe(*final_report, at("2026-10-05T12:00:00Z")),
            "waits for a corrective or mitigating measure that is available");
  EXPECT_EQ(find(all, "cra-incident-early-warning"), nullptr);  // no incident, no report of one
  ASSERT_NE(find(all, "cve-record"), nullptr);
  EXPECT_EQ(find(all, "cve-record")->state, ClockState::waiting);
  EXPECT_EQ(all.front().what, "cna-answer") << "what is due first stands in front";
}

TEST(Clocks, P_CASE_016_a_measure_that_was_there_before_does_not_make_the_report_late) {
  Facts facts = test::samples()[0].facts;
  auto one = Case::begin("EXAMPLE-2026-001", facts, act("2026-10-01T08:00:00Z", 0));
  one = one->advanced(State::triaged, act("2026-10-02T08:00:00Z", 1));
  one = one->advanced(State::confirmed, act("2026-10-03T08:00:00Z", 2));
  one = one->advanced(State::fix_available, act("2026-10-04T08:00:00Z", 3));
  ASSERT_OK(one);
  facts.exploited = at("2026-12-01T00:00:00Z");
  one = one->changed(facts, act("2026-12-01T01:00:00Z", 4));
  ASSERT_OK(one);
  const auto all = clocks(*one, at("2026-12-02T00:00:00Z"));
  EXPECT_EQ(to_rfc3339(*find(all, "cra-final-report")->due), "2026-12-15T00:00:00Z");
}

TEST(Clocks, P_CASE_016_a_month_is_one_by_the_calendar) {
  const std::pair<std::string, std::string> k_table[] = {{"2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z"},
                                                         {"2028-01-31T23:00:00Z", "2028-02-29T23:00:00Z"},
                                                         {"2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z"},
                                                         {"2026-02-28T10:00:00Z", "2026-03-28T10:00:00Z"}};
  for (const auto& [sent, due] : k_table) {
    const auto all = clocks(eventful({{"cra-incident-notification", at(sent)}}), at("2026-10-07T00:00:00Z"));
    EXPECT_EQ(to_rfc3339(*find(all, "cra-incident-final-report")->due), due);
  }
}

}  // namespace
}  // namespace signet::advisories
