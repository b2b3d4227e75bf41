// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/ledger_store.hpp"

#include <filesystem>

namespace signet::cli {

/// "--log-key", "--witness-key" and "--witnesses", as many commands take them.
[[nodiscard]] std::vector<Option> policy_options();
Result<ledger::Policy> policy_from(const Invocation& invocation);

/// Reads and verifies a checkpoint file.
Result<ledger::VerifiedCheckpoint> open_checkpoint_file(const std::filesystem::path& path,
                                                        const ledger::Policy& policy);

[[nodiscard]] Json checkpoint_json(const ledger::VerifiedCheckpoint& checkpoint);
/// Writes to the file of "--out", or to standard output where it is not given; `name` is its member under --json.
Result<void> deliver(const Invocation& invocation, std::string_view name, const std::string& text, Json result);

/// Those that write a ledger, and those that only read.
std::vector<Command> ledger_write_commands();
std::vector<Command> ledger_check_commands();

}  // namespace signet::cli
