// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet cvss ...`: score and explain vectors of CVSS.
std::vector<Command> cvss_commands();

/// `signet vuln ...`: names and versions of packages, as vulnerability data has them.
std::vector<Command> vuln_commands();

/// The part of them that reads feeds and asks the index: index, show.
std::vector<Command> vuln_index_commands();
/// The part of them that puts bills of materials beside the index: match, device.
std::vector<Command> vuln_match_commands();

/// "--index FILE", which all of these have.
Option index_option();

}  // namespace signet::cli
