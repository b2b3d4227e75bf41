// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"

#include "device.hpp"

namespace signet::keystored {

// The rows token-* and object-* of docs/formats/keystored-protocol.md: PINs, and small objects beside the keys.
Result<Json> token_info(Device& device, const Json& arguments);
Result<Json> token_init(Device& device, const Json& arguments);
Result<Json> token_init_pin(Device& device, const Json& arguments);
Result<Json> token_set_pin(Device& device, const Json& arguments);
Result<Json> token_login(Device& device, const Json& arguments);
Result<Json> object_put(Device& device, const Json& arguments);
Result<Json> object_remove(Device& device, const Json& arguments);
Result<Json> object_list(Device& device, const Json& arguments);

}  // namespace signet::keystored
