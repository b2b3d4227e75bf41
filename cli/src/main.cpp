// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/cli.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

namespace {

/// What arrives here and not in run_on() was thrown outside of any command: a fault of ours, or memory has run out.
int fail(signet::Errc code, const char* what) {
  std::fprintf(stderr, "signet: %s\n", what);
  return signet::errc_info(code).exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe or a size limit shall be an error where it happens, not the end of the program in the middle of its
  // work.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return signet::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc}, signet::cli::all_commands());
  } catch (const std::bad_alloc&) {
    return fail(signet::Errc::exhausted,
                "out of memory\n  -> Raise the memory limit or close other programs, then try again.");
  } catch (const std::exception& error) {
    return fail(signet::Errc::internal, signet::printable(error.what()).c_str());
  }
}
