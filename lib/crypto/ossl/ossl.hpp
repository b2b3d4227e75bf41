// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

/// The private door to OpenSSL for the sources of modules above lib/core: owning handles, its error queue as our Error,
/// and keys that sign through a Signer. Never included by a public header.
namespace signet::ossl {

/// Zero-size deleter over an OpenSSL free function.
template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

template <typename T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

using Bio = Handle<BIO, BIO_free_all>;
using Bignum = Handle<BIGNUM, BN_free>;
using CmsInfo = Handle<CMS_ContentInfo, CMS_ContentInfo_free>;
using EvpCipherCtx = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using EvpKdf = Handle<EVP_KDF, EVP_KDF_free>;
using EvpKdfCtx = Handle<EVP_KDF_CTX, EVP_KDF_CTX_free>;
using EvpMdCtx = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using EvpPkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using EvpPkeyCtx = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using X509Cert = Handle<X509, X509_free>;
using X509Crl = Handle<X509_CRL, X509_CRL_free>;
using X509Request = Handle<X509_REQ, X509_REQ_free>;
using X509Store = Handle<X509_STORE, X509_STORE_free>;
using X509StoreCtx = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

/// Takes everything out of this thread's OpenSSL error queue; the most telling entry becomes part of the text. If a
/// Signer behind signing_key() failed, its own Error is given, with `text` as context.
[[nodiscard]] Error take_error(Errc code, std::string reason, std::string text, std::string hint = {});

/// A read-only BIO over bytes that outlive it.
[[nodiscard]] Bio memory_bio(ByteView bytes);
/// What a memory BIO has collected.
[[nodiscard]] Bytes bio_bytes(BIO* bio);

/// OpenSSL's form of a public key.
Result<EvpPkey> to_evp(const crypto::PublicKey& key);
/// Our form of an OpenSSL key's public half.
Result<crypto::PublicKey> from_evp(EVP_PKEY* key);
/// The EVP_MD of a hash; never freed.
[[nodiscard]] const EVP_MD* md_of(crypto::HashAlgorithm algorithm);
/// A fresh software key of the default provider; for lib/keystore and for tests, nobody else holds a private key.
Result<EvpPkey> generate_key(crypto::KeyAlgorithm algorithm);
/// Puts the padding and salt of a scheme onto a signing or verifying context.
Result<void> apply_scheme(EVP_PKEY_CTX* ctx, crypto::SignatureScheme scheme);

/// A private EVP_PKEY whose signatures come from `signer` through the in-process provider "signet": works with
/// X509_sign, X509_REQ_sign, CMS_sign and TLS. The key keeps the signer alive; the library context is OpenSSL's default
/// one.
Result<EvpPkey> signing_key(std::shared_ptr<crypto::Signer> signer);

}  // namespace signet::ossl
