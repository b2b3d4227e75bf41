// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include "signet/core/version.hpp"

#include "help.hpp"
#include "output.hpp"
#include "parse.hpp"
#include "table.hpp"

#include <exception>
#include <new>

namespace signet::cli {

namespace {

Json describe_all(const Table& table, const std::string& noun) {
  Json commands = Json::array();
  for (const Command& command : table.commands()) {
    if (noun.empty() || command.noun == noun) commands.push(describe(command));
  }
  return Json::object({{"version", std::string(project_version())}, {"commands", std::move(commands)}});
}

void show_help(const Table& table, const Request& request, const Style& style, Output& out) {
  const bool one = request.command != nullptr;
  std::string page = one                    ? command_help(*request.command, style)
                     : request.noun.empty() ? overview(table, style)
                                            : noun_help(table, request.noun, style);
  page.pop_back();  // line() brings the last line end
  out.line(page);
  out.result(one ? describe(*request.command) : describe_all(table, request.noun));
}

void show_version(Output& out) {
  out.line("signet " + std::string(project_version()));
  out.result(Json::object({{"name", "signet"}, {"version", std::string(project_version())}}));
}

Result<void> answer(const Table& table, const Request& request, const Style& style, Output& out) {
  switch (request.ask) {
    case Ask::version:
      show_version(out);
      return {};
    case Ask::overview:
    case Ask::help:
      show_help(table, request, style, out);
      return {};
    case Ask::command:
      break;
  }
  TRY_ASSIGN(auto given, parse_words(*request.command, request.words));
  return request.command->run(Invocation(std::move(given), out, fallbacks_of(*request.command)));
}

/// What arrives here as an exception is a fault of ours, or memory has run out.
Result<void> caught(const Table& table, const Request& request, const Style& style, Output& out) {
  try {
    return answer(table, request, style, out);
  } catch (const std::bad_alloc&) {
    return Error(Errc::exhausted, "cli.memory", "out of memory",
                 "Raise the memory limit or close other programs, then try again.");
  } catch (const std::exception& error) {
    return Error(Errc::internal, "cli.exception", printable(error.what()), "Please report it.");
  }
}

}  // namespace

int run_on(Console& console, const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  const Table table(commands);
  ConsoleOutput out(console, wants_json(arguments));
  const auto request = route(table, arguments);
  if (!request) return out.finish(request.error());
  const Face face = console.face();
  const std::vector<Exit> exits = request->command != nullptr ? request->command->exits : std::vector<Exit>();
  return out.finish(caught(table, *request, Style{face.out_colour, face.width_chars}, out), exits);
}

int run(const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  SystemConsole console;
  return run_on(console, arguments, commands);
}

}  // namespace signet::cli
