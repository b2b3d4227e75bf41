// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"
#include "signet/device_certificate.hpp"
#include "signet/pki.hpp"
#include "signet/tpm_data.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where a key lives, proven to somebody who trusts no software of the device: endorsement key -> attestation key ->
/// every other key (TCG TPM 2.0 Keys for Device Identity and Attestation, sections 5 and 6). Each step is a type that
/// only its check can make, so a later step cannot be reached without the earlier one.
namespace signet::attest {

/// What a proof of residency is worth.
enum class Strength : std::uint8_t {
  software,             ///< no hardware stands behind it: a simulator, or nothing at all
  trusted_environment,  ///< a TPM or a trusted application in firmware
  strong,               ///< a chip of its own
};
/// "SOFTWARE", "TRUSTED_ENVIRONMENT", "STRONG".
[[nodiscard]] std::string_view name_of(Strength strength);
Result<Strength> strength_from(std::string_view name);

/// A maker of TPMs: its root certificate, and what its endorsement certificates are worth. A configuration decides
/// this; what a device says about itself does not.
struct EkAnchor {
  pki::Certificate certificate;
  Strength strength = Strength::software;
};

/// How endorsement certificates are judged.
struct EkPolicy {
  std::vector<EkAnchor> anchors = {};
  std::vector<pki::Certificate> intermediates = {};
  std::vector<pki::Crl> crls = {};
  Instant at = {};
};

/// An endorsement key whose certificate leads to a maker of TPMs. Only verify_ek() makes one.
class VerifiedEk {
 public:
  [[nodiscard]] const tpm::Public& area() const { return area_; }
  [[nodiscard]] Strength strength() const { return strength_; }
  [[nodiscard]] const pki::Certificate& certificate() const { return certificate_; }
  /// Manufacturer, model and version as the certificate has them (2.23.133.2.1 to .3), safe to print; may be empty.
  [[nodiscard]] const std::string& model() const { return model_; }
  /// SHA-256 of the public key, the one part of the area that the maker vouches for: whatever else the area says could
  /// be changed by whoever shows it, and the TPM would have a second name.
  [[nodiscard]] Bytes fingerprint() const;

 private:
  friend Result<VerifiedEk> verify_ek(const std::vector<Bytes>&, const tpm::Public&, const EkPolicy&);
  VerifiedEk(tpm::Public area, pki::Certificate certificate, Strength strength, std::string model)
      : area_(std::move(area)), certificate_(std::move(certificate)), strength_(strength), model_(std::move(model)) {}
  tpm::Public area_;
  pki::Certificate certificate_;
  Strength strength_;
  std::string model_;
};

/// `chain` as it came from the TPM (DER, the EK's own first; more may follow in any order). Real makers' certificates
/// are taken as they are: critical subjectAltName with an empty subject, extended usage tcg-kp-EKCertificate
/// (2.23.133.8.1), unknown extensions that are not critical, long chains (EK Credential Profile 2.5, section 3.2).
/// "attest.ek-none" (untrusted), "attest.ek-key" (untrusted: the certificate is of another key), "attest.ek-anchor"
/// (untrusted: of no known maker), "attest.ek-usage" (untrusted: not for an endorsement key), "attest.ek-malformed"
/// (invalid_input), and what pki::validate says. Zero bytes behind a certificate, as NV indexes have them, are passed
/// over, and so is what cannot be read behind the first one.
Result<VerifiedEk> verify_ek(const std::vector<Bytes>& chain, const tpm::Public& area, const EkPolicy& policy);

/// A key that was shown to live in the same TPM as an endorsement key, and to sign nothing but what that TPM says. Only
/// Challenge::answer() makes one.
///
/// Why not the IAK itself: TPM2_ActivateCredential needs the ADMIN role of the key, and the TCG's templates give that
/// role of IAK and IDevID to a fixed policy (docs/decisions/0018-attester.md). So a key of the unit's own opens the
/// credential, and vouches for the IAK.
class VerifiedAttester {
 public:
  [[nodiscard]] const tpm::Public& area() const { return area_; }
  [[nodiscard]] const VerifiedEk& ek() const { return ek_; }

