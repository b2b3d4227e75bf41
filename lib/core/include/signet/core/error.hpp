// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet {

/// The closed list of what can go wrong. Each value maps once to an exit code, an HTTP status and a log level
/// (errc_info); finer distinctions are the `reason` of an Error.
enum class Errc : std::uint8_t {
  internal,       ///< a fault of ours
  usage,          ///< the command line or the call makes no sense
  invalid_input,  ///< malformed bytes, wrong type, out of bounds
  untrusted,      ///< a signature, a chain or a proof does not hold
  expired,        ///< was valid once
  rollback,       ///< older than what was accepted before
  incompatible,   ///< genuine, but not for this device or version
  not_found,      ///< the named thing does not exist
  conflict,       ///< exists already, or somebody else is at work on it
  denied,         ///< the caller may not
  unsupported,    ///< the back end cannot do this, honestly
  unavailable,    ///< not now: try again
  io,             ///< the operating system refused to read or write
  exhausted,      ///< a limit, a disk or a quota is full
};

/// How loud an error is in a log.
enum class LogLevel : std::uint8_t { info, warning, error };

/// One row of the table that gives an Errc its outward faces.
struct ErrcInfo {
  Errc code;
  std::string_view name;  ///< stable, for machines: "untrusted"
  int exit_code;          ///< of a program that ends with this error; 1 to 63
  int http_status;
  LogLevel level;
  std::string_view meaning;  ///< one line for manual pages
};

/// The row of one code.
[[nodiscard]] const ErrcInfo& errc_info(Errc code);

/// All rows, in the order of Errc.
[[nodiscard]] std::span<const ErrcInfo> errc_table();

/// What went wrong, for people and for machines.
///
/// `text` says what is wrong, `hint` what to do next (may be empty), `reason` is a stable slug such as
/// "bundle.wrong-signer" that scripts and tests may rely on. Context is added on the way up, outermost last.
class Error {
 public:
  Error(Errc code, std::string reason, std::string text, std::string hint = {});
  // Defined in error.cpp: every function that may fail would compile them anew.
  Error(const Error& other);
  Error(Error&& other) noexcept;
  Error& operator=(const Error& other);
  Error& operator=(Error&& other) noexcept;
  ~Error();

  [[nodiscard]] Errc code() const { return code_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] const std::vector<std::string>& context() const { return context_; }

  /// The same error, with "while doing this" added.
  [[nodiscard]] Error with_context(std::string doing) &&;

  /// One line: the contexts, outermost first, then the text; without the hint.
  [[nodiscard]] std::string message() const;

 private:
  Errc code_;
  std::string reason_;
  std::string text_;
  std::string hint_;
  std::vector<std::string> context_;
};

/// An error from errno: ENOSPC and EDQUOT become exhausted, ENOENT not_found, EACCES and EPERM denied, the rest io.
/// `doing` is what was tried ("open /dev/x for reading").
[[nodiscard]] Error errno_error(int errno_value, std::string_view doing);

}  // namespace signet
