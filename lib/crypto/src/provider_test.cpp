// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Keys behind a Signer in the hands of OpenSSL; the default provider and the program `openssl` judge the results.
#include "signet/test/command.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"

#include "ossl.hpp"
#include "provider_test_support.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include <atomic>
#include <thread>

namespace signet::ossl {

namespace {

using crypto::KeyAlgorithm;

class EachAlgorithm : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Provider, EachAlgorithm,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                           KeyAlgorithm::rsa_3072, KeyAlgorithm::ed25519),
                         [](const auto& param) { return std::string(crypto::name_of(param.param)); });

const EVP_MD* hash_for(KeyAlgorithm algorithm) {
  const auto hash = hash_of(default_scheme(algorithm));
  return hash ? md_of(*hash) : nullptr;
}

/// A signer that always fails, as a token does that was pulled out.
class BrokenSigner : public crypto::Signer {
 public:
  explicit BrokenSigner(crypto::PublicKey key) : key_(std::move(key)) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme /*scheme*/, ByteView /*input*/) override {
    return Error(Errc::unavailable, "test.token-gone", "the token was pulled out", "Put it back.");
  }

 private:
  crypto::PublicKey key_;
};

}  // namespace

TEST_P(EachAlgorithm, P_CRYPTO_001_self_signed_certificate_is_verified_by_the_default_provider) {
  const auto signer = test::make_memory_signer(GetParam());
  const auto key = signing_key(signer);
  ASSERT_OK(key);
  const X509Cert certificate = test::self_signed(key->get(), hash_for(GetParam()));
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key->get()), 1);
  EXPECT_EQ(X509_verify(certificate.get(), key->get()), 1);  // by our own key as well
  const X509Cert received = test::reread(certificate);
  EVP_PKEY* const in_certificate = X509_get0_pubkey(received.get());
  EXPECT_EQ(X509_verify(received.get(), in_certificate), 1);
  EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(in_certificate)), "default");
  EXPECT_EQ(EVP_PKEY_eq(in_certificate, key->get()), 1);
  EXPECT_EQ(EVP_PKEY_eq(key->get(), in_certificate), 1);
  const auto back = from_evp(key->get());
  ASSERT_OK(back);
  EXPECT_EQ(*back, signer->public_key());
}

TEST_P(EachAlgorithm, P_CRYPTO_001_another_key_does_not_match) {
  const auto key = signing_key(test::make_memory_signer(GetParam()));
  const auto other = signing_key(test::make_memory_signer(GetParam()));
  ASSERT_OK(key);
  ASSERT_OK(other);
  const X509Cert certificate = test::self_signed(key->get(), hash_for(GetParam()));
  EXPECT_NE(X509_check_private_key(certificate.get(), other->get()), 1);
  EXPECT_NE(X509_verify(certificate.get(), test::public_half(other->get()).get()), 1);
  EXPECT_NE(X509_verify(certificate.get(), other->get()), 1);
  ERR_clear_error();
}

TEST_P(EachAlgorithm, P_CRYPTO_001_request_is_verified) {
  const auto key = signing_key(test::make_memory_signer(GetParam()));
  ASSERT_OK(key);
  const X509Request request(X509_REQ_new());
  ASSERT_EQ(X509_REQ_set_pubkey(request.get(), key->get()), 1);
  ASSERT_GT(X509_REQ_sign(request.get(), key->get(), hash_for(GetParam())), 0);
  EXPECT_EQ(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())), 1);
}

