// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/station.hpp"

namespace signet::station {

/// Config::load() without the file; relative paths are below `folder`.
Result<Config> parse_config(ByteView text, const std::filesystem::path& folder);

}  // namespace signet::station
