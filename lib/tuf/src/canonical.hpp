// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"

#include <string>

namespace signet::tuf {

/// OLPC canonical JSON, the bytes over which TUF signs: members by name, no white space, strings raw but for \" and
/// \\. It knows no fractions: "tuf.malformed".
Result<std::string> canonical(const Json& value);

}  // namespace signet::tuf
