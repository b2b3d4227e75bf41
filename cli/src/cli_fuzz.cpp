// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "fake_console.hpp"
#include "run.hpp"
#include "sample_commands.hpp"

#include <algorithm>

using namespace signet;

namespace {

bool known_exit_code(int code) {
  return code == 0 || code == 64 || code == 70 ||
         std::ranges::any_of(errc_table(), [code](const ErrcInfo& info) { return info.exit_code == code; });
}

}  // namespace

// Any words (one a line) end with an exit code of the table; under --json with one JSON value that says the same; and
// nothing that stands on either stream steers a terminal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<cli::Command> k_commands = cli::sample_commands();
  const std::string text(as_text(test::fuzz_input(data, std::min<std::size_t>(size, 4096))));
  if (text.find("--man-all") != std::string::npos) return 0;  // it writes files
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  cli::FakeConsole console;
  const int code = cli::run_on(console, words, k_commands);
  FUZZ_ASSERT(known_exit_code(code));
  FUZZ_ASSERT(console.err.find('\x1b') == std::string::npos);
  FUZZ_ASSERT(console.out.find('\x1b') == std::string::npos);
  const auto stop = std::ranges::find(words, "--");
  if (std::find(words.begin(), stop, "--json") != stop && console.err.empty()) {
    const auto json = Json::parse(as_bytes(console.out));
    FUZZ_ASSERT(json.has_value());
    bool ok = false;
    FUZZ_ASSERT(json->find("ok") != nullptr && json->find("ok")->as_bool(ok).has_value());
    FUZZ_ASSERT(ok == (code == 0));
  }
  return 0;
}
