// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Parameters of the provider's signatures: OpenSSL's padding, salt and digest become a SignatureScheme, and back.
#include "provider_context.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <array>
#include <charconv>
#include <cstring>

namespace signet::ossl::provider {

using crypto::HashAlgorithm;
using crypto::SignatureScheme;

namespace {

SignContext& context_of(void* context) { return *static_cast<SignContext*>(context); }

Error unsupported(std::string text) {
  return {Errc::unsupported, "crypto.scheme", std::move(text), "Use SHA-256, SHA-384 or SHA-512."};
}

int set_pad_mode(SignContext& context, const OSSL_PARAM& param) {
  int mode = 0;
  if (param.data_type == OSSL_PARAM_UTF8_STRING) {
    const char* name = nullptr;
    if (OSSL_PARAM_get_utf8_string_ptr(&param, &name) != 1) return 0;
    if (std::strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0) mode = RSA_PKCS1_PSS_PADDING;
    if (std::strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0) mode = RSA_PKCS1_PADDING;
  } else if (OSSL_PARAM_get_int(&param, &mode) != 1) {
    return 0;
  }
  if (mode != RSA_PKCS1_PADDING && mode != RSA_PKCS1_PSS_PADDING) {
    return refuse(unsupported("keys of a key store sign with PKCS #1 v1.5 or PSS padding only"));
  }
  context.pss = mode == RSA_PKCS1_PSS_PADDING;
  return 1;
}

int set_salt(SignContext& context, const OSSL_PARAM& param) {
  if (param.data_type != OSSL_PARAM_UTF8_STRING) return OSSL_PARAM_get_int(&param, &context.salt_bytes);
  const char* text = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(&param, &text) != 1) return 0;
  const std::string_view name(text);
  if (name == OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) {
    context.salt_bytes = RSA_PSS_SALTLEN_DIGEST;
    return 1;
  }
  int bytes =
      name == OSSL_PKEY_RSA_PSS_SALT_LEN_MAX ? RSA_PSS_SALTLEN_MAX : RSA_PSS_SALTLEN_AUTO;  // for verifying only
  std::from_chars(name.data(), name.data() + name.size(), bytes);
  context.salt_bytes = bytes;
  return 1;
}

int set_hash(std::optional<HashAlgorithm>& to, const OSSL_PARAM& param) {
  const char* name = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(&param, &name) != 1) return 0;
  auto hash = hash_named(name);
  if (!hash) return refuse(std::move(hash).error());
  to = *hash;
  return 1;
}

// --- AlgorithmIdentifier, as X.509 and CMS write it ---

using Algor = Handle<X509_ALGOR, X509_ALGOR_free>;
using PssParams = Handle<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free>;

/// RSASSA-PSS-params (RFC 4055 section 3.1) with one hash throughout and a salt of its length.
bool set_pss(X509_ALGOR* algorithm, HashAlgorithm hash) {
  const PssParams pss(RSA_PSS_PARAMS_new());
  const Algor mask_hash(X509_ALGOR_new());
  X509_ALGOR_set_md(mask_hash.get(), md_of(hash));
  ASN1_STRING* mask = ASN1_item_pack(mask_hash.get(), ASN1_ITEM_rptr(X509_ALGOR), nullptr);
  pss->hashAlgorithm = X509_ALGOR_new();
  X509_ALGOR_set_md(pss->hashAlgorithm, md_of(hash));
  pss->maskGenAlgorithm = X509_ALGOR_new();
  X509_ALGOR_set0(pss->maskGenAlgorithm, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, mask);
  pss->saltLength = ASN1_INTEGER_new();
  ASN1_INTEGER_set(pss->saltLength, static_cast<long>(crypto::digest_size_bytes(hash)));
  ASN1_STRING* packed = ASN1_item_pack(pss.get(), ASN1_ITEM_rptr(RSA_PSS_PARAMS), nullptr);
  return packed != nullptr && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, packed) == 1;
}

Bytes algorithm_identifier(const SignContext& context) {
  const Algor algorithm(X509_ALGOR_new());
  bool done = false;
  if (context.kind == Kind::ed25519) {
    done = X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, nullptr) == 1;
  } else if (context.hash && context.pss) {
    done = set_pss(algorithm.get(), *context.hash);
  } else if (context.hash) {
    const bool ec = context.kind == Kind::ec;
    int nid = NID_undef;  // RFC 5758: ECDSA without parameters; RFC 4055 section 5: PKCS #1 with NULL
    done = OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md_of(*context.hash)), ec ? EVP_PKEY_EC : EVP_PKEY_RSA) == 1 &&
           X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(nid), ec ? V_ASN1_UNDEF : V_ASN1_NULL, nullptr) == 1;
  }
  unsigned char* der = nullptr;
  const int size = done ? i2d_X509_ALGOR(algorithm.get(), &der) : 0;
  Bytes out = size > 0 ? to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size)))) : Bytes{};
  OPENSSL_free(der);
  return out;
}

