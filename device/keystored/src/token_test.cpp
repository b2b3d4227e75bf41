// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "token.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

namespace signet::keystored {

namespace {

Secret pin(std::string_view text) { return Secret::copy_of(as_bytes(text)); }

std::string state_of(Token& token, const char* owner) { return token.info().value().string_at(owner).value(); }

}  // namespace

TEST(Token, P_PKCS11_005_a_pin_locks_after_ten_wrong_tries_across_restarts_and_the_officer_sets_a_new_one) {
  const test::TempDir folder;
  {
    Token token(folder.path());
    EXPECT_EQ(state_of(token, "user_pin"), "unset");
    EXPECT_REASON(token.check(PinOwner::user, pin("1234")), "token.pin-unset");
    ASSERT_OK(token.initialise(pin("12345678"), "signet"));
    ASSERT_OK(token.set_user_pin(pin("12345678"), pin("1234")));
    ASSERT_OK(token.check(PinOwner::user, pin("1234")));
    EXPECT_REASON(token.check(PinOwner::user, pin("1235")), "token.pin-wrong");
    EXPECT_EQ(state_of(token, "user_pin"), "missed");
  }
  for (std::uint64_t tries = 1; tries < k_pin_failures_max; ++tries) {
    Token token(folder.path());
    EXPECT_REASON(token.check(PinOwner::user, pin("0000")), "token.pin-wrong");
  }
  Token token(folder.path());
  EXPECT_EQ(state_of(token, "user_pin"), "locked");
  EXPECT_REASON(token.check(PinOwner::user, pin("1234")), "token.pin-locked");
  EXPECT_REASON(token.set_user_pin(pin("wrong"), pin("4321")), "token.pin-wrong");
  ASSERT_OK(token.set_user_pin(pin("12345678"), pin("4321")));
  EXPECT_OK(token.check(PinOwner::user, pin("4321")));
  EXPECT_EQ(state_of(token, "user_pin"), "set");
}

TEST(Token, initialising_anew_wants_the_officers_pin_and_removes_objects) {
  const test::TempDir folder;
  Token token(folder.path());
  ASSERT_OK(token.initialise(pin("12345678"), "one"));
  ASSERT_OK(token.put("object-1", as_bytes("a certificate")));
  EXPECT_REASON(token.initialise(pin("87654321"), "two"), "token.pin-wrong");
  EXPECT_EQ(token.objects()->find("objects")->elements().size(), 1U);
  ASSERT_OK(token.initialise(pin("12345678"), "two"));
  EXPECT_EQ(token.objects()->find("objects")->elements().size(), 0U);
  EXPECT_EQ(state_of(token, "user_pin"), "unset");
}

TEST(Token, sizes_and_names_are_bounded) {
  const test::TempDir folder;
  Token token(folder.path());
  EXPECT_REASON(token.initialise(pin("123"), "short"), "token.pin-size");
  EXPECT_REASON(token.initialise(pin("12345678"), std::string(33, 'a')), "keystored.request");
  for (const char* name : {"", "-a", "a/b", "..", "A", "a.b"}) {
    EXPECT_REASON(token.put(name, as_bytes("x")), "token.object-name") << name;
  }
  EXPECT_REASON(token.put("big", Bytes((64U << 10U) + 1)), "token.full");
  const Bytes large(64U << 10U);
  for (char c = 'a'; c < 'k'; ++c) ASSERT_OK(token.put(std::string(1, c), large));
  EXPECT_REASON(token.put("k", large), "token.full");
  ASSERT_OK(token.put("a", large));  // in place of what has that name
  ASSERT_OK(token.remove("a"));
  EXPECT_OK(token.put("k", large));
}

}  // namespace signet::keystored
