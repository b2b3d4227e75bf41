// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/pki.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

/// Members that statements of devices share. Errors are "attest.field" (invalid_input) or those of what was read; who
/// reads a document says which one it is.
namespace signet::attest {

inline constexpr std::size_t k_statement_bytes_max = 1U << 20U;
inline constexpr std::size_t k_nonce_size_bytes_min = 16;
inline constexpr std::size_t k_nonce_size_bytes_max = 64;

/// Base64 of `min` to `max` bytes.
Result<Bytes> bytes_at(const Json& json, std::string_view name, std::size_t min, std::size_t max);
/// A public area, a statement of a TPM or a signature.
Result<Bytes> part_at(const Json& json, std::string_view name);
Result<Bytes> nonce_at(const Json& json, std::string_view name);
/// One to eight certificates.
Result<std::vector<pki::Certificate>> chain_at(const Json& json, std::string_view name);
[[nodiscard]] Json chain_json(const std::vector<pki::Certificate>& chain);

}  // namespace signet::attest
