// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: key_file_fuzz)
#include "software_key.hpp"

#include <algorithm>

namespace signet::keystore {

namespace {

using PrivateKeyInfo = ossl::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
const SecretAccess k_access = SecretAccess::for_cryptography();

class SoftwareSigner : public crypto::Signer {
 public:
  SoftwareSigner(ossl::EvpPkey key, crypto::PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return public_key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    Bytes signature(static_cast<std::size_t>(std::max(EVP_PKEY_get_size(key_.get()), 0)));
    std::size_t size = signature.size();
    unsigned char* const to = as_uchar(ByteSpan(signature));
    bool done = false;
    if (const auto hash = crypto::hash_of(scheme)) {
      const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key_.get(), nullptr));
      done = EVP_PKEY_sign_init(ctx.get()) == 1 && ossl::apply_scheme(ctx.get(), scheme).has_value() &&
             EVP_PKEY_CTX_set_signature_md(ctx.get(), ossl::md_of(*hash)) == 1 &&
             EVP_PKEY_sign(ctx.get(), to, &size, as_uchar(input), input.size()) == 1;
    } else {
      const ossl::EvpMdCtx ctx(EVP_MD_CTX_new());
      done = EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(ctx.get(), to, &size, as_uchar(input), input.size()) == 1;
    }
    if (!done) return ossl::take_error(Errc::internal, "keystore.failed", "a software key could not sign");
    signature.resize(size);
    return signature;
  }

 private:
  ossl::EvpPkey key_;  // EVP_PKEY may be used by several threads as long as nobody changes it
  crypto::PublicKey public_key_;
};

}  // namespace

Result<ossl::EvpPkey> parse_pkcs8(const Secret& der) {
  constexpr std::size_t k_size_bytes_max = 16'384;
  const auto refused = [] {
    return ossl::take_error(Errc::invalid_input, "keystore.import", "not a private key (PrivateKeyInfo in DER)",
                            "`openssl pkcs8 -topk8 -nocrypt -outform DER` writes one.");
  };
  if (der.empty() || der.size() > k_size_bytes_max) return refused();
  const ByteView bytes = der.read(k_access);
  const unsigned char* at = as_uchar(bytes);
  const PrivateKeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(bytes.size())));
  if (info == nullptr || at != as_uchar(bytes) + bytes.size()) return refused();
  ossl::EvpPkey key(EVP_PKCS82PKEY(info.get()));
  if (key == nullptr) return refused();
  TRY(ossl::from_evp(key.get()));  // one of our algorithms, and only then worth the arithmetic that follows
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (ctx == nullptr || EVP_PKEY_pairwise_check(ctx.get()) != 1) {
    return ossl::take_error(Errc::invalid_input, "keystore.import",
                            "the private and the public half do not belong together");
  }
  return key;
}

Result<Secret> write_pkcs8(const EVP_PKEY* key) {
  const PrivateKeyInfo info(EVP_PKEY2PKCS8(key));
  unsigned char* der = nullptr;
  const int size = info == nullptr ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  if (size <= 0) return ossl::take_error(Errc::internal, "keystore.failed", "a private key could not be written");
  Secret out = Secret::copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return out;
}

Result<std::shared_ptr<crypto::Signer>> make_software_signer(ossl::EvpPkey key) {
  TRY_ASSIGN(crypto::PublicKey public_key, ossl::from_evp(key.get()));
  return std::shared_ptr<crypto::Signer>(std::make_shared<SoftwareSigner>(std::move(key), std::move(public_key)));
}

}  // namespace signet::keystore
