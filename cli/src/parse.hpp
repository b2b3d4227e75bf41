// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include "table.hpp"

#include <span>
#include <string>
#include <vector>

namespace signet::cli {

/// What a command line asks for.
enum class Ask : std::uint8_t { overview, version, help, command };

/// A command line, taken apart as far as its noun and verb.
struct Request {
  Ask ask = Ask::overview;
  bool json = false;
  std::string noun;                  ///< of the help that is asked for; may be empty
  const Command* command = nullptr;  ///< of the table; set if ask is command, and for the help of one command
  std::vector<std::string> words;    ///< what follows the noun and the verb
};

/// Whether the user wants machine-readable output, known even where the rest of the line makes no sense.
[[nodiscard]] bool wants_json(const std::vector<std::string>& arguments);

/// Finds the command; an unknown word is a usage error with a suggestion.
Result<Request> route(const Table& table, const std::vector<std::string>& arguments);

/// The options and positionals of one command line: the first map of an Invocation, with a key for every declared name.
Result<Invocation::Values> parse_words(const Command& command, const std::vector<std::string>& words);

/// The second map: declared fallbacks.
[[nodiscard]] Invocation::Values fallbacks_of(const Command& command);

}  // namespace signet::cli
