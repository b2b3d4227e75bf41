// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include "console.hpp"

#include <string>
#include <vector>

namespace signet::cli {

/// run() over streams of the caller's choice.
int run_on(Console& console, const std::vector<std::string>& arguments, const std::vector<Command>& commands);

}  // namespace signet::cli
