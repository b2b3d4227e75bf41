// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/os/process.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::cli::tour {

/// Where a chapter is played: it runs real commands in a folder of its own, shows each with its real output, and keeps
/// a record for machines. What does not come out as the chapter says ends the tour.
class Stage {
 public:
  Stage(Output& out, std::filesystem::path folder, std::filesystem::path program)
      : out_(&out), folder_(std::move(folder)), program_(std::move(program)) {}
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// A file in the tour's folder.
  [[nodiscard]] std::filesystem::path path(std::string_view name) const { return folder_ / name; }

  /// A heading, and a sentence or two on what is about to happen.
  void chapter(std::string_view title, std::string_view about);
  void say(std::string_view text);
  /// Gives a long value a name, as a shell variable would; commands are shown with the name from now on.
  void name_value(const std::string& name, const std::string& value);

  /// `signet ...` must succeed; shows the command and what it prints.
  Result<void> signet(const std::vector<std::string>& arguments);
  /// The same, without its output.
  Result<void> brief(const std::vector<std::string>& arguments);
  /// The same, not shown at all: set-up that would only tire a reader. It is in the record.
  Result<void> quietly(const std::vector<std::string>& arguments);
  /// Any other program that only sets the stage: must succeed, not shown and not in the record.
  Result<void> backstage(const std::vector<std::string>& command);
  /// `signet ...` must be refused with this reason; `attack` says what the attacker did. Where the answer has findings,
  /// the first one is shown.
  Result<void> refused(std::string_view attack, const std::vector<std::string>& arguments, std::string_view reason);
  /// Any other program must succeed; shows the command, and what it prints if `show_output`.
  Result<void> tool(const std::vector<std::string>& command, bool show_output = false);

  /// Starts a program that runs until the tour ends, shows it, and waits until its log has a line with `ready`, or
  /// until a file of that name exists (a socket). Returns the line, or nothing.
  Result<std::string> start(const std::vector<std::string>& command, std::string_view ready);
  /// `signet ... > file`: must succeed.
  Result<void> save(const std::vector<std::string>& arguments, const std::string& file);
  /// Several `signet ...` at once; all must succeed. Shows the commands, then what each printed.
  Result<void> together(const std::vector<std::vector<std::string>>& commands);
  /// A program of Signet's that is no command of `signet`: beside it, or where the build puts it.
  [[nodiscard]] std::string program(std::string_view name) const;

  /// Everything that happened, for machines.
  [[nodiscard]] Json record() const;
  [[nodiscard]] std::size_t refusals() const { return refusals_; }

 private:
  struct Ended {
    int exit_code = 0;
    std::string out;
    std::string err;
  };
  struct Act {
    std::string title;
    std::string about;
    Json::Array steps;
  };
  Result<Ended> must_succeed(const std::vector<std::string>& command);
  Result<Ended> run(const std::vector<std::string>& command);
  [[nodiscard]] std::vector<std::string> in_folder(const std::vector<std::string>& command) const;
  [[nodiscard]] std::vector<std::string> with_program(const std::vector<std::string>& arguments) const;
  [[nodiscard]] std::string shown(const std::vector<std::string>& command) const;
  void keep(std::string_view kind, const std::vector<std::string>& command, const Ended& ended, const Json& more);

  Output* out_;
  std::filesystem::path folder_;
  std::filesystem::path program_;
  std::vector<Act> acts_;
  std::vector<std::pair<std::string, std::string>> named_;  ///< name and value
  std::size_t refusals_ = 0;
  std::vector<os::Child> background_;  ///< ended in the reverse order of their start
};

// The chapters, one function each; a later piece of work adds its own here and to the table in tour_commands.cpp.
Result<void> play_keys(Stage& stage);
Result<void> play_birth(Stage& stage);
Result<void> play_release(Stage& stage);
Result<void> play_device(Stage& stage);
Result<void> play_forgeries(Stage& stage);
Result<void> play_ledger(Stage& stage);
Result<void> play_video(Stage& stage);

}  // namespace signet::cli::tour
