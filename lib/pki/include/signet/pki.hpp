// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Certificates, requests, revocation lists and detached CMS signatures (RFC 5280, RFC 2986, RFC 5652). Everything that
/// is read is strict DER, bounded in size and without trailing bytes; whether it is to be trusted is what validate()
/// says, and nothing else.
namespace signet::pki {

/// What a certificate may be used for: an extended key usage (RFC 5280 section 4.2.1.12); `any` asks for none.
enum class Usage : std::uint8_t { code_signing, tls_server, tls_client, any };
/// "code-signing", "tls-server", "tls-client", "any".
[[nodiscard]] std::string_view name_of(Usage usage);

/// Which piece of hardware a certificate speaks of (hardwareModuleName: RFC 4108 section 5, IEEE 802.1AR-2018 section
/// 8.10.4).
struct HardwareModule {
  std::string type_oid;  ///< what kind it is, below its maker's own arc: "1.3.6.1.4.1.32473.1"
  Bytes serial = {};     ///< which one of them: in Signet the bytes of the subject's serial number
  friend bool operator==(const HardwareModule&, const HardwareModule&) = default;
};
/// notAfter of a certificate without a well-defined end: 99991231235959Z (RFC 5280 section 4.1.2.5).
inline constexpr Instant k_no_end{253402300799};

/// An X.509 certificate as read: well-formed, not yet trusted. A value; copies share one immutable object.
class Certificate {
 public:
  /// One certificate of at most 64 KiB: "pki.malformed" (invalid_input).
  static Result<Certificate> from_der(ByteView der);
  /// The only "-----BEGIN CERTIFICATE-----" of a text.
  static Result<Certificate> from_pem(std::string_view pem);
  /// All certificates of a text, at least one, at most 256.
  static Result<std::vector<Certificate>> all_from_pem(std::string_view pem);

  [[nodiscard]] const Bytes& der() const;
  [[nodiscard]] std::string pem() const;
  /// "crypto.key-unsupported" where the key is of a kind that Signet does not use.
  [[nodiscard]] Result<crypto::PublicKey> public_key() const;
  /// RFC 2253 text, safe to print.
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] std::string issuer() const;
  /// The first common name of the subject, safe to print; empty where there is none.
  [[nodiscard]] std::string common_name() const;
  /// Lower-case hexadecimal without leading zero bytes: how serial numbers are written everywhere in Signet.
  [[nodiscard]] std::string serial_hex() const;
  [[nodiscard]] Instant not_before() const;
  /// 9999-12-31T23:59:59Z where there is no well-defined end (RFC 5280 section 4.1.2.5).
  [[nodiscard]] Instant not_after() const;
  /// Whether basicConstraints says CA and keyUsage allows signing certificates.
  [[nodiscard]] bool is_ca() const;
  /// Whether the usage is listed by name; anyExtendedKeyUsage does not count, `any` always holds.
  [[nodiscard]] bool has_extended_usage(Usage usage) const;
  /// The subject's serialNumber, which is the device's and not the certificate's; safe to print. Empty where there is
  /// none or more than one.
  [[nodiscard]] std::string device_serial() const;
  /// hardwareModuleName of subjectAltName; none where there is none, more than one or one that cannot be read.
  [[nodiscard]] std::optional<HardwareModule> hardware_module() const;
  /// The certificate policies, as dotted object identifiers.
  [[nodiscard]] std::vector<std::string> policies() const;
  /// DNS names of subjectAltName, safe to print.
  [[nodiscard]] std::vector<std::string> dns_names() const;
  /// SHA-256 of the DER form.
  [[nodiscard]] Bytes fingerprint() const;

  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der() == b.der(); }

  struct Parsed;  ///< private to the sources of lib/pki
  explicit Certificate(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  [[nodiscard]] const Parsed& parsed() const { return *parsed_; }

 private:
  std::shared_ptr<const Parsed> parsed_;
};

/// Why a certificate was revoked (RFC 5280 section 5.3.1).
enum class RevocationReason : std::uint8_t {
  unspecified,
  key_compromise,
  ca_compromise,
  affiliation_changed,
  superseded,
  cessation_of_operation,
  privilege_withdrawn,
};
/// "unspecified", "key-compromise", ...
[[nodiscard]] std::string_view name_of(RevocationReason reason);
Result<RevocationReason> revocation_reason_from(std::string_view name);

/// One line of a revocation list.
struct Revoked {
  std::string serial_hex;
  Instant when;
  RevocationReason reason = RevocationReason::unspecified;
};

