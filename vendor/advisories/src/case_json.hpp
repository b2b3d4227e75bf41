// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/case.hpp"
#include "signet/core/json.hpp"

namespace signet::advisories {

/// Facts out of their JSON object: what it names replaces what `over` has, null and empty lists empty it. Types and
/// names are checked here, values by check_facts().
Result<Facts> read_facts(const Json& object, Facts over);
[[nodiscard]] Json facts_json(const Facts& facts);

/// The bounds of the file; its texts are bounded one by one.
[[nodiscard]] JsonLimits case_limits();

Result<Step> read_step(const Json& object);
[[nodiscard]] Json step_json(const Step& step);

}  // namespace signet::advisories
