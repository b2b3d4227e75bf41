// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tpm_keystore.hpp"

/// The files of a TPM key store: docs/formats/tpm-keystore.md.
namespace signet::keystore {

/// What a key record may take.
inline constexpr std::uint64_t k_record_bytes_max = 16U * 1024U;
/// The version that is written: the lowest that can say it, so that a device that falls back to an older Signet after
/// an update finds all keys that the older one could have made.
inline constexpr std::uint64_t k_record_version = 1;
/// Of keys that are bound to a boot state.
inline constexpr std::uint64_t k_record_version_bound = 2;

/// One key as its file has it.
struct TpmRecord {
  std::string label;
  Purpose purpose;
  tpm::KeyUse use;
  Bytes parent_name;  ///< of the parent in the TPM that made it
  tpm::Public area;
  Bytes private_area;  ///< encrypted by the TPM under the parent
  Secret auth;
  std::vector<tpm::PcrValue> boot_state = {};  ///< by number; empty: bound to none
  std::uint64_t version = k_record_version;    ///< that it was read from

  /// Reads any version up to ours. "keystore.record" (invalid_input), "keystore.record-version" (unsupported).
  static Result<TpmRecord> parse(ByteView text);
  /// The file in our version; parse() of it gives the same value, and every file of our version has one spelling.
  [[nodiscard]] Secret text() const;
  [[nodiscard]] TpmKeyInfo info() const;
  /// What the TPM has to be shown at each use; empty where the auth alone does.
  [[nodiscard]] tpm::Policy policy() const;
};

/// Sealed data as handed out, with the parent it was sealed under.
struct SealedBlob {
  Bytes parent_name;
  tpm::Blob blob;

  /// "keystore.sealed" (invalid_input).
  static Result<SealedBlob> parse(ByteView wire);
  [[nodiscard]] Bytes encode() const;
};

}  // namespace signet::keystore
