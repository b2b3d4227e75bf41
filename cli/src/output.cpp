// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>
#include <limits>

namespace signet::cli {

namespace {

/// Length of a colour sequence (ECMA-48 SGR) at the front, or 0.
std::size_t colour_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

// Where a command answers with 1 and 2: EX_USAGE and EX_SOFTWARE of sysexits.h.
constexpr int k_usage_aside = 64;
constexpr int k_internal_aside = 70;

std::string printable_whole(std::string_view text) { return printable(text, std::numeric_limits<std::size_t>::max()); }

}  // namespace

std::string safe_text(std::string_view text, bool colour) {
  std::string safe;
  while (!text.empty()) {
    std::size_t length = colour_length(text);
    if (length > 0) {
      if (colour) safe += text.substr(0, length);
    } else if (text[0] == '\n' || text[0] == '\t') {
      length = 1;
      safe += text[0];
    } else {
      length = std::min(text.find_first_of("\x1b\n\t", 1), text.size());
      safe += printable_whole(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return safe;
}

std::string progress_line(std::string_view doing, std::uint64_t done, std::uint64_t total, std::size_t width_chars) {
  constexpr std::size_t k_bar_chars = 20;
  std::string line = "       ";
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto full = static_cast<std::size_t>(share * k_bar_chars);
    std::string percent = std::to_string(static_cast<int>(share * 100));
    percent.insert(0, 4 - std::min<std::size_t>(4, percent.size()), ' ');
    line = percent + " %  [" + std::string(full, '#') + std::string(k_bar_chars - full, ' ') + "]  ";
  }
  const std::size_t room = width_chars > line.size() + 1 ? width_chars - line.size() - 1 : 1;
  return line + printable(doing, room);
}

Json error_json(const Error& error) {
  Json details = Json::object({{"code", std::string(errc_info(error.code()).name)},
                               {"reason", error.reason()},
                               {"message", error.message()},
                               {"hint", error.hint()}});
  return Json::object({{"ok", false}, {"error", std::move(details)}});
}

void ConsoleOutput::write(ByteView bytes) {
  if (failure_) return;
  if (auto written = console_->write_out(bytes); !written) failure_ = std::move(written).error();
}

void ConsoleOutput::clear_progress() {
  if (progress_shown_) console_->write_err("\r\x1b[K");
  progress_shown_ = false;
}

void ConsoleOutput::line(std::string_view text) {
  if (json_) return;
  clear_progress();
  write(as_bytes(safe_text(text, console_->face().out_colour) + "\n"));
}

void ConsoleOutput::raw(ByteView bytes) {
  if (json_) {
    if (!failure_)
      failure_ = Error(Errc::internal, "cli.raw-json", "this command has no output for machines", "Leave out --json.");
    return;
  }
  clear_progress();
  write(bytes);
}

void ConsoleOutput::progress(std::string_view doing, std::uint64_t done, std::uint64_t total) {
  constexpr std::chrono::milliseconds k_redraw{100};
  const Face face = console_->face();
  if (json_ || !face.err_terminal) return;
  const auto now = std::chrono::steady_clock::now();
  if (progress_shown_ && now - progress_drawn_ < k_redraw && done != total) return;
  progress_drawn_ = now;
  progress_shown_ = true;
  console_->write_err("\r\x1b[K" + progress_line(doing, done, total, face.width_chars));
}

void ConsoleOutput::report(const Error& error) {
  if (json_ && !failure_) {
    write(as_bytes(with_evidence(error_json(error)).dump() + "\n"));
    if (!failure_) return;
  }
  const bool colour = console_->face().err_colour;
  std::string text = (colour ? "\x1b[1;31msignet:\x1b[0m " : "signet: ") + printable_whole(error.message()) + "\n";
  if (!error.hint().empty()) {
    text += (colour ? "\x1b[2m  -> \x1b[0m" : "  -> ") + printable_whole(error.hint()) + "\n";
  }
  console_->write_err(text);
}

Json ConsoleOutput::with_evidence(Json answer) const {
  for (const Json::Member& member : evidence_.members()) answer.set(member.first, member.second);
  return answer;
}

int exit_code_of(const Error& error, const std::vector<Exit>& exits) {
  for (const Exit& exit : exits) {
    if (std::ranges::find(exit.reasons, error.reason()) != exit.reasons.end()) return exit.code;
  }
  if (!exits.empty() && error.code() == Errc::usage) return k_usage_aside;
  if (!exits.empty() && error.code() == Errc::internal) return k_internal_aside;
  return errc_info(error.code()).exit_code;
}

int ConsoleOutput::finish(const Result<void>& outcome, const std::vector<Exit>& exits) {
  clear_progress();
  if (outcome && json_) {
    write(as_bytes(with_evidence(Json::object({{"ok", true}, {"result", result_}})).dump() + "\n"));
  }
  if (outcome && !failure_) return 0;
  // The command's own error says more than the lost output.
  const Error error = outcome ? *failure_ : outcome.error();
  report(error);
  return exit_code_of(error, exits);
}

}  // namespace signet::cli
