// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet key policy`, `watch`, `rotate`: what only signet-keystored can do with keys.
[[nodiscard]] std::vector<Command> keystored_key_commands();

}  // namespace signet::cli
