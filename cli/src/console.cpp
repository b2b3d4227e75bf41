// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace signet::cli {

namespace {

bool wants_colour(int stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return ::isatty(stream) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

/// Writes all of it; the errno of a failure, or 0.
int write_fully(int stream, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(stream, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

SystemConsole::SystemConsole() {
  face_.out_colour = wants_colour(STDOUT_FILENO);
  face_.err_colour = wants_colour(STDERR_FILENO);
  face_.err_terminal = ::isatty(STDERR_FILENO) == 1;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    face_.width_chars = std::clamp<std::size_t>(size.ws_col, 40, 100);
  }
}

Result<void> SystemConsole::write_out(ByteView bytes) {
  if (reader_gone_) return {};
  const int failed = write_fully(STDOUT_FILENO, bytes);
  if (failed == 0) return {};
  if (failed == EPIPE) {
    reader_gone_ = true;
    return {};
  }
  return Error(Errc::io, "cli.output", "cannot write the output: " + std::string(std::strerror(failed)),
               "The work is done, but its output is incomplete: check where standard output goes (is the disk full?).");
}

void SystemConsole::write_err(std::string_view text) {
  (void)write_fully(STDERR_FILENO, as_bytes(text));  // nowhere is left to complain
}

}  // namespace signet::cli
