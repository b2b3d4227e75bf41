// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

/// What a TPM says, as others read it: public areas, attestations, credentials. Nothing here needs a TPM; everything
/// that is read is foreign, bounded and without trailing bytes (TCG TPM 2.0 Library, Part 2, revision 1.59).
namespace signet::tpm {

/// Bits of TPMA_OBJECT (Part 2, section 8.3) that Signet looks at.
enum ObjectAttribute : std::uint32_t {
  k_fixed_tpm = 1U << 1U,  ///< can never be duplicated to another TPM
  k_st_clear = 1U << 2U,
  k_fixed_parent = 1U << 4U,
  k_sensitive_data_origin = 1U << 5U,  ///< the TPM made the private part itself
  k_user_with_auth = 1U << 6U,
  k_admin_with_policy = 1U << 7U,
  k_no_da = 1U << 10U,       ///< wrong values do not count towards the lock-out
  k_restricted = 1U << 16U,  ///< signs only what the TPM itself made
  k_decrypt = 1U << 17U,
  k_sign = 1U << 18U,
};

/// What kind of object a public area describes.
enum class ObjectKind : std::uint8_t { rsa, ecc, keyed_hash, symmetric };

/// A public area (TPMT_PUBLIC). A value.
struct Public {
  Bytes wire;  ///< TPMT_PUBLIC as the TPM marshals it
  Bytes name;  ///< nameAlg || digest of `wire`: how a TPM calls the object
  ObjectKind kind = ObjectKind::ecc;
  crypto::HashAlgorithm name_algorithm = crypto::HashAlgorithm::sha256;
  std::uint32_t attributes = 0;               ///< ObjectAttribute
  Bytes auth_policy;                          ///< empty where there is none
  std::optional<crypto::PublicKey> key = {};  ///< none for keyed hashes, and for kinds that Signet does not use
  std::optional<crypto::SignatureScheme> scheme = {};  ///< the only one the key signs with, if its template fixes it

  /// "tpm.malformed" (invalid_input).
  static Result<Public> parse(ByteView wire);
  [[nodiscard]] bool has(std::uint32_t bits) const { return (attributes & bits) == bits; }
  friend bool operator==(const Public& a, const Public& b) { return a.wire == b.wire; }
};

/// A statement of a TPM and the signature over it, as they travel.
struct Attestation {
  Bytes statement;  ///< TPMS_ATTEST
  Bytes signature;  ///< TPMT_SIGNATURE
  friend bool operator==(const Attestation&, const Attestation&) = default;
};

/// A selected PCR and what it held.
struct PcrValue {
  crypto::HashAlgorithm bank = crypto::HashAlgorithm::sha256;
  unsigned index = 0;
  Bytes value;
};

/// TPM2_Certify: an object with this name is loaded in the TPM.
struct CertifiedObject {
  Bytes name;
};
/// TPM2_CertifyCreation: the TPM itself made the object with this name.
struct CertifiedCreation {
  Bytes name;
  Bytes creation_hash;
};
/// TPM2_Quote: the selected PCRs held values with this digest.
struct Quoted {
  std::vector<std::pair<crypto::HashAlgorithm, std::vector<unsigned>>> selection;
  Bytes pcr_digest;
};
/// TPM2_NV_Certify: an index with this name held these bytes.
struct CertifiedNv {
  Bytes index_name;
  std::uint16_t offset = 0;
  Bytes contents;
};
/// TPM2_GetSessionAuditDigest: exactly the commands and answers with this digest went through the audit session.
struct AuditedSession {
  bool exclusive = false;
  Bytes session_digest;
};

/// The TPM's own clock (TPMS_CLOCK_INFO).
struct ClockInfo {
  std::uint64_t clock_ms = 0;
  std::uint32_t reset_count = 0;  ///< since the last TPM2_Clear; goes up with each power cycle
  std::uint32_t restart_count = 0;
  bool safe = false;
};

/// An attestation whose signature was checked under a key; only verify() makes one. What the key is worth is for the
/// caller to know.
class VerifiedAttest {
 public:
  using Body = std::variant<CertifiedObject, CertifiedCreation, Quoted, CertifiedNv, AuditedSession>;
  [[nodiscard]] const Body& body() const { return body_; }
  [[nodiscard]] const Bytes& qualifying_data() const { return qualifying_data_; }
  /// Qualified name of the signing key: binds it to the chain of its parents.
  [[nodiscard]] const Bytes& signer_qualified_name() const { return signer_qualified_name_; }
  [[nodiscard]] const ClockInfo& clock() const { return clock_; }
  [[nodiscard]] std::uint64_t firmware_version() const { return firmware_version_; }

