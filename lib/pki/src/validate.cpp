// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"

#include "parsed.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace signet::pki {

namespace {

constexpr std::size_t k_helpers_max = 64;
constexpr std::size_t k_path_max = 10;  // a leaf, eight authorities, an anchor

// What can be wrong with a path, in the order in which it is reported.
enum class Fault : std::uint8_t {
  none,
  malformed,
  no_anchor,
  bad_signature,
  bad_path,
  weak_algorithm,
  revoked,
  not_yet_valid,
  expired,
  wrong_usage,
};

struct FaultRow {
  Fault fault;
  Errc code;
  const char* reason;
  const char* text;
  const char* hint;
};
constexpr std::array k_faults{
    FaultRow{Fault::none, Errc::internal, "pki.internal", "", ""},
    FaultRow{Fault::malformed, Errc::invalid_input, "pki.malformed", "has an extension that cannot be read", ""},
    FaultRow{Fault::no_anchor, Errc::untrusted, "pki.no-anchor", "does not lead to a trusted root certificate",
             "Give the root certificate of this issuer as trust anchor, and the certificates between, if it is to be "
             "trusted."},
    FaultRow{Fault::bad_signature, Errc::untrusted, "pki.bad-signature", "is not signed by the issuer that it names",
             "It was altered, or made by somebody who uses the issuer's name."},
    FaultRow{Fault::bad_path, Errc::untrusted, "pki.bad-path", "stands where its issuers do not allow it",
             "An issuer must be a CA that may sign certificates, within its path length and name constraints."},
    FaultRow{Fault::weak_algorithm, Errc::untrusted, "pki.weak-algorithm",
             "uses an algorithm that is too weak or not supported",
             "Accepted are SHA-256 and better with P-256, P-384, RSA of 2048, 3072 or 4096 bits, and Ed25519."},
    FaultRow{Fault::revoked, Errc::untrusted, "pki.revoked", "is revoked", ""},
    FaultRow{Fault::not_yet_valid, Errc::untrusted, "pki.not-yet-valid", "is not valid yet", "Check the clock."},
    FaultRow{Fault::expired, Errc::expired, "pki.expired", "is expired", ""},
    FaultRow{Fault::wrong_usage, Errc::untrusted, "pki.wrong-usage", "may not be used for this", ""},
};

struct Finding {
  Fault fault = Fault::none;
  std::string subject;  ///< of the certificate at fault
  std::string detail;