bool set_hash_name(OSSL_PARAM* at, const std::optional<HashAlgorithm>& hash) {
  return at == nullptr || OSSL_PARAM_set_utf8_string(at, hash ? EVP_MD_get0_name(md_of(*hash)) : "") == 1;
}

}  // namespace

int refuse(Error error) {
  raise(std::move(error));
  return 0;
}

Result<HashAlgorithm> hash_named(const char* name) {
  for (const auto hash : {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    if (EVP_MD_is_a(md_of(hash), name) == 1) return hash;
  }
  return unsupported("keys of a key store do not sign with the hash '" + printable(name, 40) + "'");
}

Result<SignatureScheme> scheme_of(const SignContext& context) {
  if (context.kind == Kind::ed25519) return SignatureScheme::ed25519;
  if (!context.hash) return unsupported("no hash was chosen for a signature");
  const auto pick = [&](SignatureScheme a, SignatureScheme b, SignatureScheme c) {
    return std::array{a, b, c}.at(static_cast<std::size_t>(*context.hash));
  };
  if (context.kind == Kind::ec)
    return pick(SignatureScheme::ecdsa_sha256, SignatureScheme::ecdsa_sha384, SignatureScheme::ecdsa_sha512);
  if (!context.pss) {
    return pick(SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pkcs1_sha384,
                SignatureScheme::rsa_pkcs1_sha512);
  }
  const bool usual_salt = context.salt_bytes == RSA_PSS_SALTLEN_DIGEST ||
                          context.salt_bytes == static_cast<int>(crypto::digest_size_bytes(*context.hash));
  if (!usual_salt || context.mgf1_hash.value_or(*context.hash) != *context.hash) {
    return Error(Errc::unsupported, "crypto.scheme", "RSA-PSS with a salt or a mask hash unlike the digest",
                 "Set the salt length to that of the digest, and one hash for both.");
  }
  return pick(SignatureScheme::rsa_pss_sha256, SignatureScheme::rsa_pss_sha384, SignatureScheme::rsa_pss_sha512);
}

int set_context_params(void* to, const OSSL_PARAM params[]) noexcept {
  SignContext& context = context_of(to);
  if (params == nullptr || context.kind == Kind::ed25519) return 1;
  const OSSL_PARAM* at = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
  if (at != nullptr && set_hash(context.hash, *at) != 1) return 0;
  if (context.kind != Kind::rsa) return 1;
  at = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (at != nullptr && set_pad_mode(context, *at) != 1) return 0;
  at = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  if (at != nullptr && set_salt(context, *at) != 1) return 0;
  at = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
  return at == nullptr ? 1 : set_hash(context.mgf1_hash, *at);
}

const OSSL_PARAM* settable_context_params(void* /*context*/, void* /*provider*/) noexcept {
  static const OSSL_PARAM k_params[] = {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, nullptr, 0),
                                        OSSL_PARAM_END};
  return k_params;
}

int get_context_params(void* of, OSSL_PARAM params[]) noexcept {
  const SignContext& context = context_of(of);
  OSSL_PARAM* at = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
  if (at != nullptr) {
    const Bytes der = algorithm_identifier(context);
    if (der.empty() || OSSL_PARAM_set_octet_string(at, der.data(), der.size()) != 1) return 0;
  }
  if (!set_hash_name(OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST), context.hash)) return 0;
  if (context.kind != Kind::rsa) return 1;
  const auto& mask_hash = context.mgf1_hash ? context.mgf1_hash : context.hash;
  if (!set_hash_name(OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST), mask_hash)) return 0;
  at = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (at != nullptr) {
    const bool done = at->data_type == OSSL_PARAM_INTEGER
                          ? OSSL_PARAM_set_int(at, context.pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1
                          : OSSL_PARAM_set_utf8_string(
                                at, context.pss ? OSSL_PKEY_RSA_PAD_MODE_PSS : OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 1;
    if (!done) return 0;
  }
  at = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  if (at == nullptr) return 1;
  if (at->data_type == OSSL_PARAM_INTEGER) return OSSL_PARAM_set_int(at, context.salt_bytes);
  const std::string salt = context.salt_bytes == RSA_PSS_SALTLEN_DIGEST ? OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST
                                                                        : std::to_string(context.salt_bytes);
  return OSSL_PARAM_set_utf8_string(at, salt.c_str());
}

const OSSL_PARAM* gettable_context_params(void* /*context*/, void* /*provider*/) noexcept {
  static const OSSL_PARAM k_params[] = {OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, nullptr, 0),
                                        OSSL_PARAM_END};
  return k_params;
}

}  // namespace signet::ossl::provider
