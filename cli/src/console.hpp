// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <string>
#include <string_view>

namespace signet::cli {

/// What the two output streams can show.
struct Face {
  bool out_colour = false;
  bool err_colour = false;
  bool err_terminal = false;
  std::size_t width_chars = 80;
};

/// Standard output and standard error; tests bring their own.
class Console {
 public:
  virtual ~Console() = default;
  /// A reader that has gone away is no error: the rest is dropped, and the command goes on to its own exit code.
  virtual Result<void> write_out(ByteView bytes) = 0;
  virtual void write_err(std::string_view text) = 0;
  [[nodiscard]] virtual Face face() const = 0;
};

/// The process's own streams. Colour only on a terminal and without NO_COLOR (no-color.org).
class SystemConsole : public Console {
 public:
  SystemConsole();
  Result<void> write_out(ByteView bytes) override;
  void write_err(std::string_view text) override;
  [[nodiscard]] Face face() const override { return face_; }

 private:
  Face face_;
  bool reader_gone_ = false;
};

}  // namespace signet::cli
