// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: certificate_fuzz)
#include "parsed.hpp"

#include <openssl/err.h>

#include <array>

namespace signet::pki {

namespace {

constexpr const char* k_label = "CERTIFICATE";
constexpr std::size_t k_certificates_max = 256;

struct UsageRow {
  Usage usage;
  std::string_view name;
  std::uint32_t flag;
};
constexpr std::array k_usages{
    UsageRow{Usage::code_signing, "code-signing", XKU_CODE_SIGN},
    UsageRow{Usage::tls_server, "tls-server", XKU_SSL_SERVER},
    UsageRow{Usage::tls_client, "tls-client", XKU_SSL_CLIENT},
    UsageRow{Usage::any, "any", 0},
};

}  // namespace

std::string_view name_of(Usage usage) { return k_usages.at(static_cast<std::size_t>(usage)).name; }

Result<Certificate> Certificate::from_der(ByteView der) {
  auto parsed = std::make_shared<Parsed>();
  TRY_ASSIGN(parsed->x509,
             decode<ossl::X509Cert, d2i_X509, i2d_X509>(der, k_certificate_size_bytes_max, "a certificate"));
  X509* x509 = parsed->x509.get();
  // RFC 5280 section 4.1.1.2: what is signed names the same algorithm as the signature.
  if (X509_ALGOR_cmp(X509_get0_tbs_sigalg(x509), [x509] {
        const X509_ALGOR* outer = nullptr;
        X509_get0_signature(nullptr, &outer, x509);
        return outer;
      }()) != 0) {
    return malformed("a certificate that names two signature algorithms");
  }
  TRY_ASSIGN(parsed->serial_hex, serial_hex_of(X509_get0_serialNumber(x509)));
  TRY_ASSIGN(parsed->not_before, instant_of(X509_get0_notBefore(x509)));
  TRY_ASSIGN(parsed->not_after, instant_of(X509_get0_notAfter(x509)));
  (void)X509_get_extension_flags(x509);  // reads the extensions once, before threads share the object
  ERR_clear_error();                     // an unreadable extension is judged by validate(), not here
  parsed->der = to_bytes(der);
  return Certificate(std::move(parsed));
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  TRY_ASSIGN(const Bytes der, pem_block(pem, k_label));
  return from_der(der);
}

Result<std::vector<Certificate>> Certificate::all_from_pem(std::string_view pem) {
  TRY_ASSIGN(const auto blocks, pem_blocks(pem, k_label, k_certificates_max));
  std::vector<Certificate> certificates;
  for (const Bytes& der : blocks) {
    TRY_ASSIGN(auto one, from_der(der));
    certificates.push_back(std::move(one));
  }
  return certificates;
}

const Bytes& Certificate::der() const { return parsed_->der; }
std::string Certificate::pem() const { return to_pem(k_label, parsed_->der); }
std::string Certificate::subject() const { return text_of(X509_get_subject_name(parsed_->x509.get())); }
std::string Certificate::issuer() const { return text_of(X509_get_issuer_name(parsed_->x509.get())); }
std::string Certificate::serial_hex() const { return parsed_->serial_hex; }
Instant Certificate::not_before() const { return parsed_->not_before; }
Instant Certificate::not_after() const { return parsed_->not_after; }
Bytes Certificate::fingerprint() const { return crypto::digest(crypto::HashAlgorithm::sha256, parsed_->der); }

Result<crypto::PublicKey> Certificate::public_key() const {
  EVP_PKEY* key = X509_get0_pubkey(parsed_->x509.get());
  if (key == nullptr) {
    return ossl::take_error(Errc::unsupported, "crypto.key-unsupported", "a certificate with a key of an unknown kind");
  }
  return ossl::from_evp(key);
}

std::string Certificate::common_name() const {
  const X509_NAME* name = X509_get_subject_name(parsed_->x509.get());
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  return attribute_text(name, at);
}

bool Certificate::is_ca() const {
  X509* x509 = parsed_->x509.get();
  const std::uint32_t flags = X509_get_extension_flags(x509);
  // RFC 5280 sections 4.2.1.3 and 4.2.1.9. A key usage that is not there counts as all usages in OpenSSL; here it must
  // be there.
  return (flags & EXFLAG_INVALID) == 0 && (flags & EXFLAG_CA) != 0 && (flags & EXFLAG_KUSAGE) != 0 &&
         (X509_get_key_usage(x509) & KU_KEY_CERT_SIGN) != 0;
}

bool Certificate::has_extended_usage(Usage usage) const {
  if (usage == Usage::any) return true;
  X509* x509 = parsed_->x509.get();
  const std::uint32_t flags = X509_get_extension_flags(x509);
  return (flags & EXFLAG_INVALID) == 0 && (flags & EXFLAG_XKUSAGE) != 0 &&
         (X509_get_extended_key_usage(x509) & k_usages.at(static_cast<std::size_t>(usage)).flag) != 0;
}

std::vector<std::string> Certificate::dns_names() const {
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(parsed_->x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return names_of(names.get(), false);
}

}  // namespace signet::pki
