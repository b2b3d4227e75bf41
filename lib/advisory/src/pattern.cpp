// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pattern.hpp"

#include "signet/core/ensure.hpp"

#include <re2/re2.h>

namespace signet::advisory {

namespace {

constexpr std::string_view k_not_ahead = "^(?!";

/// The end of the group that begins before `from`.
std::size_t end_of_group(std::string_view text, std::size_t from) {
  std::size_t depth = 1;
  bool in_class = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return i;
    }
  }
  return text.size();
}

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(64 << 20);
  return options;
}

}  // namespace

/// RE2 has no look-ahead. The one form that schemas use, "^(?!A)B", is B that is no match of ^A.
struct Pattern::Compiled {
  std::unique_ptr<RE2> not_ahead;
  std::unique_ptr<RE2> rest;
};

Pattern::Pattern(std::string expression) : expression_(std::move(expression)) {}
Pattern::~Pattern() = default;

bool Pattern::is_usable() {
  if (!compiled_) {
    compiled_ = std::make_unique<Compiled>();
    std::string rest = expression_;
    if (rest.starts_with(k_not_ahead)) {
      const std::size_t end = end_of_group(rest, k_not_ahead.size());
      compiled_->not_ahead =
          std::make_unique<RE2>("^" + rest.substr(k_not_ahead.size(), end - k_not_ahead.size()), options());
      rest = end < rest.size() ? "^" + rest.substr(end + 1) : "(";
    }
    compiled_->rest = std::make_unique<RE2>(rest, options());
  }
  return compiled_->rest->ok() && (!compiled_->not_ahead || compiled_->not_ahead->ok());
}

bool Pattern::matches(std::string_view text) {
  ensure(is_usable(), "a pattern that is asked is one that RE2 knows");
  const re2::StringPiece piece(text.data(), text.size());
  if (compiled_->not_ahead && RE2::PartialMatch(piece, *compiled_->not_ahead)) return false;
  return compiled_->rest->Match(piece, 0, piece.size(), RE2::UNANCHORED, nullptr, 0);
}

}  // namespace signet::advisory