/// A revocation list as read, not yet trusted. Delta and indirect lists and lists with unknown critical extensions are
/// "pki.crl-unsupported" (unsupported): judging by them would need more than they say (RFC 5280 section 5.2).
class Crl {
 public:
  /// One list of at most 1 MiB.
  static Result<Crl> from_der(ByteView der);
  static Result<Crl> from_pem(std::string_view pem);
  /// All lists of a text, at least one, at most 64.
  static Result<std::vector<Crl>> all_from_pem(std::string_view pem);

  [[nodiscard]] const Bytes& der() const;
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string issuer() const;
  [[nodiscard]] Instant this_update() const;
  [[nodiscard]] std::optional<Instant> next_update() const;
  /// The CRL number; none where the list has none or one beyond 64 bits.
  [[nodiscard]] std::optional<std::uint64_t> number() const;
  [[nodiscard]] const std::vector<Revoked>& revoked() const;

  struct Parsed;  ///< private to the sources of lib/pki
  explicit Crl(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  [[nodiscard]] const Parsed& parsed() const { return *parsed_; }

 private:
  std::shared_ptr<const Parsed> parsed_;
};

// --- Validation ---

/// What a certificate is judged by.
struct ValidationInput {
  std::vector<Certificate> anchors = {};        ///< trusted by configuration; self-signed
  std::vector<Certificate> intermediates = {};  ///< may come from anyone; at most 64
  std::vector<Crl> crls = {};                   ///< may come from anyone; at most 64
  Instant at = {};                              ///< the moment at which the chain must be valid
  Usage usage = Usage::code_signing;
};

/// What the revocation lists were worth. Signet's callers decide whether a missing or old list is acceptable.
struct RevocationReport {
  std::size_t crls_used = 0;           ///< signed by an issuer of the chain
  std::size_t crls_ignored = 0;        ///< not signed by any issuer of the chain
  std::size_t issuers_uncovered = 0;   ///< issuers of the chain without a list
  std::optional<Instant> fresh_until;  ///< the earliest end of the lists used
};

/// A chain that held: leaf first, anchor last. Only validate() makes one.
class ValidatedChain {
 public:
  [[nodiscard]] const std::vector<Certificate>& certificates() const { return certificates_; }
  [[nodiscard]] const Certificate& leaf() const { return certificates_.front(); }
  [[nodiscard]] const Certificate& anchor() const { return certificates_.back(); }
  [[nodiscard]] Instant at() const { return at_; }
  [[nodiscard]] Usage usage() const { return usage_; }
  [[nodiscard]] const RevocationReport& revocation() const { return revocation_; }

 private:
  friend Result<ValidatedChain> validate(const Certificate& leaf, const ValidationInput& input);
  ValidatedChain() = default;
  std::vector<Certificate> certificates_;
  Instant at_;
  Usage usage_ = Usage::any;
  RevocationReport revocation_;
};

/// Builds and checks the path from `leaf` to an anchor (RFC 5280 section 6). The first of these that applies is
/// reported, all untrusted but where said: "pki.malformed" (an extension that cannot be read, invalid_input),
/// "pki.no-anchor", "pki.bad-signature", "pki.bad-path" (an issuer that is no CA or may not sign certificates, path
/// length, name constraints, unknown critical extension), "pki.weak-algorithm" (MD5, SHA-1, unsupported keys),
/// "pki.revoked", "pki.not-yet-valid", "pki.expired" (expired), "pki.wrong-usage". So "pki.expired" means that all but
/// time, and perhaps usage, held.
///
/// A certificate is revoked if any list that verifies under its issuer names it: whatever `at` is, and however old the
/// list. An issuer that has extended usages of its own must have this one among them. A self-signed leaf holds if it is
/// an anchor.
Result<ValidatedChain> validate(const Certificate& leaf, const ValidationInput& input);

// --- Detached CMS signatures ---

/// Who signed some content, by the signature's own account: judge `signer` with validate().
struct CmsSigner {
  Certificate signer;
  std::vector<Certificate> extra;       ///< other certificates that travelled with the signature
  std::optional<Instant> signing_time;  ///< the signer's claim
};

/// A detached CMS SignedData (RFC 5652) with one SignerInfo, signed attributes and the given certificates. P-256 and
/// RSA sign with SHA-256, P-384 with SHA-384; Ed25519 is "pki.cms-ed25519" (unsupported). A `signer` that does not
/// belong to the key is "pki.key-mismatch".
Result<Bytes> cms_sign(const std::shared_ptr<crypto::Signer>& key, const Certificate& signer,
                       std::span<const Certificate> chain, ByteView content);

/// Proves that the key of the embedded signer certificate signed exactly `content`, and no more: who that is remains to
/// be judged. Untrusted: "pki.cms-bad-signature". Refused as invalid_input, since each would leave bytes that no
/// signature covers or two readings of one file: "pki.cms-malformed", "pki.cms-too-large" (64 KiB), "pki.cms-attached",
/// "pki.cms-several-signers", "pki.cms-no-signer", "pki.cms-no-attributes", "pki.cms-unsigned-attributes",
/// "pki.cms-certificates" (more than 16, or of another kind), "pki.cms-weak" (digests below SHA-256),
/// "pki.cms-unsupported" (other signature algorithms).
Result<CmsSigner> cms_verify(ByteView der, ByteView content);

// --- Requests and issuing ---

/// The attributes of a subject that Signet writes; empty ones are left out.
struct Subject {
  std::string common_name;
  std::string organization = {};
  std::string organizational_unit = {};
  std::string country = {};        ///< two letters
  std::string serial_number = {};  ///< of the device (IEEE 802.1AR-2018 section 8.6), not of the certificate

