// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "stage.hpp"

#include "signet/os/file.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace signet::cli::tour {

namespace {

/// Quotes a word for a shell where it needs it, so that a shown line can be copied.
std::string in_quotes(const std::string& word) {
  constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
  if (!word.empty() && word.find_first_not_of(k_plain) == std::string::npos) return word;
  return "'" + word + "'";
}

std::string replaced(std::string text, const std::string& from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Breaks a paragraph into lines for a terminal.
std::string wrapped(std::string_view text) {
  constexpr std::size_t k_width = 78;
  std::string lines, line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (!line.empty() && line.size() + 1 + end > k_width) lines += std::exchange(line, {}) + "\n";
    line += (line.empty() ? "" : " ") + std::string(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines + line;
}

template <typename Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// A finding of a report: what, and where.
std::string found(const Json& finding) {
  std::string where;
  for (const std::string_view member : {"gop", "frame"}) {
    const auto number = finding.uint_at(member);
    if (number) where += (where.empty() ? "" : ", ") + std::string(member) + " " + std::to_string(*number);
  }
  return finding.string_at("text").value_or("") + (where.empty() ? "" : " (" + where + ")");
}

Error unexpected(const std::string& command, int exit_code, const std::string& err) {
  return {Errc::internal, "tour.unexpected",
          "'" + command + "' ended with exit code " + std::to_string(exit_code) + ": " + printable(err, 600),
          "The tour shows what works, so this is a fault: please report it with this text."};
}

}  // namespace

void Stage::chapter(std::string_view title, std::string_view about) {
  constexpr std::size_t k_width = 76;
  acts_.push_back({std::string(title), std::string(about), {}});
  std::string heading = "== " + std::to_string(acts_.size()) + ". " + std::string(title) + " ";
  heading += std::string(k_width - std::min(k_width, heading.size()), '=');
  out_->line("");
  out_->line(heading);
  each_line(wrapped(about), [this](std::string_view line) { out_->line(line); });
}

void Stage::say(std::string_view text) {
  out_->line("");
  each_line(wrapped(text), [this](std::string_view line) { out_->line(line); });
}

void Stage::name_value(const std::string& name, const std::string& value) {
  out_->line("  $ " + name + "=" + in_quotes(value));
  named_.emplace_back(name, value);
}

std::string Stage::shown(const std::vector<std::string>& command) const {
  std::string line;
  for (const std::string& word : command) {
    const auto named = std::ranges::find(named_, word, &std::pair<std::string, std::string>::second);
    line += (line.empty() ? "" : " ") + (named != named_.end() ? "\"$" + named->first + "\"" : in_quotes(word));
  }
  line = replaced(std::move(line), program_.string(), "signet");
  for (const std::string_view name : {"signet-keystored", "signet-station", "signet-camerad"}) {
    line = replaced(std::move(line), program(name), name);
  }
  return line;
}

std::vector<std::string> Stage::with_program(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{program_.string()};
  std::ranges::copy(arguments, std::back_inserter(command));
  return command;
}

/// Every command runs in the tour's folder, so that file names are short and a shown line works there as it stands.
std::vector<std::string> Stage::in_folder(const std::vector<std::string>& command) const {
  std::vector<std::string> whole{"env", "--chdir=" + folder_.string(),
                                 "SOFTHSM2_CONF=" + path("softhsm2.conf").string(),
                                 "GST_REGISTRY=" + path("gstreamer.registry").string()};
  std::ranges::copy(command, std::back_inserter(whole));
  return whole;
}

Result<Stage::Ended> Stage::run(const std::vector<std::string>& command) {
  TRY_ASSIGN(os::ProcessResult result, os::run(in_folder(command)));
  return Ended{result.exit_code, std::move(result.out), std::move(result.err)};
}

void Stage::keep(std::string_view kind, const std::vector<std::string>& command, const Ended& ended, const Json& more) {
  ensure(!acts_.empty(), "a step belongs to a chapter");
  Json step = Json::object({{"kind", kind}, {"command", shown(command)}, {"exit_code", ended.exit_code}});
  for (const auto& [name, value] : more.members()) step.set(name, value);
  acts_.back().steps.push_back(std::move(step));
}

Result<void> Stage::signet(const std::vector<std::string>& arguments) { return tool(with_program(arguments), true); }

Result<void> Stage::brief(const std::vector<std::string>& arguments) { return tool(with_program(arguments), false); }

Result<void> Stage::quietly(const std::vector<std::string>& arguments) {
  TRY(must_succeed(with_program(arguments)));
  return {};
}

Result<void> Stage::backstage(const std::vector<std::string>& command) {
  TRY_ASSIGN(const Ended ended, run(command));
  if (ended.exit_code != 0) return unexpected(shown(command), ended.exit_code, ended.out + ended.err);
  return {};
}

Result<Stage::Ended> Stage::must_succeed(const std::vector<std::string>& command) {
  TRY_ASSIGN(Ended ended, run(command));
  if (ended.exit_code != 0) return unexpected(shown(command), ended.exit_code, ended.err);
  keep("run", command, ended, Json::object({{"output", ended.out}}));
  return ended;
}

Result<void> Stage::tool(const std::vector<std::string>& command, bool show_output) {
  if (show_output) out_->line("");
  out_->line("  $ " + shown(command));
  TRY_ASSIGN(const Ended ended, must_succeed(command));
  if (show_output) each_line(ended.out, [this](std::string_view line) { out_->line("    " + std::string(line)); });
  return {};
}

Result<void> Stage::refused(std::string_view attack, const std::vector<std::string>& arguments,
                            std::string_view reason) {
  std::vector<std::string> command = with_program(arguments);
  command.emplace_back("--json");
  TRY_ASSIGN(const Ended ended, run(command));
  const auto answer = Json::parse(as_bytes(ended.out));
  const Json* error = answer ? answer->find("error") : nullptr;
  const std::string got = error != nullptr ? error->string_at("reason").value_or("") : "";
  if (ended.exit_code == 0 || got != reason) {
    return unexpected(shown(command), ended.exit_code,
                      "'" + std::string(reason) + "' was expected, not: " + ended.out + ended.err);
  }
  const std::string message = error->string_at("message").value_or("");
  ++refusals_;
  out_->line("");
  out_->line("  " + std::to_string(refusals_) + ". " + std::string(attack));
  each_line(wrapped("refused: " + message), [this](std::string_view line) { out_->line("     " + std::string(line)); });
  const Json* findings = answer->find("findings");
  if (findings != nullptr && !findings->elements().empty()) {
    each_line(wrapped("found: " + found(findings->elements().front())),
              [this](std::string_view line) { out_->line("     " + std::string(line)); });
  }
  out_->line("     (" + got + ", exit code " + std::to_string(ended.exit_code) + ")");
  keep("refused", command, ended, Json::object({{"attack", attack}, {"reason", got}, {"message", message}}));
  return {};
}

Stage::~Stage() {
  while (!background_.empty()) background_.pop_back();
}

std::string Stage::program(std::string_view name) const {
  const std::filesystem::path folder = program_.parent_path();
  for (const std::string_view place : {".", "../device/keystored", "../device/camerad", "../factory/station"}) {
    const std::filesystem::path candidate = (folder / place / name).lexically_normal();
    if (std::error_code ignored; std::filesystem::exists(candidate, ignored)) return candidate.string();
  }
  return std::string(name);
}

Result<std::string> Stage::start(const std::vector<std::string>& command, std::string_view ready) {
  constexpr auto k_patience = std::chrono::seconds(60);
  out_->line("  $ " + shown(command) + " &");
  const std::filesystem::path log = path("background-" + std::to_string(background_.size()) + ".log");
  TRY_ASSIGN(os::Child child, os::Child::start(in_folder(command), log));
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  std::string line;
  std::error_code ignored;
  while (line.empty() && !std::filesystem::exists(path(ready), ignored)) {
    const auto words = os::read_file(log, 1U << 20U);
    const std::string text(words ? as_text(*words) : std::string_view());
    each_line(text, [&](std::string_view one) {
      if (one.find(ready) != std::string_view::npos) line = one;
    });
    const std::optional<int> ended = child.ended();
    if (ended || std::chrono::steady_clock::now() > deadline)
      return unexpected(shown(command), ended.value_or(0), text);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  keep("start", command, {}, Json::object());
  background_.push_back(std::move(child));
  return line;
}

Result<void> Stage::save(const std::vector<std::string>& arguments, const std::string& file) {
  out_->line("  $ " + shown(with_program(arguments)) + " > " + file);
  TRY_ASSIGN(const Ended ended, must_succeed(with_program(arguments)));
  return os::replace_file(path(file), as_bytes(ended.out));
}

Result<void> Stage::together(const std::vector<std::vector<std::string>>& commands) {
  std::vector<std::optional<Result<Ended>>> ends(commands.size());
  std::vector<std::jthread> running;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    out_->line("  $ " + shown(with_program(commands[i])) + " &");
    running.emplace_back([this, &ends, &commands, i] { ends[i] = run(with_program(commands[i])); });
  }
  running.clear();  // waits for all of them
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::vector<std::string> command = with_program(commands[i]);
    TRY_ASSIGN(const Ended ended, std::move(*ends[i]));
    if (ended.exit_code != 0) return unexpected(shown(command), ended.exit_code, ended.err);
    keep("run", command, ended, Json::object({{"output", ended.out}}));
    each_line(ended.out, [this](std::string_view line) { out_->line("    " + std::string(line)); });
  }
  return {};
}

Json Stage::record() const {
  Json chapters = Json::array();
  for (const Act& act : acts_)
    chapters.push(Json::object({{"title", act.title}, {"about", act.about}, {"steps", act.steps}}));
  return chapters;
}

}  // namespace signet::cli::tour
