// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ca.hpp"
#include "signet/cli.hpp"
#include "signet/pki.hpp"

#include <string>
#include <string_view>

/// How certificates and an authority's entries are told, and how serial numbers are read.
namespace signet::cli {

Json as_json(const pki::Certificate& certificate);
/// "valid", "expired", "revoked".
std::string_view state_of(const ca::Entry& entry, Instant now);
Json as_json(const ca::Entry& entry, Instant now);
/// The SERIAL of a command line, as Signet writes serial numbers.
std::string serial_of(const Invocation& call);

}  // namespace signet::cli
