// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/station.hpp"

namespace signet::station {

enum class Move : std::uint8_t { allowed, refused };
/// Whether a unit may go from one phase to another.
[[nodiscard]] Move may_move(Phase from, Phase to);
/// Phases are numbers in the registry.
Result<Phase> phase_from(std::int64_t number);
inline constexpr std::int64_t k_phases = 7;

}  // namespace signet::station
