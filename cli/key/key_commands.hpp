// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet key ...`: keys in any key store.
[[nodiscard]] std::vector<Command> key_commands();

}  // namespace signet::cli
