// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "parse.hpp"
#include "suggest.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

Error usage(std::string reason, std::string text, std::string hint) {
  return {Errc::usage, "cli." + std::move(reason), std::move(text), std::move(hint)};
}

Error unknown_noun(const Table& table, const std::string& word) {
  std::vector<std::string> homes;  // `signet verify` is more likely a forgotten noun than a misspelt one
  for (const Command& command : table.commands()) {
    if (command.verb == word) homes.push_back("`" + full_name(command) + "`");
  }
  std::string hint = homes.empty() ? did_you_mean(word, table.nouns(), "`signet` alone lists what there is.")
                                   : "Did you mean " + any_of(homes) + "?";
  return usage("unknown-command", "there is no command '" + printable(word, 60) + "'", std::move(hint));
}

Error unknown_verb(const Table& table, const std::string& noun, const std::string& word) {
  const auto verbs = table.verbs(noun);
  return usage("unknown-command", "'" + noun + "' has no '" + printable(word, 60) + "'",
               did_you_mean(word, verbs, "It has " + any_of(verbs) + "."));
}

Error unknown_option(const std::string& word) {
  return usage("unknown-option", "there is no option '" + printable(word, 60) + "' before the command",
               did_you_mean(word, {"--help", "--json", "--version"},
                            "Options stand behind the command: signet NOUN VERB --option."));
}

bool help_word(const std::string& word) { return word == "--help" || word == "-h"; }

/// Whether help is asked for among the words of a command, where everything behind "--" is a value.
bool asks_help(const std::vector<std::string>& words) {
  const auto end = std::ranges::find(words, "--");
  return std::any_of(words.begin(), end, help_word);
}

}  // namespace

bool wants_json(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

Result<Request> route(const Table& table, const std::vector<std::string>& arguments) {
  Request request;
  request.json = wants_json(arguments);
  bool version = false;
  bool help = false;
  auto word = arguments.begin();
  for (; word != arguments.end() && request.command == nullptr; ++word) {
    if (*word == "--json") continue;
    if (*word == "--version") {
      version = true;
    } else if (help_word(*word)) {
      help = true;
    } else if (word->starts_with("-")) {
      return unknown_option(*word);
    } else if (request.noun.empty()) {
      request.command = table.find(*word, "");
      if (request.command == nullptr && table.verbs(*word).empty()) return unknown_noun(table, *word);
      request.noun = *word;
    } else {
      request.command = table.find(request.noun, *word);
      if (request.command == nullptr) return unknown_verb(table, request.noun, *word);
    }
  }
  request.words.assign(word, arguments.end());
  if (version) {
    request.ask = Ask::version;
  } else if (help || asks_help(request.words)) {
    request.ask = Ask::help;
  } else if (request.command != nullptr) {
    request.ask = Ask::command;
  } else if (!request.noun.empty()) {
    return usage(
        "no-verb", "say what to do with '" + request.noun + "'",
        "Choose " + any_of(table.verbs(request.noun)) + "; `signet " + request.noun + " --help` explains them.");
  }
  return request;
}

}  // namespace signet::cli
