// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::cli {

Table::Table(const std::vector<Command>& commands) : commands_(commands) {
  for (Command& command : frame_commands(*this)) commands_.push_back(std::move(command));
}

std::vector<std::string> Table::nouns() const {
  std::vector<std::string> names;
  for (const Command& command : commands_) {
    if (std::ranges::find(names, command.noun) == names.end()) names.push_back(command.noun);
  }
  return names;
}

std::vector<std::string> Table::verbs(std::string_view noun) const {
  std::vector<std::string> names;
  for (const Command& command : commands_) {
    if (command.noun == noun && !command.verb.empty()) names.push_back(command.verb);
  }
  return names;
}

const Command* Table::find(std::string_view noun, std::string_view verb) const {
  const auto it = std::ranges::find_if(commands_, [&](const Command& c) { return c.noun == noun && c.verb == verb; });
  return it != commands_.end() ? &*it : nullptr;
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> k_options{
      {.name = "--json", .value = "", .help = "Print one JSON value for machines, errors included."},
      {.name = "--help", .value = "", .help = "Show this help and do nothing."},
  };
  return k_options;
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> options = command.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  return options;
}

std::string full_name(const Command& command) {
  return "signet " + command.noun + (command.verb.empty() ? "" : " " + command.verb);
}

std::string synopsis(const Command& command) {
  std::string line = full_name(command);
  const auto add = [&line](const std::string& text, bool required, bool repeatable) {
    line += required ? " " + text : " [" + text + "]";
    if (repeatable) line += "...";
  };
  for (const bool required : {true, false}) {
    for (const Option& option : command.options) {
      if (option.required != required) continue;
      add(option.value.empty() ? option.name : option.name + " " + option.value, required, option.repeatable);
    }
  }
  add("--json", false, false);
  for (const Positional& positional : command.positionals)
    add(positional.name, positional.required, positional.repeatable);
  return line;
}

std::string_view noun_summary(std::string_view noun) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> k_summaries{{
      {"tour", "see a device refuse forged firmware"},
      {"key", "private keys in tokens and encrypted files"},
      {"ca", "certificates: issue, revoke, list"},
      {"firmware", "pack, sign, verify and install firmware bundles"},
      {"ledger", "a log in which no change goes unnoticed"},
      {"repo", "the update repository that tells devices what they may take"},
      {"video", "sign recordings, prove them genuine frame by frame"},
      {"help", "explain a command, make manual pages"},
      {"completion", "let the shell complete commands"},
  }};
  for (const auto& [name, summary] : k_summaries) {
    if (name == noun) return summary;
  }
  return {};
}

}  // namespace signet::cli
