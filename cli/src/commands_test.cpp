// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What holds for every command of the shipped program, whoever wrote it.
#include "signet/os/file.hpp"
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "parse.hpp"
#include "sample_commands.hpp"
#include "table.hpp"

#include <gtest/gtest.h>
#include <regex.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

namespace signet::cli {
namespace {

const Table& shipped() {
  static const Table k_table(all_commands());
  return k_table;
}

/// POSIX expressions: g++ 12 warns inside its own std::regex.
bool matches(const std::string& text, const std::string& pattern) {
  regex_t compiled{};
  if (::regcomp(&compiled, ("^(" + pattern + ")$").c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool found = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return found;
}

/// An example's words as a shell would make them, up to a redirection or a pipe.
std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words(1);
  char quote = '\0';
  for (char c : command) {
    if (quote == '\0' && (c == '>' || c == '|' || c == ';' || c == '<' || c == '&')) break;
    if (quote != '\0' ? c == quote : c == '\'' || c == '"') {
      quote = quote != '\0' ? '\0' : c;
    } else if (quote == '\0' && c == ' ') {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

TEST(Commands, P_CLI_006_every_command_is_described) {
  std::set<std::string> names;
  for (const Command& command : shipped().commands()) {
    const std::string name = full_name(command);
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_TRUE(matches(command.noun, "[a-z][a-z0-9-]*")) << name;
    EXPECT_TRUE(matches(command.verb, "([a-z][a-z0-9-]*)?")) << name;
    EXPECT_TRUE(matches(command.summary, "[A-Z][^\n]{3,70}[^.]")) << name << ": '" << command.summary << "'";
    EXPECT_GT(command.description.size(), 20U) << name;
    EXPECT_FALSE(command.examples.empty()) << name;
    EXPECT_TRUE(static_cast<bool>(command.run)) << name;
    EXPECT_TRUE(command.verb.empty() || shipped().find(command.noun, "") == nullptr) << name << " and its noun alone";
    for (std::size_t i = 0; i < command.exits.size(); ++i) {
      EXPECT_EQ(command.exits[i].code, static_cast<int>(i)) << name;  // 0, 1, 2: codes that only an answer may take
      EXPECT_EQ(command.exits[i].reasons.empty(), i == 0) << name;
    }
    EXPECT_LE(command.exits.size(), 3U) << name;
  }
}

TEST(Commands, P_CLI_006_every_option_and_argument_is_described) {
  for (const Command& command : shipped().commands()) {
    std::set<std::string> names;
    for (const Option& option : options_of(command)) {
      const std::string where = full_name(command) + " " + option.name;
      EXPECT_TRUE(names.insert(option.name).second) << where << " stands twice";
      EXPECT_TRUE(matches(option.name, "--[a-z][a-z0-9-]*")) << where;
      EXPECT_TRUE(matches(option.value, "([A-Z][A-Za-z0-9_:=,.|/-]*)?")) << where << " '" << option.value << "'";
      EXPECT_TRUE(matches(option.help, "[A-Z][^\n]*[.]")) << where << ": '" << option.help << "'";
      EXPECT_FALSE(option.required && !option.fallback.empty()) << where << " is required and has a fallback";
      EXPECT_FALSE(option.value.empty() && (option.required || !option.fallback.empty() || !option.choices.empty()))
          << where << " is a flag";
      for (const std::string& choice : option.choices)
        EXPECT_TRUE(matches(choice, "[A-Za-z0-9._+-]+")) << where << " " << choice;
      EXPECT_TRUE(option.choices.empty() || option.fallback.empty() ||
                  std::ranges::count(option.choices, option.fallback) == 1)
          << where;
    }
    for (std::size_t i = 0; i < command.positionals.size(); ++i) {
      const Positional& positional = command.positionals[i];
      const std::string where = full_name(command) + " " + positional.name;
      EXPECT_TRUE(names.insert(positional.name).second) << where << " stands twice";
      EXPECT_TRUE(matches(positional.name, "[A-Z][A-Z0-9_-]*")) << where;
      EXPECT_TRUE(matches(positional.help, "[A-Z][^\n]+")) << where << ": '" << positional.help << "'";
      EXPECT_TRUE(!positional.repeatable || i + 1 == command.positionals.size())
          << where << " repeats, but is not the last";
      EXPECT_TRUE(i == 0 || !positional.required || command.positionals[i - 1].required)
          << where << " is required behind an optional one";
    }
  }
}

TEST(Commands, P_CLI_006_every_example_parses) {
  for (const Command& command : shipped().commands()) {
    for (const Example& example : command.examples) {
      EXPECT_FALSE(example.what.empty()) << example.command;
      auto words = words_of(example.command);
      ASSERT_FALSE(words.empty()) << full_name(command);
      EXPECT_EQ(words[0], "signet") << example.command;
      words.erase(words.begin());
      const auto request = route(shipped(), words);
      ASSERT_OK(request) << example.command;
      EXPECT_EQ(request->command, &command) << example.command;
      ASSERT_NE(request->command, nullptr) << example.command;
      EXPECT_OK(parse_words(*request->command, request->words)) << example.command;
    }
  }
}

Result<os::ProcessResult> signet(std::vector<std::string> words) {
  words.insert(words.begin(), SIGNET_PROGRAM);
  return os::run(words);
}

bool installed(const std::string& program) { return os::run({program, "--version"}).has_value(); }

TEST(Program, P_CLI_007_manual_pages_have_no_warnings) {
  if (!installed("man")) GTEST_SKIP() << "man is not installed";
  const test::TempDir folder;
  const auto made = signet({"help", "--man-all", folder.path().string(), "--json"});
  ASSERT_OK(made);
  ASSERT_EQ(made->exit_code, 0) << made->out;
  const Json::Array files = *Json::parse(as_bytes(made->out))->object_at("result")->array_at("files");
  EXPECT_EQ(files.size(), shipped().commands().size() + 1);
  for (const Json& file : files) {
    const auto shown =
        os::run({"env", "LC_ALL=C.UTF-8", "MANWIDTH=80", "man", "--warnings", "-E", "UTF-8", "-l", *file.as_string()});
    ASSERT_OK(shown);
    EXPECT_EQ(shown->exit_code, 0);
    EXPECT_EQ(shown->err, "") << *file.as_string();
    EXPECT_NE(shown->out.find("EXIT STATUS"), std::string::npos);
  }
}

TEST(Program, P_CLI_005_a_full_disk_and_a_closed_pipe) {
  const auto full = os::run({"sh", "-c", std::string(SIGNET_PROGRAM) + " help exit-codes >/dev/full"});
  ASSERT_OK(full);
  EXPECT_EQ(full->exit_code, errc_info(Errc::io).exit_code);
  EXPECT_TRUE(full->err.starts_with("signet: cannot write the output: No space left on device")) << full->err;
  const auto closed =
      os::run({"bash", "-c",
               std::string("sleep 0.2 | true; ") + SIGNET_PROGRAM + " help exit-codes | true; exit ${PIPESTATUS[0]}"});
  ASSERT_OK(closed);
  EXPECT_EQ(closed->exit_code, 0);
  EXPECT_EQ(closed->err, "");
}

TEST(Program, P_CLI_008_completion_scripts_are_read_by_their_shells) {
  const test::TempDir folder;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = signet({"completion", shell});
    ASSERT_OK(script);
    ASSERT_EQ(script->exit_code, 0);
    const auto file = folder / shell;
    ASSERT_OK(os::replace_file(file, as_bytes(script->out)));
    if (!installed(shell)) continue;  // the journey `completion` says which shells were there
    const auto checked = os::run({shell, "-n", file.string()});
    ASSERT_OK(checked);
    EXPECT_EQ(checked->exit_code, 0) << shell << ": " << checked->err;
  }
}

}  // namespace
}  // namespace signet::cli
