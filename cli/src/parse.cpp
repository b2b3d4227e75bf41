// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: cli_fuzz)
#include "parse.hpp"

#include "suggest.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <utility>

namespace signet::cli {

namespace {

Error usage(std::string reason, std::string text, std::string hint) {
  return {Errc::usage, "cli." + std::move(reason), std::move(text), std::move(hint)};
}

std::string help_hint(const Command& command) { return "`" + full_name(command) + " --help` shows what it takes."; }

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
  const auto it = std::ranges::find(options, name, &Option::name);
  return it != options.end() ? &*it : nullptr;
}

/// CLI11 takes whatever follows as the value, even another option: a forgotten value would silently eat the next
/// option.
Result<void> check_values_stand(const std::vector<Option>& options, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::size_t equals = words[i].starts_with("--") ? words[i].find('=') : std::string::npos;
    const Option* option = find_option(options, words[i].substr(0, equals));
    if (option == nullptr) continue;
    if (option->value.empty()) {
      if (equals == std::string::npos) continue;
      return usage("flag-value", option->name + " takes no value", "Write just " + option->name + ".");
    }
    const bool attached = equals != std::string::npos;
    const bool next_is_value = !attached && i + 1 < words.size() && !words[i + 1].starts_with("--");
    if (attached ? equals + 1 < words[i].size() : next_is_value) {
      i += next_is_value ? 1 : 0;
      continue;
    }
    return usage("missing-value", option->name + " needs a value",
                 "Write " + option->name + " " + option->value + ": " + option->help);
  }
  return {};
}

/// Runs CLI11 over the words: values by option name, and what is left over in its order ("--" included).
struct Raw {
  Invocation::Values values;
  std::vector<std::string> rest;
};

Result<Raw> run_cli11(const Command& command, const std::vector<Option>& options,
                      const std::vector<std::string>& words) {
  try {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<std::pair<std::string, CLI::Option*>> declared;
    for (const Option& option : options) {
      CLI::Option* made = option.value.empty() ? app.add_flag(option.name) : app.add_option(option.name);
      declared.emplace_back(option.name, made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
    }
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants it
    app.parse(reversed);
    Raw raw;
    for (const auto& [name, option] : declared) raw.values[name] = option->results();
    raw.rest = app.remaining();
    return raw;
  } catch (const CLI::Error& error) {
    return usage("bad-arguments", printable(error.what()), help_hint(command));
  }
}

Result<void> check_options(const Command& command, const Raw& raw) {
  for (const Option& option : command.options) {
    const auto& values = raw.values.at(option.name);
    if (values.size() > 1 && !option.repeatable && !option.value.empty()) {
      return usage("given-twice", option.name + " was given " + std::to_string(values.size()) + " times",
                   "Give it once.");
    }
    for (const std::string& value : values) {
      if (option.choices.empty() || std::ranges::find(option.choices, value) != option.choices.end()) continue;
      return usage("bad-choice", option.name + " cannot be '" + printable(value, 60) + "'",
                   did_you_mean(value, option.choices, "It can be " + any_of(option.choices) + "."));
    }
  }
  return {};
}

/// Only after all words have been understood: "unknown option" helps more than "missing option".
Result<void> check_required(const Command& command, const Raw& raw) {
  for (const Option& option : command.options) {
    if (!option.required || !raw.values.at(option.name).empty()) continue;
    return usage("missing-option", option.name + " is missing",
                 "Add " + option.name + " " + option.value + ": " + option.help);
  }
  return {};
}

Result<void> assign_positionals(const Command& command, const std::vector<Option>& options, Raw& raw) {
  std::vector<std::string> given;
  bool only_values = false;
  for (std::string& word : raw.rest) {
    if (!only_values && word == "--") {
      only_values = true;
    } else if (!only_values && word.size() > 1 && word.starts_with('-')) {
      std::vector<std::string> names;
      for (const Option& option : options) names.push_back(option.name);
      return usage("unknown-option", "there is no option '" + printable(word.substr(0, word.find('=')), 60) + "'",
                   did_you_mean(word.substr(0, word.find('=')), names, help_hint(command)));
    } else {
      given.push_back(std::move(word));
    }
  }
  std::size_t next = 0;
  for (const Positional& positional : command.positionals) {
    auto& values = raw.values[positional.name];
    const std::size_t count =
        positional.repeatable ? given.size() - next : std::min<std::size_t>(1, given.size() - next);
    for (std::size_t i = 0; i < count; ++i) values.push_back(std::move(given[next++]));
    if (positional.required && values.empty()) {
      return usage("missing-argument", positional.name + " is missing",
                   "Name it: " + positional.help + " (" + synopsis(command) + ")");
    }
  }
  if (next == given.size()) return {};
  return usage("too-many-arguments", "'" + printable(given[next], 60) + "' is one argument too many",
               "Quote names with spaces. The form is: " + synopsis(command));
}

}  // namespace

Result<Invocation::Values> parse_words(const Command& command, const std::vector<std::string>& words) {
  const std::vector<Option> options = options_of(command);
  TRY(check_values_stand(options, words));
  TRY_ASSIGN(Raw raw, run_cli11(command, options, words));
  TRY(check_options(command, raw));
  TRY(assign_positionals(command, options, raw));
  TRY(check_required(command, raw));
  return std::move(raw.values);
}

Invocation::Values fallbacks_of(const Command& command) {
  Invocation::Values fallbacks;
  for (const Option& option : command.options) {
    if (!option.fallback.empty()) fallbacks[option.name] = {option.fallback};
  }
  return fallbacks;
}

}  // namespace signet::cli
