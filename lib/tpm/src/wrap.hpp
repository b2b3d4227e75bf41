// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tpm_data.hpp"

#include "tss.hpp"

/// What the outside does for a storage key of a TPM: a secret seed for it, and data protected under that seed (Part 1,
/// sections 22 to 24 and annexes B.10.3, C.6.3).
namespace signet::tpm {

struct Wrapped {
  Bytes data;    ///< integrity HMAC as a TPM2B || ciphertext
  Bytes secret;  ///< TPM2B_ENCRYPTED_SECRET's bytes
};
/// Protects `plain` for an object of that name. `label` is "IDENTITY" or "DUPLICATE". `parent` is a restricted
/// decryption key with AES in CFB: else "tpm.ek-unsupported".
Result<Wrapped> wrap(const Public& parent, std::string_view label, ByteView object_name, const Secret& plain);

}  // namespace signet::tpm