 private:
  friend class Challenge;
  VerifiedAttester(tpm::Public area, VerifiedEk ek) : area_(std::move(area)), ek_(std::move(ek)) {}
  tpm::Public area_;
  VerifiedEk ek_;
};

/// The question that only the right TPM can answer (TPM2_MakeCredential, TPM2_ActivateCredential). One challenge takes
/// one answer.
class Challenge {
 public:
  /// "attest.attester" (untrusted) if the key could sign what its TPM did not make, or could leave it: it must be
  /// restricted, fixedTPM, fixedParent and made by the TPM.
  static Result<Challenge> make(VerifiedEk ek, tpm::Public attester);
  Challenge(Challenge&&) noexcept = default;
  Challenge& operator=(Challenge&&) noexcept = default;
  [[nodiscard]] const tpm::Credential& credential() const { return credential_; }
  /// "attest.wrong-tpm" (untrusted): EK and attester are not in the same TPM.
  Result<VerifiedAttester> answer(const Secret& secret) &&;

 private:
  Challenge(VerifiedEk ek, tpm::Public attester, tpm::Credential credential, Secret expected);
  VerifiedEk ek_;
  tpm::Public attester_;
  tpm::Credential credential_;
  Secret expected_;
};

/// A public area and the attestation that its key lives in the TPM (TPM2_Certify or TPM2_CertifyCreation by the IAK).
struct KeyEvidence {
  Bytes public_area;  ///< TPMT_PUBLIC
  tpm::Attestation attestation;
};

/// The attestation key of the TCG's templates, in the TPM of an endorsement key. Only verify_iak() makes one.
class VerifiedIak {
 public:
  [[nodiscard]] const tpm::Public& area() const { return area_; }
  [[nodiscard]] const VerifiedEk& ek() const { return ek_; }

 private:
  friend Result<VerifiedIak> verify_iak(const VerifiedAttester&, const KeyEvidence&, ByteView);
  VerifiedIak(tpm::Public area, VerifiedEk ek) : area_(std::move(area)), ek_(std::move(ek)) {}
  tpm::Public area_;
  VerifiedEk ek_;
};
/// Checks that the attester's TPM made this key (TPM2_CertifyCreation), as verify_resident() does, and that it is from
/// H-1, H-2 or H-3: "attest.iak-template" (untrusted).
Result<VerifiedIak> verify_iak(const VerifiedAttester& attester, const KeyEvidence& evidence, ByteView nonce);

/// A key that is resident: it is in that TPM and cannot leave it. Only verify_resident() makes one.
class ResidentKey {
 public:
  [[nodiscard]] const tpm::Public& area() const { return area_; }
  [[nodiscard]] const crypto::PublicKey& key() const { return *area_.key; }

 private:
  friend Result<ResidentKey> verify_resident(const tpm::Public&, const KeyEvidence&, ByteView);
  explicit ResidentKey(tpm::Public area) : area_(std::move(area)) {}
  tpm::Public area_;
};

/// Checks the attestation by the key `iak` and that it speaks of exactly this key: fixedTPM, fixedParent and
/// sensitiveDataOrigin must be set, whatever anybody says ("attest.not-resident", untrusted); the qualifying data must
/// be `nonce` ("attest.replayed", untrusted); the name must fit ("attest.other-key", untrusted). `iak` must be known to
/// be genuine: from a VerifiedIak, or from a certificate that a factory issued for it.
Result<ResidentKey> verify_resident(const tpm::Public& iak, const KeyEvidence& evidence, ByteView nonce);

/// The hierarchies of a TPM as it attested them.
struct StateEvidence {
  Bytes answer;  ///< of TPM2_GetCapability
  tpm::Attestation attestation;
};
/// Hierarchies that are closed: auth values set on owner, endorsement and lockout, Clear disabled, platform off. Only
/// verify_closed() makes one.
class ClosedTpm {
 public:
  [[nodiscard]] const tpm::HierarchyState& state() const { return state_; }

 private:
  friend Result<ClosedTpm> verify_closed(const tpm::Public&, const StateEvidence&, ByteView);
  explicit ClosedTpm(tpm::HierarchyState state) : state_(state) {}
  tpm::HierarchyState state_;
};
/// "attest.open-hierarchy" (untrusted), the text says which.
Result<ClosedTpm> verify_closed(const tpm::Public& iak, const StateEvidence& evidence, ByteView nonce);

/// The version floor as the TPM attested it.
struct FloorEvidence {
  Bytes nv_public;  ///< TPMS_NV_PUBLIC
  tpm::Attestation attestation;
};
class AttestedFloor {
 public:
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  friend Result<AttestedFloor> verify_floor(const tpm::Public&, const FloorEvidence&, const crypto::PublicKey&,
                                            ByteView);
  explicit AttestedFloor(std::uint64_t value) : value_(value) {}
  std::uint64_t value_;
};
/// The index must be the one that `floor_key` rules (tpm::floor_public): "attest.other-floor" (untrusted).
Result<AttestedFloor> verify_floor(const tpm::Public& iak, const FloorEvidence& evidence,
                                   const crypto::PublicKey& floor_key, ByteView nonce);

/// PCRs that a quote covers.
class QuotedPcrs {
 public:
  [[nodiscard]] const std::vector<tpm::PcrValue>& values() const { return values_; }
  [[nodiscard]] const tpm::ClockInfo& clock() const { return clock_; }

