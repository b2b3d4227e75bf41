// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/fake_clock.hpp"
#include "signet/test/temp_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace signet::keystored {
namespace {

constexpr const char* k_old = R"({"version":1,"rules":[{"name":"old","who":{"user":"33"},"may":["sign"]}]})";
constexpr const char* k_new = R"({"version":1,"rules":[{"name":"new","who":{"user":"34"},"may":["sign"]}]})";
const Ask k_sign{.act = Act::sign, .key = "web", .purpose = keystore::Purpose::tls};

Caller user(uid_t uid) { return {.pid = 1, .subject = {.uid = uid}}; }

class GuardTest : public ::testing::Test {
 protected:
  void write(const std::string& text) { ASSERT_OK(os::replace_file(file(), as_bytes(text), 0600)); }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "policy.json"; }
  Guard::Config config(bool with_file = true) {
    Guard::Config made{.policy = {},
                       .state = folder_.path(),
                       .allow_uids = {},
                       .log = [this](LogLevel, const std::string& line) { log_ += line + "\n"; },
                       .clock = clock_};
    if (with_file) made.policy = file();
    return made;
  }
  std::unique_ptr<Guard> open() {
    auto opened = Guard::open(config());
    if (!opened) ADD_FAILURE() << opened.error().message();
    return opened ? *std::move(opened) : nullptr;
  }
  [[nodiscard]] std::uint64_t entries() const {
    const auto ledger = ledger::Ledger::open(folder_ / "ledger");
    return ledger ? ledger->size() : 0;
  }

  test::TempDir folder_;
  std::shared_ptr<test::FakeClock> clock_ = std::make_shared<test::FakeClock>(Instant{1'790'000'000});
  std::string log_;
};

}  // namespace

TEST_F(GuardTest, P_KEYSTORED_033_each_change_of_the_policy_is_an_entry_in_the_ledger_an_old_one_put_back_as_well) {
  write(k_old);
  (void)open();
  EXPECT_EQ(entries(), 1U);
  (void)open();
  EXPECT_EQ(entries(), 1U) << "a start is no change";
  write(k_new);
  const auto guard = open();
  EXPECT_EQ(entries(), 2U);
  write(k_old);
  ASSERT_OK(guard->reload());
  EXPECT_EQ(entries(), 3U) << "the old policy again is a change";
  ASSERT_OK(guard->reload());
  EXPECT_EQ(entries(), 3U);
  ASSERT_OK(Guard::open(config(false)));
  EXPECT_EQ(entries(), 4U) << "so is none";
  ASSERT_OK(Guard::open(config(false)));
  EXPECT_EQ(entries(), 4U);
}

TEST_F(GuardTest, without_a_policy_there_is_no_ledger) {
  ASSERT_OK(Guard::open(config(false)));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ledger"));
}

TEST_F(GuardTest, P_KEYSTORED_033_a_policy_that_cannot_be_recorded_does_not_come_into_force) {
  write(k_old);
  const auto guard = open();
  ASSERT_NE(guard, nullptr);
  const auto somebody_else = ledger::Ledger::open(folder_ / "ledger");
  ASSERT_OK(somebody_else);
  write(k_new);
  EXPECT_REASON(guard->reload(), "os.locked");
  EXPECT_OK(guard->admit(user(33), k_sign, {}));
  EXPECT_REASON(guard->admit(user(34), k_sign, {}), "keystored.peer");
  EXPECT_REASON(Guard::open(config()), "os.locked");
}

TEST_F(GuardTest, P_KEYSTORED_032_a_broken_policy_stops_a_start_and_changes_nothing_at_a_reload) {
  write(k_old);
  const auto guard = open();
  ASSERT_NE(guard, nullptr);
  for (const char* text : {"", "{", R"({"version":1,"rules":[{}]})"}) {
    write(text);
    EXPECT_REASON(guard->reload(), "policy.malformed");
    EXPECT_NE(log_.find("the policy stays as it was"), std::string::npos);
    EXPECT_TRUE(guard->describe().find("reload_failed") != nullptr);
    EXPECT_OK(guard->admit(user(33), k_sign, {}));
    EXPECT_REASON(Guard::open(config()), "policy.malformed");
  }
  ASSERT_OK(os::remove_file(file()));
  EXPECT_FALSE(guard->reload());
  EXPECT_FALSE(Guard::open(config()));
  EXPECT_EQ(entries(), 1U);
  write(k_new);
  ASSERT_OK(guard->reload());
  EXPECT_EQ(guard->describe().find("reload_failed"), nullptr);
  EXPECT_REASON(guard->admit(user(33), k_sign, {}), "keystored.peer");
  EXPECT_OK(guard->admit(user(34), k_sign, {}));
}

TEST_F(GuardTest, P_KEYSTORED_032_a_policy_that_others_may_write_is_refused) {
  write(k_old);
  for (const mode_t mode : {0622U, 0602U, 0620U}) {
    ASSERT_EQ(::chmod(file().c_str(), mode), 0);
    EXPECT_REASON(Guard::open(config()), "policy.open-to-others");
  }
  ASSERT_EQ(::chmod(file().c_str(), 0644), 0);
  EXPECT_OK(Guard::open(config()));
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  ASSERT_EQ(::chown(file().c_str(), 65534, 65534), 0);
  EXPECT_REASON(Guard::open(config()), "policy.open-to-others");
}

TEST_F(GuardTest, the_floor_is_asked_for_only_by_rules_that_want_it_and_again_after_it_was_written) {
  write(R"({"version":1,"rules":[{"name":"a","who":{"user":"33"},"may":["sign"],"floor_at_least":7},
            {"name":"b","who":{"user":"34"},"may":["sign"]}]})");
  const auto guard = open();
  ASSERT_NE(guard, nullptr);
  int asked = 0;
  std::uint64_t floor = 6;
  const auto floor_of = [&]() -> Result<std::uint64_t> {
    ++asked;
    return floor;
  };
  EXPECT_OK(guard->admit(user(34), k_sign, floor_of));
  EXPECT_EQ(asked, 0);
  EXPECT_REASON(guard->admit(user(33), k_sign, floor_of), "keystored.floor");
  EXPECT_REASON(guard->admit(user(33), k_sign, floor_of), "keystored.floor");
  EXPECT_EQ(asked, 1) << "a TPM is slow";
  floor = 7;
  guard->forget_floor();
  EXPECT_OK(guard->admit(user(33), k_sign, floor_of));
  guard->forget_floor();
  const auto gone = []() -> Result<std::uint64_t> { return Error(Errc::unavailable, "tpm.gone", "gone"); };
  EXPECT_REASON(guard->admit(user(33), k_sign, gone), "keystored.floor") << "not known is not enough";
}

