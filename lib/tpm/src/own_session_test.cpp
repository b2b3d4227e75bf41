// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ossl.hpp"
#include "tpm_test.hpp"

#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace signet::tpm {

namespace {

using enum crypto::SignatureScheme;
using crypto::KeyAlgorithm;

Bytes bytes_of_size(std::size_t size, unsigned char fill) { return Bytes(size, std::byte{fill}); }
Secret auth_of(ByteView bytes) { return Secret::copy_of(bytes); }

class OwnSessionTest : public TpmTest {
 protected:
  Object load(const Blob& blob, const Secret& auth) {
    auto key = tpm_->load(parent_ ? *parent_ : parent_.emplace(storage()), blob, auth);
    ensure(key.has_value(), key ? "" : key.error().message());
    return *std::move(key);
  }
  Blob make(KeyAlgorithm algorithm, KeyUse use, const Secret& auth) {
    if (!parent_) parent_.emplace(storage());
    auto blob = tpm_->create_key(*parent_, algorithm, use, auth);
    ensure(blob.has_value(), blob ? "" : blob.error().message());
    return *std::move(blob);
  }
  std::optional<Object> parent_;
};

void expect_signs(Tpm& tpm, const Object& key) {
  const auto signature = tpm.sign(key, ecdsa_sha256, digest32("m"));
  ASSERT_OK(signature);
  EXPECT_OK(key.public_area().key->verify(ecdsa_sha256, as_bytes("m"), *signature));
}

}  // namespace

TEST_F(OwnSessionTest, P_TPM_001_LongAuthsSignAgainAndAgainWhateverBytesTheyEndWith) {
  for (const std::byte last : {std::byte{0}, std::byte{1}, std::byte{255}}) {
    Bytes bytes = bytes_of_size(32, 9);
    bytes[31] = last;
    const Object key = load(make(KeyAlgorithm::ec_p256, KeyUse::sign, auth_of(bytes)), auth_of(bytes));
    for (int i = 0; i < 3; ++i) expect_signs(*tpm_, key);
  }
}

TEST_F(OwnSessionTest, P_TPM_003_AWrongLongAuthIsRefusedAndTheNextCommandIsNotHarmed) {
  const Blob blob = make(KeyAlgorithm::ec_p256, KeyUse::sign, auth_of(bytes_of_size(32, 1)));
  const Object wrong = load(blob, auth_of(bytes_of_size(32, 2)));
  EXPECT_REASON(tpm_->sign(wrong, ecdsa_sha256, digest32("m")), "tpm.auth");
  const Object right = load(blob, auth_of(bytes_of_size(32, 1)));
  expect_signs(*tpm_, right);
  EXPECT_REASON(tpm_->sign(wrong, ecdsa_sha256, digest32("m")), "tpm.auth");
  expect_signs(*tpm_, right);
}

// Three sessions is what a TPM usually holds: ESYS has two, a policy needs the third.
TEST_F(OwnSessionTest, P_TPM_023_PoliciesAndSignaturesTakeTurnsInTheSessionsThatTheTpmHas) {
  const Secret auth = auth_of(bytes_of_size(32, 3));
  const Blob blob = make(KeyAlgorithm::ec_p256, KeyUse::sign, auth);
  const Policy policy{PolicyCommand{0x15e}};
  const auto sealed = tpm_->seal(*parent_, secret("sealed"), digest_of(policy), none());
  ASSERT_OK(sealed);
  for (int i = 0; i < 3; ++i) {
    {
      const Object key = load(blob, auth);
      expect_signs(*tpm_, key);
    }
    const auto opened = tpm_->load(*parent_, *sealed, none());
    ASSERT_OK(opened);
    EXPECT_OK(tpm_->random(8));
    const auto plain = tpm_->unseal(*opened, policy);
    ASSERT_OK(plain);
    EXPECT_EQ(as_text(open_secret(*plain)), "sealed");
  }
}

TEST_F(OwnSessionTest, P_TPM_007_ABlockIsSignedByKeysThatWereMadeForItOnly) {
  const Secret auth = auth_of(bytes_of_size(32, 4));
  Bytes block = bytes_of_size(256, 0xff);
  block[0] = std::byte{0};
  {
    const Object key = load(make(KeyAlgorithm::rsa_2048, KeyUse::sign_any, auth), auth);
    const auto signature = tpm_->rsa_private(key, block);
    ASSERT_OK(signature);
    const auto evp = ossl::to_evp(*key.public_area().key);
    ASSERT_OK(evp);
    const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(evp->get(), nullptr));
    Bytes opened(256);
    std::size_t size = opened.size();
    ASSERT_TRUE(
        EVP_PKEY_encrypt_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_NO_PADDING) == 1 &&
        EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(opened)), &size, as_uchar(*signature), signature->size()) == 1);
    EXPECT_EQ(opened, block);
    EXPECT_REASON(tpm_->rsa_private(key, bytes_of_size(256, 0xff)), "crypto.block");
    EXPECT_REASON(tpm_->rsa_private(key, bytes_of_size(255, 0)), "crypto.block");
    for (const auto scheme : {rsa_pkcs1_sha256, rsa_pss_sha256}) {
      const auto plain = tpm_->sign(key, scheme, digest32("m"));
      ASSERT_OK(plain);
      EXPECT_OK(key.public_area().key->verify(scheme, as_bytes("m"), *plain));
    }
  }
  for (const auto use : {KeyUse::sign, KeyUse::decrypt}) {
    const Object key = load(make(KeyAlgorithm::rsa_2048, use, auth), auth);
    EXPECT_REASON(tpm_->rsa_private(key, block), "tpm.restricted");
  }
  EXPECT_REASON(tpm_->create_key(*parent_, KeyAlgorithm::ec_p256, KeyUse::sign_any, auth), "tpm.key-unsupported");
}

}  // namespace signet::tpm
