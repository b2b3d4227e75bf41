// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "man.hpp"

#include "signet/core/version.hpp"

#include "help.hpp"

#include <algorithm>
#include <cctype>

namespace signet::cli {

namespace {

/// Text of a line of its own: escapes what roff would read as an instruction. A hyphen-minus stays one, so that it can
/// be copied.
std::string roff(std::string_view text) {
  std::string escaped;
  if (!text.empty() && (text[0] == '.' || text[0] == '\'')) escaped += "\\&";
  for (char c : text) {
    switch (c) {
      case '\\':
        escaped += "\\e";
        break;
      case '-':
        escaped += "\\-";
        break;
      case '\'':
        escaped += "\\(aq";
        break;
      case '`':
        escaped += "\\(ga";
        break;
      case '^':
        escaped += "\\(ha";
        break;
      case '~':
        escaped += "\\(ti";
        break;
      case '"':
        escaped += "\\(dq";
        break;
      case '\n':
        escaped += ' ';
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string title(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ".TH \"" + roff(name) + "\" \"1\" \"\" \"signet " + std::string(project_version()) +
         "\" \"Signet manual\"\n.nh\n.ad l\n";
}

std::string section(std::string_view name) { return ".SH " + std::string(name) + "\n"; }

std::string term(const std::string& bold, const std::string& italic, const std::string& text) {
  std::string page = ".TP\n.B \"" + roff(bold) + "\"";
  if (!italic.empty()) page = ".TP\n\\fB" + roff(bold) + "\\fR \\fI" + roff(italic) + "\\fR";
  return page + "\n" + roff(text) + "\n";
}

std::string exit_status(const Command& command = {}) {
  std::string page = section("EXIT STATUS");
  const bool is_answer = !command.exits.empty();
  if (is_answer) {
    for (const auto& [code, meaning] : own_exits(command)) page += term(std::to_string(code), "", meaning);
  } else {
    page += term("0", "", "done");
  }
  for (const ErrcInfo& info : errc_table()) {
    if (is_answer && (info.code == Errc::usage || info.code == Errc::internal)) continue;
    page += term(std::to_string(info.exit_code), "", std::string(info.name) + ": " + std::string(info.meaning));
  }
  return page;
}

std::string verbatim(const std::string& line) { return ".PP\n.nf\n.RS 4\n" + roff(line) + "\n.RE\n.fi\n"; }

std::string see_also(const std::vector<std::string>& names) {
  std::string page = section("SEE ALSO");
  for (std::size_t i = 0; i < names.size(); ++i) {
    page += ".BR \"" + roff(names[i]) + "\" (1)" + (i + 1 < names.size() ? "," : "") + "\n";
  }
  return page;
}

}  // namespace

std::string man_name(const Command& command) {
  return "signet-" + command.noun + (command.verb.empty() ? "" : "-" + command.verb);
}

std::string man_page(const Command& command) {
  std::string page = title(man_name(command));
  page += section("NAME") + roff(man_name(command)) + " \\- " + roff(command.summary) + "\n";
  page += section("SYNOPSIS") + ".B \"" + roff(full_name(command)) + "\"\n" +
          roff(synopsis(command).substr(full_name(command).size() + 1)) + "\n";
  page += section("DESCRIPTION");
  for (const std::string& part : paragraphs(command.description)) page += ".PP\n" + roff(part) + "\n";
  if (!command.positionals.empty()) {
    page += section("ARGUMENTS");
    for (const Positional& positional : command.positionals) page += term(positional.name, "", positional.help);
  }
  page += section("OPTIONS");
  for (const Option& option : options_of(command)) page += term(option.name, option.value, option_text(option));
  page += exit_status(command);
  page += section("EXAMPLES");
  for (const Example& example : command.examples)
    page += ".PP\n" + roff(example.what) + "\n" + verbatim(example.command);
  return page + see_also({"signet"});
}

std::string main_man_page(const Table& table) {
  std::string page = title("signet");
  page += section("NAME") + "signet \\- trust for networked devices, over their whole life\n";
  page += section("SYNOPSIS") + ".B signet\n" + roff("NOUN VERB [OPTION...] [ARGUMENT...]") + "\n";
  page +=
      section("DESCRIPTION") + ".PP\n" +
      roff(
          "Keys in tokens, certificates, signed firmware with a verified way onto the device, and a ledger in which no "
          "change "
          "goes unnoticed. Every command has --help with examples, and --json for machines: one JSON value on standard "
          "output, errors included.") +
      "\n";
  page += section("COMMANDS");
  std::vector<std::string> names;
  for (const Command& command : table.commands()) {
    page += term(full_name(command), "", command.summary);
    names.push_back(man_name(command));
  }
  page += section("ENVIRONMENT") + term("NO_COLOR", "", "If set and not empty, nothing is coloured.");
  return page + exit_status() + see_also(names);
}

std::vector<std::pair<std::string, std::string>> man_pages(const Table& table) {
  std::vector<std::pair<std::string, std::string>> pages{{"signet.1", main_man_page(table)}};
  for (const Command& command : table.commands()) pages.emplace_back(man_name(command) + ".1", man_page(command));
  return pages;
}

}  // namespace signet::cli
