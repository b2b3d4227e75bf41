// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ca.hpp"
#include "signet/cli.hpp"

/// What an authority demands of keys, and what is shown of them.
namespace signet::cli {

/// Where the key lives, as --attestation proves it, and how strong it must be by --require-strength. Returns the former
/// in words.
Result<std::string> add_attestation(const Invocation& call, ca::Application& application);
/// `signet ca require`.
Command require_command();
/// --profile, of roots or of all others.
Option profile_option(bool self_signed);

}  // namespace signet::cli
