// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace signet::cli {

/// Everything that one program can do: the commands it was given, and the frame's own (help, completion).
class Table {
 public:
  explicit Table(const std::vector<Command>& commands);
  Table(const Table&) = delete;  // the frame's own commands look into this object
  Table& operator=(const Table&) = delete;

  [[nodiscard]] const std::vector<Command>& commands() const { return commands_; }
  /// Each noun once, in the order of the commands.
  [[nodiscard]] std::vector<std::string> nouns() const;
  /// The verbs of a noun; empty for an unknown noun and for a command of one word.
  [[nodiscard]] std::vector<std::string> verbs(std::string_view noun) const;
  /// Null if there is none.
  [[nodiscard]] const Command* find(std::string_view noun, std::string_view verb) const;

 private:
  std::vector<Command> commands_;
};

/// Options that every command has: --json, --help.
[[nodiscard]] const std::vector<Option>& common_options();
/// The command's own options and the common ones.
[[nodiscard]] std::vector<Option> options_of(const Command& command);
/// "signet firmware sign".
[[nodiscard]] std::string full_name(const Command& command);
/// "signet firmware sign --key URI [--out FILE] BUNDLE".
[[nodiscard]] std::string synopsis(const Command& command);
/// What a noun is about, in a few words; empty if nothing is known.
[[nodiscard]] std::string_view noun_summary(std::string_view noun);

/// The frame's own commands; they describe `table`, which must outlive them.
[[nodiscard]] std::vector<Command> frame_commands(const Table& table);

}  // namespace signet::cli
