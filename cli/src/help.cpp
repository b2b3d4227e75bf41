// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include "signet/core/version.hpp"

#include "suggest.hpp"

#include <algorithm>
#include <utility>

namespace signet::cli {

namespace {

constexpr std::size_t k_indent = 2;

std::string bold(std::string_view text, const Style& style) {
  return style.colour ? "\x1b[1m" + std::string(text) + "\x1b[0m" : std::string(text);
}

std::string heading(std::string_view text, const Style& style) { return "\n" + bold(text, style) + "\n"; }

/// Terms on the left, their explanations wrapped on the right.
std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows, const Style& style) {
  constexpr std::size_t k_left_max = 26;
  std::size_t left = 0;
  for (const auto& [term, text] : rows) left = std::max(left, term.size() <= k_left_max ? term.size() : 0);
  const std::size_t column = k_indent + left + 2;
  std::string page;
  for (const auto& [term, text] : rows) {
    page += std::string(k_indent, ' ') + term;
    page += term.size() > left ? "\n" + std::string(column, ' ') : std::string(left + 2 - term.size(), ' ');
    page += wrap(text, style.width_chars - column, column) + "\n";
  }
  return page;
}

std::string examples_text(const Command& command, const Style& style) {
  std::string page;
  for (const Example& example : command.examples) {
    page += std::string(k_indent, ' ') + "# " + wrap(example.what, style.width_chars - k_indent - 2, k_indent) + "\n";
    page += std::string(k_indent, ' ') + example.command + "\n";
  }
  return page;
}

std::vector<std::pair<std::string, std::string>> option_rows(const std::vector<Option>& options) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Option& option : options) {
    rows.emplace_back(option.value.empty() ? option.name : option.name + " " + option.value, option_text(option));
  }
  return rows;
}

}  // namespace

std::string wrap(std::string_view text, std::size_t width_chars, std::size_t indent) {
  std::string page;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (used > 0 && used + 1 + word.size() > width_chars) {
      page += "\n" + std::string(indent, ' ');
      used = 0;
    }
    if (used > 0) page += ' ';
    page += word;
    used += word.size() + (used > 0 ? 1 : 0);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return page;
}

std::vector<std::string> paragraphs(std::string_view description) {
  std::vector<std::string> parts;
  while (!description.empty()) {
    const std::size_t end = std::min(description.find("\n\n"), description.size());
    std::string part(description.substr(0, end));
    std::ranges::replace(part, '\n', ' ');
    if (!part.empty()) parts.push_back(std::move(part));
    description.remove_prefix(std::min(end + 2, description.size()));
  }
  return parts;
}

std::string option_text(const Option& option) {
  std::string text = option.help;
  if (option.required) text += " Required.";
  if (!option.choices.empty()) text += " It can be " + any_of(option.choices) + ".";
  if (!option.fallback.empty()) text += " Default: " + option.fallback + ".";
  if (option.repeatable) text += " May be given several times.";
  return text;
}

std::string overview(const Table& table, const Style& style) {
  std::string page = bold("signet", style) + " " + std::string(project_version()) +
                     " - trust for networked devices, over their whole life\n\n";
  page += wrap(
              "Keys in tokens, certificates, signed firmware with a verified way onto the device, and a ledger in "
              "which no change "
              "goes unnoticed.",
              style.width_chars, 0) +
          "\n";
  page += heading("What it does", style);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const std::string& noun : table.nouns()) {
    std::string text(noun_summary(noun));
    const Command* alone = table.find(noun, "");
    if (text.empty() && alone != nullptr) text = alone->summary;
    const auto verbs = table.verbs(noun);
    std::string list;
    for (const std::string& verb : verbs) list += (list.empty() ? "" : ", ") + verb;
    if (!list.empty()) text += (text.empty() ? "" : ": ") + list;
    rows.emplace_back(noun, std::move(text));
  }
  page += two_columns(rows, style);
  page += heading("Begin here", style);
  const Command* tour = table.find("tour", "");
  rows = {{"signet key --help", "what can be done with keys; every command has --help and --json"}};
  if (tour != nullptr)
    rows.insert(rows.begin(), {"signet tour", "a minute's walk through all of it, nothing on your machine changes"});
  rows.emplace_back("signet help exit-codes", "what a script can learn from how a command ended");
  return page + two_columns(rows, style);
}

