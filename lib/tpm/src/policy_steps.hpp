// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tpm_policy.hpp"

#include "tss.hpp"

namespace signet::tpm {

/// A policy's PCR values as the TPM selects them, with the digest over what they hold (Part 1, section 17.9.2: banks
/// as listed, within each by index).
struct PcrCondition {
  TPML_PCR_SELECTION selection{};
  Bytes digest;
};
[[nodiscard]] PcrCondition condition_of(const PolicyPcr& step);
[[nodiscard]] TPML_PCR_SELECTION select_sha256(const std::vector<unsigned>& pcrs);

[[nodiscard]] TPM2_EO to_tpm(Comparison comparison);
/// Where TPMS_TIME_INFO has resetCount, for TPM2_PolicyCounterTimer.
inline constexpr UINT16 k_reset_count_offset = 16;
[[nodiscard]] Bytes operand_of(const PolicyResetCount& step);

}  // namespace signet::tpm
