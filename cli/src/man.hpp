// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.hpp"

#include <string>
#include <utility>
#include <vector>

namespace signet::cli {

/// The manual page of one command, in the man macros (man(7)).
[[nodiscard]] std::string man_page(const Command& command);
/// The manual page of the whole program, signet(1).
[[nodiscard]] std::string main_man_page(const Table& table);
/// "signet-firmware-sign".
[[nodiscard]] std::string man_name(const Command& command);
/// Every page with its file name.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> man_pages(const Table& table);

}  // namespace signet::cli
