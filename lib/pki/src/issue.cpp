// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"

#include "device_names.hpp"
#include "signing.hpp"
#include "subject.hpp"

#include <openssl/err.h>

namespace signet::pki {

namespace {

using Asn1Integer = ossl::Handle<ASN1_INTEGER, ASN1_INTEGER_free>;
using Extension = ossl::Handle<X509_EXTENSION, X509_EXTENSION_free>;

Error bad_order(std::string text, std::string hint = {}) {
  return {Errc::usage, "pki.order", std::move(text), std::move(hint)};
}

Result<Asn1Integer> to_serial(const std::string& serial_hex) {
  const auto bytes = from_hex(serial_hex);
  // RFC 5280 section 4.1.2.2: positive, at most 20 octets in DER.
  const bool fits = bytes && !bytes->empty() && bytes->size() <= 20 &&
                    (bytes->size() < 20 || (std::to_integer<unsigned>(bytes->front()) & 0x80U) == 0);
  if (!fits) return bad_order("'" + printable(serial_hex, 50) + "' is no serial number");
  const ossl::Bignum number(BN_bin2bn(as_uchar(ByteView(*bytes)), static_cast<int>(bytes->size()), nullptr));
  if (number == nullptr || BN_is_zero(number.get())) return bad_order("a serial number of zero");
  Asn1Integer serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  ensure(serial != nullptr, "memory for a serial number");
  return serial;
}

// IEEE 802.1AR-2018 section 8: a device has a serial number, and says the same one wherever it says it.
Result<void> check_device(const Order& order) {
  const Profile& profile = order.profile;
  const std::string what = "a certificate of profile '" + std::string(profile.name) + "'";
  const std::string& serial = order.subject.serial_number;
  if (profile.needs_device_serial && serial.empty()) {
    return bad_order(what + " needs the device's serial number in its subject",
                     "Write it as 'serialNumber=...' in the subject.");
  }
  if (profile.needs_hardware_module && !order.hardware) {
    return bad_order(what + " needs the object identifier of the device's hardware",
                     "Take one below your own enterprise number.");
  }
  if (!profile.needs_device_serial && order.hardware) return bad_order(what + " names no hardware");
  if (order.hardware && !equal(order.hardware->serial, as_bytes(serial))) {
    return bad_order("the hardware's serial number '" + printable(as_text(order.hardware->serial), 80) +
                     "' is not that of the subject, '" + serial + "'");
  }
  if (profile.endless && !(order.not_after == k_no_end)) {
    return bad_order(what + " holds for the device's whole life: until " + to_rfc3339(k_no_end), "Give it no end.");
  }
  return {};
}

Result<void> check_order(const Order& order) {
  if (!(order.not_before < order.not_after)) return bad_order("a certificate that ends before it begins");
  if (order.profile.needs_dns_names && order.dns_names.empty()) {
    return bad_order("a certificate of profile '" + std::string(order.profile.name) +
                     "' needs a DNS name or an IP address");
  }
  if (order.profile.ca && !order.dns_names.empty()) return bad_order("a CA has no DNS names");
  return check_device(order);
}

Result<void> check_issuer(const Issuer& issuer) {
  ensure(issuer.signer != nullptr, "an issuer with a signer");
  const auto key = issuer.certificate.public_key();
  if (!key || !(*key == issuer.signer->public_key())) {
    return Error(Errc::usage, "pki.key-mismatch",
                 "the certificate '" + issuer.certificate.subject() + "' belongs to another key",
                 "Give the key for which this certificate was issued.");
  }
  if (!issuer.certificate.is_ca()) {
    return bad_order("'" + issuer.certificate.subject() + "' is not a CA, so it cannot issue certificates");
  }
  return {};
}

// RFC 5280 section 4.2.1.9: a path length of zero allows end entities only. The life of what is issued lies within the
// issuer's, so that a chain that holds for its leaf holds as a whole; but for a device's own, which never ends (IEEE
// 802.1AR-2018 section 8.7): its issuer is renewed over the same key and name, and the device keeps what it has.
Result<void> check_below(const Issuer& issuer, const Order& order) {
  const long path_length = X509_get_pathlen(issuer.certificate.parsed().x509.get());
  const std::string who = "'" + issuer.certificate.subject() + "'";
  if (order.profile.ca && path_length == 0) return bad_order(who + " may not issue certificates for CAs");
  const bool outlasts = !order.profile.endless && issuer.certificate.not_after() < order.not_after;
  if (order.not_before < issuer.certificate.not_before() || outlasts) {
    return bad_order("a certificate may not be valid beyond its issuer, which is valid from " +
                         to_rfc3339(issuer.certificate.not_before()) + " to " +
                         to_rfc3339(issuer.certificate.not_after()),
                     "Ask for fewer days, or renew the issuer first.");
  }
  return {};
}

Result<void> add_extension(X509* x509, X509V3_CTX& context, int nid, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr || X509_add_ext(x509, extension.get(), -1) != 1) {
    return ossl::take_error(Errc::invalid_input, "pki.order", "an extension could not be made");
  }
  return {};
}

Result<void> add_extensions(X509* x509, X509* issuer, const Order& order) {
  const Profile& profile = order.profile;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  std::string constraints = profile.ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
  if (profile.path_length) constraints += ",pathlen:" + std::to_string(*profile.path_length);
  TRY(add_extension(x509, context, NID_basic_constraints, constraints));
  TRY(add_extension(x509, context, NID_key_usage, "critical," + std::string(profile.key_usage)));
  if (!profile.extended_usage.empty()) {
    TRY(add_extension(x509, context, NID_ext_key_usage, std::string(profile.extended_usage)));
  }
  TRY(add_extension(x509, context, NID_subject_key_identifier, "hash"));
  TRY(add_extension(x509, context, NID_authority_key_identifier, "keyid:always"));
  if (!profile.policies.empty()) add_policies(x509, profile.policies);
  if (order.dns_names.empty() && !order.hardware) return {};
  TRY_ASSIGN(const GeneralNames names, to_general_names(order.dns_names));
  if (order.hardware) TRY(add_hardware_module(names.get(), *order.hardware));
  ensure(X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1, "memory for names");
  return {};
}

// `issuer` is null for a root, which names itself.
Result<ossl::X509Cert> prepare(const Order& order, X509* issuer) {
  TRY(check_order(order));
  TRY_ASSIGN(const X509Name subject, to_name(order.subject));
  TRY_ASSIGN(const Asn1Integer serial, to_serial(order.serial_hex));
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::to_evp(order.public_key));
  ossl::X509Cert x509(X509_new());
  ensure(x509 != nullptr && X509_set_version(x509.get(), X509_VERSION_3) == 1 &&
             X509_set_serialNumber(x509.get(), serial.get()) == 1 &&
             X509_set_issuer_name(x509.get(), issuer == nullptr ? subject.get() : X509_get_subject_name(issuer)) == 1 &&
             X509_set1_notBefore(x509.get(), asn1_time_of(order.not_before).get()) == 1 &&
             X509_set1_notAfter(x509.get(), asn1_time_of(order.not_after).get()) == 1 &&
             X509_set_subject_name(x509.get(), subject.get()) == 1 && X509_set_pubkey(x509.get(), key.get()) == 1,
         "memory for a certificate");
  TRY(add_extensions(x509.get(), issuer == nullptr ? x509.get() : issuer, order));
  return x509;
}

