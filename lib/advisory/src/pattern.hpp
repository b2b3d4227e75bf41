// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace signet::advisory {

/// A regular expression of a JSON schema (ECMA-262), matched in time linear in the text. It is compiled when it is
/// first asked, since most documents ask few.
class Pattern {
 public:
  explicit Pattern(std::string expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Whether this is an expression that can be asked; those of foreign schemas may not be.
  [[nodiscard]] bool is_usable();
  /// Whether it matches somewhere in the text. Not for several threads at once.
  [[nodiscard]] bool matches(std::string_view text);
  [[nodiscard]] const std::string& expression() const { return expression_; }

 private:
  struct Compiled;
  std::string expression_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace signet::advisory
