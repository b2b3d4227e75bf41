// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/crypto.hpp"

#include "ossl.hpp"

#include <memory>

namespace signet::pki {

/// Signs a certificate, request or list with OpenSSL's function for it (X509_sign and its kin), by the key's default
/// scheme.
template <auto Sign, typename T>
Result<void> sign_object(T* object, const std::shared_ptr<crypto::Signer>& signer) {
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::signing_key(signer));
  const auto hash = crypto::hash_of(crypto::default_scheme(signer->public_key().algorithm()));
  if (Sign(object, key.get(), hash ? ossl::md_of(*hash) : nullptr) <= 0) {
    return ossl::take_error(Errc::unavailable, "pki.sign", "the key did not sign",
                            "Check that the token is there and its PIN right.");
  }
  return {};
}

}  // namespace signet::pki
