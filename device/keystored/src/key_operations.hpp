// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/tpm_keystore.hpp"

#include "device.hpp"

namespace signet::keystored {

/// The argument `purpose`.
Result<keystore::Purpose> purpose_at(const Json& arguments);
/// A key as docs/formats/keystored-protocol.md describes it.
Result<Json> key_json(keystore::TpmKeystore& keys, const keystore::TpmKeyInfo& info);

// The rows rotate and rotate-prepare.
Result<Json> rotate(Device& device, const Json& arguments);
Result<Json> rotate_prepare(Device& device, const Json& arguments);

}  // namespace signet::keystored