  void consider(Fault other, std::string other_subject, std::string other_detail) {
    if (fault != Fault::none && fault <= other) return;
    *this = {other, std::move(other_subject), std::move(other_detail)};
  }
  [[nodiscard]] Error error() const {
    const FaultRow& row = k_faults.at(static_cast<std::size_t>(fault));
    return {row.code, row.reason,
            "the certificate '" + subject + "' " + row.text + (detail.empty() ? "" : " (" + detail + ")"), row.hint};
  }
};

Fault fault_of(int error) {
  switch (error) {
    case X509_V_ERR_INVALID_EXTENSION:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
      return Fault::malformed;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
      return Fault::no_anchor;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH:
      return Fault::bad_signature;
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM:
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return Fault::weak_algorithm;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Fault::none;  // judged by find_wrong_time
    default:
      return Fault::bad_path;  // whatever else OpenSSL finds fault with lies between two certificates of the path
  }
}

std::string subject_of(const X509* x509) {
  return x509 == nullptr ? std::string("?") : text_of(X509_get_subject_name(x509));
}

// Notes every fault and lets OpenSSL go on, so that the order of the report is ours.
int note_fault(int ok, X509_STORE_CTX* ctx) {
  if (ok == 1) return 1;
  const int error = X509_STORE_CTX_get_error(ctx);
  const Fault fault = fault_of(error);
  if (fault == Fault::none) return 1;
  auto* finding = static_cast<Finding*>(X509_STORE_CTX_get_app_data(ctx));
  finding->consider(fault, subject_of(X509_STORE_CTX_get_current_cert(ctx)), X509_verify_cert_error_string(error));
  return 1;
}

Result<std::vector<Certificate>> build_path(const Certificate& leaf, const ValidationInput& input, Finding& finding) {
  const ossl::X509Store store(X509_STORE_new());
  const BorrowedCertificates helpers(sk_X509_new_null());
  const ossl::X509StoreCtx ctx(X509_STORE_CTX_new());
  ensure(store != nullptr && helpers != nullptr && ctx != nullptr, "memory to validate with");
  for (const Certificate& anchor : input.anchors) X509_STORE_add_cert(store.get(), anchor.parsed().x509.get());
  for (const Certificate& each : input.intermediates) sk_X509_push(helpers.get(), each.parsed().x509.get());
  if (X509_STORE_CTX_init(ctx.get(), store.get(), leaf.parsed().x509.get(), helpers.get()) != 1) {
    return ossl::take_error(Errc::internal, "pki.internal", "a validation could not be started");
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(ctx.get());
  X509_VERIFY_PARAM_set_time(parameters,
                             static_cast<std::time_t>(input.at.seconds_since_epoch));  // prefers what is valid then
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(k_helpers_max));
  X509_VERIFY_PARAM_set_auth_level(parameters,
                                   0);  // strength is judged by find_weakness, which knows what Signet accepts
  X509_STORE_CTX_set_app_data(ctx.get(), &finding);
  X509_STORE_CTX_set_verify_cb(ctx.get(), note_fault);
  if (X509_verify_cert(ctx.get()) != 1 && finding.fault == Fault::none) {
    return ossl::take_error(Errc::internal, "pki.internal", "a validation could not be done");
  }
  ERR_clear_error();
  std::vector<Certificate> path;
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(ctx.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    TRY_ASSIGN(auto certificate, Certificate::from_der(encode<i2d_X509>(sk_X509_value(chain, i))));
    path.push_back(std::move(certificate));
  }
  return path;
}

bool is_readable(const Certificate& certificate) {
  return (X509_get_extension_flags(certificate.parsed().x509.get()) & EXFLAG_INVALID) == 0;
}

// RFC 5280 section 4.1.2.5: both ends belong to the validity; OpenSSL leaves out the last second.
void find_wrong_time(const std::vector<Certificate>& path, Instant at, Finding& finding) {
  for (const Certificate& each : path) {
    if (at < each.not_before())
      finding.consider(Fault::not_yet_valid, each.subject(), "valid from " + to_rfc3339(each.not_before()));
    if (each.not_after() < at)
      finding.consider(Fault::expired, each.subject(), "valid until " + to_rfc3339(each.not_after()));
  }
}

// RFC 5280 sections 6.1.4 (k) and (n). OpenSSL lets version 1 roots and absent key usages pass.
void find_false_issuers(const std::vector<Certificate>& path, Finding& finding) {
  if (path.size() > k_path_max)
    finding.consider(Fault::bad_path, path.front().subject(), "more than eight authorities above it");
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (!path[i].is_ca()) finding.consider(Fault::bad_path, path[i].subject(), "not a CA that may sign certificates");
  }
}

// Some makers of TPMs have authorities with P-521 keys. None of Signet's own keys is one, so PublicKey does not know
// them; that an authority signed with one is for OpenSSL to check, and as good as P-384.
bool is_p521_authority(const Certificate& certificate, std::size_t place) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate.parsed().x509.get());
  return place > 0 && key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) == 521;
}

void find_weakness(const std::vector<Certificate>& path, Finding& finding) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const X509* x509 = path[i].parsed().x509.get();
    const X509_ALGOR* algorithm = nullptr;
    X509_get0_signature(nullptr, &algorithm, x509);
    const bool is_anchor = i + 1 == path.size();  // trusted by configuration: nothing rests on its own signature
    if (!is_anchor && !is_strong_signature(X509_get_signature_nid(x509), algorithm)) {
      finding.consider(Fault::weak_algorithm, path[i].subject(), "its signature");
    }
    if (!path[i].public_key() && !is_p521_authority(path[i], i)) {
      finding.consider(Fault::weak_algorithm, path[i].subject(), "its key");
    }
  }
}

