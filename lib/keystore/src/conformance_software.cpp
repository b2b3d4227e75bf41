// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The other side of each operation, done by OpenSSL.
#include "conformance_run.hpp"
#include "ossl.hpp"
#include "software_key.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace signet::keystore::conformance {

namespace {

Error failed(const char* what) { return ossl::take_error(Errc::internal, "keystore.conformance", what); }

Result<ossl::EvpPkey> fresh_key(crypto::KeyAlgorithm algorithm) {
  EVP_PKEY* raw = nullptr;
  switch (algorithm) {
    case crypto::KeyAlgorithm::ec_p256:
      raw = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      break;
    case crypto::KeyAlgorithm::ec_p384:
      raw = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
      break;
    default:
      raw = EVP_RSA_gen(2048);
      break;
  }
  ossl::EvpPkey key(raw);
  if (key == nullptr) return failed("OpenSSL makes no key");
  return key;
}

}  // namespace

Result<Secret> fresh_pkcs8(crypto::KeyAlgorithm algorithm) {
  TRY_ASSIGN(const ossl::EvpPkey key, fresh_key(algorithm));
  return write_pkcs8(key.get());
}

Result<Bytes> encrypt_oaep(const crypto::PublicKey& key, ByteView message, const char* hash) {
  TRY_ASSIGN(const ossl::EvpPkey evp, ossl::to_evp(key));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(evp.get(), nullptr));
  std::size_t size = 0;
  if (ctx == nullptr || EVP_PKEY_encrypt_init(ctx.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx.get(), hash, nullptr) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx.get(), hash, nullptr) != 1 ||
      EVP_PKEY_encrypt(ctx.get(), nullptr, &size, as_uchar(message), message.size()) != 1) {
    return failed("OpenSSL does not encrypt");
  }
  Bytes out(size);
  if (EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(out)), &size, as_uchar(message), message.size()) != 1) {
    return failed("OpenSSL does not encrypt");
  }
  out.resize(size);
  return out;
}

Result<Agreement> agree(const crypto::PublicKey& with) {
  TRY_ASSIGN(const ossl::EvpPkey other, ossl::to_evp(with));
  TRY_ASSIGN(const ossl::EvpPkey own, fresh_key(with.algorithm()));
  TRY_ASSIGN(auto peer, ossl::from_evp(own.get()));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(own.get(), nullptr));
  std::size_t size = 0;
  if (ctx == nullptr || EVP_PKEY_derive_init(ctx.get()) != 1 || EVP_PKEY_derive_set_peer(ctx.get(), other.get()) != 1 ||
      EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1) {
    return failed("OpenSSL agrees on no secret");
  }
  Secret secret(size);
  if (EVP_PKEY_derive(ctx.get(), as_uchar(secret.write(SecretAccess::for_cryptography())), &size) != 1 ||
      size != secret.size()) {
    return failed("OpenSSL agrees on no secret");
  }
  return Agreement{.peer = std::move(peer), .secret = std::move(secret)};
}

}  // namespace signet::keystore::conformance
