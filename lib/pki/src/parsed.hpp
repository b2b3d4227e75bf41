// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: certificate_fuzz)
#pragma once

#include "signet/pki.hpp"

#include "der.hpp"
#include "ossl.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace signet::pki {

struct Certificate::Parsed {
  ossl::X509Cert x509;
  Bytes der;
  std::string serial_hex;
  Instant not_before;
  Instant not_after;
};

struct Crl::Parsed {
  ossl::X509Crl crl;
  Bytes der;
  Instant this_update;
  std::optional<Instant> next_update;
  std::vector<Revoked> revoked;
};

inline constexpr std::size_t k_certificate_size_bytes_max = 65'536;

using Asn1Time = ossl::Handle<ASN1_TIME, ASN1_TIME_free>;
using GeneralNames = ossl::Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

/// Nobody frees what an X509 stack points to: for stacks of borrowed elements.
struct FreeStack {
  template <typename T>
  void operator()(T* stack) const noexcept {
    OPENSSL_sk_free(reinterpret_cast<OPENSSL_STACK*>(stack));
  }
};
using BorrowedCertificates = std::unique_ptr<STACK_OF(X509), FreeStack>;

/// "pki.malformed" with OpenSSL's cause behind `text`.
[[nodiscard]] Error malformed(std::string text);
/// The blocks of a PEM text that have this label, decoded; others are passed over. At least one, at most `count_max`.
Result<std::vector<Bytes>> pem_blocks(std::string_view text, const char* label, std::size_t count_max);
/// One block of a label.
Result<Bytes> pem_block(std::string_view text, const char* label);
/// The PEM form of some DER.
[[nodiscard]] std::string to_pem(const char* label, ByteView der);
/// A time as RFC 5280 section 4.1.2.5 wants it: seconds given, "Z", no fractions.
Result<Instant> instant_of(const ASN1_TIME* time);
[[nodiscard]] Asn1Time asn1_time_of(Instant instant);
/// Of a serial number that is not negative and has at most 20 bytes.
Result<std::string> serial_hex_of(const ASN1_INTEGER* serial);
/// RFC 2253 text of a name, safe to print.
[[nodiscard]] std::string text_of(const X509_NAME* name);
/// One attribute of a name, safe to print; empty where it cannot be read.
[[nodiscard]] std::string attribute_text(const X509_NAME* name, int at);
/// DNS names, and IP addresses as text where `with_addresses`; safe to print.
[[nodiscard]] std::vector<std::string> names_of(const GENERAL_NAMES* names, bool with_addresses);
/// Whether signatures of this kind rest on SHA-256 or better, or are Ed25519.
[[nodiscard]] bool is_strong_signature(int signature_nid, const X509_ALGOR* algorithm);

/// The number of a reason (RFC 5280 section 5.3.1).
[[nodiscard]] int code_of(RevocationReason reason);

/// What an i2d function writes.
template <auto I2d, typename T>
Bytes encode(const T* object) {
  unsigned char* der = nullptr;
  const int size =
      I2d(const_cast<T*>(object), &der);  // i2d functions take const or not, by age; none changes the value
  if (size <= 0) return {};
  Bytes bytes = to_bytes(ByteView(reinterpret_cast<std::byte*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return bytes;
}

/// Reads one object from strict DER; it must be written again as it stood.
template <typename HandleType, auto D2i, auto I2d>
Result<HandleType> decode(ByteView der, std::size_t size_bytes_max, const std::string& what) {
  if (der.size() > size_bytes_max) return malformed(what + " larger than " + std::to_string(size_bytes_max) + " bytes");
  if (!der::is_strict(der)) return malformed("not " + what + " in DER, or bytes after its end");
  const unsigned char* at = as_uchar(der);
  HandleType object(D2i(nullptr, &at, static_cast<long>(der.size())));
  if (object == nullptr) return malformed("not " + what);
  if (at != as_uchar(der) + der.size() || !equal(encode<I2d>(object.get()), der))
    return malformed(what + " that is not in DER");
  return object;
}

}  // namespace signet::pki
