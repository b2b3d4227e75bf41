// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "secrets_file.hpp"

#include <sys/stat.h>

#include <array>
#include <string>

namespace signet::keystored {
namespace {

constexpr std::string_view k_kind = "signet test   1";

TEST(State, no_file_is_a_device_in_the_factory) {
  const test::TempDir folder;
  const auto state = load_state(folder / "device.json");
  ASSERT_OK(state);
  EXPECT_EQ(state->phase, Phase::factory);
  ASSERT_OK(save_state(folder / "device.json", *state));
  EXPECT_OK(load_state(folder / "device.json"));
}

TEST(State, P_KEYSTORED_020_damage_is_found_and_named) {
  struct Row {
    std::string text;
    std::string reason;
  };
  const std::array rows{
      Row{"", "keystored.damaged"},
      Row{"{}", "keystored.damaged"},
      Row{R"({"version":1})", "keystored.damaged"},
      Row{R"({"version":1,"phase":"factory","more":1})", "keystored.damaged"},
      Row{R"({"version":1,"phase":"factory","escrow":"AA=="})", "keystored.damaged"},
      Row{R"({"version":1,"phase":"begun"})", "keystored.damaged"},
      Row{R"({"version":1,"phase":"born","order":{},"claim":{},"escrow":"","birth_nonce":"","evidence":{}})",
          "keystored.damaged"},
      Row{R"({"version":1,"phase":"dead"})", "keystored.damaged"},
      Row{R"({"version":0,"phase":"factory"})", "keystored.damaged"},
      Row{R"({"version":2,"phase":"factory"})", "keystored.state-version"},
  };
  for (const Row& row : rows) EXPECT_REASON(DeviceState::parse(as_bytes(row.text)), row.reason) << row.text;
}

TEST(SecretsFile, comes_back_as_it_was_and_is_for_its_owner_only) {
  const test::TempDir folder;
  const std::array secrets{crypto::random_secret(32), crypto::random_secret(32)};
  ASSERT_OK(save_secrets(folder / "auths", k_kind, secrets));
  const auto back = load_secrets(folder / "auths", k_kind, 2);
  ASSERT_OK(back);
  EXPECT_TRUE((*back)[0] == secrets[0] && (*back)[1] == secrets[1]);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "auths").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(SecretsFile, P_KEYSTORED_020_each_changed_byte_and_each_swapped_file_is_found) {
  const test::TempDir folder;
  const std::array secrets{crypto::random_secret(32)};
  ASSERT_OK(save_secrets(folder / "auths", k_kind, secrets));
  const Bytes whole = *os::read_file(folder / "auths", 4096);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] ^= std::byte{1};
    EXPECT_REASON(parse_secrets(Secret::copy_of(changed), k_kind, 1), "keystored.damaged") << at;
  }
  EXPECT_REASON(parse_secrets(Secret::copy_of(whole), "signet other  1", 1), "keystored.damaged");
  EXPECT_REASON(parse_secrets(Secret::copy_of(whole), k_kind, 2), "keystored.damaged");
  EXPECT_REASON(load_secrets(folder / "none", k_kind, 1), "os.not-found");
}

TEST(SecretsFile, a_destroyed_file_is_gone_and_may_be_destroyed_twice) {
  const test::TempDir folder;
  const std::array secrets{crypto::random_secret(32)};
  ASSERT_OK(save_secrets(folder / "auths", k_kind, secrets));
  EXPECT_OK(destroy_secrets(folder / "auths"));
  EXPECT_OK(destroy_secrets(folder / "auths"));
  EXPECT_FALSE(std::filesystem::exists(folder / "auths"));
}

TEST(SecretsFile, auths_never_end_in_a_zero_byte) {
  for (int i = 0; i < 600; ++i) {
    const Secret auth = mix_auth(Bytes(32));
    EXPECT_NE(auth.read(SecretAccess::for_cryptography()).back(), std::byte{0});
  }
}

}  // namespace
}  // namespace signet::keystored
