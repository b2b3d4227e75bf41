// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where PINs and passphrases come from.
#include "signet/os/fd.hpp"
#include "signet/os/file.hpp"

#include "backend.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace signet::keystore {

namespace {

constexpr std::size_t k_secret_bytes_max = 1024;
const SecretAccess k_access = SecretAccess::for_cryptography();

/// Switches the echo of a terminal off, and back on at the end.
class QuietTerminal {
 public:
  explicit QuietTerminal(int terminal) : terminal_(terminal) {
    known_ = ::tcgetattr(terminal_, &before_) == 0;
    if (!known_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_, TCSAFLUSH, &quiet);
  }
  ~QuietTerminal() {
    if (known_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

 private:
  int terminal_;
  bool known_ = false;
  termios before_{};
};

Secret first_bytes(const Secret& all, std::size_t count) { return Secret::copy_of(all.read(k_access).first(count)); }

/// Up to the end of the first line, which may end in CR LF where an editor of another system wrote it.
Secret first_line(const Secret& all) {
  const ByteView bytes = all.read(k_access);
  auto end = static_cast<std::size_t>(std::ranges::find(bytes, std::byte{'\n'}) - bytes.begin());
  if (end > 0 && end < bytes.size() && bytes[end - 1] == std::byte{'\r'}) --end;
  return first_bytes(all, end);
}

Result<Secret> ask_on_terminal(std::string_view prompt) {
  const auto terminal = os::open_read_write("/dev/tty");
  if (!terminal) {
    return Error(
        Errc::usage, "keystore.no-pin", std::string(prompt) + " is needed, and there is no terminal to ask on",
        "Name a file that holds it: pin-source=file:PATH in a pkcs11: URI, passphrase-file=PATH in a file: URI.");
  }
  TRY(os::write_all(*terminal, as_bytes(std::string(prompt) + ": ")));
  Secret typed(k_secret_bytes_max);
  std::size_t size = 0;
  {
    const QuietTerminal quiet(terminal->get());
    TRY_ASSIGN(size, os::read_some(*terminal, typed.write(k_access)));
  }
  TRY(os::write_all(*terminal, as_bytes("\n")));
  return first_line(first_bytes(typed, size));
}

}  // namespace

Result<Secret> ask(const Options& options, std::string_view prompt) {
  return options.ask ? options.ask(prompt) : ask_on_terminal(prompt);
}

Result<Secret> secret_line_of(const std::string& path) {
  TRY_ASSIGN(const Secret all, os::read_secret_file(path, k_secret_bytes_max));
  Secret line = first_line(all);
  if (!line.empty()) return line;
  return Error(Errc::invalid_input, "keystore.secret-empty", "the first line of '" + printable(path) + "' is empty",
               "It must hold the PIN or the passphrase.");
}

}  // namespace signet::keystore
