// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Attackers with root on a device after its birth: keystored is stopped (a TPM serves one connection), the TPM keeps
// its power, and everything is tried with the raw TPM. Each attack is shown to work where there was no birth, so that
// no test passes for the wrong reason.
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"

#include "root.hpp"
#include "unit_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::keystored {
namespace {

using fake::Station;
using fake::Unit;

class Attack : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    unit_ = std::make_unique<Unit>();
    const auto born = fake::give_birth(station_, unit_->caller());
    ASSERT_OK(born) << unit_->log();
    claim_ = *born;
  }

  /// keystored is out of the way, its locks are not.
  std::shared_ptr<tpm::Tpm> raw() {
    unit_->stop();
    return fake::must(tpm::Tpm::connect(unit_->tpm().tcti()));
  }

  /// Exit code of a program of tpm2-tools on this TPM; 127 where it is not installed.
  int tool(std::vector<std::string> words) {
    unit_->stop();
    words.insert(words.begin(), {"env", "TPM2TOOLS_TCTI=" + unit_->tpm().tcti()});
    const auto done = os::run(words);
    return done ? done->exit_code : 127;
  }

  Station station_;
  std::optional<birth::Claim> claim_;
  std::unique_ptr<Unit> unit_;
};

#define NEEDS_TPM2_TOOLS() \
  if (tool({"tpm2_getrandom", "4"}) != 0) GTEST_SKIP() << "tpm2-tools is missing"

TEST_F(Attack, P_KEYSTORED_010_the_device_id_is_not_made_anew_from_its_template) {
  const auto tpm = raw();
  EXPECT_REASON(tpm->create_idevid(tpm::DevidTemplate::h2_p256, Secret(), Secret()), "tpm.auth");
  EXPECT_REASON(tpm->create_iak(tpm::DevidTemplate::h2_p256, Secret(), Secret()), "tpm.auth");
  // The key in its persistent slot has an auth that nobody was told.
  const auto key = tpm->open_persistent(k_idevid_handle, Secret());
  ASSERT_OK(key);
  EXPECT_REASON(tpm->sign(*key, crypto::SignatureScheme::ecdsa_sha256, Bytes(32, std::byte{1})), "tpm.auth");

  test::Swtpm unborn;  // the same TPM before its birth: there it works
  const auto before = tpm::Tpm::connect(unborn.tcti());
  ASSERT_OK(before);
  const auto clone = (*before)->create_idevid(tpm::DevidTemplate::h2_p256, Secret(), Secret());
  ASSERT_OK(clone);
  EXPECT_EQ(clone->object.public_area().wire, claim_->idevid_area);
}

TEST_F(Attack, P_KEYSTORED_011_the_tpm_is_not_cleared) {
  NEEDS_TPM2_TOOLS();
  EXPECT_NE(tool({"tpm2_clear", "-c", "l"}), 0);
  EXPECT_NE(tool({"tpm2_clear", "-c", "p"}), 0);
  EXPECT_NE(tool({"tpm2_clearcontrol", "-C", "p", "c"}), 0);
  unit_->start();
  EXPECT_OK(unit_->call("identity", Json::object({{"nonce", to_base64(Bytes(8))}})));

  test::Swtpm unborn;
  EXPECT_EQ(os::run({"env", "TPM2TOOLS_TCTI=" + unborn.tcti(), "tpm2_clear", "-c", "l"})->exit_code, 0);
}

TEST_F(Attack, P_KEYSTORED_012_the_platform_hierarchy_stays_off) {
  NEEDS_TPM2_TOOLS();
  EXPECT_NE(tool({"tpm2_hierarchycontrol", "-C", "p", "phEnable", "set"}), 0);
  EXPECT_NE(tool({"tpm2_createprimary", "-C", "p"}), 0);
  const auto state = raw()->hierarchies();
  ASSERT_OK(state);
  EXPECT_FALSE(state->platform_enabled);
}

TEST_F(Attack, P_KEYSTORED_013_the_floor_is_not_deleted_nor_made_anew) {
  {
    const auto tpm = raw();
    EXPECT_REASON(tpm->undefine_nv(tpm::k_floor_index, Secret()), "tpm.auth");
    const auto wanted = tpm::floor_public(station_.floor_key().public_key(), false);
    ASSERT_OK(wanted);
    EXPECT_FALSE(tpm->define_nv(*wanted, Secret(), Secret()).has_value());
    EXPECT_FALSE(tpm->evict(k_idevid_handle, Secret()).has_value());
  }
  NEEDS_TPM2_TOOLS();
  EXPECT_NE(tool({"tpm2_nvundefine", "-C", "p", "0x1800101"}), 0);
  EXPECT_NE(tool({"tpm2_nvundefine", "-C", "p", "0x1800100"}), 0);
  unit_->start();
  EXPECT_EQ(unit_->call("floor-read")->uint_at("floor").value_or(0), fake::k_first_floor);
}

Json approval_arguments(const tpm::FloorApproval& approval) {
  return Json::object({{"approval", *Json::parse(approval.encode())}});
}

