// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/memory_signer.hpp"

#include "signet/core/ensure.hpp"

#include "ossl.hpp"

namespace signet::test {

namespace {

class MemorySigner : public crypto::Signer {
 public:
  MemorySigner(ossl::EvpPkey key, crypto::PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return public_key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    Bytes signature(1024);
    std::size_t size = signature.size();
    if (const auto hash = crypto::hash_of(scheme)) {
      const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key_.get(), nullptr));
      ensure(EVP_PKEY_sign_init(ctx.get()) == 1, "test signer starts");
      TRY(ossl::apply_scheme(ctx.get(), scheme));
      ensure(EVP_PKEY_CTX_set_signature_md(ctx.get(), ossl::md_of(*hash)) == 1 &&
                 EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(signature)), &size, as_uchar(input), input.size()) == 1,
             "test signer signs a digest");
    } else {
      const ossl::EvpMdCtx ctx(EVP_MD_CTX_new());
      ensure(EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                 EVP_DigestSign(ctx.get(), as_uchar(ByteSpan(signature)), &size, as_uchar(input), input.size()) == 1,
             "test signer signs a message");
    }
    signature.resize(size);
    return signature;
  }

 private:
  ossl::EvpPkey key_;
  crypto::PublicKey public_key_;
};

}  // namespace

std::shared_ptr<crypto::Signer> make_memory_signer(crypto::KeyAlgorithm algorithm) {
  auto key = ossl::generate_key(algorithm);
  ensure(key.has_value(), "test signer: a key can be generated");
  auto public_key = ossl::from_evp(key->get());
  ensure(public_key.has_value(), "test signer: its public key");
  return std::make_shared<MemorySigner>(*std::move(key), *std::move(public_key));
}

}  // namespace signet::test
