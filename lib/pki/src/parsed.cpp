// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: certificate_fuzz)
#include "parsed.hpp"

#include "signet/core/ensure.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace signet::pki {

namespace {

constexpr std::size_t k_pem_size_bytes_max = 8U << 20U;
constexpr std::size_t k_serial_size_bytes_max = 20;  // RFC 5280 section 4.1.2.2
constexpr std::size_t k_name_size_chars_max = 1000;

struct PemBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size_bytes = 0;
  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size_bytes));  // the text may hold a private key as well
  }
};

std::string_view text_view(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

Error malformed(std::string text) {
  return ossl::take_error(Errc::invalid_input, "pki.malformed", std::move(text),
                          "Is it the right file? If it is, get it again.");
}

Result<std::vector<Bytes>> pem_blocks(std::string_view text, const char* label, std::size_t count_max) {
  const std::string wanted = "-----BEGIN " + std::string(label) + "-----";
  if (text.size() > k_pem_size_bytes_max) return malformed("a PEM text of more than 8 MiB");
  const ossl::Bio bio = ossl::memory_bio(as_bytes(text));
  std::vector<Bytes> blocks;
  while (true) {
    PemBlock block;
    if (PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size_bytes) != 1) break;
    if (std::string_view(block.name) != label) continue;
    if (block.header[0] != '\0') return malformed("a PEM block with headers");
    if (blocks.size() == count_max) {
      return malformed("more than " + std::to_string(count_max) + " blocks '" + wanted + "'");
    }
    blocks.push_back(
        to_bytes(ByteView(reinterpret_cast<std::byte*>(block.data), static_cast<std::size_t>(block.size_bytes))));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!ended) return malformed("a damaged PEM block");
  ERR_clear_error();
  if (blocks.empty())
    return Error(Errc::invalid_input, "pki.malformed", "the text has no '" + wanted + "'",
                 "Is it the right file, and in PEM?");
  return blocks;
}

Result<Bytes> pem_block(std::string_view text, const char* label) {
  TRY_ASSIGN(auto blocks, pem_blocks(text, label, 1));
  return std::move(blocks.front());
}

std::string to_pem(const char* label, ByteView der) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  ensure(bio != nullptr && PEM_write_bio(bio.get(), label, "", as_uchar(der), static_cast<long>(der.size())) > 0,
         "PEM is written");
  return std::string(as_text(ossl::bio_bytes(bio.get())));
}

Result<Instant> instant_of(const ASN1_TIME* time) {
  const std::string_view text = text_view(time);
  const std::size_t size =
      ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 13 : 15;  // RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2
  std::tm parts{};
  if (text.size() != size || text.back() != 'Z' || ASN1_TIME_to_tm(time, &parts) != 1)
    return malformed("a time that cannot be read");
  std::array<char, 80> rfc3339{};
  std::snprintf(rfc3339.data(), rfc3339.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  auto instant = from_rfc3339(rfc3339.data());
  if (!instant) return malformed("a time that cannot be read");
  return instant;
}

Asn1Time asn1_time_of(Instant instant) {
  Asn1Time time(ASN1_TIME_set(nullptr, static_cast<std::time_t>(instant.seconds_since_epoch)));
  ensure(time != nullptr, "an instant of the years 1 to 9999 is a time");
  return time;
}

Result<std::string> serial_hex_of(const ASN1_INTEGER* serial) {
  const ossl::Bignum number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (number == nullptr || BN_is_negative(number.get()) == 1) return malformed("a negative serial number");
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
  if (bytes.size() > k_serial_size_bytes_max) return malformed("a serial number of more than 20 bytes");
  BN_bn2bin(number.get(), as_uchar(ByteSpan(bytes)));
  return bytes.empty() ? std::string("00") : to_hex(bytes);
}

std::string text_of(const X509_NAME* name) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  ensure(bio != nullptr, "memory for a BIO");
  // RFC 2253, but letters beyond ASCII stay letters: printable() takes care of what must not reach a terminal.
  constexpr unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (X509_NAME_print_ex(bio.get(), name, 0, flags) < 0) {
    ERR_clear_error();
    return "(a name that cannot be shown)";
  }
  return printable(as_text(ossl::bio_bytes(bio.get())), k_name_size_chars_max);
}

std::string attribute_text(const X509_NAME* name, int at) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string result = printable({reinterpret_cast<char*>(text), static_cast<std::size_t>(size)});
  OPENSSL_free(text);
  return result;
}

std::vector<std::string> names_of(const GENERAL_NAMES* names, bool with_addresses) {
  std::vector<std::string> result;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    if (type == GEN_DNS) result.push_back(printable(text_view(value), 255));
    if (type != GEN_IPADD || !with_addresses) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6;
    if (ASN1_STRING_length(value) != 4 && ASN1_STRING_length(value) != 16) continue;
    if (inet_ntop(family, ASN1_STRING_get0_data(value), text.data(), text.size()) != nullptr)
      result.emplace_back(text.data());
  }
  return result;
}

bool is_strong_signature(int signature_nid, const X509_ALGOR* algorithm) {
  constexpr std::array k_strong{
      NID_ecdsa_with_SHA256,       NID_ecdsa_with_SHA384,       NID_ecdsa_with_SHA512,      NID_ED25519,
      NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption};
  if (std::ranges::find(k_strong, signature_nid) != k_strong.end()) return true;
  if (signature_nid != NID_rsassaPss || algorithm == nullptr) return false;
  // RFC 4055 section 3.1: the hash stands in the parameters, and is SHA-1 where they do not name one.
  const void* parameters = nullptr;
  int type = 0;
  X509_ALGOR_get0(nullptr, &type, &parameters, algorithm);
  if (type != V_ASN1_SEQUENCE) return false;
  const ossl::Handle<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free> pss(static_cast<RSA_PSS_PARAMS*>(
      ASN1_item_unpack(static_cast<const ASN1_STRING*>(parameters), ASN1_ITEM_rptr(RSA_PSS_PARAMS))));
  if (pss == nullptr) ERR_clear_error();
  if (pss == nullptr || pss->hashAlgorithm == nullptr) return false;
  const int hash = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
  return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

}  // namespace signet::pki
