// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <span>

namespace signet::pkcs11 {

/// What a mechanism does, whatever hash it does it with.
enum class Family : std::uint8_t {
  digest,
  hmac,
  ecdsa,
  rsa_pkcs,
  rsa_pss,
  rsa_raw,
  rsa_oaep,
  ecdh,
  aes_ecb,
  aes_cbc,
  aes_cbc_pad,
  aes_ctr,
  aes_gcm,
  aes_key_wrap,
  aes_key_wrap_pad,
  ec_pair,
  rsa_pair,
  aes_key,
  generic_key,
};

/// One row of the only table of what this module can do.
struct Mechanism {
  CK_MECHANISM_TYPE type;
  Family family;
  const char* hash;  ///< OpenSSL's name; none where the caller has digested already, or nothing is digested
  CK_ULONG size_min;
  CK_ULONG size_max;
  CK_FLAGS flags;  ///< CKF_HW where the token does it with its own keys; without, it happens in this process
};

[[nodiscard]] std::span<const Mechanism> mechanisms();
/// The row of a mechanism that may be used so (CKF_SIGN, CKF_DIGEST ...); null if there is none.
[[nodiscard]] const Mechanism* find_mechanism(CK_MECHANISM_TYPE type, CK_FLAGS use);
/// OpenSSL's name of a digest mechanism; null if there is none.
[[nodiscard]] const char* hash_of(CK_MECHANISM_TYPE digest);

}  // namespace signet::pkcs11
