// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystore.hpp"

#include "ossl.hpp"

/// Private keys in this process's memory: the file back end signs with them, import() looks into them.
namespace signet::keystore {

/// PrivateKeyInfo (RFC 5958) in DER; both halves must belong together. "keystore.import" (invalid_input) otherwise.
Result<ossl::EvpPkey> parse_pkcs8(const Secret& der);
/// The inverse of parse_pkcs8().
Result<Secret> write_pkcs8(const EVP_PKEY* key);
/// A signer over a private key.
Result<std::shared_ptr<crypto::Signer>> make_software_signer(ossl::EvpPkey key);

}  // namespace signet::keystore
