// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/process.hpp"

#include "signet/os/file.hpp"
#include "signet/test/emulator.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>

namespace signet::os {
namespace {

using std::chrono::milliseconds;

Result<ProcessResult> shell(const std::string& script, ByteView input = {},
                            milliseconds timeout = std::chrono::seconds(60)) {
  return run({"sh", "-c", script}, input, timeout);
}

TEST(Process, both_streams_and_the_exit_code_come_back) {
  const auto result = shell("echo out; echo err >&2; exit 7");
  ASSERT_OK(result);
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
}

TEST(Process, arguments_pass_no_shell) {
  const auto result = run({"printf", "%s|", "a b", "$HOME", "*", "; rm x"});
  ASSERT_OK(result);
  EXPECT_EQ(result->out, "a b|$HOME|*|; rm x|");
}

TEST(Process, large_input_and_output_do_not_block_each_other) {
  const Bytes input(3U << 20U, std::byte{'x'});
  const auto result = run({"cat"}, input);
  ASSERT_OK(result);
  EXPECT_EQ(result->out.size(), input.size());
}

TEST(Process, P_OS_008_a_program_that_does_not_read_ends_nobody) {
  const Bytes input(1U << 20U, std::byte{'x'});
  const auto result = shell("exec <&-; sleep 0.1; exit 3", input);
  ASSERT_OK(result);
  EXPECT_EQ(result->exit_code, 3);
}

TEST(Process, P_OS_008_a_program_is_started_with_the_usual_signals) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto result = shell("kill -PIPE $$; echo survived");
  ::signal(SIGPIPE, before);
  ASSERT_OK(result);
  EXPECT_EQ(result->exit_code, 128 + SIGPIPE);
  EXPECT_EQ(result->out, "");
}

TEST(Process, a_signal_shows_in_the_exit_code) {
  const auto result = shell("kill -TERM $$");
  ASSERT_OK(result);
  EXPECT_EQ(result->exit_code, 128 + SIGTERM);
}

TEST(Process, a_missing_program_is_not_found) {
  SKIP_UNDER_EMULATOR("it makes a fork of a vfork, so that posix_spawn does not hear why the child failed");
  EXPECT_REASON(run({"/nonexistent/program"}), "os.not-found");
}

TEST(Process, P_OS_009_the_time_limit_holds_whatever_the_program_does) {
  const char* k_scripts[] = {"exec sleep 30", "exec >&- 2>&-; exec sleep 30", "trap '' TERM; exec sleep 30"};
  for (const char* script : k_scripts) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_REASON(shell(script, {}, milliseconds(200)), "os.timeout") << script;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20)) << script;
  }
}

TEST(ChildProcess, it_ends_when_it_is_asked_to_and_its_words_are_kept) {
  const test::TempDir folder;
  auto child = Child::start({"sh", "-c", "trap 'echo bye; exit 4' TERM; echo hello; while :; do sleep 0.01; done"},
                            folder / "log");
  ASSERT_OK(child);
  while (as_text(*read_file(folder / "log", 100)).empty()) {
  }
  EXPECT_EQ(child->ended(), std::nullopt);
  EXPECT_EQ(child->stop(), 4);
  EXPECT_EQ(as_text(*read_file(folder / "log", 100)), "hello\nbye\n");
}

TEST(ChildProcess, it_does_not_outlive_its_owner) {
  const test::TempDir folder;
  pid_t pid = -1;
  {
    auto child = Child::start({"sleep", "600"}, folder / "log");
    ASSERT_OK(child);
    pid = child->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, its_own_end_is_noticed) {
  const test::TempDir folder;
  auto child = Child::start({"sh", "-c", "exit 9"}, folder / "log");
  ASSERT_OK(child);
  while (!child->ended()) {
  }
  EXPECT_EQ(*child->ended(), 9);
}

TEST(ChildProcess, a_missing_program_is_not_found) {
  SKIP_UNDER_EMULATOR("it makes a fork of a vfork, so that posix_spawn does not hear why the child failed");
  const test::TempDir folder;
  EXPECT_REASON(Child::start({"/nonexistent/program"}, folder / "log"), "os.not-found");
}

}  // namespace
}  // namespace signet::os
