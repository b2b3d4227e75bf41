// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What software keys do.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "ossl.hpp"
#include "soft.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

namespace signet::pkcs11 {

namespace {

using EcdsaSig = ossl::Handle<ECDSA_SIG, ECDSA_SIG_free>;

/// Fails with a code and leaves nothing in the application's OpenSSL error queue.
CK_RV quietly(CK_RV code) {
  ERR_clear_error();
  return code;
}

ossl::EvpPkeyCtx context_of(EVP_PKEY* key) {
  return ossl::EvpPkeyCtx(EVP_PKEY_CTX_new_from_pkey(nullptr, key, "provider!=signet"));
}

const EVP_MD* md_of(const char* name) { return name == nullptr ? nullptr : EVP_get_digestbyname(name); }

/// Padding and hash of an RSA signature onto a context; nothing to do for ECDSA.
bool apply(EVP_PKEY_CTX* ctx, const SignatureKind& kind) {
  if (kind.family == Family::ecdsa) return true;
  const int padding = kind.family == Family::rsa_pss   ? RSA_PKCS1_PSS_PADDING
                      : kind.family == Family::rsa_raw ? RSA_NO_PADDING
                                                       : RSA_PKCS1_PADDING;
  if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1) return false;
  if (kind.hash != nullptr && EVP_PKEY_CTX_set_signature_md(ctx, md_of(kind.hash)) != 1) return false;
  return kind.family != Family::rsa_pss ||
         (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(kind.mgf)) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, static_cast<int>(kind.salt_bytes)) == 1);
}

}  // namespace

Bytes raw_of_der(ByteView der, CK_ULONG field_bytes) {
  const unsigned char* at = as_uchar(der);
  const EcdsaSig signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (signature == nullptr) {
    ERR_clear_error();
    return {};
  }
  Bytes out(2 * field_bytes);
  unsigned char* const to = as_uchar(ByteSpan(out));
  const int size = static_cast<int>(field_bytes);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), to, size) != size ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), to + field_bytes, size) != size)
    return {};
  return out;
}

Bytes der_of_raw(ByteView raw) {
  const int half = static_cast<int>(raw.size() / 2);
  const EcdsaSig signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(as_uchar(raw), half, nullptr),
                 BN_bin2bn(as_uchar(raw) + half, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  Bytes out = to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return out;
}

CK_RV soft_sign(EVP_PKEY* key, const SignatureKind& kind, ByteView digest, Bytes& out) {
  const ossl::EvpPkeyCtx ctx = context_of(key);
  if (ctx == nullptr || EVP_PKEY_sign_init(ctx.get()) != 1 || !apply(ctx.get(), kind))
    return quietly(CKR_MECHANISM_PARAM_INVALID);
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  Bytes signature(size);
  if (EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(signature)), &size, as_uchar(digest), digest.size()) != 1)
    return quietly(CKR_DATA_LEN_RANGE);
  signature.resize(size);
  out = kind.family == Family::ecdsa ? raw_of_der(signature, signature_bytes(key) / 2) : std::move(signature);
  return CKR_OK;
}

CK_RV soft_verify(EVP_PKEY* key, const SignatureKind& kind, ByteView digest, ByteView signature) {
  if (signature.size() != signature_bytes(key)) return CKR_SIGNATURE_LEN_RANGE;
  const ossl::EvpPkeyCtx ctx = context_of(key);
  if (ctx == nullptr || EVP_PKEY_verify_init(ctx.get()) != 1 || !apply(ctx.get(), kind))
    return quietly(CKR_MECHANISM_PARAM_INVALID);
  const Bytes given = kind.family == Family::ecdsa ? der_of_raw(signature) : to_bytes(signature);
  const int verdict = EVP_PKEY_verify(ctx.get(), as_uchar(given), given.size(), as_uchar(digest), digest.size());
  return verdict == 1 ? CKR_OK : quietly(CKR_SIGNATURE_INVALID);
}

CK_RV soft_oaep(EVP_PKEY* key, bool encrypts, const char* hash, ByteView in, Bytes& out) {
  const ossl::EvpPkeyCtx ctx = context_of(key);
  const bool ready = ctx != nullptr &&
                     (encrypts ? EVP_PKEY_encrypt_init(ctx.get()) : EVP_PKEY_decrypt_init(ctx.get())) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), md_of(hash)) == 1 &&
                     EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), md_of(hash)) == 1;
  if (!ready) return quietly(CKR_MECHANISM_PARAM_INVALID);
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  out.resize(size);
  unsigned char* const to = as_uchar(ByteSpan(out));
  const int done = encrypts ? EVP_PKEY_encrypt(ctx.get(), to, &size, as_uchar(in), in.size())
                            : EVP_PKEY_decrypt(ctx.get(), to, &size, as_uchar(in), in.size());
  if (done != 1) return quietly(encrypts ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_INVALID);
  out.resize(size);
  return CKR_OK;
}

CK_RV soft_ecdh(EVP_PKEY* key, EVP_PKEY* peer, Secret& out) {
  const ossl::EvpPkeyCtx ctx = context_of(key);
  std::size_t size = 0;
  if (ctx == nullptr || EVP_PKEY_derive_init(ctx.get()) != 1 || EVP_PKEY_derive_set_peer(ctx.get(), peer) != 1 ||
      EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1)
    return quietly(CKR_MECHANISM_PARAM_INVALID);
  Secret shared(size);
  if (EVP_PKEY_derive(ctx.get(), as_uchar(shared.write(SecretAccess::for_cryptography())), &size) != 1)
    return quietly(CKR_MECHANISM_PARAM_INVALID);
  out = std::move(shared);
  return CKR_OK;
}

}  // namespace signet::pkcs11
