// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "ossl.hpp"
#include "unit_for_test.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <algorithm>

using namespace signet;
using namespace signet::attest;
using unit::k_nonce;
using unit::must;
using unit::Unit;

namespace {

class Residency : public ::testing::TestWithParam<tpm::DevidTemplate> {};
INSTANTIATE_TEST_SUITE_P(Attest, Residency,
                         ::testing::Values(tpm::DevidTemplate::h1_rsa2048, tpm::DevidTemplate::h2_p256,
                                           tpm::DevidTemplate::h3_p384),
                         [](const auto& each) {
                           std::string name(tpm::name_of(each.param));
                           std::erase(name, '-');
                           return name;
                         });

// A P-256 key that no TPM holds, in the public area of one that a TPM does.
struct Clothed {
  std::shared_ptr<crypto::Signer> key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  tpm::Public area;

  explicit Clothed(const tpm::Public& of) : area(of) {
    // An uncompressed point ends each area (x and y with their sizes) and each SubjectPublicKeyInfo.
    const Bytes& spki = key->public_key().spki_der();
    Bytes wire = of.wire;
    const std::size_t point = wire.size() - 68;
    std::copy_n(spki.end() - 64, 32, wire.begin() + static_cast<std::ptrdiff_t>(point) + 2);
    std::copy_n(spki.end() - 32, 32, wire.begin() + static_cast<std::ptrdiff_t>(point) + 36);
    area = must(tpm::Public::parse(wire));
    ensure(area.key && *area.key == key->public_key(), "test: an area with a key of our own");
  }
  // TPMT_SIGNATURE: TPM_ALG_ECDSA, TPM_ALG_SHA256, r and s with their sizes.
  [[nodiscard]] tpm::Attestation sign(const Bytes& statement) const {
    const Bytes der = must(key->sign(crypto::SignatureScheme::ecdsa_sha256, statement));
    const unsigned char* at = as_uchar(ByteView(der));
    const ossl::Handle<ECDSA_SIG, ECDSA_SIG_free> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    Bytes signature{std::byte{0x00}, std::byte{0x18}, std::byte{0x00}, std::byte{0x0b}};
    for (const BIGNUM* number : {ECDSA_SIG_get0_r(pair.get()), ECDSA_SIG_get0_s(pair.get())}) {
      Bytes part(34);
      put_be16(part, 32);
      BN_bn2binpad(number, as_uchar(ByteSpan(part).subspan(2)), 32);
      append(signature, part);
    }
    return {statement, signature};
  }
};

}  // namespace

TEST_P(Residency, P_ATTEST_005_LeadsFromTheMakerToEveryKey) {
  NEEDS_SWTPM();
  Unit unit({}, GetParam());
  auto challenge = Challenge::make(unit.ek(), unit.attester_area());
  ASSERT_OK(challenge);
  const auto secret = unit.activate(challenge->credential());
  ASSERT_OK(secret);
  const auto attester = std::move(*challenge).answer(*secret);
  ASSERT_OK(attester);
  const auto iak = verify_iak(*attester, unit.iak_evidence(), k_nonce);
  ASSERT_OK(iak);
  EXPECT_EQ(iak->ek().strength(), Strength::software);
  EXPECT_FALSE(iak->ek().model().empty());
  const auto idevid = unit.idevid(k_nonce, GetParam());
  const auto resident = verify_resident(iak->area(), idevid, k_nonce);
  ASSERT_OK(resident);
  EXPECT_EQ(tpm::fits_idevid(GetParam(), resident->area()), tpm::TemplateFit::fits);
  const auto parent = must(unit.tpm().create_storage_primary(tpm::Hierarchy::owner, Secret(), "test"));
  const auto blob = must(unit.tpm().create_key(parent, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::sign, Secret()));
  EXPECT_OK(verify_resident(iak->area(), unit.certified(parent, blob), k_nonce));
}

