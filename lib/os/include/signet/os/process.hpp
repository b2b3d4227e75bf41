// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace signet::os {

/// How a program ended and what it printed (each stream cut at 16 MiB).
struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal number if a signal ended it
  std::string out;
  std::string err;
};

/// Runs a program found in PATH, without a shell, with `input` on its standard input, and waits. An error is only that
/// it could not be started or did not end in time (then it is killed); a non-zero exit is a result.
Result<ProcessResult> run(const std::vector<std::string>& arguments, ByteView input = {},
                          std::chrono::milliseconds timeout = std::chrono::minutes(5));

}  // namespace signet::os
