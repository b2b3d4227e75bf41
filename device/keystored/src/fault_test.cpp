// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// TPMs that fail by themselves: failure mode, a reset that nobody said, lock-out, full memory.
#include "fault_test.hpp"

#include "closing.hpp"
#include "root.hpp"
#include "secrets_file.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace signet::keystored {
namespace {

// A TPM whose self-test failed answers TPM2_GetTestResult and a little of TPM2_GetCapability (Part 1, section 12.2.3).
TEST_F(Fault, P_KEYSTORED_021_a_tpm_in_failure_mode_is_said_and_keeps_every_key) {
  TpmProxy& proxy = unit_->put_proxy_between();
  expect_all_well();
  const auto before = files();
  proxy.set_rule([](ByteView command, const TpmProxy::Ask& ask) -> std::optional<Bytes> {
    const std::uint32_t code = TpmProxy::code_of(command);
    if (code == k_cc_get_capability || code == k_cc_get_test_result) return ask(command);
    return TpmProxy::refusal(k_rc_failure);
  });
  for (const bool started_anew : {false, true}) {
    if (started_anew) {
      unit_->stop();
      unit_->start();
    }
    for (const auto& [op, arguments] : operations_of_the_tpm()) {
      const auto answer = unit_->call(op, arguments);
      EXPECT_REASON(answer, "tpm.failure-mode") << op;
      EXPECT_NE(answer.has_value() ? std::string::npos : answer.error().hint().find("power"), std::string::npos) << op;
    }
    EXPECT_EQ(tpm_state(), "tpm.failure-mode");
    EXPECT_EQ(unit_->describe()->string_at("birth").value_or("?"), "born");
  }
  EXPECT_EQ(files(), before);
  unit_->tpm().restart();  // what the hint says
  proxy.pass();
  expect_all_well();
}

/// PTM_INIT over swtpm's control channel: a reset of the TPM whose users do not notice.
void reset_unnoticed(const test::Swtpm& tpm) {
  const std::string path = tpm.tcti().substr(std::string_view("swtpm:path=").size()) + ".ctrl";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  Bytes message(8);
  put_be32(message, 2);
  ASSERT_EQ(::send(fd, message.data(), message.size(), 0), 8);
  std::array<std::byte, 4> result{std::byte{1}};
  ASSERT_EQ(::recv(fd, result.data(), result.size(), 0), 4);
  ::close(fd);
  EXPECT_EQ(get_be32(result), 0U);
}

TEST_F(Fault, P_KEYSTORED_021_a_tpm_that_was_reset_unnoticed_is_started_and_used_on) {
  expect_all_well();
  reset_unnoticed(unit_->tpm());
  expect_all_well();
  reset_unnoticed(unit_->tpm());
  EXPECT_OK(unit_->call("random", Json::object({{"size_bytes", std::uint64_t{16}}})));  // has no handle, only a session
}

TEST_F(Fault, P_KEYSTORED_022_a_lock_out_stops_the_device_id_only_and_ends_with_the_escrowed_auth) {
  // Another unit, since the lockout auth is known to nobody but the vendor once the birth is over.
  unit_ = std::make_unique<Unit>();
  const auto claim =
      fake::told<birth::Claim>(unit_->call("birth-begin", fake::begin_arguments(station_, station_.begin(), "A4712")));
  ASSERT_OK(claim);
  ASSERT_OK(unit_->call("birth-prove", fake::text_of_message(station_.ask(*claim)))) << unit_->log();
  const Paths paths{unit_->state()};
  const Auths escrowed = fake::must(load_auths(paths));  // as the vendor reads them out of the escrow
  ASSERT_OK(unit_->call("birth-install", fake::text_of_message(station_.identity(*claim))));
  for (const char* label : {"video", "idevid"}) keys_.insert_or_assign(label, public_key(label));
  ASSERT_OK(identity());

  // Damage that a digest does not find: each use of the device ID is now a wrong guess.
  const DeviceKeyAuths right = fake::must(load_device_key_auths(paths));
  const Secret wrong = Secret::copy_of(Bytes(k_auth_size_bytes, std::byte{1}));
  ASSERT_OK(save_device_key_auths(paths, {.iak = right.iak.clone(), .idevid = wrong.clone()}));
  unit_->stop();
  unit_->start();
  for (unsigned i = 0; i < k_lockout_failures_max; ++i) {
    EXPECT_REASON(identity(), "tpm.auth") << i;
  }
  const auto refused = identity();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), "tpm.lockout");
  EXPECT_NE(refused.error().text().find(std::to_string(k_lockout_recovery_seconds) + " s"), std::string::npos);
  const auto told = unit_->describe();
  ASSERT_OK(told);
  EXPECT_EQ(told->uint_at("lockout_failures").value_or(0), told->uint_at("lockout_failures_max").value_or(1));

  // Now the damage is repaired: the right auth is refused as well, and other keys go on all the time.
  ASSERT_OK(save_device_key_auths(paths, right));
  unit_->stop();
  unit_->start();
  EXPECT_REASON(identity(), "tpm.lockout");
  EXPECT_OK(sign("video", "video"));
  EXPECT_OK(unit_->call("generate", Json::object({{"label", "new"}, {"purpose", "tls"}, {"algorithm", "p256"}})));

  unit_->stop();
  ASSERT_OK(fake::must(tpm::Tpm::connect(unit_->tpm().tcti()))->reset_lockout(escrowed.lockout));
  unit_->start();
  EXPECT_OK(identity());
  EXPECT_OK(sign("idevid", "device-id"));
  EXPECT_EQ(unit_->describe()->uint_at("lockout_failures").value_or(1), 0U);
}