 private:
  friend Result<VerifiedAttest> verify(const Public& signer, const Attestation& attestation);
  VerifiedAttest() = default;
  Body body_;
  Bytes qualifying_data_;
  Bytes signer_qualified_name_;
  ClockInfo clock_;
  std::uint64_t firmware_version_ = 0;
};

/// Checks the signature, then reads the statement. `signer` must be a restricted signing key, since any other would
/// sign a statement that somebody made up: "tpm.not-restricted" (untrusted). "tpm.bad-signature" (untrusted),
/// "tpm.not-generated" (untrusted: TPM_GENERATED_VALUE is missing), "tpm.malformed", "tpm.attest-kind" (unsupported).
Result<VerifiedAttest> verify(const Public& signer, const Attestation& attestation);

/// The digest that TPM2_GetSessionAuditDigest reports for one TPM2_GetCapability(TPM_CAP_TPM_PROPERTIES,
/// TPM_PT_PERMANENT group) answered with `response` (the marshalled parameters of the answer), as Tpm::certify_state()
/// runs it.
Bytes state_audit_digest(ByteView response);

/// What TPM2_GetCapability said of the hierarchies (TPMA_PERMANENT, TPMA_STARTUP_CLEAR).
struct HierarchyState {
  bool owner_auth_set = false;
  bool endorsement_auth_set = false;
  bool lockout_auth_set = false;
  bool clear_disabled = false;
  bool in_lockout = false;
  bool platform_enabled = true;
};
/// Reads the answer that certify_state() carries.
Result<HierarchyState> parse_hierarchy_state(ByteView response);

/// A secret that only the TPM with that endorsement key, holding an object of that name, can open (Part 1, section 24).
struct Credential {
  Bytes blob;    ///< TPM2B_ID_OBJECT
  Bytes secret;  ///< TPM2B_ENCRYPTED_SECRET
};
/// TPM2_MakeCredential in software. `ek` is a restricted decryption key (RSA-2048/3072 with OAEP, P-256 or P-384) with
/// AES-128 or AES-256 in CFB: else "tpm.ek-unsupported" (unsupported). `secret` has at most 32 bytes.
Result<Credential> make_credential(const Public& ek, ByteView object_name, const Secret& secret);

/// The public area of an NV index (TPMS_NV_PUBLIC).
struct NvPublic {
  std::uint32_t index = 0;
  std::uint32_t attributes = 0;
  Bytes auth_policy;
  std::uint16_t size_bytes = 0;
  Bytes wire;  ///< as marshalled
  Bytes name;  ///< changes at the first write, since the attributes do

  static Result<NvPublic> parse(ByteView wire);
  /// The public area of an index that is to be defined; SHA-256.
  static NvPublic make(std::uint32_t index, std::uint32_t attributes, ByteView auth_policy, std::uint16_t size_bytes);
};
/// TPMA_NV_WRITTEN: set by the TPM at the first write.
inline constexpr std::uint32_t k_nv_written = 1U << 29U;

/// The templates of "TPM 2.0 Keys for Device Identity and Attestation" 1.0 r12, section 7.3.4.
enum class DevidTemplate : std::uint8_t { h1_rsa2048, h2_p256, h3_p384 };
/// "H-1", "H-2", "H-3".
[[nodiscard]] std::string_view name_of(DevidTemplate which);
/// Whether a public area is what that template makes, but for its key: attributes, policy, algorithms, scheme.
enum class TemplateFit : std::uint8_t { fits, differs };
[[nodiscard]] TemplateFit fits_iak(DevidTemplate which, const Public& area);
[[nodiscard]] TemplateFit fits_idevid(DevidTemplate which, const Public& area);

}  // namespace signet::tpm
