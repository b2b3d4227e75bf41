// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ossl.hpp"

#include <openssl/x509.h>

namespace signet::test {

/// A certificate for `key` signed by `key`, as a root has it; nothing on failure, with OpenSSL's error queue left as it
/// is. `set` may put a padding on the signing context.
inline ossl::X509Cert self_signed(EVP_PKEY* key, const EVP_MD* hash, bool (*set)(EVP_PKEY_CTX*) = nullptr) {
  ossl::X509Cert certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("Test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_set_pubkey(certificate.get(), key) != 1) return nullptr;
  const ossl::EvpMdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_ctx = nullptr;
  if (EVP_DigestSignInit(ctx.get(), &key_ctx, hash, nullptr, key) != 1) return nullptr;
  if (set != nullptr && !set(key_ctx)) return nullptr;
  if (X509_sign_ctx(certificate.get(), ctx.get()) <= 0) return nullptr;
  return certificate;
}

/// The certificate as everybody else sees it: read anew, its key in the default provider.
inline ossl::X509Cert reread(const ossl::X509Cert& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  const unsigned char* at = der;
  ossl::X509Cert again(size > 0 ? d2i_X509(nullptr, &at, size) : nullptr);
  OPENSSL_free(der);
  return again;
}

/// The public half of a key, as a key of the default provider.
inline ossl::EvpPkey public_half(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  const unsigned char* at = der;
  ossl::EvpPkey half(size > 0 ? d2i_PUBKEY(nullptr, &at, size) : nullptr);
  OPENSSL_free(der);
  return half;
}

}  // namespace signet::test
