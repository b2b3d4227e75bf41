// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The frame of the program `signet`: a command is described once, as data, and its parsing, help, manual page, shell
/// completion and error output follow from that description.
namespace signet::cli {

/// What the shell offers when the user presses Tab on a value.
enum class Complete : std::uint8_t { nothing, file, folder };

/// A named value ("--key URI"), or a flag where `value` is empty.
struct Option {
  std::string name;        ///< with dashes: "--key"
  std::string value = {};  ///< what stands behind it in help: "URI"; empty for a flag
  std::string help;        ///< one sentence
  bool required = false;
  bool repeatable = false;
  std::string fallback = {};              ///< used where the option is not given; shown in help
  std::vector<std::string> choices = {};  ///< if not empty, nothing else is accepted
  Complete complete = Complete::nothing;
};

/// A value without a name ("BUNDLE").
struct Positional {
  std::string name;
  std::string help;
  bool required = true;
  bool repeatable = false;  ///< only the last one may be
  Complete complete = Complete::file;
};

/// A command line that works as printed, and what it does.
struct Example {
  std::string command;
  std::string what;
};

/// Where a command's results go: text for people, or with --json one JSON value on standard output.
class Output {
 public:
  virtual ~Output() = default;
  /// A line for people; silent under --json.
  virtual void line(std::string_view text) = 0;
  /// The result for machines; printed once, when the command has succeeded, under --json only.
  virtual void result(Json value) = 0;
  /// Members for machines that stand beside "ok", with the result as well as with an error: a verdict that is not good
  /// is a failure of the command, and yet its whole content.
  virtual void evidence(Json members) { static_cast<void>(members); }
  /// How far a long piece of work is; drawn on standard error if that is a terminal. `total` 0: not known.
  virtual void progress(std::string_view doing, std::uint64_t done, std::uint64_t total) = 0;
  /// Raw bytes on standard output (a certificate, a checkpoint); refused as usage error under --json by the caller.
  virtual void raw(ByteView bytes) = 0;
  [[nodiscard]] virtual bool json() const = 0;
};

/// One parsed command line. Options are asked for by the name they were declared with; asking for another is a broken
/// invariant.
class Invocation {
 public:
  using Values = std::map<std::string, std::vector<std::string>>;

  /// `given` has a key for every declared name; `fallbacks` holds the declared ones.
  Invocation(Values given, Output& out, Values fallbacks = {})
      : given_(std::move(given)), fallbacks_(std::move(fallbacks)), out_(&out) {}

  /// Whether the user gave it (a flag is set); a fallback does not count.
  [[nodiscard]] bool has(std::string_view name) const;
  /// The value, or the declared fallback, or empty.
  [[nodiscard]] std::string get(std::string_view name) const;
  /// All values of a repeatable one, or the declared fallback.
  [[nodiscard]] const std::vector<std::string>& all(std::string_view name) const;
  /// The value as a whole number within bounds; otherwise a usage error that names the option.
  [[nodiscard]] Result<std::uint64_t> get_uint(std::string_view name, std::uint64_t min, std::uint64_t max) const;
  [[nodiscard]] Output& out() const { return *out_; }

 private:
  Values given_;
  Values fallbacks_;
  Output* out_;
};

/// An exit code by which a command answers a question, as `grep` and `cmp` do: an error with one of these reasons is
/// its answer, not a failure to find one.
struct Exit {
  int code = 1;                      ///< 0, 1 or 2
  std::vector<std::string> reasons;  ///< of the errors: "video.not-signed"; none for 0
  std::string meaning;               ///< "the recording is not signed"
};

/// One thing that `signet` can do: `signet NOUN VERB`; VERB is empty for a command of one word (`signet tour`).
struct Command {
  std::string noun;
  std::string verb;
  std::string summary;      ///< one line, imperative: "Sign a firmware bundle"
  std::string description;  ///< paragraphs for --help and the manual page, split by empty lines
  std::vector<Positional> positionals = {};
  std::vector<Option> options = {};
  std::vector<Example> examples = {};  ///< at least one
  std::function<Result<void>(const Invocation&)> run;
  /// Codes of its own. Where there are any, 1 and 2 mean nothing else: see exit_code_of().
  std::vector<Exit> exits = {};
};

/// The exit code of an error. It is that of its Errc, unless `exits` has its reason; and where `exits` is not empty,
/// `usage` and `internal` give way to the answers and end with 64 and 70, as in sysexits.h.
[[nodiscard]] int exit_code_of(const Error& error, const std::vector<Exit>& exits);

/// All commands, in the order in which help lists them. Each folder of cli/ adds its own in cli/src/commands.cpp.
[[nodiscard]] const std::vector<Command>& all_commands();

/// Parses, runs and reports; returns the exit code (exit_code_of()).
int run(const std::vector<std::string>& arguments, const std::vector<Command>& commands);

}  // namespace signet::cli
