// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider.hpp"

namespace signet::ossl::provider {

/// One signature in the making, or one to be checked.
struct SignContext {
  Kind kind;
  std::shared_ptr<crypto::Signer> signer = nullptr;
  EvpPkey public_half = nullptr;
  std::optional<crypto::HashAlgorithm> hash = std::nullopt;
  std::optional<crypto::HashAlgorithm> mgf1_hash = std::nullopt;  ///< empty: the same as `hash`
  bool pss = false;
  int salt_bytes;  ///< or one of OpenSSL's RSA_PSS_SALTLEN_ values
  EvpMdCtx hasher = nullptr;
};

/// Makes an error of ours OpenSSL's, and its "no".
int refuse(Error error);

/// One of our hashes by any of OpenSSL's names for it.
Result<crypto::HashAlgorithm> hash_named(const char* name);
/// What the context's parameters add up to for signing.
Result<crypto::SignatureScheme> scheme_of(const SignContext& context);

// OpenSSL's parameter functions; `context` is a SignContext.
int set_context_params(void* context, const OSSL_PARAM params[]) noexcept;
const OSSL_PARAM* settable_context_params(void* context, void* provider) noexcept;
int get_context_params(void* context, OSSL_PARAM params[]) noexcept;
const OSSL_PARAM* gettable_context_params(void* context, void* provider) noexcept;

}  // namespace signet::ossl::provider
