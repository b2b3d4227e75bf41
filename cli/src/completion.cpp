// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "completion.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

std::string join(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

/// A word in single quotes, as all three shells read it; `special` is escaped by a backslash first.
std::string in_quotes(std::string_view text, std::string_view special = "") {
  std::string word = "'";
  for (char c : text) {
    if (special.find(c) != std::string_view::npos) word += '\\';
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return word + "'";
}

Complete positional_kind(const Command& command) {
  const auto it =
      std::ranges::find_if(command.positionals, [](const Positional& p) { return p.complete != Complete::nothing; });
  return it != command.positionals.end() ? it->complete : Complete::nothing;
}

std::string noun_text(const Table& table, const std::string& noun) {
  const Command* alone = table.find(noun, "");
  const std::string_view known = noun_summary(noun);
  return !known.empty() ? std::string(known) : alone != nullptr ? alone->summary : noun;
}

// --- bash ---

constexpr std::string_view k_bash_begin = R"(# bash completion for signet, made by `signet completion bash`
_signet() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} noun="" verb="" words="" kind="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] && continue
    if [[ -z $noun ]]; then noun=${COMP_WORDS[i]}; elif [[ -z $verb ]]; then verb=${COMP_WORDS[i]}; fi
  done
)";

constexpr std::string_view k_bash_end = R"(  case $kind in
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    *) COMPREPLY=() ;;
  esac
  [[ -n $words ]] && mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
  return 0
}
complete -F _signet signet
)";

std::string_view kind_name(Complete kind) {
  return kind == Complete::file ? "file" : kind == Complete::folder ? "folder" : "nothing";
}

/// What stands behind an option, by command and option.
std::string bash_values(const Table& table) {
  std::string cases;
  for (const Command& command : table.commands()) {
    const std::string verb = command.verb.empty() ? "*" : in_quotes(" " + command.verb + " ");
    for (const Option& option : command.options) {
      if (option.value.empty()) continue;
      cases += "    " + in_quotes(command.noun) + verb +
               (command.verb.empty() ? in_quotes(" " + option.name) : in_quotes(option.name)) + ") ";
      cases += option.choices.empty() ? "kind=" + std::string(kind_name(option.complete))
                                      : "kind=nothing words=" + in_quotes(join(option.choices));
      cases += " ;;\n";
    }
  }
  return "  case \"$noun $verb $prev\" in\n" + cases + "  esac\n";
}

}  // namespace

std::string bash_completion(const Table& table) {
  std::string script(k_bash_begin);
  script += bash_values(table);
  script += "  if [[ -z $kind ]]; then case $noun in\n";
  script += "    '') words=" + in_quotes(join(table.nouns()) + " --help --json --version") + " ;;\n";
  for (const std::string& noun : table.nouns()) {
    const auto verbs = table.verbs(noun);
    script += "    " + in_quotes(noun) + ") case $verb in\n";
    if (!verbs.empty()) script += "      '') words=" + in_quotes(join(verbs) + " --help") + " ;;\n";
    for (const Command& command : table.commands()) {
      if (command.noun != noun) continue;
      std::vector<std::string> options;
      for (const Option& option : options_of(command)) options.push_back(option.name);
      // Options only where one was begun, or where nothing else can stand: they would hide the files.
      const Complete kind = positional_kind(command);
      script += "      " + (command.verb.empty() ? "*" : in_quotes(command.verb)) + ") ";
      if (kind != Complete::nothing) script += "kind=" + std::string(kind_name(kind)) + "; [[ $cur == -* ]] && ";
      script += "words=" + in_quotes(join(options)) + " ;;\n";
    }
    script += "    esac ;;\n";
  }
  return script + "  esac; fi\n" + std::string(k_bash_end);
}

// --- zsh ---