 private:
  friend Result<QuotedPcrs> verify_quote(const tpm::Public&, const tpm::Attestation&, const std::vector<tpm::PcrValue>&,
                                         ByteView);
  QuotedPcrs() = default;
  std::vector<tpm::PcrValue> values_;
  tpm::ClockInfo clock_;
};
/// "attest.pcr-digest" (untrusted): the values are not those that were quoted.
Result<QuotedPcrs> verify_quote(const tpm::Public& iak, const tpm::Attestation& quote,
                                const std::vector<tpm::PcrValue>& values, ByteView nonce);

// --- The device's identity as a file that anybody can check ---

/// What a device shows to prove who it is (docs/formats/device-identity.md): JSON with its certificates and proofs.
struct IdentityStatement {
  std::vector<pki::Certificate> idevid;  ///< the IDevID certificate, then its issuers without the root
  std::vector<pki::Certificate> iak;     ///< the same for the attestation key
  KeyEvidence idevid_evidence;           ///< IDevID certified by the IAK; qualified by the birth's nonce
  Bytes birth_nonce;
  Bytes iak_area;                             ///< TPMT_PUBLIC of the IAK, whose key the certificate carries
  std::optional<Bytes> birth_record = {};     ///< the signed birth record (DSSE)
  std::optional<std::string> receipt = {};    ///< its inclusion proof in the line's ledger (a tlog-proof file)
  std::optional<Bytes> fresh_nonce = {};      ///< of the challenge below
  std::optional<Bytes> fresh_signature = {};  ///< by the IDevID key over challenge_message(nonce): it is here, now

  /// JSON of at most 1 MiB; only the form is checked: "attest.statement" (invalid_input).
  static Result<IdentityStatement> parse(ByteView json);
  [[nodiscard]] Bytes encode() const;
};
/// What an IDevID key signs to answer a challenge; the prefix keeps it from being anything else.
[[nodiscard]] Bytes challenge_message(ByteView nonce);

/// Whom to believe about identities.
struct IdentityPolicy {
  pki::ValidationInput validation;            ///< anchors: the vendor's roots; `usage` is not looked at
  std::optional<Bytes> challenge_nonce = {};  ///< demands an answer to this challenge
};
/// Whether the device itself was there.
enum class Presence : std::uint8_t {
  not_asked,  ///< a file: true of the device, whoever shows it
  proven,     ///< the IDevID key answered the challenge of the policy
};
/// An identity that held. Only verify_identity() makes one.
class VerifiedIdentity {
 public:
  [[nodiscard]] const pki::DeviceCertificate& idevid() const { return idevid_; }
  [[nodiscard]] const pki::DeviceCertificate& iak() const { return iak_; }
  [[nodiscard]] const std::string& serial() const { return idevid_.serial(); }
  [[nodiscard]] const ResidentKey& key() const { return key_; }
  /// For further proofs by the same TPM.
  [[nodiscard]] const tpm::Public& iak_area() const { return iak_area_; }
  [[nodiscard]] Presence presence() const { return presence_; }

 private:
  friend Result<VerifiedIdentity> verify_identity(const IdentityStatement&, const IdentityPolicy&);
  VerifiedIdentity(pki::DeviceCertificate idevid, pki::DeviceCertificate iak, ResidentKey key, tpm::Public iak_area,
                   Presence presence)
      : idevid_(std::move(idevid)),
        iak_(std::move(iak)),
        key_(std::move(key)),
        iak_area_(std::move(iak_area)),
        presence_(presence) {}
  pki::DeviceCertificate idevid_;
  pki::DeviceCertificate iak_;
  ResidentKey key_;
  tpm::Public iak_area_;
  Presence presence_;
};
/// Both certificates hold for what they are, are of one device, and the IDevID key is resident in the TPM of the IAK.
/// What pki::validate_device and verify_resident say; all untrusted: "attest.two-devices", "attest.iak-key" and
/// "attest.idevid-key" (a certificate is of another key than its proof), "attest.no-answer" (a challenge was to be
/// answered, and was not), "attest.replayed" (another one was), "attest.bad-answer".
Result<VerifiedIdentity> verify_identity(const IdentityStatement& statement, const IdentityPolicy& policy);

}  // namespace signet::attest
