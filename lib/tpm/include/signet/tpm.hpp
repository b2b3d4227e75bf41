// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"
#include "signet/tpm_data.hpp"
#include "signet/tpm_policy.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// One TPM 2.0, used through tpm2-tss (ESYS). Commands that carry a secret to or from the TPM run in a session that
/// encrypts it, salted to a key of the TPM; others do not, since each session costs time.
namespace signet::tpm {

/// The roots that a TPM knows.
enum class Hierarchy : std::uint8_t { owner, endorsement, platform, lockout };

/// What a TPM says of itself.
struct Description {
  std::string manufacturer;  ///< "IBM" (swtpm), "IFX", "STM", "NTC", ... safe to print
  std::string vendor;        ///< vendor string, safe to print
  std::uint64_t firmware_version = 0;
  std::string revision;                          ///< of the library specification: "1.64"
  std::vector<crypto::KeyAlgorithm> algorithms;  ///< asked of the chip, not assumed
  unsigned transient_slots = 0;
};

/// How the TPM defends against guessing (TPM_PT_LOCKOUT_*).
struct LockoutState {
  unsigned failures = 0;
  unsigned failures_max = 0;
  unsigned recovery_seconds = 0;          ///< one failure is forgiven after this time
  unsigned lockout_recovery_seconds = 0;  ///< after a failed use of lockout auth
};

/// An object's two halves; the private one is encrypted under its parent and useless on any other TPM.
struct Blob {
  Bytes public_area;   ///< TPMT_PUBLIC
  Bytes private_area;  ///< TPM2B_PRIVATE's bytes
};

/// What a key is made for.
enum class KeyUse : std::uint8_t {
  sign,
  decrypt,
  derive,
  attest,    ///< restricted: signs only what the TPM itself says, in its algorithm's default scheme
  sign_any,  ///< RSA: signs digests, and any block by rsa_private(); to the TPM such a key decrypts as well
};

class Connection;
struct EkTemplate;
class Tpm;

/// An object in the TPM: flushed at the end of its life if it was transient. Keeps the connection alive.
class Object {
 public:
  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;
  ~Object();
  [[nodiscard]] const Public& public_area() const;
  [[nodiscard]] const Bytes& name() const { return public_area().name; }

