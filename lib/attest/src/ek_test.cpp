// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "ek_certificate.hpp"
#include "ek_for_test.hpp"

#include <gtest/gtest.h>

#include <functional>

using namespace signet;
using namespace signet::attest;
using maker::Maker;
using maker::Shape;

namespace {

constexpr const char* k_agree = "keyUsage=critical,keyAgreement";
constexpr const char* k_directory = "2.5.29.9=ASN1:SEQUENCE:directory";  // subjectDirectoryAttributes

// As the makers' published endorsement certificates are built (EK Credential Profile 2.5, section 3.2).
const Shape k_shapes[] = {
    {.name = "infineon_rsa", .authority_key = "RSA", .more = k_directory},
    {.name = "infineon_ecc", .key = "P-256", .authority_key = "P-521", .usage = k_agree, .more = k_directory},
    {.name = "stmicro_rsa", .authority_key = "RSA", .authorities = 2},
    {.name = "stmicro_ecc", .key = "P-384", .authorities = 2, .usage = k_agree},
    {.name = "nuvoton_rsa", .authority_key = "P-256", .authorities = 0},
    {.name = "nuvoton_with_subject", .subject = "/O=Nuvoton/CN=TPM", .names = "subjectAltName=dirName:tpm"},
    {.name = "intel_ptt",
     .key = "P-256",
     .authority_key = "P-256",
     .authorities = 3,
     .usage = k_agree,
     .more = "certificatePolicies=1.2.840.113741.1.5.2.1\ncrlDistributionPoints=URI:http://crl.example/x.crl\n"
             "authorityInfoAccess=caIssuers;URI:http://ca.example/x.cer"},
    {.name = "amd_ftpm", .authority_key = "RSA", .authorities = 3, .more = "1.3.6.1.4.1.32473.9=DER:0500"},
    {.name = "long_chain", .authorities = 4},
    {.name = "critical_usage", .extended_usage = "extendedKeyUsage=critical,2.23.133.8.1"},
    {.name = "more_usages", .extended_usage = "extendedKeyUsage=2.23.133.8.1,2.23.133.8.3"},
    {.name = "no_key_usage", .usage = ""},
    {.name = "no_names", .subject = "/CN=TPM", .names = "", .model = ""},
};
class RealShape : public ::testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Ek, RealShape, ::testing::ValuesIn(k_shapes),
                         [](const auto& each) { return each.param.name; });

}  // namespace

TEST_P(RealShape, P_ATTEST_001_IsTaken) {
  const Maker maker(GetParam());
  const auto ek = verify_ek(maker.chain(), maker.area(), maker.policy(Strength::trusted_environment));
  ASSERT_OK(ek);
  EXPECT_EQ(ek->strength(), Strength::trusted_environment);
  EXPECT_EQ(ek->model(), GetParam().model);
  EXPECT_EQ(ek->certificate(), maker.leaf());
  EXPECT_EQ(ek->fingerprint(), ek->area().key->fingerprint());
}

TEST(Ek, P_ATTEST_001_StandsInNvWithPaddingAndInAnyOrder) {
  const Maker maker({.name = "padded", .authorities = 3});
  auto chain = maker.chain();
  std::swap(chain[1], chain[3]);
  for (const auto filler : {std::byte{0x00}, std::byte{0xff}}) {
    auto padded = chain;
    for (Bytes& each : padded) each.resize(each.size() + 300, filler);
    padded.push_back(to_bytes("not a certificate"));
    EXPECT_OK(verify_ek(padded, maker.area(), maker.policy()));
  }
  auto with_text = chain;
  append(with_text[0], as_bytes("text"));
  EXPECT_REASON(verify_ek(with_text, maker.area(), maker.policy()), "attest.ek-malformed");
  // The configuration may know the authorities that the TPM does not show.
  auto policy = maker.policy();
  EXPECT_REASON(verify_ek({chain[0]}, maker.area(), policy), "attest.ek-anchor");
  policy.intermediates = maker.authorities();
  EXPECT_OK(verify_ek({chain[0]}, maker.area(), policy));
}

TEST(Ek, P_ATTEST_002_StrengthIsTheConfigurationsNotTheDevices) {
  const Maker maker({.name = "one"});
  for (const auto strength : {Strength::software, Strength::trusted_environment, Strength::strong}) {
    EXPECT_EQ(verify_ek(maker.chain(), maker.area(), maker.policy(strength))->strength(), strength);
    EXPECT_EQ(*strength_from(name_of(strength)), strength);
  }
  auto twice = maker.policy(Strength::strong);
  twice.anchors.push_back({maker.root(), Strength::software});
  EXPECT_EQ(verify_ek(maker.chain(), maker.area(), twice)->strength(), Strength::software);
  EXPECT_REASON(strength_from("INVINCIBLE"), "attest.strength");
}

