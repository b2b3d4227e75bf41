// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet station ...`: prepare a production line, look after it, hand over what it made.
std::vector<Command> station_commands();

}  // namespace signet::cli
