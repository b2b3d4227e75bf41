// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attested_key.hpp"

#include "signet/test/expect.hpp"

#include "born_for_test.hpp"

#include <gtest/gtest.h>

namespace signet::birth {
namespace {

using attest::Strength;
using born::Device;
using born::Factory;
using test::k_now;
using test::must;

class AttestedKeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    device_ = std::make_unique<Device>("CAM0001");
  }
  attest::KeyStatement statement(Strength strength) {
    attest::ResidencyProof proof;
    proof.evidence = {device_->idevid.object.public_area().wire,  // any key that this TPM made will do
                      must(device_->tpm->certify_creation(device_->idevid, device_->iak.object,
                                                          attest::residency_challenge(k_nonce)))};
    proof.identity = device_->statement(factory_, folder_ / "ledger", strength);
    auto key = *must(tpm::Public::parse(proof.evidence.public_area)).key;
    return {.key = std::move(key), .nonce = k_nonce, .proof = std::move(proof)};
  }
  /// The station's own certificate.
  std::vector<pki::Certificate> station(Instant from = k_now.plus_days(-1), Instant until = k_now.plus_days(30)) {
    const auto ca = factory_.vendor.issue("Stations", "factory-ca", from);
    return {must(pki::issue({ca.certificate, ca.signer}, {.profile = must(pki::profile_named("station")),
                                                          .subject = {.common_name = "station-1"},
                                                          .public_key = factory_.station->public_key(),
                                                          .serial_hex = "5a01",
                                                          .not_before = from,
                                                          .not_after = until})),
            ca.certificate};
  }
  /// Somebody who holds nothing but the vendor's root.
  [[nodiscard]] IdentityTrust root_alone() const {
    return {.anchors = {factory_.vendor.root()}, .at = k_now, .nonce = k_nonce};
  }

  const Bytes k_nonce = to_bytes("a nonce of sixteen bytes or more");
  test::TempDir folder_;
  Factory factory_;
  std::unique_ptr<Device> device_;
};

TEST_F(AttestedKeyTest, P_IDENTITY_010_TheStrengthIsThatOfABirthRecordThatCounts) {
  attest::KeyStatement made = statement(Strength::strong);
  const auto bare = judge_key(made, root_alone());
  ASSERT_OK(bare);
  EXPECT_EQ(bare->key().basis(), attest::Basis::certified);
  EXPECT_EQ(bare->key().strength(), Strength::software);  // the record is there, but whose is it?
  EXPECT_EQ(bare->notes().size(), 1U);
  EXPECT_EQ(bare->device()->serial(), "CAM0001");

  IdentityTrust knows = root_alone();
  knows.stations = {factory_.station->public_key()};
  EXPECT_EQ(must(judge_key(made, knows)).key().strength(), Strength::strong);

  std::get<attest::ResidencyProof>(made.proof).station = station();
  const auto read = attest::KeyStatement::parse(made.encode());
  ASSERT_OK(read);
  const auto whole = judge_key(*read, root_alone(), made.key);
  ASSERT_OK(whole);
  EXPECT_EQ(whole->key().strength(), Strength::strong);
  EXPECT_TRUE(whole->notes().empty());
}

TEST_F(AttestedKeyTest, P_IDENTITY_010_ADeviceOutlivesTheCertificateOfItsStation) {
  attest::KeyStatement made = statement(Strength::strong);
  std::get<attest::ResidencyProof>(made.proof).station = station();
  IdentityTrust later = root_alone();
  later.at = k_now.plus_days(90);  // the station's certificate has ended after 30
  const auto judged = judge_key(made, later);
  ASSERT_OK(judged);
  EXPECT_EQ(judged->key().strength(), Strength::strong);
  // One that had ended before the device was certified says nothing of it.
  auto& chain = std::get<attest::ResidencyProof>(made.proof).station;
  chain = station(k_now.plus_days(-300), k_now.plus_days(-200));
  EXPECT_REASON(judge_key(made, later), "pki.expired");
}

TEST_F(AttestedKeyTest, P_IDENTITY_009_ARecordOrStationThatIsWrongRefusesTheWhole) {
  attest::KeyStatement made = statement(Strength::strong);
  auto& proof = std::get<attest::ResidencyProof>(made.proof);
  proof.station = {proof.identity.idevid.front(), factory_.ca.certificate};  // a device is no station
  EXPECT_REASON(judge_key(made, root_alone()), "pki.wrong-usage");
  Factory elsewhere;
  const auto foreign = elsewhere.vendor.issue("station-1", "station");
  proof.station = {foreign.certificate};
  EXPECT_REASON(judge_key(made, root_alone()), "pki.no-anchor");
  const auto other = factory_.vendor.issue("station-2", "station");
  proof.station = {other.certificate};
  EXPECT_REASON(judge_key(made, root_alone()), "identity.record");
  proof.station = station();
  proof.identity.iak.front() = factory_.issue("iak", *device_->iak.object.public_area().key, "CAM0001");
  EXPECT_REASON(judge_key(made, root_alone()), "identity.record");  // certified again, at no recorded birth
}

TEST_F(AttestedKeyTest, AKeyInAFileIsJudgedWithoutAnyRoot) {
  const auto signer = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  attest::KeyStatement made{
      .key = signer->public_key(), .nonce = k_nonce, .proof = attest::PossessionProof{{.backend = "file"}, {}}};
  std::get<attest::PossessionProof>(made.proof).signature =
      must(signer->sign(crypto::SignatureScheme::ecdsa_sha256, made.possession_message()));
  const auto judged = judge_key(made, {.anchors = {}, .at = k_now});
  ASSERT_OK(judged);
  EXPECT_EQ(judged->key().strength(), Strength::software);
  EXPECT_FALSE(judged->device().has_value());
  EXPECT_EQ(judged->notes().size(), 2U);
}

}  // namespace
}  // namespace signet::birth