TEST_P(EachAlgorithm, P_CRYPTO_001_private_half_does_not_leave) {
  const auto key = signing_key(test::make_memory_signer(GetParam()));
  ASSERT_OK(key);
  const Bio out(BIO_new(BIO_s_mem()));
  EXPECT_NE(PEM_write_bio_PKCS8PrivateKey(out.get(), key->get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  ERR_clear_error();
}

TEST_P(EachAlgorithm, P_CRYPTO_002_error_of_the_signer_arrives_whole) {
  const auto signer = std::make_shared<BrokenSigner>(test::make_memory_signer(GetParam())->public_key());
  const auto key = signing_key(signer);
  ASSERT_OK(key);
  EXPECT_EQ(test::self_signed(key->get(), hash_for(GetParam())), nullptr);
  const Error error = take_error(Errc::internal, "test.other", "sign a certificate");
  EXPECT_EQ(error.reason(), "test.token-gone");
  EXPECT_EQ(error.code(), Errc::unavailable);
  EXPECT_EQ(error.hint(), "Put it back.");
  EXPECT_NE(error.message().find("sign a certificate"), std::string::npos);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_P(EachAlgorithm, P_CRYPTO_003_many_threads_sign_at_once) {
  const auto key = signing_key(test::make_memory_signer(GetParam()));
  ASSERT_OK(key);
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const X509Cert certificate = test::self_signed(key->get(), hash_for(GetParam()));
        if (certificate == nullptr) continue;
        const X509Cert received = test::reread(certificate);
        if (X509_verify(received.get(), X509_get0_pubkey(received.get())) == 1) ++good;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 20);
}

TEST(Provider, P_CRYPTO_004_keys_of_others_stay_where_they_are) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::rsa_2048, KeyAlgorithm::ed25519}) {
    const auto ours = signing_key(test::make_memory_signer(algorithm));
    ASSERT_OK(ours);  // and used: OpenSSL fetches from a key's provider only then, and remembers it
    ASSERT_NE(test::self_signed(ours->get(), algorithm == KeyAlgorithm::ed25519 ? nullptr : EVP_sha256()), nullptr);
  }
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::rsa_2048, KeyAlgorithm::ed25519}) {
    const auto made = generate_key(algorithm);
    ASSERT_OK(made);
    const EvpPkey& key = *made;
    EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key.get())), "default");
    const X509Cert certificate =
        test::self_signed(key.get(), EVP_PKEY_is_a(key.get(), "ED25519") == 1 ? nullptr : EVP_sha256());
    ASSERT_NE(certificate, nullptr);
    EXPECT_EQ(X509_verify(certificate.get(), key.get()), 1);
  }
  EXPECT_EQ(OSSL_PROVIDER_available(nullptr, "default"), 1);
  for (const char* name : {"EC", "RSA", "ED25519"}) {
    EVP_KEYMGMT* const found = EVP_KEYMGMT_fetch(nullptr, name, nullptr);
    EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_KEYMGMT_get0_provider(found)), "default") << name;
    EVP_KEYMGMT_free(found);
  }
}

TEST(Provider, P_CRYPTO_001_pss_certificate_is_verified) {
  const auto key = signing_key(test::make_memory_signer(KeyAlgorithm::rsa_2048));
  ASSERT_OK(key);
  for (const auto hash :
       {crypto::HashAlgorithm::sha256, crypto::HashAlgorithm::sha384, crypto::HashAlgorithm::sha512}) {
    const X509Cert certificate = test::self_signed(key->get(), md_of(hash), [](EVP_PKEY_CTX* ctx) {
      return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    });
    ASSERT_NE(certificate, nullptr) << take_error(Errc::internal, "", "").message();
    const X509Cert received = test::reread(certificate);
    EXPECT_EQ(X509_verify(received.get(), X509_get0_pubkey(received.get())), 1);
    EXPECT_EQ(X509_verify(certificate.get(), key->get()), 1);
    EXPECT_EQ(X509_get_signature_nid(certificate.get()), NID_rsassaPss);
  }
}

TEST(Provider, refuses_what_a_signer_does_not_do) {
  const auto rsa = signing_key(test::make_memory_signer(KeyAlgorithm::rsa_2048));
  const auto ec = signing_key(test::make_memory_signer(KeyAlgorithm::ec_p256));
  ASSERT_OK(rsa);
  ASSERT_OK(ec);
  EXPECT_EQ(test::self_signed(ec->get(), EVP_sha1()), nullptr);
  EXPECT_EQ(take_error(Errc::internal, "other", "").reason(), "crypto.scheme");
  EXPECT_EQ(test::self_signed(rsa->get(), EVP_sha256(),
                              [](EVP_PKEY_CTX* ctx) {
                                return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                                       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 7) == 1;
                              }),
            nullptr);
  EXPECT_EQ(take_error(Errc::internal, "other", "").reason(), "crypto.scheme");
}

