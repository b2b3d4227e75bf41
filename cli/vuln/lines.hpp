// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

#include <functional>
#include <span>

namespace signet::cli {

inline constexpr std::size_t k_line_size_bytes_max = 1U << 20U;

/// The exit code of commands that answer lines: 1 if a line could not be answered.
[[nodiscard]] std::vector<Exit> line_exits();

/// Appends the answer to a line, without a line feed. An error becomes the line's answer:
/// {"KEY":"the line","error":"reason","message":"..."}.
using Answer = std::function<Result<void>(std::string_view line, std::string& to)>;

/// Answers `given`, or where it is empty each line of standard input as it comes, in constant memory. One bad line does
/// not stop the others; at the end it makes the command fail with "lines.bad". Under --json what is given gives an
/// array, and standard input is refused, since its answers are JSON lines already.
Result<void> answer_lines(const Invocation& call, std::span<const std::string> given, std::string_view key,
                          const Answer& answer);

/// Appends a JSON string; broken UTF-8 is replaced.
void append_json(std::string& to, std::string_view text);

}  // namespace signet::cli
