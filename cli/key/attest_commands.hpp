// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet key attest`, `signet key attest-verify`, `signet key backend-test`.
std::vector<Command> key_attest_commands();
/// The last of them.
Command backend_test_command();

}  // namespace signet::cli
