// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/case.hpp"

namespace signet::advisories {

/// Whether every fact that is there is sound. What is missing is asked for by check_needs().
Result<void> check_facts(const Facts& facts);

/// "case.needs" (conflict) where facts are missing that a case must have to get into a state; "case.embargo" (denied).
Result<void> check_needs(const Facts& facts, State to, const Act& act);

/// The vector that counts: of the newest edition. Empty if there is none.
[[nodiscard]] std::string_view best_vector(const Facts& facts);

}  // namespace signet::advisories
