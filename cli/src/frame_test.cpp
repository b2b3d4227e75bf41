// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "fake_console.hpp"
#include "run.hpp"
#include "sample_commands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace signet::cli {
namespace {

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

Outcome run_words(const std::vector<std::string>& words, const Face& look = {}) {
  FakeConsole console;
  console.look = look;
  const int exit_code = run_on(console, words, sample_commands());
  return {exit_code, console.out, console.err};
}

std::vector<std::string> split(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

Json result_of(const std::string& line) {
  const Outcome outcome = run_words(split(line + " --json"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  return *Json::parse(as_bytes(outcome.out))->object_at("result");
}

TEST(Frame, options_positionals_and_fallbacks_arrive) {
  const Json json = result_of("box sign --key file:k --tag a --tag=b --force --hash sha384 one two three");
  EXPECT_EQ(json.dump(), R"({"box":"one","key":"file:k","hash":"sha384","hash_given":true,)"
                         R"("count":3,"force":true,"more":["two","three"],"tags":["a","b"]})");
  const Json plain = result_of("box sign one --key k");
  EXPECT_EQ(*plain.string_at("hash"), "sha256");
  bool given = true;
  EXPECT_OK(plain.find("hash_given")->as_bool(given));
  EXPECT_FALSE(given);
}

TEST(Frame, words_with_odd_forms_stay_whole) {
  EXPECT_EQ(*result_of("box sign --key k [a]").string_at("box"), "[a]");
  EXPECT_EQ(*result_of("box sign --key [a,b] x").string_at("key"), "[a,b]");
  EXPECT_EQ(*result_of("box sign --key=-5 x").string_at("key"), "-5");
  EXPECT_EQ(*result_of("box sign --key=a=b x").string_at("key"), "a=b");
  EXPECT_EQ(*result_of("--json box sign --key k -").string_at("box"), "-");
  const Outcome outcome = run_words({"box", "sign", "--key", "a b", "--json", "--", "--help"});
  EXPECT_EQ(*Json::parse(as_bytes(outcome.out))->object_at("result")->string_at("box"), "--help");
}

struct Refused {
  const char* line;
  const char* reason;
  const char* hint;  // a part of it
};

TEST(Frame, P_CLI_002_a_command_line_that_makes_no_sense_says_what_to_do) {
  const Refused k_table[] = {
      {"bxo", "cli.unknown-command", "Did you mean box?"},
      {"sign", "cli.unknown-command", "Did you mean `signet box sign`?"},
      {"zebra", "cli.unknown-command", "`signet` alone lists"},
      {"box", "cli.no-verb", "Choose sign or open"},
      {"box sing", "cli.unknown-command", "Did you mean sign?"},
      {"box zebra", "cli.unknown-command", "It has sign or open."},
      {"--jsno box", "cli.unknown-option", "Did you mean --json?"},
      {"box sign --kye k x", "cli.unknown-option", "Did you mean --key?"},
      {"box sign --kye=k x", "cli.unknown-option", "Did you mean --key?"},
      {"box sign -x", "cli.unknown-option", "--help"},
      {"box sign x --key", "cli.missing-value", "Write --key URI"},
      {"box sign --key --force x", "cli.missing-value", "Write --key URI"},
      {"box sign --key= x", "cli.missing-value", "Write --key URI"},
      {"box sign --key -- x", "cli.missing-value", "Write --key URI"},
      {"box sign --force=yes --key k x", "cli.flag-value", "Write just --force"},
      {"box sign --key k --key l x", "cli.given-twice", "once"},
      {"box sign --key k --hash sha265 x", "cli.bad-choice", "Did you mean sha256?"},
      {"box sign --key k --hash md5 x", "cli.bad-choice", "It can be sha256 or sha384."},
      {"box sign x", "cli.missing-option", "Add --key URI"},
      {"box sign --key k", "cli.missing-argument", "Name it: The box."},
      {"dance slowly", "cli.too-many-arguments", "signet dance"},
      {"box sign --key k --count 0 x", "cli.bad-number", "from 1 to 9"},
      {"box sign --key k --count 10 x", "cli.bad-number", "from 1 to 9"},
      {"box sign --key k --count 3x x", "cli.bad-number", "from 1 to 9"},
      {"box sign --key k --count +3 x", "cli.bad-number", "from 1 to 9"},
      {"box sign --key k --count 99999999999999999999 x", "cli.bad-number", "from 1 to 9"},
      {"help zebra", "cli.unknown-command", "There is help on"},
      {"help box sing", "cli.unknown-command", "Did you mean sign?"},
      {"completion tcsh", "cli.unknown-command", "It has bash, zsh or fish."},
  };
  for (const Refused& row : k_table) {
    const Outcome text = run_words(split(row.line));
    EXPECT_EQ(text.exit_code, 2) << row.line;
    EXPECT_EQ(text.out, "") << row.line;
    EXPECT_TRUE(text.err.starts_with("signet: ")) << row.line;
    EXPECT_NE(text.err.find(std::string("\n  -> ")), std::string::npos) << row.line;
    EXPECT_NE(text.err.find(row.hint), std::string::npos) << row.line << "\n" << text.err;

    auto words = split(row.line);
    words.insert(words.begin(), "--json");
    const Outcome json = run_words(words);
    EXPECT_EQ(json.exit_code, 2);
    EXPECT_EQ(json.err, "");
    const auto parsed = Json::parse(as_bytes(json.out));
    ASSERT_OK(parsed) << json.out;
    EXPECT_EQ(*parsed->object_at("error")->string_at("reason"), row.reason) << row.line;
  }
}

TEST(Frame, P_CLI_009_a_command_that_answers_by_exit_codes_gives_each_one_meaning) {
  struct Answer {
    std::vector<std::string> words;
    int exit_code;
    const char* reason;
  };
  const std::vector<Answer> k_table{
      {{"taste", "good"}, 0, ""},
      {{"taste", "bad"}, 1, "box.bad"},
      {{"taste", "empty"}, 2, "box.empty"},
      {{"taste", "gone"}, errc_info(Errc::not_found).exit_code, "box.gone"},
      {{"taste", "throw"}, 70, "cli.exception"},
      {{"taste"}, 64, "cli.missing-argument"},
      {{"taste", "good", "--nonsense"}, 64, "cli.unknown-option"},
      {{"box", "sign", "--nonsense"}, 2, "cli.unknown-option"},
  };
  for (const Answer& row : k_table) {
    EXPECT_EQ(run_words(row.words).exit_code, row.exit_code) << row.reason;
    auto words = row.words;
    words.emplace_back("--json");
    const Outcome json = run_words(words);
    EXPECT_EQ(json.exit_code, row.exit_code) << row.reason;
    const auto parsed = Json::parse(as_bytes(json.out));
    ASSERT_OK(parsed) << json.out;
    const Json* error = parsed->find("error");
    ASSERT_EQ(error == nullptr, row.exit_code == 0);
    if (error != nullptr) {
      EXPECT_EQ(*error->string_at("reason"), row.reason);
    }
  }
  const std::string help = run_words({"taste", "--help"}).out;
  for (const char* row : {"\n  1   bad", "\n  2   empty", "\n  64  usage: ", "\n  70  internal: "}) {
    EXPECT_NE(help.find(row), std::string::npos) << row << help;
  }
}

TEST(Frame, P_CLI_001_an_error_has_its_exit_code_and_both_forms) {
  const Outcome text = run_words({"box", "open"});
  EXPECT_EQ(text.exit_code, errc_info(Errc::untrusted).exit_code);
  EXPECT_EQ(text.err, "signet: open the box: the box says \\x1b[31mno\n  -> Ask its owner.\n");
  const Outcome json = run_words({"box", "open", "--json"});
  EXPECT_EQ(json.exit_code, text.exit_code);
  EXPECT_EQ(json.out,
            "{\"ok\":false,\"error\":{\"code\":\"untrusted\",\"reason\":\"box.sealed\",\"message\":\"open the box: the "
            "box says \\u001b[31mno\","
            "\"hint\":\"Ask its owner.\"}}\n");
}

TEST(Frame, P_CLI_004_colour_and_progress_only_on_a_terminal) {
  const Outcome pipe = run_words({"dance"});
  EXPECT_EQ(pipe.out, "green and \\x1b[2Jwiped\nraw\n");
  EXPECT_EQ(pipe.err, "");
  const Outcome terminal =
      run_words({"dance"}, {.out_colour = true, .err_colour = true, .err_terminal = true, .width_chars = 60});
  EXPECT_EQ(terminal.out, "\x1b[32mgreen\x1b[0m and \\x1b[2Jwiped\nraw\n");
  EXPECT_NE(terminal.err.find("  50 %  [##########          ]  dancing"), std::string::npos) << terminal.err;
  EXPECT_TRUE(terminal.err.ends_with("\r\x1b[K"));
  const Outcome error = run_words({"box", "open"}, {.err_colour = true});
  EXPECT_TRUE(error.err.starts_with("\x1b[1;31msignet:\x1b[0m ")) << error.err;
}

TEST(Frame, P_CLI_005_output_that_cannot_be_written_is_an_error) {
  for (const char* line : {"dance", "--version", "help box sign", "box sign --key k x --json"}) {
    FakeConsole console;
    console.full = true;
    EXPECT_EQ(run_on(console, split(line), sample_commands()), errc_info(Errc::io).exit_code) << line;
    EXPECT_TRUE(console.err.starts_with("signet: cannot write the output")) << line;
  }
}

TEST(Frame, every_way_to_ask_for_help_answers) {
  for (const char* line : {"", "--help", "-h", "help", "box --help", "help box", "box sign --help", "box --help sign",
                           "help box sign", "box sign --key --help", "help exit-codes", "help --man",
                           "help --man box sign", "--version", "--version box"}) {
    const Outcome text = run_words(split(line));
    EXPECT_EQ(text.exit_code, 0) << line << text.err;
    EXPECT_GT(text.out.size(), 10U) << line;
    const Outcome json = run_words(split(std::string(line) + " --json"));
    EXPECT_EQ(json.exit_code, 0) << line;
    EXPECT_OK(Json::parse(as_bytes(json.out))) << line;
  }
}

TEST(Frame, help_shows_everything_about_a_command) {
  const std::string help = run_words({"box", "sign", "--help"}).out;
  for (const char* part :
       {"signet box sign - Sign a box", "Usage: signet box sign --key URI [--tag TEXT]...",
        "First paragraph. Same one.", "BOX", "--hash NAME", "It can be sha256 or sha384. Default: sha256.",
        "May be given several times.", "Required.", "# Sign one box.", "signet help exit-codes"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << "\n" << help;
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 81U) << line;
}

}  // namespace
}  // namespace signet::cli