std::string noun_help(const Table& table, const std::string& noun, const Style& style) {
  std::string page = bold("signet " + noun, style);
  if (!noun_summary(noun).empty()) page += " - " + std::string(noun_summary(noun));
  page += "\n\nUsage: signet " + noun + " VERB [options]\n" + heading("Verbs", style);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const std::string& verb : table.verbs(noun)) rows.emplace_back(verb, table.find(noun, verb)->summary);
  page += two_columns(rows, style);
  return page + "\n`signet " + noun + " VERB --help` explains one of them.\n";
}

std::string command_help(const Command& command, const Style& style) {
  std::string page = bold(full_name(command), style) + " - " + command.summary + "\n\n";
  page += "Usage: " + wrap(synopsis(command), style.width_chars - 7, 9) + "\n";
  for (const std::string& part : paragraphs(command.description))
    page += "\n" + wrap(part, style.width_chars, 0) + "\n";
  if (!command.positionals.empty()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Positional& positional : command.positionals) {
      rows.emplace_back(positional.name,
                        positional.help + (positional.repeatable ? " May be given several times." : ""));
    }
    page += heading("Arguments", style) + two_columns(rows, style);
  }
  page += heading("Options", style) + two_columns(option_rows(options_of(command)), style);
  page += heading("Examples", style) + examples_text(command, style);
  if (command.exits.empty()) {
    return page + "\nIt ends with 0, or with the exit code of its error: see `signet help exit-codes`.\n";
  }
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [code, meaning] : own_exits(command)) rows.emplace_back(std::to_string(code), meaning);
  return page + heading("Exit codes", style) + two_columns(rows, style) +
         "\nOther errors end with their own codes: see `signet help exit-codes`.\n";
}

std::vector<std::pair<int, std::string>> own_exits(const Command& command) {
  std::vector<std::pair<int, std::string>> rows;
  for (const Exit& exit : command.exits) rows.emplace_back(exit.code, exit.meaning);
  for (const Errc code : {Errc::usage, Errc::internal}) {
    const ErrcInfo& info = errc_info(code);
    rows.emplace_back(exit_code_of(Error(code, "", ""), command.exits),
                      std::string(info.name) + ": " + std::string(info.meaning));
  }
  return rows;
}

std::string exit_codes_help(const Style& style) {
  std::vector<std::pair<std::string, std::string>> rows{{"0", "done"}};
  for (const ErrcInfo& info : errc_table()) {
    rows.emplace_back(std::to_string(info.exit_code), std::string(info.name) + ": " + std::string(info.meaning));
  }
  return "Every command ends with one of these codes; under --json the name stands in error.code, and error.reason\n"
         "is finer still.\n\n" +
         two_columns(rows, style);
}

Json describe(const Command& command) {
  Json options = Json::array();
  for (const Option& option : options_of(command)) {
    Json choices = Json::array();
    for (const std::string& choice : option.choices) choices.push(choice);
    options.push(Json::object({{"name", option.name},
                               {"value", option.value},
                               {"help", option.help},
                               {"required", option.required},
                               {"repeatable", option.repeatable},
                               {"default", option.fallback},
                               {"choices", std::move(choices)}}));
  }
  Json positionals = Json::array();
  for (const Positional& positional : command.positionals) {
    positionals.push(Json::object({{"name", positional.name},
                                   {"help", positional.help},
                                   {"required", positional.required},
                                   {"repeatable", positional.repeatable}}));
  }
  Json examples = Json::array();
  for (const Example& example : command.examples) {
    examples.push(Json::object({{"command", example.command}, {"what", example.what}}));
  }
  Json exits = Json::array();
  if (!command.exits.empty()) {
    for (const auto& [code, meaning] : own_exits(command)) {
      exits.push(Json::object({{"code", code}, {"meaning", meaning}}));
    }
  }
  return Json::object({{"noun", command.noun},
                       {"verb", command.verb},
                       {"summary", command.summary},
                       {"usage", synopsis(command)},
                       {"description", command.description},
                       {"arguments", std::move(positionals)},
                       {"options", std::move(options)},
                       {"examples", std::move(examples)},
                       {"exit_codes", std::move(exits)}});
}

Json describe_exit_codes() {
  Json rows = Json::array();
  for (const ErrcInfo& info : errc_table()) {
    rows.push(Json::object(
        {{"code", info.exit_code}, {"name", std::string(info.name)}, {"meaning", std::string(info.meaning)}}));
  }
  return Json::object({{"exit_codes", std::move(rows)}});
}

}  // namespace signet::cli
