// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ca.hpp"

#include <optional>

namespace signet::ca {

/// Whether the key of an application is where the application, and the authority's demand, want it.
Result<void> check_attestation(const Application& application, std::optional<attest::Strength> demanded);

}  // namespace signet::ca
