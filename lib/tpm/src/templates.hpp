// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tpm_data.hpp"

#include "tss.hpp"

/// Public areas that TPM2_CreatePrimary and TPM2_Create are asked for.
namespace signet::tpm {

[[nodiscard]] TPMT_PUBLIC idevid_template(DevidTemplate which);
[[nodiscard]] TPMT_PUBLIC iak_template(DevidTemplate which);
/// P-256, and where a TPM has no such curve RSA-2048 (some chips know RSA only).
enum class StorageKind : std::uint8_t { p256, rsa2048 };
[[nodiscard]] TPMT_PUBLIC storage_template(std::string_view label, StorageKind kind = StorageKind::p256);

/// Endorsement keys of the EK Credential Profile 2.5, annex B: low range (L-1, L-2) with policy A, high range (H-1 to
/// H-6) with policy B.
struct EkTemplate {
  std::uint32_t certificate_index;
  crypto::KeyAlgorithm algorithm;
  bool high;
};
[[nodiscard]] std::span<const EkTemplate> ek_templates();
[[nodiscard]] TPMT_PUBLIC ek_template(const EkTemplate& which);

/// A new key's area: P-256, P-384, RSA-2048, RSA-3072; "tpm.key-unsupported" for others.
Result<TPMT_PUBLIC> key_template(crypto::KeyAlgorithm algorithm);

}  // namespace signet::tpm
