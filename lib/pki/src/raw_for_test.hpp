// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/pki.hpp"

#include "ossl.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Certificates and lists of any kind, good or bad, straight from OpenSSL and past all of Signet's own checks. For
/// tests only.
namespace signet::pki::raw {

using Key = std::shared_ptr<EVP_PKEY>;

inline Key make_key(const std::string& group = "P-256") {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group.c_str()), EVP_PKEY_free};
}
inline Key make_rsa_key(unsigned bits) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}), EVP_PKEY_free};
}

/// A certificate and its key.
struct Made {
  Certificate certificate;
  Key key;
};

using Extensions = std::vector<std::pair<int, std::string>>;

inline const Instant k_begin = *from_rfc3339("2026-01-01T00:00:00Z");
inline const Instant k_end = *from_rfc3339("2027-01-01T00:00:00Z");
inline const Instant k_within = *from_rfc3339("2026-06-01T00:00:00Z");

inline const Extensions k_ca{{NID_basic_constraints, "critical,CA:TRUE"},
                             {NID_key_usage, "critical,keyCertSign,cRLSign"},
                             {NID_subject_key_identifier, "hash"}};
inline const Extensions k_signing{{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "codeSigning"},
                                  {NID_subject_key_identifier, "hash"}};

struct Recipe {
  std::string name = "Test";
  Extensions extensions = k_signing;
  std::string hash = "SHA256";
  Instant not_before = k_begin;
  Instant not_after = k_end;
  long version = X509_VERSION_3;
  std::uint64_t serial = 1;
  Key key = make_key();
};

inline void set_time(ASN1_TIME* to, Instant when) {
  ASN1_TIME_set(to, static_cast<std::time_t>(when.seconds_since_epoch));
}

inline void add_extensions(X509* x509, X509* issuer, const Extensions& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    const ossl::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        value.starts_with("DER:") || value.starts_with("critical,DER:")
            ? X509V3_EXT_nconf(nullptr, &context, OBJ_nid2sn(nid), value.c_str())
            : X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
    ensure(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1, "test: an extension");
  }
}

/// Signed by `issuer`, or by itself where there is none.
inline Made make(const Recipe& recipe, const Made* issuer = nullptr) {
  const ossl::X509Cert x509(X509_new());
  X509_set_version(x509.get(), recipe.version);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), recipe.serial);
  set_time(X509_getm_notBefore(x509.get()), recipe.not_before);
  set_time(X509_getm_notAfter(x509.get()), recipe.not_after);
  const ossl::Handle<X509_NAME, X509_NAME_free> name(X509_NAME_new());
  X509_NAME_add_entry_by_txt(name.get(), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(recipe.name.c_str()), -1, -1, 0);
  X509_set_subject_name(x509.get(), name.get());
  X509_set_pubkey(x509.get(), recipe.key.get());
  ossl::X509Cert issuer_x509;
  if (issuer != nullptr) {
    const Bytes& der = issuer->certificate.der();
    const unsigned char* at = as_uchar(ByteView(der));
    issuer_x509.reset(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  }
  X509* above = issuer_x509 ? issuer_x509.get() : x509.get();
  X509_set_issuer_name(x509.get(), X509_get_subject_name(above));
  add_extensions(x509.get(), above, recipe.extensions);
  const EVP_MD* hash = recipe.hash.empty() ? nullptr : EVP_get_digestbyname(recipe.hash.c_str());
  ensure(X509_sign(x509.get(), issuer != nullptr ? issuer->key.get() : recipe.key.get(), hash) > 0,
         "test: a signature");
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509.get(), &der);
  auto certificate = Certificate::from_der(ByteView(reinterpret_cast<std::byte*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  ensure(certificate.has_value(), "test: a certificate");
  return {*std::move(certificate), recipe.key};
}

struct ListRecipe {
  std::vector<std::uint64_t> serials = {};
  Instant this_update = k_begin;
  Instant next_update = k_end;
  Instant revoked_at = k_begin;
  std::vector<std::pair<int, std::string>> extensions = {};  ///< as nconf text
};

inline Bytes make_list_der(const ListRecipe& recipe, const Made& issuer) {
  const ossl::X509Crl crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  const Bytes& issuer_der = issuer.certificate.der();
  const unsigned char* at = as_uchar(ByteView(issuer_der));
  const ossl::X509Cert x509(d2i_X509(nullptr, &at, static_cast<long>(issuer_der.size())));
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(x509.get()));
  const ossl::Handle<ASN1_TIME, ASN1_TIME_free> time(ASN1_TIME_new());
  set_time(time.get(), recipe.this_update);
  X509_CRL_set1_lastUpdate(crl.get(), time.get());
  set_time(time.get(), recipe.next_update);
  X509_CRL_set1_nextUpdate(crl.get(), time.get());
  set_time(time.get(), recipe.revoked_at);
  for (const std::uint64_t serial : recipe.serials) {
    X509_REVOKED* entry = X509_REVOKED_new();
    const ossl::Handle<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set_uint64(number.get(), serial);
    X509_REVOKED_set_serialNumber(entry, number.get());
    X509_REVOKED_set_revocationDate(entry, time.get());
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, x509.get(), nullptr, nullptr, crl.get(), 0);
  for (const auto& [nid, value] : recipe.extensions) {
    const ossl::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_nconf(nullptr, &context, OBJ_nid2sn(nid), value.c_str()));
    ensure(extension != nullptr && X509_CRL_add_ext(crl.get(), extension.get(), -1) == 1,
           "test: an extension of a list");
  }
  ensure(X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256()) > 0, "test: a signature over a list");
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  Bytes bytes = to_bytes(ByteView(reinterpret_cast<std::byte*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return bytes;
}

inline Crl make_list(const ListRecipe& recipe, const Made& issuer) {
  auto crl = Crl::from_der(make_list_der(recipe, issuer));
  ensure(crl.has_value(), "test: a list");
  return *std::move(crl);
}

}  // namespace signet::pki::raw
