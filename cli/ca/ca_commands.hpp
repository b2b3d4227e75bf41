// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet ca ...`: certificate authorities.
[[nodiscard]] std::vector<Command> ca_commands();

}  // namespace signet::cli
