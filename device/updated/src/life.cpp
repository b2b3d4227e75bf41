// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/updated.hpp"

#include <algorithm>
#include <array>

namespace signet::updated {

namespace {

struct Transition {
  Phase from;
  Event event;
  Phase to;
};

// The life of an update. A line that is not here may not happen: above all, nothing is written while a new release is
// being tried, since the other slot is the way back.
constexpr std::array k_life{
    //          from                event           to
    Transition{Phase::idle, Event::begin, Phase::interrupted},         // until it finishes, a power cut leaves this
    Transition{Phase::interrupted, Event::begin, Phase::interrupted},  // begun anew after a power cut
    Transition{Phase::ready, Event::begin, Phase::interrupted},  // a newer release takes the place of the waiting one
    Transition{Phase::interrupted, Event::finish, Phase::ready},
    Transition{Phase::interrupted, Event::abandon, Phase::idle},
    Transition{Phase::idle, Event::start, Phase::idle},
    Transition{Phase::interrupted, Event::start, Phase::interrupted},  // the old release starts, the torn one never
    Transition{Phase::ready, Event::start, Phase::trying},             // or idle, once its tries are used up
    Transition{Phase::trying, Event::start, Phase::trying},            // or idle, once its tries are used up
    Transition{Phase::trying, Event::confirm, Phase::idle},
    Transition{Phase::idle, Event::confirm, Phase::idle},  // twice is once
};

}  // namespace

std::string_view name_of(SlotName slot) { return slot == SlotName::a ? "a" : "b"; }

SlotName other(SlotName slot) { return slot == SlotName::a ? SlotName::b : SlotName::a; }

std::string_view name_of(SlotState state) {
  constexpr std::array<std::string_view, 4> k_names{"empty", "writing", "ready", "good"};
  return k_names.at(static_cast<std::size_t>(state));
}

std::string_view name_of(Phase phase) {
  constexpr std::array<std::string_view, 4> k_names{"idle", "interrupted", "ready", "trying"};
  return k_names.at(static_cast<std::size_t>(phase));
}

std::string_view name_of(Event event) {
  constexpr std::array<std::string_view, 5> k_names{"begin", "finish", "abandon", "start", "confirm"};
  return k_names.at(static_cast<std::size_t>(event));
}

Phase phase_of(const BootState& state) {
  const Slot& running = state.at(state.booted);
  const Slot& spare = state.at(other(state.booted));
  if (running.state == SlotState::ready) return Phase::trying;
  if (spare.state == SlotState::writing) return Phase::interrupted;
  if (spare.state == SlotState::ready && state.active != state.booted) return Phase::ready;
  return Phase::idle;
}

std::optional<Phase> phase_after(Phase phase, Event event) {
  const auto row =
      std::ranges::find_if(k_life, [&](const Transition& t) { return t.from == phase && t.event == event; });
  if (row == k_life.end()) return std::nullopt;
  return row->to;
}

Result<SlotName> start_device(BootControl& control) {
  TRY_ASSIGN(BootState state, control.load());
  for (const SlotName candidate : {state.active, other(state.active)}) {
    Slot& slot = state.at(candidate);
    const bool may_start = slot.state == SlotState::good || (slot.state == SlotState::ready && slot.tries_left > 0);
    if (!may_start) continue;
    if (slot.state == SlotState::ready) --slot.tries_left;
    state.booted = candidate;
    state.active = candidate;
    TRY(control.store(state));
    return candidate;
  }
  return Error(Errc::unavailable, "updated.no-bootable-slot", "neither slot can be started",
               "Install a release from the recovery system.");
}

}  // namespace signet::updated
