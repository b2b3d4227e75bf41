// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace signet::os {

/// How a program ended and what it printed (each stream cut at 16 MiB).
struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal number if a signal ended it
  std::string out;
  std::string err;
};

/// Runs a program found in PATH, without a shell, with `input` on its standard input, and waits. An error is only that
/// it could not be started or did not end in time (then it is killed); a non-zero exit is a result.
Result<ProcessResult> run(const std::vector<std::string>& arguments, ByteView input = {},
                          std::chrono::milliseconds timeout = std::chrono::minutes(5));

/// A program that runs beside this one, and does not outlive it: it is asked to end (SIGTERM) when the Child goes, and
/// made to (SIGKILL) if it has not after five seconds.
class Child {
 public:
  /// Starts a program found in PATH, without a shell and without input; both outputs are appended to `log`.
  static Result<Child> start(const std::vector<std::string>& arguments, const std::filesystem::path& log);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The exit code if it has ended by itself.
  [[nodiscard]] std::optional<int> ended();
  /// Asks it to end and waits; returns its exit code.
  int stop();

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace signet::os
