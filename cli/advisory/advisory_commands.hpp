// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet advisory ...`: documents about vulnerabilities.
std::vector<Command> advisory_commands();

/// `signet advisory ...`: cases, from the report to the published folder.
std::vector<Command> advisory_case_commands();

/// `signet cve ...`: CVE records.
std::vector<Command> cve_commands();

}  // namespace signet::cli
