// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: crl_fuzz)
#include "parsed.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace signet::pki {

namespace {

constexpr const char* k_label = "X509 CRL";
constexpr std::size_t k_crl_size_bytes_max = 1U << 20U;
constexpr std::size_t k_crls_max = 64;

struct ReasonRow {
  RevocationReason reason;
  std::string_view name;
  int code;  ///< RFC 5280 section 5.3.1
};
constexpr std::array k_reasons{
    ReasonRow{RevocationReason::unspecified, "unspecified", CRL_REASON_UNSPECIFIED},
    ReasonRow{RevocationReason::key_compromise, "key-compromise", CRL_REASON_KEY_COMPROMISE},
    ReasonRow{RevocationReason::ca_compromise, "ca-compromise", CRL_REASON_CA_COMPROMISE},
    ReasonRow{RevocationReason::affiliation_changed, "affiliation-changed", CRL_REASON_AFFILIATION_CHANGED},
    ReasonRow{RevocationReason::superseded, "superseded", CRL_REASON_SUPERSEDED},
    ReasonRow{RevocationReason::cessation_of_operation, "cessation-of-operation", CRL_REASON_CESSATION_OF_OPERATION},
    ReasonRow{RevocationReason::privilege_withdrawn, "privilege-withdrawn", CRL_REASON_PRIVILEGE_WITHDRAWN},
};

Error unsupported(std::string text) {
  return ossl::take_error(Errc::unsupported, "pki.crl-unsupported", std::move(text));
}

// Only critical extensions whose meaning is taken into account (RFC 5280 section 5.2).
template <std::size_t N>
Result<void> check_critical(const STACK_OF(X509_EXTENSION) * extensions, const std::array<int, N>& known) {
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    X509_EXTENSION* extension = X509v3_get_ext(extensions, i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (X509_EXTENSION_get_critical(extension) == 1 && std::ranges::find(known, nid) == known.end()) {
      return unsupported("a revocation list with a critical extension that is not known");
    }
  }
  return {};
}

Result<void> check_scope(X509_CRL* crl) {
  const STACK_OF(X509_EXTENSION)* extensions = X509_CRL_get0_extensions(crl);
  if (X509v3_get_ext_by_NID(extensions, NID_delta_crl, -1) >= 0) {
    return unsupported("a delta revocation list; give the whole list");
  }
  TRY(check_critical(extensions,
                     std::array{NID_issuing_distribution_point, NID_authority_key_identifier, NID_crl_number}));
  if (X509v3_get_ext_by_NID(extensions, NID_issuing_distribution_point, -1) < 0) return {};
  const ossl::Handle<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> scope(
      static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, nullptr, nullptr)));
  if (scope == nullptr) return malformed("a revocation list whose scope cannot be read");
  if (scope->indirectCRL != 0) return unsupported("an indirect revocation list");
  return {};
}

RevocationReason reason_of(X509_REVOKED* entry) {
  const ossl::Handle<ASN1_ENUMERATED, ASN1_ENUMERATED_free> code(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  const long value = code == nullptr ? CRL_REASON_UNSPECIFIED : ASN1_ENUMERATED_get(code.get());
  const auto* row = std::ranges::find(k_reasons, value, &ReasonRow::code);
  return row == k_reasons.end() ? RevocationReason::unspecified : row->reason;
}

Result<std::vector<Revoked>> revoked_of(X509_CRL* crl) {
  std::vector<Revoked> result;
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
    TRY(check_critical(X509_REVOKED_get0_extensions(entry), std::array{NID_crl_reason, NID_invalidity_date}));
    Revoked line;
    TRY_ASSIGN(line.serial_hex, serial_hex_of(X509_REVOKED_get0_serialNumber(entry)));
    TRY_ASSIGN(line.when, instant_of(X509_REVOKED_get0_revocationDate(entry)));
    line.reason = reason_of(entry);
    result.push_back(std::move(line));
  }
  ERR_clear_error();
  return result;
}

}  // namespace

std::string_view name_of(RevocationReason reason) { return k_reasons.at(static_cast<std::size_t>(reason)).name; }

int code_of(RevocationReason reason) { return k_reasons.at(static_cast<std::size_t>(reason)).code; }

Result<RevocationReason> revocation_reason_from(std::string_view name) {
  const auto* row = std::ranges::find(k_reasons, name, &ReasonRow::name);
  if (row != k_reasons.end()) return row->reason;
  std::string choices;
  for (const ReasonRow& each : k_reasons) choices += (choices.empty() ? "" : ", ") + std::string(each.name);
  return Error(Errc::usage, "pki.revocation-reason",
               "'" + printable(name, 40) + "' is no reason to revoke a certificate", "Choose one of " + choices + ".");
}

Result<Crl> Crl::from_der(ByteView der) {
  auto parsed = std::make_shared<Parsed>();
  TRY_ASSIGN(parsed->crl,
             decode<ossl::X509Crl, d2i_X509_CRL, i2d_X509_CRL>(der, k_crl_size_bytes_max, "a revocation list"));
  X509_CRL* crl = parsed->crl.get();
  TRY_ASSIGN(parsed->this_update, instant_of(X509_CRL_get0_lastUpdate(crl)));
  if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl)) {
    TRY_ASSIGN(parsed->next_update, instant_of(next));
  }
  TRY(check_scope(crl));
  TRY_ASSIGN(parsed->revoked, revoked_of(crl));
  parsed->der = to_bytes(der);
  return Crl(std::move(parsed));
}

Result<Crl> Crl::from_pem(std::string_view pem) {
  TRY_ASSIGN(const Bytes der, pem_block(pem, k_label));
  return from_der(der);
}

Result<std::vector<Crl>> Crl::all_from_pem(std::string_view pem) {
  TRY_ASSIGN(const auto blocks, pem_blocks(pem, k_label, k_crls_max));
  std::vector<Crl> crls;
  for (const Bytes& der : blocks) {
    TRY_ASSIGN(auto one, from_der(der));
    crls.push_back(std::move(one));
  }
  return crls;
}

const Bytes& Crl::der() const { return parsed_->der; }
std::string Crl::pem() const { return to_pem(k_label, parsed_->der); }
std::string Crl::issuer() const { return text_of(X509_CRL_get_issuer(parsed_->crl.get())); }
Instant Crl::this_update() const { return parsed_->this_update; }
std::optional<Instant> Crl::next_update() const { return parsed_->next_update; }
const std::vector<Revoked>& Crl::revoked() const { return parsed_->revoked; }

std::optional<std::uint64_t> Crl::number() const {
  const ossl::Handle<ASN1_INTEGER, ASN1_INTEGER_free> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(parsed_->crl.get(), NID_crl_number, nullptr, nullptr)));
  std::uint64_t value = 0;
  const bool fits = number != nullptr && ASN1_INTEGER_get_uint64(&value, number.get()) == 1;
  ERR_clear_error();
  return fits ? std::optional(value) : std::nullopt;
}

}  // namespace signet::pki