/// Defines indexes of somebody else's until the TPM has no room for another; returns them.
std::vector<std::uint32_t> fill_nv(tpm::Tpm& tpm) {
  std::vector<std::uint32_t> made;
  for (std::uint16_t size : {std::uint16_t{1500}, std::uint16_t{200}, std::uint16_t{8}}) {
    for (bool room = true; room;) {
      const std::uint32_t index = 0x01500000 + static_cast<std::uint32_t>(made.size());
      const auto defined = tpm.define_nv(
          tpm::NvPublic::make(index, tpm::k_nv_auth_read | tpm::k_nv_auth_write | tpm::k_nv_no_da, {}, size), Secret(),
          Secret());
      room = defined.has_value();
      if (room) made.push_back(index);
      EXPECT_EQ(room ? "tpm.no-space" : defined.error().reason(), "tpm.no-space");
    }
  }
  return made;
}

TEST_F(Fault, P_KEYSTORED_023_a_full_nv_stops_a_birth_only_until_there_is_room) {
  Unit unborn;
  unborn.stop();
  std::vector<std::uint32_t> others;
  {
    const auto tpm = fake::must(tpm::Tpm::connect(unborn.tpm().tcti()));
    others = fill_nv(*tpm);
  }
  ASSERT_FALSE(others.empty());
  unborn.start();
  // Keys need no NV.
  EXPECT_OK(unborn.call("generate", Json::object({{"label", "web"}, {"purpose", "tls"}, {"algorithm", "p256"}})));
  const auto refused = fake::give_birth(station_, unborn.caller());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), "tpm.no-space") << refused.error().message();
  EXPECT_EQ(unborn.describe()->string_at("birth").value_or("?"), "closing");
  unborn.power_cycle();
  EXPECT_REASON(fake::give_birth(station_, unborn.caller()), "tpm.no-space");
  EXPECT_OK(unborn.call("sign", sign_arguments("web", "tls", Bytes(32))));

  unborn.stop();
  {
    const auto tpm = fake::must(tpm::Tpm::connect(unborn.tpm().tcti()));
    for (const std::uint32_t index : others) ASSERT_OK(tpm->undefine_nv(index, Secret()));
  }
  unborn.start();
  ASSERT_OK(fake::give_birth(station_, unborn.caller())) << unborn.log();
  EXPECT_OK(unborn.call("sign", sign_arguments("web", "tls", Bytes(32))));
  EXPECT_OK(unborn.call("sign", sign_arguments("video", "video", Bytes(32))));
}

}  // namespace
}  // namespace signet::keystored
