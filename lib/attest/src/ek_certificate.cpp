// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: ek_certificate_fuzz)
#include "ek_certificate.hpp"

#include "signet/core/ensure.hpp"

#include "ossl.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace signet::attest {

namespace {

using Object = ossl::Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using Names = ossl::Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using Usages = ossl::Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;

constexpr const char* k_tcg_kp_ek_certificate = "2.23.133.8.1";
// tcg-at-tpmManufacturer, tcg-at-tpmModel, tcg-at-tpmVersion
constexpr std::array k_model_attributes{"2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"};

Object object_of(const char* dotted) {
  Object object(OBJ_txt2obj(dotted, 1));
  ensure(object != nullptr, "an object identifier of this file");
  return object;
}

// lib/pki has read the same bytes before, so they are a certificate in strict DER.
ossl::X509Cert open(const pki::Certificate& certificate) {
  const Bytes& der = certificate.der();
  const unsigned char* at = as_uchar(ByteView(der));
  ossl::X509Cert x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ensure(x509 != nullptr, "a certificate reads as it did before");
  return x509;
}

enum class Listed : std::uint8_t { yes, no };

Listed lists_ek_usage(const X509* x509) {
  const Usages usages(static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
  ERR_clear_error();
  const Object wanted = object_of(k_tcg_kp_ek_certificate);
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    if (OBJ_cmp(sk_ASN1_OBJECT_value(usages.get(), i), wanted.get()) == 0) return Listed::yes;
  }
  return Listed::no;
}

// Only the first of each: no maker writes two.
std::string model_in(const X509_NAME* name) {
  std::string model;
  for (const char* const attribute : k_model_attributes) {
    const int at = X509_NAME_get_index_by_OBJ(name, object_of(attribute).get(), -1);
    if (at < 0) continue;
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    ERR_clear_error();
    if (size < 0) continue;
    model +=
        (model.empty() ? "" : " ") + printable({reinterpret_cast<char*>(text), static_cast<std::size_t>(size)}, 64);
    OPENSSL_free(text);
  }
  return model;
}

Error not_for_ek(const std::string& text) {
  return {Errc::untrusted, "attest.ek-usage", "the certificate is not that of an endorsement key: " + text,
          "Only the certificate that the maker of the TPM issued for its endorsement key says what TPM it is."};
}

}  // namespace

ByteView without_padding(ByteView der) {
  constexpr std::size_t head_size_bytes = 4;  // SEQUENCE with two bytes of length: 256 bytes to 64 KiB
  const bool is_long = der.size() > head_size_bytes && der[0] == std::byte{0x30} && der[1] == std::byte{0x82};
  if (!is_long) return der;
  const std::size_t size = head_size_bytes + get_be16(der.subspan(2));
  if (size >= der.size()) return der;
  const ByteView rest = der.subspan(size);
  const std::byte filler = rest.front();
  const bool is_erased = filler == std::byte{0x00} || filler == std::byte{0xff};
  const bool is_padding = is_erased && std::ranges::all_of(rest, [filler](std::byte each) { return each == filler; });
  return is_padding ? der.first(size) : der;
}

Result<void> check_ek_usage(const pki::Certificate& certificate) {
  const ossl::X509Cert x509 = open(certificate);
  const std::uint32_t flags = X509_get_extension_flags(x509.get());
  ERR_clear_error();
  if ((flags & EXFLAG_CA) != 0) return not_for_ek("it is a CA's");
  // EK Credential Profile section 3.2.16: else another certificate of the same CA could stand in.
  if (lists_ek_usage(x509.get()) == Listed::no) return not_for_ek("its extended usages do not say so");
  // Section 3.2.12: keyEncipherment for RSA, keyAgreement for ECC.
  constexpr std::uint32_t wanted = KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;
  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(x509.get()) & wanted) == 0) {
    return not_for_ek("its key does not decrypt");
  }
  return {};
}

std::string model_of(const pki::Certificate& certificate) {
  const ossl::X509Cert x509 = open(certificate);
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DIRNAME) continue;
    if (std::string model = model_in(static_cast<const X509_NAME*>(value)); !model.empty()) return model;
  }
  return model_in(X509_get_subject_name(x509.get()));
}

}  // namespace signet::attest
