// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "phase.hpp"

#include <algorithm>
#include <array>

namespace signet::station {

namespace {

struct Step {
  Phase from;
  Phase to;
};
/// The life of a birth. Nothing goes back: what was issued and recorded stays, and a unit that comes again gets the
/// same.
constexpr std::array k_steps = {
    Step{Phase::reserved, Phase::issued},
    Step{Phase::issued, Phase::written},
    Step{Phase::written, Phase::recorded},
    Step{Phase::recorded, Phase::receipted},
    Step{Phase::receipted, Phase::handed},
    Step{Phase::handed, Phase::handed},   // the connection broke: handed over once more
    Step{Phase::receipted, Phase::born},  // the station was killed after it had sent, and before it knew that it had
    Step{Phase::handed, Phase::born},
};
constexpr std::array<std::string_view, k_phases> k_names = {"reserved",  "issued", "written", "recorded",
                                                            "receipted", "handed", "born"};

}  // namespace

std::string_view name_of(Phase phase) { return k_names.at(static_cast<std::size_t>(phase)); }

Move may_move(Phase from, Phase to) {
  const bool found = std::ranges::any_of(k_steps, [&](const Step& step) { return step.from == from && step.to == to; });
  return found ? Move::allowed : Move::refused;
}

Result<Phase> phase_from(std::int64_t number) {
  if (number >= 0 && number < k_phases) return static_cast<Phase>(number);
  return Error(Errc::invalid_input, "station.registry-damaged", "the registry holds a phase that does not exist");
}

}  // namespace signet::station
