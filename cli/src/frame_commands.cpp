// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "completion.hpp"
#include "help.hpp"
#include "man.hpp"
#include "suggest.hpp"
#include "table.hpp"

#include <filesystem>
#include <system_error>

namespace signet::cli {

namespace {

constexpr std::string_view k_exit_codes = "exit-codes";

Error unknown_topic(const Table& table, const std::string& word, const std::vector<std::string>& known) {
  std::vector<std::string> words = known.empty() ? table.nouns() : known;
  if (known.empty()) words.emplace_back(k_exit_codes);
  return {Errc::usage, "cli.unknown-command", "there is no help on '" + printable(word, 60) + "'",
          did_you_mean(word, words, "There is help on " + any_of(words) + ".")};
}

/// A whole page, whose last line end comes from line().
void show_page(Output& out, std::string page, Json result) {
  if (page.ends_with('\n')) page.pop_back();
  out.line(page);
  out.result(std::move(result));
}

Result<void> write_man_pages(const Table& table, const Invocation& invocation) {
  const std::filesystem::path folder = invocation.get("--man-all");
  TRY(os::make_folders(folder));
  Json files = Json::array();
  for (const auto& [name, page] : man_pages(table)) {
    TRY(os::replace_file(folder / name, as_bytes(page)));
    invocation.out().line((folder / name).string());
    files.push((folder / name).string());
  }
  invocation.out().result(Json::object({{"files", std::move(files)}}));
  return {};
}

Result<void> help(const Table& table, const Invocation& invocation) {
  if (invocation.has("--man-all")) return write_man_pages(table, invocation);
  const auto& topic = invocation.all("TOPIC");
  const bool man = invocation.has("--man");
  Output& out = invocation.out();
  if (topic.size() > 2) {
    return Error(Errc::usage, "cli.too-many-arguments", "'" + printable(topic[2], 60) + "' is one word too many",
                 "Write: signet help NOUN VERB");
  }
  if (topic.empty()) {
    show_page(out, man ? main_man_page(table) : overview(table, {}), Json::object());
    return {};
  }
  if (topic.size() == 1 && topic[0] == k_exit_codes) {
    show_page(out, exit_codes_help({}), describe_exit_codes());
    return {};
  }
  const Command* command = table.find(topic[0], topic.size() > 1 ? topic[1] : "");
  if (command != nullptr) {
    show_page(out, man ? man_page(*command) : command_help(*command, {}), describe(*command));
    return {};
  }
  const auto verbs = table.verbs(topic[0]);
  if (verbs.empty()) return unknown_topic(table, topic[0], {});
  if (topic.size() > 1) return unknown_topic(table, topic[1], verbs);
  show_page(out, man ? main_man_page(table) : noun_help(table, topic[0], {}),
            Json::object({{"verbs", Json(Json::Array(verbs.begin(), verbs.end()))}}));
  return {};
}

Command completion_command(const Table& table, const char* shell, const char* folder,
                           std::string (*make)(const Table&)) {
  const std::string name(shell);
  return {
      .noun = "completion",
      .verb = name,
      .summary = "Print the completion script for " + name,
      .description = "Prints a script that lets " + name +
                     " complete commands, options, choices and file names when you press Tab. The Debian "
                     "package brings it already.",
      .examples = {{"signet completion " + name + " > " + folder, "Switch completion on for yourself."}},
      .run = [&table, make](const Invocation& invocation) -> Result<void> {
        show_page(invocation.out(), make(table), Json::object({{"script", make(table)}}));
        return {};
      },
  };
}

}  // namespace

std::vector<Command> frame_commands(const Table& table) {
  std::vector<Command> commands;
  commands.push_back({
      .noun = "help",
      .verb = "",
      .summary = "Explain a command, or all exit codes",
      .description = "Says the same as --help behind a command. With --man it prints a manual page instead, to be read "
                     "with `man -l`; "
                     "with --man-all it writes the manual pages of all commands into a folder.",
      .positionals = {{.name = "TOPIC",
                       .help = "A noun, a noun and a verb, or exit-codes.",
                       .required = false,
                       .repeatable = true,
                       .complete = Complete::nothing}},
      .options = {{.name = "--man", .value = "", .help = "Print the manual page (roff)."},
                  {.name = "--man-all",
                   .value = "DIR",
                   .help = "Write all manual pages into this folder.",
                   .complete = Complete::folder}},
      .examples = {{"signet help completion bash", "Explain one command."},
                   {"signet help exit-codes", "List what a command can end with."},
                   {"signet help --man-all man/man1", "Write the manual pages."}},
      .run = [&table](const Invocation& invocation) { return help(table, invocation); },
  });
  commands.push_back(
      completion_command(table, "bash", "~/.local/share/bash-completion/completions/signet", bash_completion));
  commands.push_back(completion_command(table, "zsh", "~/.zfunc/_signet", zsh_completion));
  commands.push_back(completion_command(table, "fish", "~/.config/fish/completions/signet.fish", fish_completion));
  return commands;
}

}  // namespace signet::cli
