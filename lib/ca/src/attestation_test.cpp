// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/ca.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/fake_clock.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor_ca.hpp"
#include "signet/tpm.hpp"

#include <gtest/gtest.h>

using namespace signet;
using attest::Strength;
using ca::Authority;
using test::must;

namespace {

const Bytes k_nonce = to_bytes("a nonce of the one who issues...");

/// An authority, and a device of a vendor with a key in its TPM.
class AttestationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    authority_.emplace(must(Authority::create_root(folder_ / "ca", key_, must(pki::profile_named("vendor-root")),
                                                   {.common_name = "Root"}, {}, clock_)));
    swtpm_ = std::make_unique<test::Swtpm>();
    tpm_ = must(tpm::Tpm::connect(swtpm_->tcti()));
  }

  std::vector<pki::Certificate> issue(std::string_view profile, const crypto::PublicKey& key) {
    return {must(pki::issue(
                {factory_.certificate, factory_.signer},
                {.profile = must(pki::profile_named(profile)),
                 .subject = {.common_name = "cam-a", .serial_number = "CAM0001"},
                 .public_key = key,
                 .hardware = pki::HardwareModule{.type_oid = "1.3.6.1.4.1.32473.1", .serial = to_bytes("CAM0001")},
                 .serial_hex = "5a" + to_hex(crypto::random_bytes(15)),
                 .not_before = test::k_now.plus_days(-1),
                 .not_after = pki::k_no_end})),
            factory_.certificate};
  }

  /// A key in the TPM, attested; how strong that TPM is, is the verifier's word here.
  attest::AttestedKey in_tpm(std::optional<Strength> strength) {
    attest::ResidencyProof proof;
    {
      const auto iak = must(tpm_->create_iak(tpm::DevidTemplate::h2_p256, {}, {}));
      proof.identity.iak = issue("iak", *iak.object.public_area().key);
      proof.identity.iak_area = iak.object.public_area().wire;
      proof.identity.birth_nonce = k_nonce;
      {
        const auto idevid = must(tpm_->create_idevid(tpm::DevidTemplate::h2_p256, {}, {}));
        proof.identity.idevid = issue("idevid", *idevid.object.public_area().key);
        proof.identity.idevid_evidence = {idevid.object.public_area().wire,
                                          must(tpm_->certify_creation(idevid, iak.object, k_nonce))};
      }
      const auto parent = must(tpm_->create_storage_primary(tpm::Hierarchy::owner, {}, "test keys"));
      const auto blob = must(tpm_->create_key(parent, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::sign, {}));
      const auto key = must(tpm_->load(parent, blob, {}));
      proof.evidence = {key.public_area().wire,
                        must(tpm_->certify(key, iak.object, attest::residency_challenge(k_nonce)))};
    }
    auto key = *must(tpm::Public::parse(proof.evidence.public_area)).key;
    const attest::KeyStatement statement{.key = std::move(key), .nonce = k_nonce, .proof = std::move(proof)};
    return must(attest::verify_key(
        statement, {.validation = {.anchors = {vendor_.root()}, .at = test::k_now, .usage = pki::Usage::any},
                    .nonce = k_nonce,
                    .key = {},
                    .strength = [=](const auto&, const auto&) { return Result<std::optional<Strength>>(strength); }}));
  }
  /// A key in a file that says it is in a TPM.
  static attest::AttestedKey in_file() {
    const auto signer = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    attest::KeyStatement made{.key = signer->public_key(),
                              .nonce = k_nonce,
                              .proof = attest::PossessionProof{{.backend = "tpm", .protection = "hardware"}, {}}};
    std::get<attest::PossessionProof>(made.proof).signature =
        must(signer->sign(crypto::SignatureScheme::ecdsa_sha256, made.possession_message()));
    return must(attest::verify_key(made, {}));
  }
  static ca::Application application(const crypto::PublicKey& key, std::string serial = {}) {
    return {.profile = must(pki::profile_named("firmware-signing")),
            .subject = {.common_name = "Release", .serial_number = std::move(serial)},
            .public_key = key};
  }
  static ca::Application application(attest::AttestedKey key, std::string serial = {}) {
    ca::Application made = application(key.key(), std::move(serial));
    made.attestation = std::move(key);
    return made;
  }

  test::TempDir folder_;
  test::FakeClock clock_{test::k_now};
  std::shared_ptr<crypto::Signer> key_ = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  std::optional<Authority> authority_;
  test::Vendor vendor_{"Test Vendor Root"};
  test::Identity factory_ = vendor_.issue("Line 3", "factory-ca", test::k_now.plus_days(-1));
  std::unique_ptr<test::Swtpm> swtpm_;
  std::shared_ptr<tpm::Tpm> tpm_;
};

}  // namespace

TEST_F(AttestationTest, P_CA_008_AProfileDemandsAStrengthAndNothingLessIsCertified) {
  ASSERT_OK(authority_->issue(application(key_->public_key())));  // nothing is demanded yet
  ASSERT_OK(authority_->demand("firmware-signing", Strength::trusted_environment));
  EXPECT_REASON(authority_->demand("no-such-profile", Strength::strong), "pki.profile");
  EXPECT_REASON(authority_->issue(application(key_->public_key())), "ca.no-attestation");
  EXPECT_REASON(authority_->issue(application(in_file())), "ca.strength");
  EXPECT_REASON(authority_->issue(application(in_tpm(std::nullopt))), "ca.strength");
  EXPECT_OK(authority_->issue(application(in_tpm(Strength::trusted_environment))));
  ca::Application more = application(in_tpm(Strength::trusted_environment));
  more.minimum_strength = Strength::strong;  // of this certificate alone
  EXPECT_REASON(authority_->issue(more), "ca.strength");
  more = application(in_tpm(Strength::strong));
  more.minimum_strength = Strength::software;  // does not lower what the profile demands
  EXPECT_OK(authority_->issue(more));
  ASSERT_EQ(authority_->list().size(), 3U);
  EXPECT_FALSE(authority_->list()[0].strength.has_value());
  EXPECT_EQ(authority_->list()[1].strength, Strength::trusted_environment);

  authority_.reset();  // all of it is known after a restart
  authority_.emplace(must(Authority::open(folder_ / "ca", key_, clock_)));
  EXPECT_EQ(authority_->list()[2].strength, Strength::strong);
  EXPECT_REASON(authority_->issue(application(key_->public_key())), "ca.no-attestation");
  ASSERT_OK(authority_->demand("firmware-signing", Strength::software));
  EXPECT_OK(authority_->issue(application(in_file())));
  EXPECT_REASON(authority_->issue(application(key_->public_key())), "ca.no-attestation");
}

TEST_F(AttestationTest, P_CA_009_AnAttestationIsOfThisKeyInThisDevice) {
  ca::Application other = application(in_tpm(Strength::strong));
  other.public_key = key_->public_key();
  EXPECT_REASON(authority_->issue(other), "ca.attestation-key");
  EXPECT_REASON(authority_->issue(application(in_tpm(Strength::strong), "CAM0002")), "ca.attestation-device");
  EXPECT_OK(authority_->issue(application(in_tpm(Strength::strong), "CAM0001")));
  EXPECT_EQ(authority_->list().size(), 1U);
}
