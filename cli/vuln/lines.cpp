// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "vuln/lines.hpp"

#include "signet/os/fd.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace signet::cli {

namespace {

constexpr std::size_t k_block_size_bytes = 256U << 10U;

struct Counts {
  std::uint64_t lines = 0;
  std::uint64_t bad = 0;
};

Error too_long() {
  return {Errc::invalid_input, "lines.too-long",
          "the line is longer than " + std::to_string(k_line_size_bytes_max) + " bytes", "Write one question a line."};
}

void append_error(std::string& to, std::string_view key, std::string_view line, const Error& error) {
  constexpr std::size_t k_echo_size_bytes_max = 1024;
  to += '{';
  append_json(to, key);
  to += ':';
  append_json(to, line.substr(0, k_echo_size_bytes_max));
  to += ",\"error\":";
  append_json(to, error.reason());
  to += ",\"message\":";
  append_json(to, error.message());
  to += '}';
}

/// Answers one line after the other and counts.
class Answerer {
 public:
  Answerer(std::string_view key, const Answer& answer) : key_(key), answer_(answer) {}

  void add(std::string_view line, std::string& to) {
    ++counts_.lines;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t before = to.size();
    const Result<void> answered = line.size() > k_line_size_bytes_max ? Result<void>(too_long()) : answer_(line, to);
    if (answered) return;
    ++counts_.bad;
    to.resize(before);
    append_error(to, key_, line, answered.error());
  }

  [[nodiscard]] Result<void> finish() const {
    if (counts_.bad == 0) return {};
    return Error(Errc::invalid_input, "lines.bad",
                 std::to_string(counts_.bad) + " of " + std::to_string(counts_.lines) + " lines could not be answered",
                 "Each of them has an error in its place in the output.");
  }

 private:
  std::string key_;
  const Answer& answer_;
  Counts counts_;
};

/// Whether nobody reads the output any more: then an endless input must not keep us.
bool is_reader_gone() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return ::poll(&out, 1, 0) > 0 && (static_cast<unsigned>(out.revents) & static_cast<unsigned>(POLLERR)) != 0;
}

/// Cuts what comes in pieces into lines. Of a line that is too long, the front is kept.
class Lines {
 public:
  template <typename Take>
  void add(std::string_view block, Take take) {
    while (true) {
      const std::size_t end = block.find('\n');
      if (end == std::string_view::npos) break;
      if (rest_.empty()) {
        take(block.substr(0, end));
      } else {
        keep(block.substr(0, end));
        take(rest_);
        rest_.clear();
      }
      block.remove_prefix(end + 1);
    }
    keep(block);
  }
  [[nodiscard]] const std::string& rest() const { return rest_; }

 private:
  void keep(std::string_view part) {
    const std::size_t room = k_line_size_bytes_max + 2 - std::min(rest_.size(), k_line_size_bytes_max + 2);
    rest_ += part.substr(0, room);
  }
  std::string rest_;
};

Result<void> answer_stdin(const Invocation& call, Answerer& answerer) {
  os::Fd input(::dup(STDIN_FILENO));
  if (!input.is_open()) return errno_error(errno, "read standard input");
  Bytes block(k_block_size_bytes);
  Lines lines;
  std::string out;
  const auto take = [&](std::string_view line) {
    answerer.add(line, out);
    out += '\n';
    if (out.size() < k_block_size_bytes) return;
    call.out().raw(as_bytes(out));
    out.clear();
  };
  while (!is_reader_gone()) {
    TRY_ASSIGN(const std::size_t size, os::read_some(input, block));
    if (size == 0) break;
    lines.add(as_text(ByteView(block).first(size)), take);
    call.out().raw(as_bytes(out));
    out.clear();
  }
  if (!lines.rest().empty()) take(lines.rest());
  call.out().raw(as_bytes(out));
  return {};
}

}  // namespace

std::vector<Exit> line_exits() {
  return {{0, {}, "every line was answered"},
          {1, {"lines.bad"}, "a line or more could not be answered; the others were"}};
}

void append_json(std::string& to, std::string_view text) {
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (!is_plain) {
    to += Json(text).dump();
    return;
  }
  to += '"';
  to += text;
  to += '"';
}

Result<void> answer_lines(const Invocation& call, std::span<const std::string> given, std::string_view key,
                          const Answer& answer) {
  Answerer answerer(key, answer);
  if (given.empty()) {
    if (call.out().json()) {
      return Error(Errc::usage, "lines.json", "the answers to standard input are JSON lines already",
                   "Leave out --json, or give what to answer on the command line.");
    }
    TRY(answer_stdin(call, answerer));
    return answerer.finish();
  }
  Json all = Json::array();
  for (const std::string& line : given) {
    std::string out;
    answerer.add(line, out);
    call.out().line(out);
    auto value = Json::parse(as_bytes(out), {.size_bytes_max = 8 * k_line_size_bytes_max});
    all.push(value ? *std::move(value) : Json(out));
  }
  call.out().result(std::move(all));
  return answerer.finish();
}

}  // namespace signet::cli
