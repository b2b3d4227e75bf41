// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The program as it is shipped, killed (SIGKILL) before each write to its state and before each command that changes
// the TPM for good, all through a birth; then the same birth is played again, with and without a power cycle in
// between.
#include "signet/test/emulator.hpp"
#include "signet/test/expect.hpp"

#include "program_test.hpp"
#include "root.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace signet::keystored {
namespace {

using fake::Program;
using fake::Station;

/// What counts as a place to be killed at.
enum class Places : std::uint8_t { tpm, files_and_tpm };

Program::Environment crash_at(unsigned call, Places places) {
  return {{"LD_PRELOAD", SIGNET_CRASH_AT_LIBRARY},
          {"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"},
          {"SIGNET_CRASH_TPM", places == Places::tpm ? "2" : "1"},
          {"SIGNET_CRASH_AT", std::to_string(call)}};
}

class Kill : public ::testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNDER_EMULATOR("a program of the other processor cannot be started from within");
    NEEDS_SWTPM();
  }
};

enum class Outcome : std::uint8_t { survived, killed };

Outcome kill_and_go_on(unsigned call, Places places) {
  test::Swtpm tpm;
  const test::TempDir folder;
  Station station;
  {
    Program program(tpm.tcti(), folder.path(), crash_at(call, places));
    const auto born = fake::give_birth(station, program.caller());
    if (born) return Outcome::survived;
    EXPECT_TRUE(program.killed()) << "call " << call << ": " << born.error().message();
  }
  if (call % 2 == 0) tpm.restart();
  Program program(tpm.tcti(), folder.path());
  // Killed after the identity was durable and before it said so: the unit's last word comes again.
  const auto begun = program.call("birth-begin", fake::begin_arguments(station, station.begin(), "A4711"));
  if (fake::told<birth::Installed>(begun)) {
    EXPECT_OK(program.call("identity", Json::object())) << "call " << call;
  } else {
    EXPECT_OK(fake::give_birth(station, program.caller())) << "call " << call;
  }
  const auto told = program.call("describe", Json::object());
  EXPECT_EQ(told->string_at("birth").value_or("?"), "born") << "call " << call;
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "state" / "birth" / "auths")) << "call " << call;
  EXPECT_EQ(WEXITSTATUS(program.end(SIGTERM)), 0);
  const auto raw = tpm::Tpm::connect(tpm.tcti());
  EXPECT_OK(raw);
  if (!raw) return Outcome::killed;
  const auto state = (*raw)->hierarchies();
  EXPECT_OK(state);
  EXPECT_TRUE(state->owner_auth_set && state->endorsement_auth_set && state->lockout_auth_set && state->clear_disabled)
      << "call " << call;
  EXPECT_REASON((*raw)->read_nv(k_endorsement_auth_index, Secret()), "tpm.locked") << "call " << call;
  return Outcome::killed;
}

/// Kills at one place after the other until a birth runs through; gives how many times it was killed.
unsigned kill_all_along(Places places, unsigned step) {
  unsigned kills = 0;
  for (unsigned call = 1; !::testing::Test::HasFailure(); call += step, ++kills) {
    if (kill_and_go_on(call, places) == Outcome::survived) break;
  }
  return kills;
}

TEST_F(Kill, P_KEYSTORED_006_a_birth_goes_on_after_a_kill_before_each_change_of_the_tpm) {
  EXPECT_GE(kill_all_along(Places::tpm, 1), 12U);
}

// Every write takes minutes: SIGNET_FULL=1 does it, else each ninth (odd, so that every other one has a power cycle).
TEST_F(Kill, P_KEYSTORED_006_a_birth_goes_on_after_a_kill_at_writes) {
  const bool full = ::getenv("SIGNET_FULL") != nullptr;
  EXPECT_GE(kill_all_along(Places::files_and_tpm, full ? 1 : 9), full ? 60U : 6U);
}

TEST_F(Kill, an_orderly_end_is_none_that_the_tpm_counts) {
  test::Swtpm tpm;
  const test::TempDir folder;
  Program program(tpm.tcti(), folder.path());
  EXPECT_OK(program.call("describe", Json::object()));
  const int status = program.end(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(Kill, P_KEYSTORED_007_a_tpm_that_lost_its_power_is_taken_up_again) {
  test::Swtpm tpm;
  const test::TempDir folder;
  Station station;
  Program program(tpm.tcti(), folder.path());
  ASSERT_OK(fake::give_birth(station, program.caller()));
  const auto sign = [&program] {
    return program.call(
        "sign",
        Json::object(
            {{"label", "video"}, {"purpose", "video"}, {"scheme", "ecdsa-sha256"}, {"input", to_base64(Bytes(32))}}));
  };
  EXPECT_OK(sign());
  tpm.kill();
  EXPECT_FALSE(sign().has_value());
  const auto told = program.call("describe", Json::object());
  ASSERT_OK(told);
  EXPECT_NE(told->string_at("tpm").value_or("?"), "ready");
  tpm.start();
  EXPECT_OK(sign());
}

TEST_F(Kill, P_KEYSTORED_018_another_user_is_refused_at_the_socket) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  test::Swtpm tpm;
  const test::TempDir folder;
  ::chmod(folder.path().c_str(), 0755);
  Program program(tpm.tcti(), folder.path());
  ASSERT_OK(program.call("describe", Json::object()));
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    const auto answer = program.call("describe", Json::object());
    ::_exit(!answer && answer.error().reason() == "keystored.peer" ? 0 : 1);
  }
  int status = 0;
  ::waitpid(stranger, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace signet::keystored
