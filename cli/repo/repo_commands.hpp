// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet repo ...`: the update repository from which devices learn what they may take.
std::vector<Command> repo_commands();

}  // namespace signet::cli
