// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/command.hpp"

#include "signet/os/process.hpp"

namespace signet::test {

CommandResult run_command(const std::vector<std::string>& arguments) {
  auto done = os::run(arguments);
  if (!done) return {.exit_code = -1, .out = {}, .err = done.error().message()};
  return {.exit_code = done->exit_code, .out = std::move(done->out), .err = std::move(done->err)};
}

}  // namespace signet::test
