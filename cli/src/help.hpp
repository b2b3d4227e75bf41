// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.hpp"

#include <string>
#include <utility>
#include <vector>

namespace signet::cli {

/// How text for people is laid out.
struct Style {
  bool colour = false;
  std::size_t width_chars = 80;
};

/// What `signet` alone says.
[[nodiscard]] std::string overview(const Table& table, const Style& style);
/// The verbs of one noun.
[[nodiscard]] std::string noun_help(const Table& table, const std::string& noun, const Style& style);
/// All about one command.
[[nodiscard]] std::string command_help(const Command& command, const Style& style);
/// The exit codes of a command that answers by them, each with its meaning, and those of `usage` and `internal` there.
[[nodiscard]] std::vector<std::pair<int, std::string>> own_exits(const Command& command);
/// The table of exit codes.
[[nodiscard]] std::string exit_codes_help(const Style& style);

/// The same for machines.
[[nodiscard]] Json describe(const Command& command);
[[nodiscard]] Json describe_exit_codes();

/// Breaks a paragraph into lines of at most `width_chars`, each after the first indented by `indent` blanks.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width_chars, std::size_t indent);
/// The paragraphs of a description: parts between empty lines, line ends inside them made blanks.
[[nodiscard]] std::vector<std::string> paragraphs(std::string_view description);
/// An option's help with its choices and fallback: "Which one. One of a, b. Default: a. May be repeated."
[[nodiscard]] std::string option_text(const Option& option);

}  // namespace signet::cli
