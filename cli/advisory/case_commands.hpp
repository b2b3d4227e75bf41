// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/store.hpp"
#include "signet/cli.hpp"

#include <optional>
#include <string_view>

namespace signet::cli {

/// "CASES" and "ID", as the commands of cases take them.
[[nodiscard]] Positional cases_folder();
[[nodiscard]] Positional case_id();
/// The time of an option ("none" and an option that was not given are none); a usage error that names the option.
Result<std::optional<Instant>> time_of(const Invocation& call, std::string_view option);

/// Those that write cases, and those that read them.
std::vector<Command> case_writing_commands();
std::vector<Command> case_reading_commands();

}  // namespace signet::cli
