// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attested_key.hpp"
#include "signet/cli.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Attestations of keys on the command line: shared by `key attest-verify` and `ca issue`.
namespace signet::cli {

/// A statement in a file, judged by id::trust_options() and --nonce.
Result<birth::JudgedKey> judge_attestation(const Invocation& call, const std::string& file,
                                           const std::optional<crypto::PublicKey>& key);
/// --nonce: 16 to 64 bytes; none where it is not given.
Result<std::optional<Bytes>> nonce_of(const Invocation& call);
[[nodiscard]] Option nonce_option(std::string help);

/// "software", "trusted-environment" or "strong".
[[nodiscard]] Option strength_option(std::string name, std::string help);
Result<attest::Strength> strength_of(const std::string& text);

/// Where the key is, in one sentence.
[[nodiscard]] std::string place_of(const birth::JudgedKey& judged);
[[nodiscard]] Json as_json(const birth::JudgedKey& judged);

}  // namespace signet::cli
