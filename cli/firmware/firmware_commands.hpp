// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <vector>

namespace signet::cli {

/// `signet firmware ...`: the maker's side (pack, sign, record, prove), anybody's (inspect, verify) and the device's
/// (device, install, start, confirm, status).
std::vector<Command> firmware_commands();

}  // namespace signet::cli
