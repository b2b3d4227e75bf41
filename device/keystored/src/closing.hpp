// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/birth.hpp"
#include "signet/core/result.hpp"
#include "signet/tpm.hpp"

#include "root.hpp"

namespace signet::keystored {

// Keys of the TCG's templates count wrong values, and each unclean power-off after their use counts as one.
inline constexpr unsigned k_lockout_failures_max = 32;
inline constexpr unsigned k_lockout_recovery_seconds = 600;
inline constexpr unsigned k_lockout_auth_recovery_seconds = 3600;

/// What a birth does to the TPM for good, as a table of steps. Each looks at the TPM first and does only what is left
/// to do, so that it can be cut off anywhere and run again. `auths` must be durable, the escrow too, before the first.
struct Closing {
  const birth::Policy& policy;
  const Auths& auths;
  const DeviceKeyAuths& key_auths;
};
/// Needs two free object slots. Errors name the step; "keystored.floor-taken" (conflict).
Result<void> close_tpm(tpm::Tpm& tpm, const Closing& closing);

}  // namespace signet::keystored