bool is_signed_by(const Crl& crl, const Certificate& issuer) {
  X509* x509 = issuer.parsed().x509.get();
  X509_CRL* list = crl.parsed().crl.get();
  // RFC 5280 section 6.3.3 (f) and (g).
  const bool may_sign =
      (X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & KU_CRL_SIGN) != 0;
  const bool is_signed = may_sign && X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(x509)) == 0 &&
                         X509_CRL_verify(list, X509_get0_pubkey(x509)) == 1;
  ERR_clear_error();
  return is_signed;
}

void judge_by_list(const Crl& crl, const Certificate& certificate, Finding& finding) {
  const auto line = std::ranges::find(crl.revoked(), certificate.serial_hex(), &Revoked::serial_hex);
  if (line == crl.revoked().end()) return;
  finding.consider(Fault::revoked, certificate.subject(),
                   "since " + to_rfc3339(line->when) + ", reason " + std::string(name_of(line->reason)));
}

RevocationReport judge_revocation(const std::vector<Certificate>& path, const std::vector<Crl>& crls,
                                  Finding& finding) {
  RevocationReport report;
  std::vector<bool> used(crls.size(), false);
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    bool covered = false;
    for (std::size_t j = 0; j < crls.size(); ++j) {
      if (!is_signed_by(crls[j], path[i + 1])) continue;
      judge_by_list(crls[j], path[i], finding);
      covered = used[j] = true;
      const auto until = crls[j].next_update();
      if (until) report.fresh_until = std::min(report.fresh_until.value_or(*until), *until);
    }
    if (!covered) ++report.issuers_uncovered;
  }
  report.crls_used = static_cast<std::size_t>(std::ranges::count(used, true));
  report.crls_ignored = crls.size() - report.crls_used;
  return report;
}

void find_wrong_usage(const std::vector<Certificate>& path, Usage usage, Finding& finding) {
  if (usage == Usage::any) return;
  const std::string wanted = "it does not allow " + std::string(name_of(usage));
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::uint32_t flags = X509_get_extension_flags(path[i].parsed().x509.get());
    // RFC 5280 section 4.2.1.12 speaks of the leaf; that an issuer's list bounds what it issues is common practice.
    const bool unrestricted_issuer = i > 0 && (flags & EXFLAG_XKUSAGE) == 0;
    if (!unrestricted_issuer && !path[i].has_extended_usage(usage)) {
      finding.consider(Fault::wrong_usage, path[i].subject(), wanted);
    }
  }
  X509* leaf = path.front().parsed().x509.get();
  const bool may_sign =
      (X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0;
  if (!may_sign) finding.consider(Fault::wrong_usage, path.front().subject(), "its key may not make signatures");
}

}  // namespace

Result<ValidatedChain> validate(const Certificate& leaf, const ValidationInput& input) {
  if (input.intermediates.size() > k_helpers_max || input.crls.size() > k_helpers_max) {
    return Error(Errc::invalid_input, "pki.too-many", "more than 64 certificates or revocation lists to validate with");
  }
  Finding finding;
  if (!is_readable(leaf)) finding.consider(Fault::malformed, leaf.subject(), "");
  if (finding.fault != Fault::none) return finding.error();
  TRY_ASSIGN(auto path, build_path(leaf, input, finding));
  const bool anchored = !path.empty() && std::ranges::find(input.anchors, path.back()) != input.anchors.end();
  if (!anchored) finding.consider(Fault::no_anchor, leaf.subject(), "");
  if (!anchored || finding.fault == Fault::malformed) return finding.error();
  ensure(path.front() == leaf, "a path begins with its leaf");
  find_false_issuers(path, finding);
  find_weakness(path, finding);
  const RevocationReport report = judge_revocation(path, input.crls, finding);
  find_wrong_time(path, input.at, finding);
  find_wrong_usage(path, input.usage, finding);
  if (finding.fault != Fault::none) return finding.error();
  ValidatedChain chain;
  chain.certificates_ = std::move(path);
  chain.at_ = input.at;
  chain.usage_ = input.usage;
  chain.revocation_ = report;
  return chain;
}

}  // namespace signet::pki
