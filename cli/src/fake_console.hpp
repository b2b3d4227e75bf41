// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console.hpp"

#include <string>

namespace signet::cli {

/// Remembers what a program would have printed; for tests.
class FakeConsole : public Console {
 public:
  Result<void> write_out(ByteView bytes) override {
    if (full) return Error(Errc::io, "cli.output", "cannot write the output");
    out += as_text(bytes);
    return {};
  }
  void write_err(std::string_view text) override { err += text; }
  [[nodiscard]] Face face() const override { return look; }

  std::string out;
  std::string err;
  Face look;
  bool full = false;
};

}  // namespace signet::cli