TEST(Ek, P_ATTEST_003_FingerprintDoesNotMoveWithWhatNobodyVouchesFor) {
  const Maker maker({.name = "one"});
  auto area = maker.area();
  const auto first = verify_ek(maker.chain(), area, maker.policy())->fingerprint();
  area.auth_policy = to_bytes("another");
  area.wire = to_bytes("another");
  EXPECT_EQ(verify_ek(maker.chain(), area, maker.policy())->fingerprint(), first);
}

namespace {

struct BadShape {
  Shape shape;
  const char* reason;
};
const BadShape k_bad_shapes[] = {
    {{.name = "attestation_key", .extended_usage = "extendedKeyUsage=2.23.133.8.3"}, "attest.ek-usage"},
    {{.name = "no_extended_usage", .extended_usage = ""}, "attest.ek-usage"},
    {{.name = "any_extended_usage", .extended_usage = "extendedKeyUsage=anyExtendedKeyUsage"}, "attest.ek-usage"},
    {{.name = "tls_server", .extended_usage = "extendedKeyUsage=serverAuth"}, "attest.ek-usage"},
    {{.name = "signing_key", .usage = "keyUsage=critical,digitalSignature"}, "attest.ek-usage"},
    {{.name = "authority",
      .usage = "keyUsage=critical,keyCertSign,keyEncipherment",
      .constraints = "basicConstraints=critical,CA:TRUE"},
     "attest.ek-usage"},
    {{.name = "unknown_critical", .more = "1.3.6.1.4.1.32473.9=critical,DER:0500"}, "pki.bad-path"},
    {{.name = "sha1", .hash = "-sha1"}, "pki.weak-algorithm"},
    {{.name = "unreadable_extension", .constraints = "2.5.29.19=DER:0101FF"}, "pki.malformed"},
};
class OddShape : public ::testing::TestWithParam<BadShape> {};
INSTANTIATE_TEST_SUITE_P(Ek, OddShape, ::testing::ValuesIn(k_bad_shapes),
                         [](const auto& each) { return each.param.shape.name; });

}  // namespace

TEST_P(OddShape, P_ATTEST_004_IsRefused) {
  const Maker maker(GetParam().shape);
  EXPECT_REASON(verify_ek(maker.chain(), maker.area(), maker.policy()), GetParam().reason);
}

TEST(Ek, P_ATTEST_004_EachLieHasItsReason) {
  const Maker maker({.name = "genuine"});
  const Maker rogue({.name = "genuine"});  // another maker by the same names
  const auto chain = maker.chain();
  EXPECT_REASON(verify_ek({}, maker.area(), maker.policy()), "attest.ek-none");
  EXPECT_REASON(verify_ek({to_bytes("x")}, maker.area(), maker.policy()), "attest.ek-malformed");
  EXPECT_REASON(verify_ek(std::vector<Bytes>(17, chain[0]), maker.area(), maker.policy()), "attest.ek-malformed");
  EXPECT_REASON(verify_ek(chain, rogue.area(), maker.policy()), "attest.ek-key");
  EXPECT_REASON(verify_ek(rogue.chain(), rogue.area(), maker.policy()), "attest.ek-anchor");
  EXPECT_REASON(verify_ek(chain, maker.area(), EkPolicy{.at = maker.policy().at}), "attest.ek-anchor");
  auto late = maker.policy();
  late.at = maker.leaf().not_after().plus_days(1);
  EXPECT_REASON(verify_ek(chain, maker.area(), late), "pki.expired");
  auto signing = maker.area();
  signing.attributes = tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_sign;
  EXPECT_REASON(verify_ek(chain, signing, maker.policy()), "attest.ek-usage");
  auto keyless = maker.area();
  keyless.key.reset();
  EXPECT_REASON(verify_ek(chain, keyless, maker.policy()), "attest.ek-key");
}

TEST(Ek, P_ATTEST_004_NoByteOfACertificateCanBeChanged) {
  const Maker maker({.name = "genuine", .key = "P-256", .authority_key = "P-256", .usage = k_agree});
  const auto area = maker.area();
  const auto policy = maker.policy();
  auto chain = maker.chain();
  for (std::size_t i = 0; i < chain[0].size(); ++i) {
    chain[0][i] ^= std::byte{0x01};
    EXPECT_FALSE(verify_ek(chain, area, policy).has_value()) << "byte " << i;
    chain[0][i] ^= std::byte{0x01};
  }
}

TEST(Ek, PaddingIsCutOnlyWhereItIsPadding) {
  Bytes der{std::byte{0x30}, std::byte{0x82}, std::byte{0x00}, std::byte{0x02}, std::byte{0x05}, std::byte{0x00}};
  const Bytes whole = der;
  EXPECT_EQ(to_bytes(without_padding(der)), whole);
  der.resize(der.size() + 4);
  EXPECT_EQ(to_bytes(without_padding(der)), whole);
  der.back() = std::byte{1};
  EXPECT_EQ(to_bytes(without_padding(der)), der);
  EXPECT_TRUE(without_padding({}).empty());
}
