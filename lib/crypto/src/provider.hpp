// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ossl.hpp"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

#include <cstdint>
#include <memory>
#include <optional>

/// The in-process OpenSSL provider "signet": keys whose private half is a Signer
/// (docs/decisions/0005-inprocess-provider.md).
namespace signet::ossl::provider {

/// The key types that it knows, by OpenSSL's names for them.
enum class Kind : std::uint8_t { ec, rsa, ed25519 };

/// What OpenSSL holds as one of our keys. The public half is a key of the default provider, which answers all questions
/// about it.
struct KeyData {
  Kind kind;
  EvpPkey public_half;
  std::shared_ptr<crypto::Signer> signer;  ///< empty for a public key that OpenSSL copied to us in order to compare it
};

/// Carries a `std::shared_ptr<crypto::Signer>*` into EVP_PKEY_fromdata; meaningful in this process only.
inline constexpr const char* k_param_signer = "signet-signer";
/// Property query that lands on us, and one that never does.
inline constexpr const char* k_ours = "provider=signet";
inline constexpr const char* k_not_ours = "provider!=signet";

/// Tables for the provider's query function; they live as long as the program.
[[nodiscard]] const OSSL_ALGORITHM* key_algorithms();
[[nodiscard]] const OSSL_ALGORITHM* signature_algorithms();

/// Name under which the signatures of a kind are fetched: one of our own, so that no other provider's keys ever find
/// it.
[[nodiscard]] const char* signature_name(Kind kind);

/// The same key once more.
[[nodiscard]] EvpPkey another(const EvpPkey& key);

/// Puts an error into OpenSSL's queue, so that whatever function fails because of it can be asked with take_error().
void raise(Error error);
/// The Error behind an entry of this thread's queue, if raise() made it.
[[nodiscard]] std::optional<Error> raised(unsigned long entry);

/// A function pointer as OpenSSL's tables want it.
template <typename Function>
constexpr OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}
inline constexpr OSSL_DISPATCH k_dispatch_end{0, nullptr};

}  // namespace signet::ossl::provider
