// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: csr_fuzz)
#include "signet/core/ensure.hpp"

#include "signing.hpp"
#include "subject.hpp"

#include <openssl/err.h>

namespace signet::pki {

namespace {

constexpr const char* k_label = "CERTIFICATE REQUEST";

struct FreeExtensions {
  void operator()(STACK_OF(X509_EXTENSION) * stack) const noexcept {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
  }
};
using Extensions = std::unique_ptr<STACK_OF(X509_EXTENSION), FreeExtensions>;

Result<ossl::X509Request> read(ByteView der) {
  return decode<ossl::X509Request, d2i_X509_REQ, i2d_X509_REQ>(der, k_certificate_size_bytes_max,
                                                               "a certificate request");
}

Result<void> add_names(X509_REQ* request, std::span<const std::string> dns_names) {
  if (dns_names.empty()) return {};
  TRY_ASSIGN(const GeneralNames names, to_general_names(dns_names));
  STACK_OF(X509_EXTENSION)* raw = nullptr;
  const bool added = X509V3_add1_i2d(&raw, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
  const Extensions extensions(raw);
  ensure(added && X509_REQ_add_extensions(request, extensions.get()) == 1, "memory for a request");
  return {};
}

// RFC 2986 section 4.2: the signature proves that the sender holds the key.
Result<void> check_possession(X509_REQ* request) {
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request, nullptr, &algorithm);
  if (!is_strong_signature(X509_REQ_get_signature_nid(request), algorithm)) {
    return Error(Errc::untrusted, "pki.weak-algorithm",
                 "the request is signed with an algorithm that is too weak or not supported",
                 "Sign it with SHA-256 or better.");
  }
  if (X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) != 1) {
    return ossl::take_error(Errc::untrusted, "pki.no-possession",
                            "the request is not signed with the key that it holds",
                            "It was altered, or its sender does not have the private key.");
  }
  return {};
}

}  // namespace

Result<Bytes> request(const std::shared_ptr<crypto::Signer>& key, const Subject& subject,
                      std::span<const std::string> dns_names) {
  ensure(key != nullptr, "request: a key");
  TRY_ASSIGN(const X509Name name, to_name(subject));
  TRY_ASSIGN(const ossl::EvpPkey public_key, ossl::to_evp(key->public_key()));
  const ossl::X509Request made(X509_REQ_new());
  ensure(made != nullptr && X509_REQ_set_version(made.get(), X509_REQ_VERSION_1) == 1 &&
             X509_REQ_set_subject_name(made.get(), name.get()) == 1 &&
             X509_REQ_set_pubkey(made.get(), public_key.get()) == 1,
         "memory for a request");
  TRY(add_names(made.get(), dns_names));
  TRY(sign_object<X509_REQ_sign>(made.get(), key));
  Bytes der = encode<i2d_X509_REQ>(made.get());
  TRY(Request::from_der(der).context("check the request just made"));
  return der;
}

Request::Request(Bytes der, crypto::PublicKey public_key, std::vector<std::string> dns_names)
    : der_(std::move(der)), public_key_(std::move(public_key)), dns_names_(std::move(dns_names)) {}

Result<Request> Request::from_der(ByteView der) {
  TRY_ASSIGN(const ossl::X509Request parsed, read(der));
  EVP_PKEY* key = X509_REQ_get0_pubkey(parsed.get());
  if (key == nullptr) {
    return ossl::take_error(Errc::unsupported, "crypto.key-unsupported", "a request for a key of an unknown kind");
  }
  TRY_ASSIGN(auto public_key, ossl::from_evp(key));
  TRY(check_possession(parsed.get()));
  const Extensions extensions(X509_REQ_get_extensions(parsed.get()));
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return Request(to_bytes(der), std::move(public_key), names_of(names.get(), true));
}

Result<Request> Request::from_pem(std::string_view pem) {
  TRY_ASSIGN(const Bytes der, pem_block(pem, k_label));
  return from_der(der);
}

std::string Request::pem() const { return to_pem(k_label, der_); }

Result<Subject> Request::subject() const {
  const auto parsed = read(der_);
  ensure(parsed.has_value(), "a request reads as it did before");
  return to_subject(X509_REQ_get_subject_name(parsed->get()));
}

}  // namespace signet::pki
