// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.hpp"

#include <string>

namespace signet::cli {

/// Scripts that let a shell complete nouns, verbs, options, choices, files and folders.
[[nodiscard]] std::string bash_completion(const Table& table);
[[nodiscard]] std::string zsh_completion(const Table& table);
[[nodiscard]] std::string fish_completion(const Table& table);

}  // namespace signet::cli
