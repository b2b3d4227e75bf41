// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet cvss ...`: score and explain vectors of CVSS.
std::vector<Command> cvss_commands();

/// `signet vuln ...`: names and versions of packages, as vulnerability data has them.
std::vector<Command> vuln_commands();

}  // namespace signet::cli
