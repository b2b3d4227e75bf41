// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/identity.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "born_for_test.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace signet::birth {
namespace {

using born::Device;
using born::Factory;
using born::k_line;
using test::k_now;
using test::must;

class IdentityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    device_ = std::make_unique<Device>("CAM0001");
    statement_ = device_->statement(factory_, folder_ / "ledger");
  }
  IdentityTrust trust() const {
    return {.anchors = {factory_.vendor.root()},
            .stations = {factory_.station->public_key()},
            .line = must(
                ledger::Policy::make({must(ledger::VerifierKey::for_log(k_line, factory_.log_key->public_key()))})),
            .at = k_now};
  }

  test::TempDir folder_;
  Factory factory_;
  std::unique_ptr<Device> device_;
  attest::IdentityStatement statement_;
};

TEST_F(IdentityTest, P_IDENTITY_001_AGenuineDeviceIsToldWithEveryProof) {
  IdentityTrust all = trust();
  all.nonce = crypto::random_bytes(16);
  device_->answer(statement_, *all.nonce);
  const auto verdict = judge_identity(must(attest::IdentityStatement::parse(statement_.encode())), all);
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->serial(), "CAM0001");
  EXPECT_EQ(verdict->vendor(), factory_.vendor.root());
  EXPECT_EQ(verdict->residency(), Residency::attested);
  EXPECT_EQ(verdict->recorded(), Recorded::ledger);
  EXPECT_EQ(verdict->presence(), attest::Presence::proven);
  EXPECT_TRUE(verdict->notes().empty());
  EXPECT_EQ(verdict->record()->station, "station-1");
}

TEST_F(IdentityTest, P_IDENTITY_002_WhatIsNotThereLowersWhatIsKnown) {
  attest::IdentityStatement bare = statement_;
  bare.birth_record.reset();
  bare.receipt.reset();
  IdentityTrust little{.anchors = {factory_.vendor.root()}, .at = k_now};
  const auto verdict = judge_identity(bare, little);
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->residency(), Residency::attested);
  EXPECT_EQ(verdict->recorded(), Recorded::unproven);
  EXPECT_EQ(verdict->presence(), attest::Presence::not_asked);
  EXPECT_EQ(verdict->notes().size(), 2U);
  EXPECT_FALSE(verdict->record().has_value());
}

TEST_F(IdentityTest, P_IDENTITY_003_APartThatIsWrongRefusesTheWhole) {
  Device other("CAM0002", true);
  const attest::IdentityStatement theirs = other.statement(factory_, folder_ / "ledger");
  Factory elsewhere;
  const attest::IdentityStatement foreign = other.statement(elsewhere, folder_ / "other-ledger");
  struct Attack {
    std::string what;
    std::string reason;
    std::function<void(attest::IdentityStatement&)> change;
  };
  const std::vector<Attack> attacks{
      {"another vendor's device", "pki.no-anchor", [&](auto& s) { s = foreign; }},
      {"no certificate at all", "attest.statement", [](auto& s) { s.idevid.clear(); }},
      {"the attestation key's certificate as device ID", "pki.wrong-usage", [](auto& s) { s.idevid = s.iak; }},
      {"the device ID as attestation key", "pki.wrong-usage", [](auto& s) { s.iak = s.idevid; }},
      {"another device's attestation key", "attest.two-devices", [&](auto& s) { s.iak = theirs.iak; }},
      {"another device's attestation key area", "attest.iak-key", [&](auto& s) { s.iak_area = theirs.iak_area; }},
      {"another device's evidence", "tpm.bad-signature", [&](auto& s) { s.idevid_evidence = theirs.idevid_evidence; }},
      {"another nonce", "attest.replayed", [](auto& s) { s.birth_nonce[0] ^= std::byte{1}; }},
      {"another device's record", "identity.receipt", [&](auto& s) { s.birth_record = theirs.birth_record; }},
      {"another device's record and receipt", "identity.record",
       [&](auto& s) {
         s.birth_record = theirs.birth_record;
         s.receipt = theirs.receipt;
       }},
      {"no receipt", "identity.receipt", [](auto& s) { s.receipt.reset(); }},
      {"another line's receipt", "identity.receipt", [&](auto& s) { s.receipt = foreign.receipt; }},
  };
  for (const Attack& attack : attacks) {
    attest::IdentityStatement forged = statement_;
    attack.change(forged);
    EXPECT_REASON(judge_identity(forged, trust()), attack.reason) << attack.what;
  }
}

TEST_F(IdentityTest, P_IDENTITY_004_ACopiedStatementDoesNotAnswerAChallenge) {
  IdentityTrust asking = trust();
  asking.nonce = crypto::random_bytes(16);
  EXPECT_REASON(judge_identity(statement_, asking), "attest.no-answer");
  device_->answer(statement_, crypto::random_bytes(16));
  EXPECT_REASON(judge_identity(statement_, asking), "attest.replayed");
  Device other("CAM0002", true);
  other.answer(statement_, *asking.nonce);
  EXPECT_REASON(judge_identity(statement_, asking), "attest.bad-answer");
}

TEST_F(IdentityTest, P_IDENTITY_005_ARevokedDeviceIsRefused) {
  IdentityTrust revoked = trust();
  const std::vector<pki::Revoked> list{
      {statement_.idevid.front().serial_hex(), k_now.plus_days(-1), pki::RevocationReason::key_compromise}};
  revoked.crls = {must(pki::issue_crl({factory_.ca.certificate, factory_.ca.signer}, 1, k_now.plus_days(-1),
                                      k_now.plus_days(30), list))};
  EXPECT_REASON(judge_identity(statement_, revoked), "pki.revoked");
}

TEST_F(IdentityTest, ATlsServerIsJudgedByItsCertificate) {
  const auto verdict = judge_device_certificate(statement_.idevid, trust());
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->presence(), attest::Presence::proven);
  EXPECT_EQ(verdict->residency(), Residency::certificate);
  const auto web = factory_.vendor.issue("server", "tls-server");
  EXPECT_FALSE(judge_device_certificate({web.certificate}, trust()));
  EXPECT_REASON(judge_device_certificate({}, trust()), "identity.no-certificate");
}

}  // namespace
}  // namespace signet::birth
