// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet sbom ...`: make, compare and join bills of materials.
std::vector<Command> sbom_commands();

}  // namespace signet::cli
