// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/case.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace signet::advisories {

/// How a deadline stands.
enum class ClockState : std::uint8_t {
  waiting,   ///< it begins with something that has not happened yet
  running,   ///< due later
  overdue,   ///< due, and not done
  met,       ///< done in time
  met_late,  ///< done, but late
};
/// "waiting", "running", "overdue", "met", "met_late".
[[nodiscard]] std::string_view name_of(ClockState state);

/// One deadline.
struct Deadline {
  std::string_view what;  ///< "cra-early-warning": what is due; a name for Facts::sent where something is sent
  std::string_view rule;  ///< where it is written
  bool is_must = true;    ///< false: the rule says "should"
  std::string_view begins_with;
  std::optional<Instant> begins;
  std::optional<Instant> due;
  std::optional<Instant> done;
  ClockState state = ClockState::waiting;
};

/// The names that Facts::sent knows.
[[nodiscard]] bool is_known_sending(std::string_view what);
[[nodiscard]] const std::vector<std::string_view>& known_sendings();

/// All deadlines that this case has or may get, those that are due first in front. Regulation (EU) 2024/2847 Article
/// 14(2) for an actively exploited vulnerability and 14(4) for a severe incident; CNA Operational Rules 4.1.0 sections
/// 4.2.1.2, 4.5.1.3 and 4.5.1.4; the embargo.
///
/// Hours and days are counted to the second and months by the calendar, without the hour and the working days that
/// Regulation 1182/71 adds: a deadline met here is met there.
[[nodiscard]] std::vector<Deadline> clocks(const Case& one, Instant now);

/// "due in 3 hours 5 minutes", "overdue by 2 days", "met 4 hours before it was due", "waits for ...".
[[nodiscard]] std::string describe(const Deadline& deadline, Instant now);

}  // namespace signet::advisories