TEST(Provider, signs_a_digest_that_was_computed_elsewhere) {
  const auto signer = test::make_memory_signer(KeyAlgorithm::ec_p256);
  const auto key = signing_key(signer);
  ASSERT_OK(key);
  const Bytes message = to_bytes("a message");
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, message);
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key->get(), nullptr));
  ASSERT_EQ(EVP_PKEY_sign_init(ctx.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_signature_md(ctx.get(), EVP_sha256()), 1);
  std::size_t size = 0;
  ASSERT_EQ(EVP_PKEY_sign(ctx.get(), nullptr, &size, as_uchar(ByteView(digest)), digest.size()), 1);
  Bytes signature(size);
  ASSERT_EQ(EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(signature)), &size, as_uchar(ByteView(digest)), digest.size()),
            1);
  signature.resize(size);
  EXPECT_OK(signer->public_key().verify(crypto::SignatureScheme::ecdsa_sha256, message, signature));
}

class EachCmsAlgorithm : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Provider, EachCmsAlgorithm,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                           KeyAlgorithm::rsa_3072),
                         [](const auto& param) { return std::string(crypto::name_of(param.param)); });

TEST_P(EachCmsAlgorithm, P_CRYPTO_001_cms_is_verified_by_openssl) {
  const auto key = signing_key(test::make_memory_signer(GetParam()));
  ASSERT_OK(key);
  const X509Cert certificate = test::self_signed(key->get(), hash_for(GetParam()));
  const Bytes content = to_bytes("the manifest");
  constexpr unsigned k_flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL;
  const CmsInfo cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, k_flags));
  ASSERT_NE(CMS_add1_signer(cms.get(), certificate.get(), key->get(), nullptr, CMS_BINARY), nullptr)
      << take_error(Errc::internal, "", "").message();
  ASSERT_EQ(CMS_final(cms.get(), memory_bio(content).get(), nullptr, CMS_DETACHED | CMS_BINARY), 1)
      << take_error(Errc::internal, "", "").message();
  const X509Store store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), certificate.get());
  X509_STORE_set_purpose(store.get(), X509_PURPOSE_ANY);
  EXPECT_EQ(CMS_verify(cms.get(), nullptr, store.get(), memory_bio(content).get(), nullptr, CMS_BINARY), 1);
  EXPECT_NE(CMS_verify(cms.get(), nullptr, store.get(), memory_bio(as_bytes("another")).get(), nullptr, CMS_BINARY), 1);
  ERR_clear_error();

  const test::TempDir folder;
  const Bio der(BIO_new(BIO_s_mem())), pem(BIO_new(BIO_s_mem()));
  ASSERT_EQ(i2d_CMS_bio(der.get(), cms.get()), 1);
  ASSERT_EQ(PEM_write_bio_X509(pem.get(), certificate.get()), 1);
  const auto run =
      test::run_command({"openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
                         folder.write("cms", bio_bytes(der.get())), "-content", folder.write("content", content),
                         "-purpose", "any", "-CAfile", folder.write("ca", bio_bytes(pem.get())), "-out", "/dev/null"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST(Provider, default_provider_tables_are_not_used_for_a_copied_public_key) {
  // A public key of the default provider, copied to ours for a comparison, must not pretend to sign.
  const auto key = signing_key(test::make_memory_signer(KeyAlgorithm::ec_p256));
  ASSERT_OK(key);
  const EvpPkey half = test::public_half(key->get());
  EXPECT_EQ(test::self_signed(half.get(), EVP_sha256()), nullptr);
  ERR_clear_error();
}

}  // namespace signet::ossl
