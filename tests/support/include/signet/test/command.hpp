// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace signet::test {

/// How a program ended: its exit code, -1 if it could not be started, and what it printed.
struct CommandResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs another program that judges what a test made; for tests of modules that may not use lib/os.
CommandResult run_command(const std::vector<std::string>& arguments);

}  // namespace signet::test