TEST_F(GuardTest, a_new_second_begins_and_ends_what_a_rule_allows) {
  write(R"({"version":1,"rules":[{"name":"a","who":{"user":"33"},"may":["sign"],"until":"2027-01-01T00:00:00Z"}]})");
  const auto guard = open();
  ASSERT_NE(guard, nullptr);
  EXPECT_OK(guard->admit(user(33), k_sign, {}));
  clock_->set(*from_rfc3339("2027-01-01T00:00:00Z"));
  EXPECT_REASON(guard->admit(user(33), k_sign, {}), "keystored.too-late");
}

TEST(Logins, P_KEYSTORED_034_a_ticket_is_worth_something_to_its_own_process_only_and_ends_with_the_login) {
  Logins logins;
  Caller first{.pid = 100, .subject = {.uid = 33}};
  EXPECT_FALSE(logins.holds(first));
  const Bytes ticket = logins.begin(first);
  EXPECT_TRUE(logins.holds(first));
  Caller second{.pid = 100, .subject = {.uid = 33}};
  EXPECT_FALSE(logins.holds(second)) << "each connection for itself";
  Caller thief{.pid = 100, .subject = {.uid = 34}};
  Caller child{.pid = 101, .subject = {.uid = 33}};
  Bytes wrong = ticket;
  wrong.back() ^= std::byte{1};
  EXPECT_REASON(logins.join(thief, ticket), "token.ticket");
  EXPECT_REASON(logins.join(child, ticket), "token.ticket");
  EXPECT_REASON(logins.join(second, wrong), "token.ticket");
  EXPECT_REASON(logins.join(second, {}), "token.ticket");
  ASSERT_OK(logins.join(second, ticket));
  EXPECT_TRUE(logins.holds(second));
  logins.end(second);
  EXPECT_FALSE(logins.holds(first)) << "PKCS#11 has one login for a program";
  EXPECT_REASON(logins.join(second, ticket), "token.ticket");
  (void)logins.begin(first);
  logins.end_all();
  EXPECT_FALSE(logins.holds(first));
}

TEST(Logins, one_user_cannot_push_others_out) {
  Logins logins;
  Caller mine{.pid = 1, .subject = {.uid = 33}};
  (void)logins.begin(mine);
  for (pid_t pid = 2; pid < 200; ++pid) {
    Caller other{.pid = pid, .subject = {.uid = 34}};
    (void)logins.begin(other);
  }
  EXPECT_TRUE(logins.holds(mine));
}

}  // namespace signet::keystored
