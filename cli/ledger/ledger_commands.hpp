// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet ledger ...`: keep, publish and check an append-only log.
std::vector<Command> ledger_commands();

}  // namespace signet::cli