TEST_F(Attack, P_KEYSTORED_014_the_floor_rises_by_approval_only_and_never_falls) {
  using Kind = tpm::FloorApproval::Kind;
  const tpm::FloorApproval nine = station_.approve(Kind::raise, 9);
  EXPECT_OK(unit_->call("floor-write", approval_arguments(nine)));
  EXPECT_REASON(unit_->call("floor-write", approval_arguments(nine)), "tpm.policy");
  EXPECT_REASON(unit_->call("floor-write", approval_arguments(station_.approve(Kind::raise, 8))), "tpm.policy");
  EXPECT_REASON(unit_->call("floor-write", approval_arguments(station_.approve(Kind::first, 3))), "tpm.policy");
  const Station stranger;
  EXPECT_FALSE(unit_->call("floor-write", approval_arguments(stranger.approve(Kind::raise, 99))).has_value());
  tpm::FloorApproval altered = station_.approve(Kind::raise, 10);
  altered.value = 11;
  EXPECT_REASON(unit_->call("floor-write", approval_arguments(altered)), "tpm.approval-signature");

  const auto tpm = raw();
  std::array<std::byte, 8> low{};
  EXPECT_FALSE(tpm->write_nv(tpm::k_floor_index, Secret::copy_of(low), Secret()).has_value());
  EXPECT_FALSE(tpm->write_nv(tpm::k_floor_index, low, *nine.policy(k_idevid_handle)).has_value());
  const auto floor = tpm->read_nv(tpm::k_floor_index, Secret());
  ASSERT_OK(floor);
  EXPECT_EQ(get_be64(floor->read(SecretAccess::for_export())), 9U);
}

TEST_F(Attack, P_KEYSTORED_015_the_endorsement_auth_is_read_once_per_power_cycle) {
  for (int cycle = 0; cycle < 2; ++cycle) {
    {
      const auto tpm = raw();
      EXPECT_REASON(tpm->read_nv(k_endorsement_auth_index, Secret()), "tpm.locked");
      EXPECT_FALSE(
          tpm->write_nv(k_endorsement_auth_index, Secret::copy_of(Bytes(32, std::byte{1})), Secret()).has_value());
    }
    unit_->start();
    unit_->power_cycle();
  }
  // The honest limit: who comes before keystored reads it.
  unit_->stop();
  unit_->tpm().restart();
  EXPECT_OK(raw()->read_nv(k_endorsement_auth_index, Secret()));
}

TEST_F(Attack, P_KEYSTORED_016_a_copied_key_store_is_worthless_on_another_tpm) {
  unit_->stop();
  for (const bool closed : {false, true}) {
    test::Swtpm other({.fresh_ek = true});
    test::TempDir folder;
    if (closed) {  // another unit, born as well: its own auth is in its NV
      auto first = fake::must(Service::open({.tcti = other.tcti(), .state = folder / "own", .allow_uids = {}}));
      Station station;
      ASSERT_OK(fake::give_birth(station, [&](const std::string& op, Json arguments) {
        return keystore::parse_answer(
            first->answer({.pid = 1, .uid = 0, .gid = 0},
                          keystore::KeystoredRequest{.op = op, .arguments = std::move(arguments)}.encode()));
      }));
    }
    std::filesystem::copy(unit_->state(), folder / "state", std::filesystem::copy_options::recursive);
    const auto thief = fake::must(Service::open({.tcti = other.tcti(), .state = folder / "state", .allow_uids = {}}));
    const Json sign = Json::object(
        {{"label", "video"}, {"purpose", "video"}, {"scheme", "ecdsa-sha256"}, {"input", to_base64(Bytes(32))}});
    for (const auto& [op, arguments] :
         {std::pair<std::string, Json>{"sign", sign}, {"identity", Json::object({{"nonce", to_base64(Bytes(8))}})}}) {
      const auto answer = keystore::parse_answer(thief->answer(
          {.pid = 1, .uid = 0, .gid = 0}, keystore::KeystoredRequest{.op = op, .arguments = arguments}.encode()));
      ASSERT_FALSE(answer.has_value()) << op;
      EXPECT_EQ(answer.error().code(), Errc::untrusted) << op << ": " << answer.error().message();
    }
  }
}

TEST_F(Attack, P_KEYSTORED_017_a_key_serves_its_purpose_only) {
  const auto sign = [this](const std::string& label, const std::string& purpose) {
    return unit_->call(
        "sign",
        Json::object(
            {{"label", label}, {"purpose", purpose}, {"scheme", "ecdsa-sha256"}, {"input", to_base64(Bytes(32))}}));
  };
  EXPECT_OK(sign("video", "video"));
  for (const std::string purpose : {"tls", "network", "storage", "device-id"}) {
    EXPECT_REASON(sign("video", purpose), "keystore.purpose");
  }
  EXPECT_REASON(sign("idevid", "tls"), "keystore.purpose");
  EXPECT_FALSE(sign("iak", "device-id").has_value());  // restricted: signs what the TPM itself says, nothing else
  EXPECT_FALSE(unit_->call("destroy", Json::object({{"label", "idevid"}, {"purpose", "device-id"}})).has_value());
  EXPECT_FALSE(unit_->call("generate", Json::object({{"label", "idevid"}, {"purpose", "tls"}, {"algorithm", "p256"}}))
                   .has_value());
}

TEST_F(Attack, P_KEYSTORED_018_who_is_not_known_is_refused) {
  EXPECT_REASON(unit_->call("describe", Json::object(), 4243), "keystored.peer");
  EXPECT_OK(unit_->call("describe", Json::object(), 4242));
  EXPECT_REASON(unit_->call("birth-begin", fake::begin_arguments(station_, station_.begin(), "A4711"), 4242),
                "keystored.peer");
}

}  // namespace
}  // namespace signet::keystored
