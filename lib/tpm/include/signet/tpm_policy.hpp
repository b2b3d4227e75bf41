// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/tpm_data.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Enhanced authorization (TPM 2.0 Library, Part 1, section 19.7) as data: the vendor computes a policy's digest
/// without a TPM, the device plays the same steps. All policies are SHA-256.
namespace signet::tpm {

/// Unsigned comparison of an NV index's bytes with `operand` (TPM2_PolicyNV).
enum class Comparison : std::uint8_t { equal, less, less_or_equal, greater };

struct PolicyPcr {  ///< the PCRs hold these values now
  std::vector<PcrValue> values;
};
struct PolicyNv {
  NvPublic index;
  Bytes operand;
  Comparison comparison = Comparison::equal;
};
struct PolicyCommand {  ///< TPM2_PolicyCommandCode
  std::uint32_t command_code = 0;
};
struct PolicyCpHash {  ///< only the command with exactly these parameters
  Bytes cp_hash;
};
struct PolicySecret {  ///< the auth of an entity with this name is known
  Bytes entity_name;
  std::uint32_t handle = 0;  ///< where the entity is: a hierarchy, or a persistent object
};
struct PolicyResetCount {  ///< TPM2_PolicyCounterTimer: in this power cycle only
  std::uint32_t reset_count = 0;
};
struct PolicyAuthValue {};  ///< and the auth of the object itself is known (TPM2_PolicyAuthValue)
struct PolicyAuthorize {    ///< whatever policy this key has approved (TPM2_PolicyAuthorize); resets what came before
  Public key;
  Bytes policy_ref;
  Bytes approved;   ///< the policy digest that was approved
  Bytes signature;  ///< over approval_digest(approved, policy_ref): DER ECDSA or PKCS#1
  crypto::SignatureScheme scheme = crypto::SignatureScheme::ecdsa_sha256;
};

using PolicyStep = std::variant<PolicyPcr, PolicyNv, PolicyCommand, PolicyCpHash, PolicySecret, PolicyResetCount,
                                PolicyAuthValue, PolicyAuthorize>;
using Policy = std::vector<PolicyStep>;

/// What TPM2_PolicyGetDigest would say after these steps.
[[nodiscard]] Bytes digest_of(const Policy& policy);
/// What the approving key signs: the digest of the message approved || policy_ref (Part 3, section 23.16); returns the
/// message, so that Signer::sign hashes it.
[[nodiscard]] Bytes approval_message(ByteView approved, ByteView policy_ref);
/// A signing key as TPM2_LoadExternal takes it: the same area gives the same name on each TPM. P-256, P-384 and RSA:
/// else "tpm.key-unsupported".
Result<Public> external_public(const crypto::PublicKey& key);

// --- Keys bound to a boot state ---

/// How many PCRs there are, in each bank (PC Client Platform TPM Profile 1.05, section 4.6).
inline constexpr unsigned k_pcrs = 24;
/// The policy of a key that works only while these PCRs of the SHA-256 bank hold these values, and only for who knows
/// its auth. `values` is not empty, and names each PCR once.
[[nodiscard]] Policy boot_policy(std::vector<PcrValue> values);
/// PCRs of the SHA-256 bank as an object from number to base64, by number: {"7":"...","11":"..."}.
[[nodiscard]] Json to_json(const std::vector<PcrValue>& values);
/// At least one, by number: "tpm.pcrs" (invalid_input).
Result<std::vector<PcrValue>> pcr_values_from(const Json& json);
/// "PCR 7", "PCRs 7, 11".
[[nodiscard]] std::string names_of(const std::vector<unsigned>& pcrs);

// --- The version floor (DESIGN: an ordinary 8-byte NV index, written only under vendor-authorized policies) ---

/// Where the floor lives.
inline constexpr std::uint32_t k_floor_index = 0x01800101;
/// What approvals of the floor carry as policy_ref, so that the same key can approve nothing else by it.
inline constexpr std::string_view k_floor_policy_ref = "signet floor v1";

/// The public area of a floor that this key rules, unwritten or written.
Result<NvPublic> floor_public(const crypto::PublicKey& floor_key, bool written);

/// A signed permission to write one value into the floor. Travels in bundles and birth policies
/// (docs/formats/floor-approval.md); the TPM itself checks it.
struct FloorApproval {
  enum class Kind : std::uint8_t {
    first,  ///< the first write of a new floor: cannot be repeated, since the index's name changes with it
    raise,  ///< "if the floor is below N, write N": for every device of the vendor
    lower,  ///< "if the floor is exactly FROM, write N", bound to one device and to one power cycle
  };
  Kind kind = Kind::raise;
  std::uint64_t value = 0;
  std::uint64_t from = 0;         ///< of a lower
  Bytes device_name;              ///< of a lower: the name of the device's IDevID key in its TPM
  std::uint32_t reset_count = 0;  ///< of a lower
  crypto::PublicKey key;          ///< the floor key
  crypto::SignatureScheme scheme = crypto::SignatureScheme::ecdsa_sha256;
  Bytes signature;

  /// JSON; strict; only the form is checked. "tpm.approval" (invalid_input).
  static Result<FloorApproval> parse(ByteView json);
  [[nodiscard]] Bytes encode() const;
  /// Checks the signature over the policy that kind and values make: "tpm.approval-signature" (untrusted).
  Result<void> check() const;
  /// The steps for the TPM, the PolicyAuthorize last. `idevid_handle` is used by a lower only.
  Result<Policy> policy(std::uint32_t idevid_handle) const;
};

/// Signs the permission for a first write or a raise.
Result<FloorApproval> approve_floor(crypto::Signer& floor_key, FloorApproval::Kind kind, std::uint64_t value);
/// Signs the permission to lower one device's floor.
Result<FloorApproval> approve_lower(crypto::Signer& floor_key, std::uint64_t from, std::uint64_t value,
                                    ByteView device_name, std::uint32_t reset_count);

}  // namespace signet::tpm
