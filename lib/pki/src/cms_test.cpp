// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "issued_for_test.hpp"
#include "raw_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::pki::issued;
using pki::cms_sign;
using pki::cms_verify;

namespace {

const Bytes k_content = to_bytes("the manifest");

class CmsByKey : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Cms, CmsByKey,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                           KeyAlgorithm::rsa_3072),
                         [](const auto& each) { return std::string(crypto::name_of(each.param)); });

// A signature made by OpenSSL's own functions with the flags and certificates wanted.
struct RawCms {
  unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP;
  std::string hash = "SHA256";
  int signers = 1;
  std::vector<pki::Certificate> extra = {};
  bool unsigned_attribute = false;
  bool list = false;
};

Bytes make_raw(const RawCms& recipe) {
  const auto made = pki::raw::make({});
  const Bytes& der = made.certificate.der();
  const unsigned char* at = as_uchar(ByteView(der));
  const ossl::X509Cert x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const ossl::CmsInfo cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, recipe.flags | CMS_PARTIAL));
  for (int i = 0; i < recipe.signers; ++i) {
    const unsigned flags = recipe.flags | CMS_PARTIAL | (i > 0 ? CMS_NOCERTS : 0U);
    CMS_SignerInfo* info =
        CMS_add1_signer(cms.get(), x509.get(), made.key.get(), EVP_get_digestbyname(recipe.hash.c_str()), flags);
    ensure(info != nullptr, "test: a signer");
    if (recipe.unsigned_attribute) CMS_unsigned_add1_attr_by_txt(info, "1.2.3.4", V_ASN1_UTF8STRING, "x", 1);
  }
  for (const auto& each : recipe.extra) {
    const unsigned char* start = as_uchar(ByteView(each.der()));
    CMS_add0_cert(cms.get(), d2i_X509(nullptr, &start, static_cast<long>(each.der().size())));
  }
  if (recipe.list) {
    const Bytes list = pki::raw::make_list_der({}, made);
    const unsigned char* start = as_uchar(ByteView(list));
    CMS_add0_crl(cms.get(), d2i_X509_CRL(nullptr, &start, static_cast<long>(list.size())));
  }
  const ossl::Bio input = ossl::memory_bio(k_content);
  ensure(recipe.signers == 0 || CMS_final(cms.get(), input.get(), nullptr, recipe.flags) == 1, "test: a signature");
  unsigned char* out = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &out);
  Bytes bytes = to_bytes(ByteView(reinterpret_cast<std::byte*>(out), static_cast<std::size_t>(size)));
  OPENSSL_free(out);
  return bytes;
}

std::vector<pki::Certificate> many_certificates(int count) {
  std::vector<pki::Certificate> certificates;
  for (int i = 0; i < count; ++i)
    certificates.push_back(pki::raw::make({.name = "Extra " + std::to_string(i)}).certificate);
  return certificates;
}

struct BadCms {
  const char* name;
  const char* reason;
  std::function<Bytes()> make;
};

Bytes good() { return make_raw({}); }

