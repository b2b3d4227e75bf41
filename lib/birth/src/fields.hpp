// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/birth.hpp"

/// How values stand in the JSON of this module: bytes in base64, digests in hexadecimal, certificates as DER in base64.
namespace signet::birth {

inline constexpr std::size_t k_blob_bytes_max = 8192;       ///< a public area, an attestation, a signature
inline constexpr std::size_t k_envelope_bytes_max = 65535;  ///< what one entry of a ledger holds
inline constexpr std::size_t k_chain_certificates_max = 8;
inline constexpr std::size_t k_further_keys_max = 8;

Result<Bytes> bytes_at(const Json& json, std::string_view name, std::size_t size_bytes_min, std::size_t size_bytes_max);
Result<Bytes> digest_at(const Json& json, std::string_view name);
Result<std::string> name_at(const Json& json, std::string_view name);
Result<ProductId> product_at(const Json& json, std::string_view name);
Result<crypto::PublicKey> key_at(const Json& json, std::string_view name);
Result<std::vector<pki::Certificate>> certificates_at(const Json& json, std::string_view name, std::size_t count_max);
[[nodiscard]] Json certificates_json(const std::vector<pki::Certificate>& certificates);
/// The members of an object whose names are those of further keys.
Result<Json::Object> named_members_at(const Json& json, std::string_view name);

/// Whatever was wrong inside, as one reason for callers: `what` is the document ("a birth policy").
template <typename T>
Result<T> refused_as(Result<T> inner, const char* reason, const char* what) {
  if (inner.has_value()) return inner;
  return Error(Errc::invalid_input, reason, "not " + std::string(what) + ": " + inner.error().message(),
               "It was made by a faulty or a newer program, or altered on the way.");
}

}  // namespace signet::birth
