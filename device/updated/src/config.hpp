// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/updated.hpp"

namespace signet::updated {

/// A configuration's text; relative paths start at `folder`.
Result<DeviceConfig> parse_config(ByteView text, const std::filesystem::path& folder);

}  // namespace signet::updated