// What a token returned is checked before it leaves: a wrong signature must not be found by a device in the field.
Result<Certificate> finish(X509* x509, const std::shared_ptr<crypto::Signer>& signer) {
  TRY(sign_object<X509_sign>(x509, signer));
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::to_evp(signer->public_key()));
  if (X509_verify(x509, key.get()) != 1) {
    return ossl::take_error(Errc::unavailable, "pki.sign", "the key made a signature that does not hold");
  }
  return Certificate::from_der(encode<i2d_X509>(x509));
}

Result<void> add_revoked(X509_CRL* crl, const Revoked& line) {
  TRY_ASSIGN(const Asn1Integer serial, to_serial(line.serial_hex));
  ossl::Handle<X509_REVOKED, X509_REVOKED_free> entry(X509_REVOKED_new());
  ensure(entry != nullptr && X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
             X509_REVOKED_set_revocationDate(entry.get(), asn1_time_of(line.when).get()) == 1,
         "memory for a revocation");
  if (line.reason != RevocationReason::unspecified) {  // RFC 5280 section 5.3.1: unspecified is said by saying nothing
    const ossl::Handle<ASN1_ENUMERATED, ASN1_ENUMERATED_free> code(ASN1_ENUMERATED_new());
    ensure(code != nullptr && ASN1_ENUMERATED_set(code.get(), code_of(line.reason)) == 1 &&
               X509_REVOKED_add1_ext_i2d(entry.get(), NID_crl_reason, code.get(), 0, X509V3_ADD_DEFAULT) == 1,
           "memory for a revocation");
  }
  ensure(X509_CRL_add0_revoked(crl, entry.get()) == 1, "memory for a revocation");
  (void)entry.release();  // the list owns it
  return {};
}