TEST(Attest, P_ATTEST_006_AnAttestationKeyOfAnotherTpmIsFound) {
  NEEDS_SWTPM();
  Unit one;
  Unit two({.fresh_ek = true});
  auto challenge = Challenge::make(one.ek(), two.attester_area());
  ASSERT_OK(challenge);
  EXPECT_FALSE(one.activate(challenge->credential()).has_value());  // it has no key of that name
  EXPECT_FALSE(two.activate(challenge->credential()).has_value());  // it has not that endorsement key
  EXPECT_REASON(std::move(*challenge).answer(crypto::random_secret(32)), "attest.wrong-tpm");
  for (const std::size_t size : {0U, 31U, 33U}) {
    auto again = Challenge::make(one.ek(), one.attester_area());
    ASSERT_OK(again);
    EXPECT_REASON(std::move(*again).answer(Secret(size)), "attest.wrong-tpm");
  }
}

TEST(Attest, P_ATTEST_006_AnAttesterVouchesForTheAttestationKeyOfItsOwnTpmOnly) {
  NEEDS_SWTPM();
  Unit one;
  Unit two({.fresh_ek = true});
  auto challenge = Challenge::make(one.ek(), one.attester_area());
  ASSERT_OK(challenge);
  const auto attester = std::move(*challenge).answer(must(one.activate(challenge->credential())));
  ASSERT_OK(attester);
  EXPECT_REASON(verify_iak(*attester, two.iak_evidence(), k_nonce), "tpm.bad-signature");
  auto swapped = one.iak_evidence();
  swapped.public_area = two.iak_area().wire;
  EXPECT_REASON(verify_iak(*attester, swapped, k_nonce), "attest.other-key");
  EXPECT_REASON(verify_iak(*attester, one.iak_evidence(to_bytes("old")), k_nonce), "attest.replayed");
  // A key that the TPM made, but that signs anything, is no attestation key.
  EXPECT_REASON(verify_iak(*attester, one.idevid_by_attester(), k_nonce), "attest.iak-template");
}

TEST(Attest, P_ATTEST_007_AnEndorsementCertificateIsOfOneKeyAndOfAKnownMaker) {
  NEEDS_SWTPM();
  Unit one;
  Unit two({.fresh_ek = true});
  Unit stranger({.other_ca = true});
  EXPECT_REASON(verify_ek(two.certificates(), one.ek_area(), one.policy()), "attest.ek-key");
  EXPECT_REASON(verify_ek(stranger.certificates(), stranger.ek_area(), one.policy()), "attest.ek-anchor");
  EXPECT_OK(verify_ek(stranger.certificates(), stranger.ek_area(), stranger.policy()));
  EXPECT_REASON(verify_ek(one.certificates(), one.iak_area(), one.policy()), "attest.ek-key");
  EXPECT_FALSE(one.ek().fingerprint() == two.ek().fingerprint());
}

TEST(Attest, P_ATTEST_008_AKeyThatSignsAnythingAttestsNothing) {
  NEEDS_SWTPM();
  Unit unit;
  const auto idevid = must(tpm::Public::parse(unit.idevid().public_area));
  EXPECT_REASON(Challenge::make(unit.ek(), idevid), "attest.attester");
  EXPECT_REASON(Challenge::make(unit.ek(), unit.ek_area()), "attest.attester");
  EXPECT_REASON(verify_resident(idevid, unit.idevid(), k_nonce), "tpm.not-restricted");
}

