// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "rsa_block.hpp"

#include "signet/test/expect.hpp"

#include "ossl.hpp"
#include "tpm_store_test.hpp"

#include <gtest/gtest.h>
#include <openssl/rsa.h>

namespace signet::keystore {
namespace {

using crypto::KeyAlgorithm;
using tpm::KeyUse;

constexpr std::size_t k_size = 256;

/// What OpenSSL puts under the private exponent.
class RsaBlock : public ::testing::Test {
 protected:
  RsaBlock() {
    auto made = ossl::generate_key(KeyAlgorithm::rsa_2048);
    ensure(made.has_value(), "a key");
    key_ = std::move(*made);
  }
  [[nodiscard]] ossl::EvpPkeyCtx context() const {
    return ossl::EvpPkeyCtx(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  }
  [[nodiscard]] Bytes pss_block(const EVP_MD* hash, const EVP_MD* mask, int salt_bytes) const {
    const ossl::EvpPkeyCtx ctx = context();
    Bytes signature(k_size);
    std::size_t size = signature.size();
    const Bytes digest(static_cast<std::size_t>(EVP_MD_get_size(hash)), std::byte{7});
    ensure(
        EVP_PKEY_sign_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_signature_md(ctx.get(), hash) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), mask) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx.get(), salt_bytes) == 1 &&
            EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(signature)), &size, as_uchar(ByteView(digest)), digest.size()) ==
                1,
        "OpenSSL signs");
    return opened(signature);
  }
  [[nodiscard]] Bytes opened(ByteView signature) const {
    const ossl::EvpPkeyCtx ctx = context();
    Bytes block(k_size);
    std::size_t size = block.size();
    ensure(
        EVP_PKEY_encrypt_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_NO_PADDING) == 1 &&
            EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(block)), &size, as_uchar(signature), signature.size()) == 1,
        "the public exponent");
    return block;
  }
  ossl::EvpPkey key_;
};

/// EMSA-PKCS1-v1_5 with so many bytes of 0xff.
Bytes pkcs1_block(std::size_t fill) {
  Bytes block{std::byte{0}, std::byte{1}};
  block.resize(2 + fill, std::byte{0xff});
  block.push_back(std::byte{0});
  block.resize(k_size, std::byte{'x'});
  return block;
}

TEST_F(RsaBlock, P_KEYSTORE_022_signatures_padding_is_told_from_anything_else) {
  for (const EVP_MD* hash : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    const int digest_bytes = EVP_MD_get_size(hash);
    for (const int salt : {0, 20, digest_bytes}) EXPECT_EQ(padding_of(pss_block(hash, hash, salt)), BlockPadding::pss);
    EXPECT_EQ(padding_of(pss_block(hash, hash, digest_bytes + 1)), BlockPadding::none);
  }
  EXPECT_EQ(padding_of(pss_block(EVP_sha256(), EVP_sha384(), 32)), BlockPadding::none);
  EXPECT_EQ(padding_of(pss_block(EVP_sha1(), EVP_sha1(), 20)), BlockPadding::none);
  for (const std::size_t fill : {8U, 100U, 253U}) EXPECT_EQ(padding_of(pkcs1_block(fill)), BlockPadding::pkcs1) << fill;
  EXPECT_EQ(padding_of(pkcs1_block(7)), BlockPadding::none);

  Bytes endless(k_size, std::byte{0xff});
  endless[0] = std::byte{0};
  endless[1] = std::byte{1};
  EXPECT_EQ(padding_of(endless), BlockPadding::none);
  Bytes encryption = pkcs1_block(100);
  encryption[1] = std::byte{2};
  EXPECT_EQ(padding_of(encryption), BlockPadding::none);
  EXPECT_EQ(padding_of(Bytes(k_size)), BlockPadding::none);
  EXPECT_EQ(padding_of({}), BlockPadding::none);
}

TEST_F(RsaBlock, P_KEYSTORE_022_each_changed_bit_of_pss_padding_is_seen) {
  const Bytes block = pss_block(EVP_sha256(), EVP_sha256(), 32);
  for (std::size_t at = 0; at < k_size; ++at) {
    const bool salt = at >= k_size - 65 && at < k_size - 33;  // any salt will do
    Bytes changed = block;
    changed[at] ^= std::byte{0x40};
    EXPECT_EQ(padding_of(changed), salt ? BlockPadding::pss : BlockPadding::none) << at;
  }
}

TEST_F(TpmStoreTest, P_KEYSTORE_022_a_key_made_for_it_signs_any_padded_block_and_decrypts_nothing) {
  const auto key = store_->generate("any", KeyAlgorithm::rsa_2048, Purpose::tls, KeyUse::sign_any);
  ASSERT_OK(key);
  const Bytes block = pkcs1_block(200);
  const auto signature = store_->sign_block("any", Purpose::tls, block);
  ASSERT_OK(signature);
  const auto evp = ossl::to_evp(key->public_key);
  ASSERT_OK(evp);
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(evp->get(), nullptr));
  Bytes opened(k_size);
  std::size_t size = opened.size();
  ASSERT_TRUE(EVP_PKEY_encrypt_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_NO_PADDING) == 1 &&
              EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(opened)), &size, as_uchar(*signature), signature->size()) ==
                  1);
  EXPECT_EQ(opened, block);
  const auto signer = store_->signer({.label = "any"});
  ASSERT_OK(signer);
  expect_signs(**signer);

  EXPECT_REASON(store_->sign_block("any", Purpose::tls, *signature), "crypto.padding");
  EXPECT_REASON(store_->sign_block("any", Purpose::network, block), "keystore.purpose");
  EXPECT_REASON(store_->decrypt("any", Purpose::tls, *signature), "keystore.purpose");
  EXPECT_REASON(store_->sign_block("any", Purpose::tls, ByteView(pkcs1_block(8)).first(200)), "crypto.block");
  make("digests", Purpose::tls, KeyAlgorithm::rsa_2048);
  EXPECT_REASON(store_->sign_block("digests", Purpose::tls, block), "keystore.use");
  EXPECT_REASON(store_->generate("id", KeyAlgorithm::rsa_2048, Purpose::device_id, KeyUse::sign_any),
                "keystore.purpose");
  EXPECT_REASON(store_->generate("ec", KeyAlgorithm::ec_p256, Purpose::tls, KeyUse::sign_any), "keystore.unsupported");
  reopen();
  const auto again = store_->info("any");
  ASSERT_OK(again);
  EXPECT_EQ(again->use, KeyUse::sign_any);
}

}  // namespace
}  // namespace signet::keystore
