// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/clocks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>

namespace signet::advisories {

namespace {

constexpr std::int64_t k_hour_s = 3600;

/// What a deadline runs from.
enum class Start : std::uint8_t { received, exploited, incident, remedy, incident_notification, disclosure };
/// What ends it, where that is nothing that is sent.
enum class End : std::uint8_t { sending, triage };

struct Rule {
  std::string_view what;
  std::string_view rule;
  Start start = Start::received;
  std::int64_t hours = 0;  ///< 0: one month by the calendar
  bool is_must = true;
  End end = End::sending;
  std::string_view sending;  ///< by which name Facts::sent knows what ends it
};

constexpr std::array<Rule, 9> k_rules{{
    {.what = "cra-early-warning",
     .rule = "Regulation (EU) 2024/2847 Article 14(2)(a)",
     .start = Start::exploited,
     .hours = 24,
     .sending = "cra-early-warning"},
    {.what = "cra-notification",
     .rule = "Regulation (EU) 2024/2847 Article 14(2)(b)",
     .start = Start::exploited,
     .hours = 72,
     .sending = "cra-notification"},
    {.what = "cra-final-report",
     .rule = "Regulation (EU) 2024/2847 Article 14(2)(c)",
     .start = Start::remedy,
     .hours = 14 * 24,
     .sending = "cra-final-report"},
    {.what = "cra-incident-early-warning",
     .rule = "Regulation (EU) 2024/2847 Article 14(4)(a)",
     .start = Start::incident,
     .hours = 24,
     .sending = "cra-incident-early-warning"},
    {.what = "cra-incident-notification",
     .rule = "Regulation (EU) 2024/2847 Article 14(4)(b)",
     .start = Start::incident,
     .hours = 72,
     .sending = "cra-incident-notification"},
    {.what = "cra-incident-final-report",
     .rule = "Regulation (EU) 2024/2847 Article 14(4)(c)",
     .start = Start::incident_notification,
     .hours = 0,
     .sending = "cra-incident-final-report"},
    {.what = "cna-answer",
     .rule = "CNA Operational Rules 4.1.0, 4.2.1.2",
     .start = Start::received,
     .hours = 72,
     .end = End::triage,
     .sending = ""},
    {.what = "cve-record-should",
     .rule = "CNA Operational Rules 4.1.0, 4.5.1.3",
     .start = Start::disclosure,
     .hours = 24,
     .is_must = false,
     .sending = "cve-record"},
    {.what = "cve-record",
     .rule = "CNA Operational Rules 4.1.0, 4.5.1.4",
     .start = Start::disclosure,
     .hours = 72,
     .sending = "cve-record"},
}};

/// The same day and time of the next month; the last day of it where it has no such day (Regulation 1182/71 Article
/// 3(2)(c)).
Instant a_month_after(Instant from) {
  using namespace std::chrono;
  const sys_seconds moment{seconds{from.seconds_since_epoch}};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const year_month next = year_month{date.year(), date.month()} + months{1};
  const year_month_day same{next.year(), next.month(), date.day()};
  const sys_days then =
      same.ok() ? sys_days{same} : sys_days{year_month_day_last{next.year(), month_day_last{next.month()}}};
  return Instant{(then + (moment - day)).time_since_epoch().count()};
}

std::optional<Instant> sent_at(const Case& one, std::string_view what) {
  for (const Sent& sent : one.facts().sent) {
    if (sent.what == what) return sent.at;
  }
  return std::nullopt;
}

std::optional<Instant> earliest(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<Instant> begin_of(const Case& one, Start start) {
  const Facts& facts = one.facts();
  switch (start) {
    case Start::received:
      return one.reached(State::received);
    case Start::exploited:
      return facts.exploited;
    case Start::incident:
      return facts.incident;
    case Start::remedy: {
      // 14 days from the measure on; where it was there before anybody knew of the exploitation, from that on.
      const auto remedy = one.reached(State::fix_available);
      if (!facts.exploited || !remedy) return std::nullopt;
      return std::max(*facts.exploited, *remedy);
    }
    case Start::incident_notification:
      return facts.incident ? sent_at(one, "cra-incident-notification") : std::nullopt;
    case Start::disclosure:
      return facts.cve.empty() ? std::nullopt : earliest(facts.disclosed, one.reached(State::published));
  }
  return std::nullopt;
}

std::string_view words_of(Start start) {
  constexpr std::array<std::string_view, 6> k_words{"the report",
                                                    "awareness of active exploitation",
                                                    "awareness of the incident",
                                                    "a corrective or mitigating measure that is available",
                                                    "the incident notification",
                                                    "public disclosure"};
  return k_words[static_cast<std::size_t>(start)];
}

/// Whether a deadline can come at all: no report is due of what was not exploited.
bool concerns(const Case& one, Start start) {
  if (start == Start::exploited || start == Start::remedy) return one.facts().exploited.has_value();
  if (start == Start::incident || start == Start::incident_notification) return one.facts().incident.has_value();
  return start == Start::received || !one.facts().cve.empty();
}

ClockState state_of(const Deadline& deadline, Instant now) {
  if (!deadline.begins) return deadline.done ? ClockState::met : ClockState::waiting;
  if (deadline.done) return *deadline.done <= *deadline.due ? ClockState::met : ClockState::met_late;
  return now <= *deadline.due ? ClockState::running : ClockState::overdue;
}

/// When the team first moved the case on, to whatever it was.
std::optional<Instant> answered(const Case& one) {
  return earliest(one.reached(State::triaged), one.reached(State::rejected));
}

Deadline deadline_of(const Rule& rule, const Case& one, Instant now) {
  Deadline deadline{.what = rule.what,
                    .rule = rule.rule,
                    .is_must = rule.is_must,
                    .begins_with = words_of(rule.start),
                    .begins = begin_of(one, rule.start),
                    .due = {},
                    .done = rule.end == End::triage ? answered(one) : sent_at(one, rule.sending),
                    .state = ClockState::waiting};
  if (deadline.begins) {
    deadline.due =
        rule.hours == 0 ? a_month_after(*deadline.begins) : deadline.begins->plus_seconds(rule.hours * k_hour_s);
  }
  deadline.state = state_of(deadline, now);
  return deadline;
}

/// The embargo ends by itself: publication is due from then on.
void add_embargo(const Case& one, Instant now, std::vector<Deadline>& to) {
  if (!one.facts().embargo) return;
  Deadline deadline{.what = "embargo",
                    .rule = "agreed with the reporter",
                    .is_must = false,
                    .begins_with = words_of(Start::received),
                    .begins = one.reached(State::received),
                    .due = one.facts().embargo,
                    .done = {},
                    .state = ClockState::running};
  // Publishing before the end would break it, publishing at its end is what was agreed.
  if (const auto published = one.reached(State::published)) {
    deadline.done = published;
    deadline.state = ClockState::met;
  } else if (now > *deadline.due) {
    deadline.state = ClockState::overdue;
  }
  to.push_back(deadline);
}

}  // namespace

std::string_view name_of(ClockState state) {
  constexpr std::array<std::string_view, 5> k_names{"waiting", "running", "overdue", "met", "met_late"};
  return k_names[static_cast<std::size_t>(state)];
}

const std::vector<std::string_view>& known_sendings() {
  static const std::vector<std::string_view> k_all = [] {
    std::vector<std::string_view> all;
    for (const Rule& rule : k_rules) {
      if (!rule.sending.empty() && std::ranges::find(all, rule.sending) == all.end()) all.push_back(rule.sending);
    }
    return all;
  }();
  return k_all;
}

bool is_known_sending(std::string_view what) {
  return std::ranges::find(known_sendings(), what) != known_sendings().end();
}

std::vector<Deadline> clocks(const Case& one, Instant now) {
  std::vector<Deadline> all;
  for (const Rule& rule : k_rules) {
    if (concerns(one, rule.start)) all.push_back(deadline_of(rule, one, now));
  }
  add_embargo(one, now, all);
  // What is open first, the most urgent in front; then what waits, then what is done.
  const auto order = [](const Deadline& deadline) {
    const int rank = deadline.done ? 2 : deadline.due ? 0 : 1;
    return std::tuple(rank, deadline.due.value_or(Instant{}));
  };
  std::ranges::stable_sort(all, {}, order);
  return all;
}

std::string describe(const Deadline& deadline, Instant now) {
  const auto between = [](Instant from, Instant to) {
    return describe_seconds(to.seconds_since_epoch - from.seconds_since_epoch);
  };
  switch (deadline.state) {
    case ClockState::waiting:
      return "waits for " + std::string(deadline.begins_with);
    case ClockState::running:
      return "due in " + between(now, *deadline.due);
    case ClockState::overdue:
      return "overdue by " + between(*deadline.due, now);
    case ClockState::met_late:
      return "done " + between(*deadline.due, *deadline.done) + " late";
    case ClockState::met:
      break;
  }
  if (!deadline.due || *deadline.due < *deadline.done) return "done";
  return "done " + between(*deadline.done, *deadline.due) + " before it was due";
}

}  // namespace signet::advisories