TEST(Attest, P_ATTEST_009_AnImportedKeyIsNotResident) {
  NEEDS_SWTPM();
  Unit unit;
  const auto key = must(ossl::generate_key(crypto::KeyAlgorithm::ec_p256));
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  ASSERT_EQ(i2d_PKCS8PrivateKey_bio(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  const Secret pkcs8 = Secret::copy_of(ossl::bio_bytes(bio.get()));
  const auto parent = must(unit.tpm().create_storage_primary(tpm::Hierarchy::owner, Secret(), "test"));
  const auto blob = must(unit.tpm().import_key(parent, pkcs8, tpm::KeyUse::sign, Secret()));
  auto evidence = unit.certified(parent, blob);
  EXPECT_REASON(verify_resident(unit.iak_area(), evidence, k_nonce), "attest.not-resident");
  // Saying that it is does not help: the attributes (at byte 4 of the area) are in the name that the TPM signed.
  evidence.public_area.at(7) |=
      static_cast<std::byte>(tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_sensitive_data_origin);
  EXPECT_REASON(verify_resident(unit.iak_area(), evidence, k_nonce), "attest.other-key");
}

TEST(Attest, P_ATTEST_010_ASoftwareKeyInATpmsClothesIsFound) {
  NEEDS_SWTPM();
  Unit unit;
  const Clothed clothed_attester(unit.attester_area());
  auto challenge = Challenge::make(unit.ek(), clothed_attester.area);
  ASSERT_OK(challenge);  // from outside it looks like one
  EXPECT_FALSE(unit.activate(challenge->credential()).has_value());
  EXPECT_REASON(std::move(*challenge).answer(crypto::random_secret(32)), "attest.wrong-tpm");
  // What it signs is not the attestation key's.
  const Clothed clothed(unit.iak_area());
  auto idevid = unit.idevid();
  idevid.attestation = clothed.sign(idevid.attestation.statement);
  EXPECT_REASON(verify_resident(unit.iak_area(), idevid, k_nonce), "tpm.bad-signature");
  EXPECT_OK(verify_resident(clothed.area, idevid, k_nonce));  // so the attack was one
}

TEST(Attest, P_ATTEST_011_AProofAnswersOneNonceForOneKey) {
  NEEDS_SWTPM();
  Unit unit;
  const auto idevid = unit.idevid();
  const Bytes other = to_bytes("another nonce of 32 bytes ......");
  EXPECT_REASON(verify_resident(unit.iak_area(), idevid, other), "attest.replayed");
  EXPECT_REASON(verify_resident(unit.iak_area(), idevid, {}), "attest.replayed");
  KeyEvidence swapped{unit.iak_area().wire, idevid.attestation};
  EXPECT_REASON(verify_resident(unit.iak_area(), swapped, k_nonce), "attest.other-key");
  const auto quote = must(unit.tpm().quote(unit.iak(), {0}, k_nonce));
  EXPECT_REASON(verify_resident(unit.iak_area(), {idevid.public_area, quote.first}, k_nonce), "attest.other-kind");
  EXPECT_REASON(verify_quote(unit.iak_area(), idevid.attestation, {}, k_nonce), "attest.other-kind");
  Unit stranger({.fresh_ek = true});
  EXPECT_REASON(verify_resident(stranger.iak_area(), idevid, k_nonce), "tpm.bad-signature");
}

TEST(Attest, P_ATTEST_012_NoByteOfAProofCanBeChanged) {
  NEEDS_SWTPM();
  Unit unit;
  auto evidence = unit.idevid();
  const auto iak = unit.iak_area();
  ASSERT_OK(verify_resident(iak, evidence, k_nonce));
  for (Bytes* part : {&evidence.public_area, &evidence.attestation.statement, &evidence.attestation.signature}) {
    for (std::size_t i = 0; i < part->size(); ++i) {
      (*part)[i] ^= std::byte{0x01};
      EXPECT_FALSE(verify_resident(iak, evidence, k_nonce).has_value()) << "byte " << i;
      (*part)[i] ^= std::byte{0x01};
    }
    const std::byte last = part->back();
    part->pop_back();
    EXPECT_FALSE(verify_resident(iak, evidence, k_nonce).has_value());
    part->push_back(last);
    part->push_back(std::byte{0});
    EXPECT_FALSE(verify_resident(iak, evidence, k_nonce).has_value());
    part->pop_back();
  }
}
