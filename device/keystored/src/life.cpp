// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "life.hpp"

#include "signet/core/bytes.hpp"
#include "signet/core/ensure.hpp"

#include <array>
#include <string>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::array k_phases{
    std::pair{Phase::factory, std::string_view("factory")}, std::pair{Phase::begun, std::string_view("begun")},
    std::pair{Phase::closing, std::string_view("closing")}, std::pair{Phase::closed, std::string_view("closed")},
    std::pair{Phase::born, std::string_view("born")},
};

// A birth that was cut off is begun anew: so `begin` and `prove` lead to where they have led before. Until the TPM is
// being closed the order may change (a wrong serial can be put right); from then on it may not, since the escrow in the
// vendor's hands would be another's.
constexpr std::array k_transitions{
    Transition{Phase::factory, Event::begin, Phase::begun, Rule::any},
    Transition{Phase::begun, Event::begin, Phase::begun, Rule::any},
    Transition{Phase::begun, Event::prove, Phase::closed, Rule::any},
    Transition{Phase::closing, Event::begin, Phase::closing, Rule::same_order},
    Transition{Phase::closing, Event::prove, Phase::closed, Rule::any},
    Transition{Phase::closed, Event::begin, Phase::closed, Rule::same_order},
    Transition{Phase::closed, Event::prove, Phase::closed, Rule::any},
    Transition{Phase::closed, Event::install, Phase::born, Rule::any},
    Transition{Phase::born, Event::begin, Phase::born, Rule::same_order},
    Transition{Phase::born, Event::install, Phase::born, Rule::same_identity},
};

}  // namespace

std::string_view name_of(Phase phase) {
  for (const auto& [value, name] : k_phases) {
    if (value == phase) return name;
  }
  ensure(false, "every phase has a name");
  return {};
}

Result<Phase> phase_from(std::string_view name) {
  for (const auto& [value, known] : k_phases) {
    if (known == name) return value;
  }
  return Error(Errc::invalid_input, "keystored.state", "'" + printable(name) + "' is no phase of a device's life");
}

std::string_view name_of(Event event) {
  switch (event) {
    case Event::begin:
      return "birth-begin";
    case Event::prove:
      return "birth-prove";
    case Event::install:
      return "birth-install";
  }
  ensure(false, "every event has a name");
  return {};
}

std::span<const Transition> transitions() { return k_transitions; }

Result<Transition> transition(Phase from, Event event) {
  for (const Transition& row : k_transitions) {
    if (row.from == from && row.event == event) return row;
  }
  if (from == Phase::born) {
    return Error(Errc::conflict, "keystored.born", "this device was born already; a birth happens once",
                 "Its identity is shown by `signet id show`.");
  }
  return Error(
      Errc::conflict, "keystored.birth-order",
      "'" + std::string(name_of(event)) + "' does not follow on the phase '" + std::string(name_of(from)) + "'",
      "Start over with birth-begin: what was done already is kept.");
}

}  // namespace signet::keystored