  /// "CN=Example Root,O=Example,C=SE"; a comma or backslash inside a value is preceded by a backslash. "pki.subject"
  /// (usage).
  static Result<Subject> parse(std::string_view text);
  friend bool operator==(const Subject&, const Subject&) = default;
};

/// A PKCS#10 request (RFC 2986) for the signer's own key, in DER.
Result<Bytes> request(const std::shared_ptr<crypto::Signer>& key, const Subject& subject,
                      std::span<const std::string> dns_names = {});

/// A request whose sender has proved to hold the key; only that proof makes one ("pki.no-possession", untrusted). What
/// it asks for is a wish: the issuer decides.
class Request {
 public:
  /// One request of at most 64 KiB.
  static Result<Request> from_der(ByteView der);
  static Result<Request> from_pem(std::string_view pem);

  [[nodiscard]] const Bytes& der() const { return der_; }
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] const crypto::PublicKey& public_key() const { return public_key_; }
  /// Attributes of other kinds than Subject has are "pki.subject" (usage).
  [[nodiscard]] Result<Subject> subject() const;
  [[nodiscard]] const std::vector<std::string>& dns_names() const { return dns_names_; }

 private:
  Request(Bytes der, crypto::PublicKey public_key, std::vector<std::string> dns_names);
  Bytes der_;
  crypto::PublicKey public_key_;
  std::vector<std::string> dns_names_;
};

/// What certificates of one kind look like; a row of profiles().
struct Profile {
  std::string_view name;                         ///< "firmware-signing"
  std::string_view summary;                      ///< one line
  bool self_signed = false;                      ///< a root: signs itself
  bool ca = false;                               ///< basicConstraints
  std::optional<std::uint8_t> path_length = {};  ///< of a CA
  std::string_view key_usage;                    ///< in OpenSSL's words, comma separated
  std::string_view extended_usage;               ///< the same; empty for none
  bool needs_dns_names = false;                  ///< subjectAltName
  bool needs_device_serial = false;              ///< of a device: the subject has its serial number
  bool needs_hardware_module = false;            ///< subjectAltName has its hardwareModuleName
  std::string_view policies = {};                ///< dotted object identifiers, comma separated; empty for none
  std::uint32_t days = 0;                        ///< how long it holds unless said otherwise; 0: no well-defined end
  bool endless = false;  ///< never ends, even where its issuer does (IEEE 802.1AR-2018 section 8.7)
};
/// All kinds: vendor-root, firmware-signing, fleet-ca, tls-server, factory-ca, idevid, iak, media-signing, station.
[[nodiscard]] std::span<const Profile> profiles();
/// "pki.profile" (usage) where there is none of that name.
Result<Profile> profile_named(std::string_view name);

/// Who issues.
struct Issuer {
  Certificate certificate;
  std::shared_ptr<crypto::Signer> signer;
};

/// One certificate to be made.
struct Order {
  Profile profile;
  Subject subject;
  crypto::PublicKey public_key;
  std::vector<std::string> dns_names = {};  ///< DNS names and IP addresses
  std::optional<HardwareModule> hardware = {};
  std::string serial_hex;  ///< 1 to 20 bytes, positive (RFC 5280 section 4.1.2.2)
  Instant not_before;
  Instant not_after;
};

/// Makes and signs a certificate. "pki.order" (usage) where the order makes none: a name that is missing, a life that
/// outlasts the issuer's (but for profiles without end), an issuer that is no CA or whose key is another, a device
/// without serial number, or one whose hardware module has another.
Result<Certificate> issue(const Issuer& issuer, const Order& order);
/// A root certificate over the signer's own key (`order.public_key` must be it).
Result<Certificate> issue_root(const std::shared_ptr<crypto::Signer>& signer, const Order& order);
/// Makes and signs a revocation list with all of `revoked`.
Result<Crl> issue_crl(const Issuer& issuer, std::uint64_t number, Instant this_update, Instant next_update,
                      std::span<const Revoked> revoked);

}  // namespace signet::pki