const BadCms k_bad[] = {
    {"empty", "pki.cms-malformed", [] { return Bytes{}; }},
    {"text", "pki.cms-malformed", [] { return to_bytes("-----BEGIN CMS-----"); }},
    {"a_certificate", "pki.cms-malformed", [] { return pki::raw::make({}).certificate.der(); }},
    {"cut_short", "pki.cms-malformed",
     [] {
       Bytes der = good();
       der.pop_back();
       return der;
     }},
    {"bytes_behind_the_end", "pki.cms-malformed",
     [] {
       Bytes der = good();
       der.push_back(std::byte{0});
       return der;
     }},
    {"two_in_one_file", "pki.cms-malformed",
     [] {
       Bytes der = good();
       append(der, Bytes(der));
       return der;
     }},
    {"too_large", "pki.cms-too-large", [] { return Bytes(65'537); }},
    {"attached", "pki.cms-attached", [] { return make_raw({.flags = CMS_BINARY | CMS_NOSMIMECAP}); }},
    {"nobody_signed", "pki.cms-no-signer", [] { return make_raw({.signers = 0}); }},
    {"several_signers", "pki.cms-several-signers", [] { return make_raw({.signers = 2}); }},
    {"signer_certificate_missing", "pki.cms-no-signer",
     [] { return make_raw({.flags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP | CMS_NOCERTS}); }},
    {"no_signed_attributes", "pki.cms-no-attributes",
     [] { return make_raw({.flags = CMS_DETACHED | CMS_BINARY | CMS_NOATTR}); }},
    {"unsigned_attributes", "pki.cms-unsigned-attributes", [] { return make_raw({.unsigned_attribute = true}); }},
    {"seventeen_certificates", "pki.cms-certificates", [] { return make_raw({.extra = many_certificates(16)}); }},
    {"revocation_lists", "pki.cms-certificates", [] { return make_raw({.list = true}); }},
    {"sha1", "pki.cms-weak", [] { return make_raw({.hash = "SHA1"}); }},
    {"sha224", "pki.cms-weak", [] { return make_raw({.hash = "SHA224"}); }},
};

class CmsRefusal : public ::testing::TestWithParam<BadCms> {};
INSTANTIATE_TEST_SUITE_P(Cms, CmsRefusal, ::testing::ValuesIn(k_bad),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace

TEST_P(CmsRefusal, P_PKI_002_HasItsReason) {
  EXPECT_REASON(cms_verify(GetParam().make(), k_content), GetParam().reason);
}

TEST_P(CmsByKey, SignsAndVerifies) {
  const auto root = make_root();
  const auto signer = make_signer(root, GetParam());
  const auto der =
      cms_sign(signer.signer, signer.certificate, std::vector{root.certificate, signer.certificate}, k_content);
  ASSERT_OK(der);
  const auto verified = cms_verify(*der, k_content);
  ASSERT_OK(verified);
  EXPECT_EQ(verified->signer, signer.certificate);
  EXPECT_EQ(verified->extra, std::vector{root.certificate});
  EXPECT_TRUE(verified->signing_time.has_value());
}

TEST_P(CmsByKey, P_PKI_003_OpensslAcceptsAndRefusesTheSame) {
  const test::TempDir folder;
  const auto root = make_root(GetParam());
  const auto signer = make_signer(root, GetParam());
  const auto der = cms_sign(signer.signer, signer.certificate, {}, k_content);
  ASSERT_OK(der);
  const std::vector<std::string> command{"openssl",  "cms",
                                         "-verify",  "-binary",
                                         "-purpose", "any",
                                         "-inform",  "DER",
                                         "-in",      save(folder / "sig", *der),
                                         "-content", save(folder / "content", k_content),
                                         "-CAfile",  save(folder / "root.pem", root.certificate.pem()),
                                         "-out",     "/dev/null"};
  const auto accepted = peer(command);
  EXPECT_EQ(accepted.exit_code, 0) << accepted.err;
  save(folder / "content", "another manifest");
  EXPECT_NE(peer(command).exit_code, 0);
  EXPECT_REASON(cms_verify(*der, as_bytes("another manifest")), "pki.cms-bad-signature");
}

TEST(Cms, ASignatureMadeByOpensslIsAccepted) {
  const test::TempDir folder;
  const std::string key = (folder / "key").string();
  const std::string certificate = (folder / "cert").string();
  ASSERT_EQ(peer({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", key, "-out", certificate, "-subj", "/CN=Peer"})
                .exit_code,
            0);
  ASSERT_EQ(peer({"openssl", "cms", "-sign", "-binary", "-in", save(folder / "content", k_content), "-signer",
                  certificate, "-inkey", key, "-outform", "DER", "-out", (folder / "sig").string()})
                .exit_code,
            0);
  const auto verified = cms_verify(*os::read_file(folder / "sig", 65'536), k_content);
  ASSERT_OK(verified);
  EXPECT_EQ(verified->signer.common_name(), "Peer");
}

TEST(Cms, P_PKI_004_NoByteCanBeChangedUnnoticed) {
  const auto root = make_root();
  const auto signer = make_signer(root);
  const auto der = cms_sign(signer.signer, signer.certificate, {}, k_content);
  ASSERT_OK(der);
  const pki::ValidationInput input{.anchors = {root.certificate}, .at = k_begin};
  for (std::size_t i = 0; i < der->size(); ++i) {
    for (const std::byte flip : {std::byte{0x01}, std::byte{0x80}}) {
      Bytes altered = *der;
      altered[i] ^= flip;
      const auto verified = cms_verify(altered, k_content);
      EXPECT_FALSE(verified && pki::validate(verified->signer, input)) << "byte " << i;
    }
  }
}

TEST(Cms, AnotherContentIsRefused) {
  const auto signer = make_signer(make_root());
  const auto der = cms_sign(signer.signer, signer.certificate, {}, k_content);
  ASSERT_OK(der);
  for (const auto* content : {"", "the manifest\n", "The manifest"}) {
    EXPECT_REASON(cms_verify(*der, as_bytes(content)), "pki.cms-bad-signature");
  }
}

TEST(Cms, EmptyContentCanBeSigned) {
  const auto signer = make_signer(make_root());
  const auto der = cms_sign(signer.signer, signer.certificate, {}, {});
  ASSERT_OK(der);
  EXPECT_OK(cms_verify(*der, {}));
}

TEST(Cms, Ed25519IsAnHonestUnsupported) {
  const auto signer = make_signer(make_root(), KeyAlgorithm::ed25519);
  const auto refused = cms_sign(signer.signer, signer.certificate, {}, k_content);
  EXPECT_REASON(refused, "pki.cms-ed25519");
  EXPECT_EQ(refused.error().code(), Errc::unsupported);
}

TEST(Cms, ACertificateOfAnotherKeyIsRefused) {
  const auto root = make_root();
  const auto signer = make_signer(root);
  EXPECT_REASON(cms_sign(signer.signer, root.certificate, {}, k_content), "pki.key-mismatch");
}
