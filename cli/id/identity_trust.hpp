// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/identity.hpp"

#include <vector>

/// What a command line says about whom to believe: shared by all that judge a device or a key of one.
namespace signet::cli::id {

/// --anchor, --crl, --line-key, --witness-key, --station-key, --at.
[[nodiscard]] std::vector<Option> trust_options(bool anchor_required);
/// What those options say; the moment is now where --at does not name another.
Result<birth::IdentityTrust> trust_from(const Invocation& call);

}  // namespace signet::cli::id
