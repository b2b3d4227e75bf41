// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet floor ...`: the version floor that lives in a TPM.
[[nodiscard]] std::vector<Command> floor_commands();

}  // namespace signet::cli