 private:
  friend class Tpm;
  struct State;
  explicit Object(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A new primary with what TPM2_CertifyCreation needs.
struct Primary {
  Object object;
  Bytes creation_hash;
  Bytes creation_ticket;  ///< TPMT_TK_CREATION
};

/// A connection to one TPM. Safe to call from several threads: commands go one after another. Reasons that any call may
/// give: "tpm.gone" (unavailable: the connection broke; connect anew), "tpm.lockout" (denied: too many wrong values,
/// the text says for how long), "tpm.auth" (denied), "tpm.policy" (denied), "tpm.failure-mode" (unavailable: the TPM
/// failed its self-test), "tpm.no-space" (exhausted: NV or object memory), "tpm.unsupported" (unsupported),
/// "tpm.handle" (not_found), "tpm.exists" (conflict), "tpm.locked", "tpm.disabled", "tpm.hierarchy" (denied),
/// "tpm.foreign" (untrusted: made by another TPM, or changed), "tpm.too-long" (invalid_input), "tpm.answer" (io:
/// malformed, or changed on its way; connect anew), "tpm.failed" (io: the text has the TPM's own words).
class Tpm {
 public:
  /// `tcti` as the TSS writes it: "device:/dev/tpmrm0", "swtpm:path=/run/tpm.sock", "swtpm:host=127.0.0.1,port=2321".
  /// Starts the TPM up if nobody did (TPM2_Startup). "tpm.connect" (unavailable).
  static Result<std::shared_ptr<Tpm>> connect(std::string_view tcti);
  ~Tpm();
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;

  Result<Description> describe();
  Result<LockoutState> lockout();
  Result<HierarchyState> hierarchies();
  /// The TPM's clock (TPM2_ReadClock).
  Result<ClockInfo> clock();
  Result<Bytes> random(std::size_t size_bytes);
  /// TPM2_Shutdown(CLEAR): an orderly end, so that the next start does not count as a failure.
  Result<void> shut_down();

  // --- Hierarchies ---

  /// Sets a hierarchy's auth; encrypted on the way. `old_auth` may be empty.
  Result<void> set_auth(Hierarchy which, const Secret& old_auth, const Secret& new_auth);
  /// TPM2_ClearControl(disable) under lockout auth.
  Result<void> disable_clear(const Secret& lockout_auth);
  /// TPM2_HierarchyControl: no platform hierarchy until the next power cycle, as a platform's firmware does it. Nothing
  /// happens where it is off already.
  Result<void> disable_platform();
  /// TPM2_DictionaryAttackParameters.
  Result<void> set_lockout_limits(const Secret& lockout_auth, unsigned failures_max, unsigned recovery_seconds,
                                  unsigned lockout_recovery_seconds);
  /// TPM2_DictionaryAttackLockReset.
  Result<void> reset_lockout(const Secret& lockout_auth);

  // --- Objects ---

  /// The storage primary: P-256, restricted, decrypt, AES-128-CFB, noDA; `label` makes it one of many.
  Result<Object> create_storage_primary(Hierarchy which, const Secret& hierarchy_auth, std::string_view label);
  /// IDevID or IAK under the endorsement hierarchy from the TCG's template.
  Result<Primary> create_idevid(DevidTemplate which, const Secret& endorsement_auth, const Secret& key_auth);
  Result<Primary> create_iak(DevidTemplate which, const Secret& endorsement_auth, const Secret& key_auth);
  /// The endorsement key: persistent where the manufacturer put it (0x81010001 RSA, 0x81010016 P-384 of swtpm, ...), or
  /// made from the template of the EK Credential Profile that the certificate in NV belongs to. Of several, the one of
  /// the preferred kind where it has a certificate; else the first of P-384, P-256, RSA-2048, RSA-3072.
  Result<Object> endorsement_key(const Secret& endorsement_auth,
                                 std::optional<crypto::KeyAlgorithm> preferred = std::nullopt);
  /// The EK's certificate chain as it stands in NV (EK Credential Profile 2.5, section 2.2.1.4), DER each, the EK's own
  /// first; empty where there is none. Which of several: as endorsement_key().
  Result<std::vector<Bytes>> endorsement_certificates(std::optional<crypto::KeyAlgorithm> preferred = std::nullopt);

  /// A key under a parent: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA. With a policy's digest it is
  /// not userWithAuth: the TPM demands that policy of each use.
  Result<Blob> create_key(const Object& parent, crypto::KeyAlgorithm algorithm, KeyUse use, const Secret& key_auth,
                          ByteView policy_digest = {});
  /// Takes a private key in (PKCS#8 DER), encrypted on the way; such a key is neither fixedTPM nor of the TPM's making.
  Result<Blob> import_key(const Object& parent, const Secret& pkcs8_der, KeyUse use, const Secret& key_auth);
  /// `policy` is played before each use of the object: "tpm.policy" (denied) where it does not hold then.
  Result<Object> load(const Object& parent, const Blob& blob, const Secret& auth, Policy policy = {});

  Result<Object> open_persistent(std::uint32_t handle, const Secret& auth);
  /// TPM2_EvictControl under owner auth.
  Result<void> persist(const Object& object, std::uint32_t handle, const Secret& owner_auth);
  Result<void> evict(std::uint32_t handle, const Secret& owner_auth);
  /// TPM2_ContextSave: the object survives its process, not the TPM's next reset. Opens on this TPM only.
  Result<Bytes> save_context(const Object& object);
  Result<Object> load_context(ByteView context, const Secret& auth);

  /// ECDSA as DER, RSA as is. "crypto.scheme" (unsupported) where the key does not sign so.
  Result<Bytes> sign(const Object& key, crypto::SignatureScheme scheme, ByteView digest);
  /// A whole block under the private exponent (TPM2_RSA_Decrypt, scheme NULL), for signatures that TPM2_Sign does not
  /// make. Who calls has padded the block: to the TPM it may as well be a ciphertext. Keys of KeyUse::sign_any with
  /// an auth of 32 bytes or more only: "tpm.restricted" (denied). "crypto.block" (invalid_input) where it is not as
  /// long as the modulus, or not below it.
  Result<Bytes> rsa_private(const Object& key, ByteView block);
  /// RSA-OAEP with SHA-256; encrypted on the way back.
  Result<Secret> decrypt(const Object& key, ByteView ciphertext);
  /// The x coordinate of ECDH with `peer` (TPM2_ECDH_ZGen); encrypted on the way back.
  Result<Secret> derive(const Object& key, const crypto::PublicKey& peer);

  // --- Sealed data ---

  /// At most 128 bytes, bound to a policy (of digest `policy_digest`; empty: to `auth`), noDA.
  Result<Blob> seal(const Object& parent, const Secret& data, ByteView policy_digest, const Secret& auth);
  /// `named` is the object of a PolicySecret in it, with its auth.
  Result<Secret> unseal(const Object& sealed, const Policy& policy, const Object* named = nullptr);

  // --- Proofs ---

  Result<Attestation> certify(const Object& object, const Object& signer, ByteView qualifying_data);
  Result<Attestation> certify_creation(const Primary& primary, const Object& signer, ByteView qualifying_data);
  /// PCRs of the SHA-256 bank; what they held comes with it.
  Result<std::pair<Attestation, std::vector<PcrValue>>> quote(const Object& signer, const std::vector<unsigned>& pcrs,
                                                              ByteView qualifying_data);
  Result<Attestation> certify_nv(std::uint32_t index, const Object& signer, ByteView qualifying_data);
  /// What the hierarchies are like, proven by an audit session: the answer of TPM2_GetCapability, and the attestation
  /// of state_audit_digest() over it.
  Result<std::pair<Bytes, Attestation>> certify_state(const Object& signer, const Secret& endorsement_auth,
                                                      ByteView qualifying_data);
  /// Opens a credential that was made for `ek` and the name of `key`. The TPM demands the ADMIN role of `key`, which an
  /// IDevID or IAK of the TCG's templates gives to its fixed policy only: "tpm.admin-policy" (unsupported). Prove a key
  /// of KeyUse::attest so, and let that one certify the IAK's creation.
  Result<Secret> activate_credential(const Object& key, const Object& ek, const Secret& endorsement_auth,
                                     const Credential& credential);

  // --- PCR and NV ---

  Result<std::vector<PcrValue>> read_pcrs(const std::vector<unsigned>& pcrs);
  Result<void> extend_pcr(unsigned pcr, ByteView sha256);

  Result<void> define_nv(const NvPublic& wanted, const Secret& owner_auth, const Secret& index_auth);
  Result<void> undefine_nv(std::uint32_t index, const Secret& owner_auth);
  /// "tpm.handle" (not_found) where there is none.
  Result<NvPublic> nv_public(std::uint32_t index);
  /// With the index's auth; a secret is encrypted on the way.
  Result<void> write_nv(std::uint32_t index, const Secret& data, const Secret& index_auth);
  /// Under a policy, whole; `named` is the object of a PolicySecret in it, with its auth.
  Result<void> write_nv(std::uint32_t index, ByteView data, const Policy& policy, const Object* named = nullptr);
  /// With the index's auth; encrypted on the way back. "tpm.locked" (denied) while the index is read-locked.
  Result<Secret> read_nv(std::uint32_t index, const Secret& index_auth);
  /// No more writes ever (TPMA_NV_WRITEDEFINE).
  Result<void> lock_nv_write(std::uint32_t index, const Secret& index_auth);
  /// No more reads until the next power cycle (TPMA_NV_READ_STCLEAR).
  Result<void> lock_nv_read(std::uint32_t index, const Secret& index_auth);

 private:
  explicit Tpm(std::shared_ptr<Connection> connection);
  Result<Object> hold(std::uint32_t esys_handle, bool transient, std::optional<Public> area, const Secret& auth);
  Result<Object> create_ek(const EkTemplate& which, const Secret& endorsement_auth);
  Result<Bytes> read_nv_public_data(std::uint32_t index);
  std::shared_ptr<Connection> connection_;
};

/// Bits of TPMA_NV that Signet sets.
enum NvAttribute : std::uint32_t {
  k_nv_auth_write = 1U << 2U,
  k_nv_policy_write = 1U << 3U,
  k_nv_write_define = 1U << 13U,
  k_nv_policy_read = 1U << 19U,
  k_nv_owner_read = 1U << 17U,
  k_nv_auth_read = 1U << 18U,
  k_nv_no_da = 1U << 25U,
  k_nv_read_stclear = 1U << 31U,
};

}  // namespace signet::tpm