Result<void> add_list_extensions(X509_CRL* crl, const Issuer& issuer, std::uint64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer.certificate.parsed().x509.get(), nullptr, nullptr, crl, 0);
  const Extension authority(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  if (authority == nullptr || X509_CRL_add_ext(crl, authority.get(), -1) != 1) {
    return ossl::take_error(Errc::invalid_input, "pki.order", "the issuer's certificate has no key identifier");
  }
  const Asn1Integer value(ASN1_INTEGER_new());
  ensure(value != nullptr && ASN1_INTEGER_set_uint64(value.get(), number) == 1 &&
             X509_CRL_add1_ext_i2d(crl, NID_crl_number, value.get(), 0, X509V3_ADD_DEFAULT) == 1,
         "memory for a list");
  return {};
}

}  // namespace

Result<Certificate> issue(const Issuer& issuer, const Order& order) {
  TRY(check_issuer(issuer));
  if (order.profile.self_signed)
    return bad_order("a certificate of profile '" + std::string(order.profile.name) + "' signs itself");
  TRY(check_below(issuer, order));
  TRY_ASSIGN(const ossl::X509Cert x509, prepare(order, issuer.certificate.parsed().x509.get()));
  return finish(x509.get(), issuer.signer);
}

Result<Certificate> issue_root(const std::shared_ptr<crypto::Signer>& signer, const Order& order) {
  ensure(signer != nullptr, "issue_root: a signer");
  if (!order.profile.self_signed)
    return bad_order("a certificate of profile '" + std::string(order.profile.name) + "' needs an issuer");
  if (!(order.public_key == signer->public_key())) return bad_order("a root certificate is for the key that signs it");
  TRY_ASSIGN(const ossl::X509Cert x509, prepare(order, nullptr));
  return finish(x509.get(), signer);
}

Result<Crl> issue_crl(const Issuer& issuer, std::uint64_t number, Instant this_update, Instant next_update,
                      std::span<const Revoked> revoked) {
  TRY(check_issuer(issuer));
  if (!(this_update < next_update)) return bad_order("a revocation list that ends before it begins");
  X509* certificate = issuer.certificate.parsed().x509.get();
  if ((X509_get_key_usage(certificate) & KU_CRL_SIGN) == 0)
    return bad_order("the issuer may not sign revocation lists");
  const ossl::X509Crl crl(X509_CRL_new());
  ensure(crl != nullptr && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
             X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate)) == 1 &&
             X509_CRL_set1_lastUpdate(crl.get(), asn1_time_of(this_update).get()) == 1 &&
             X509_CRL_set1_nextUpdate(crl.get(), asn1_time_of(next_update).get()) == 1,
         "memory for a list");
  for (const Revoked& line : revoked) {
    TRY(add_revoked(crl.get(), line));
  }
  ensure(X509_CRL_sort(crl.get()) == 1, "a list can be sorted");
  TRY(add_list_extensions(crl.get(), issuer, number));
  TRY(sign_object<X509_CRL_sign>(crl.get(), issuer.signer));
  if (X509_CRL_verify(crl.get(), X509_get0_pubkey(certificate)) != 1) {
    return ossl::take_error(Errc::unavailable, "pki.sign", "the key made a signature that does not hold");
  }
  return Crl::from_der(encode<i2d_X509_CRL>(crl.get()));
}

}  // namespace signet::pki
