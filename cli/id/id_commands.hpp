// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet id ...`: who a device is.
[[nodiscard]] std::vector<Command> id_commands();

}  // namespace signet::cli
