// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include "console.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace signet::cli {

/// Puts a command's results on a Console, in one of the two forms.
class ConsoleOutput : public Output {
 public:
  ConsoleOutput(Console& console, bool json) : console_(&console), json_(json) {}

  void line(std::string_view text) override;
  void result(Json value) override { result_ = std::move(value); }
  void evidence(Json members) override { evidence_ = std::move(members); }
  void progress(std::string_view doing, std::uint64_t done, std::uint64_t total) override;
  void raw(ByteView bytes) override;
  [[nodiscard]] bool json() const override { return json_; }

  /// Ends the output of a command: its result, or its error. Returns the exit code.
  int finish(const Result<void>& outcome, const std::vector<Exit>& exits = {});

 private:
  void write(ByteView bytes);
  void clear_progress();
  void report(const Error& error);

  Console* console_;
  bool json_;
  [[nodiscard]] Json with_evidence(Json answer) const;
  Json result_ = Json::object();
  Json evidence_ = Json::object();
  std::optional<Error> failure_;  ///< the first thing that kept the output from being whole
  bool progress_shown_ = false;
  std::chrono::steady_clock::time_point progress_drawn_;
};

/// Text made safe for a terminal line by line: all that steers a terminal is shown as \xNN, but line ends, tabs and, if
/// `colour`, colour sequences (ESC [ digits m); those are dropped without `colour`.
[[nodiscard]] std::string safe_text(std::string_view text, bool colour);

/// "  42 %  [########            ]  reading".
[[nodiscard]] std::string progress_line(std::string_view doing, std::uint64_t done, std::uint64_t total,
                                        std::size_t width_chars);

/// An error as --json prints it: {"ok":false,"error":{...}}.
[[nodiscard]] Json error_json(const Error& error);

}  // namespace signet::cli