namespace {

std::string_view zsh_action(Complete kind) {
  return kind == Complete::file ? "_files" : kind == Complete::folder ? "_files -/" : " ";
}

std::string zsh_arguments(const Command& command) {
  std::string line = "_arguments -S";
  for (const Option& option : options_of(command)) {
    std::string help;
    for (char c : option.help) help += std::string(c == '[' || c == ']' || c == ':' || c == '\\' ? "\\" : "") + c;
    std::string spec = (option.repeatable ? "*" : "") + option.name + "[" + help + "]";
    if (!option.value.empty()) {
      spec += ":" + option.value + ":";
      spec += option.choices.empty() ? std::string(zsh_action(option.complete)) : "(" + join(option.choices) + ")";
    }
    line += " \\\n          " + in_quotes(spec);
  }
  for (const Positional& positional : command.positionals) {
    const std::string_view place = positional.repeatable ? "*:" : positional.required ? ":" : "::";
    line += " \\\n          " +
            in_quotes(std::string(place) + positional.name + ":" + std::string(zsh_action(positional.complete)));
  }
  return line;
}

std::string zsh_verbs(const Table& table, const std::string& noun) {
  std::string part = "      if (( CURRENT == 3 )); then\n        words_known=(";
  for (const std::string& verb : table.verbs(noun))
    part += in_quotes(verb + ":" + table.find(noun, verb)->summary) + " ";
  part += ")\n        _describe 'verb' words_known\n        return\n      fi\n";
  part += "      local verb=${words[3]}\n      shift 2 words\n      (( CURRENT -= 2 ))\n      case $verb in\n";
  for (const std::string& verb : table.verbs(noun)) {
    part += "        " + verb + ") " + zsh_arguments(*table.find(noun, verb)) + " ;;\n";
  }
  return part + "      esac ;;\n";
}

}  // namespace

std::string zsh_completion(const Table& table) {
  std::string script = "#compdef signet\n# zsh completion for signet, made by `signet completion zsh`\n_signet() {\n";
  script += "  local -a words_known\n  if (( CURRENT == 2 )); then\n    words_known=(";
  for (const std::string& noun : table.nouns()) script += in_quotes(noun + ":" + noun_text(table, noun)) + " ";
  script += ")\n    _describe 'command' words_known\n    return\n  fi\n  case ${words[2]} in\n";
  for (const std::string& noun : table.nouns()) {
    script += "    " + noun + ")\n";
    const Command* alone = table.find(noun, "");
    script += alone != nullptr ? "      shift words\n      (( CURRENT -= 1 ))\n      " + zsh_arguments(*alone) + " ;;\n"
                               : zsh_verbs(table, noun);
  }
  script += "  esac\n}\n";
  return script + "if [[ ${funcstack[1]} == _signet ]]; then _signet \"$@\"; else compdef _signet signet; fi\n";
}

// --- fish ---

namespace {

constexpr std::string_view k_fish_begin = R"(# fish completion for signet, made by `signet completion fish`
function __signet_words
    set -l words (commandline -opc)
    set -e words[1]
    string match -v -- '-*' $words
end
function __signet_exactly
    set -l words (__signet_words)
    test "$words" = "$argv"
end
function __signet_at
    set -l words (__signet_words)
    test (count $words) -ge (count $argv); and test "$words[1..$(count $argv)]" = "$argv"
end
complete -c signet -f
)";

std::string fish_words(const std::string& condition, const std::string& word, const std::string& help) {
  return "complete -c signet -n " + in_quotes(condition) + " -a " + in_quotes(word) + " -d " + in_quotes(help, "\\") +
         "\n";
}

std::string fish_option(const std::string& condition, const Option& option) {
  std::string line = "complete -c signet -n " + in_quotes(condition) + " -l " + option.name.substr(2);
  if (!option.value.empty()) {
    line += !option.choices.empty()               ? " -x -a " + in_quotes(join(option.choices))
            : option.complete == Complete::file   ? std::string(" -r -F")
            : option.complete == Complete::folder ? std::string(" -x -a '(__fish_complete_directories)'")
                                                  : std::string(" -x");
  }
  return line + " -d " + in_quotes(option.help, "\\") + "\n";
}

}  // namespace

std::string fish_completion(const Table& table) {
  std::string script(k_fish_begin);
  for (const std::string& noun : table.nouns()) script += fish_words("__signet_exactly", noun, noun_text(table, noun));
  for (const Command& command : table.commands()) {
    std::string at = "__signet_at " + command.noun;
    if (!command.verb.empty()) {
      script += fish_words("__signet_exactly " + command.noun, command.verb, command.summary);
      at += " " + command.verb;
    }
    for (const Option& option : options_of(command)) script += fish_option(at, option);
    const Complete kind = positional_kind(command);
    if (kind == Complete::file) script += "complete -c signet -n " + in_quotes(at) + " -F\n";
    if (kind == Complete::folder)
      script += "complete -c signet -n " + in_quotes(at) + " -a '(__fish_complete_directories)'\n";
  }
  return script;
}

}  // namespace signet::cli
