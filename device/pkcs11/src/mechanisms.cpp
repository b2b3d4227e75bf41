// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "mechanisms.hpp"

#include <algorithm>
#include <array>

namespace signet::pkcs11 {

namespace {

constexpr CK_FLAGS k_signs = CKF_SIGN | CKF_VERIFY;
constexpr CK_FLAGS k_ec = CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS;
constexpr CK_FLAGS k_ec_signs = CKF_HW | k_signs | k_ec;
constexpr CK_FLAGS k_rsa_signs = CKF_HW | k_signs;
constexpr CK_FLAGS k_ciphers = CKF_ENCRYPT | CKF_DECRYPT;
constexpr CK_ULONG k_hmac_max = 512;

// Sizes are in bits for RSA and EC, in bytes for AES and HMAC (PKCS#11 2.40, Current Mechanisms).
constexpr std::array k_table{
    Mechanism{CKM_EC_KEY_PAIR_GEN, Family::ec_pair, nullptr, 256, 521, CKF_HW | CKF_GENERATE_KEY_PAIR | k_ec},
    Mechanism{CKM_ECDSA, Family::ecdsa, nullptr, 256, 521, k_ec_signs},
    Mechanism{CKM_ECDSA_SHA1, Family::ecdsa, "SHA1", 256, 521, k_ec_signs},
    Mechanism{CKM_ECDSA_SHA224, Family::ecdsa, "SHA224", 256, 521, k_ec_signs},
    Mechanism{CKM_ECDSA_SHA256, Family::ecdsa, "SHA256", 256, 521, k_ec_signs},
    Mechanism{CKM_ECDSA_SHA384, Family::ecdsa, "SHA384", 256, 521, k_ec_signs},
    Mechanism{CKM_ECDSA_SHA512, Family::ecdsa, "SHA512", 256, 521, k_ec_signs},
    Mechanism{CKM_ECDH1_DERIVE, Family::ecdh, nullptr, 256, 521, CKF_HW | CKF_DERIVE | k_ec},
    Mechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, Family::rsa_pair, nullptr, 1024, 4096, CKF_HW | CKF_GENERATE_KEY_PAIR},
    Mechanism{CKM_RSA_PKCS, Family::rsa_pkcs, nullptr, 1024, 4096, k_rsa_signs},
    Mechanism{CKM_RSA_X_509, Family::rsa_raw, nullptr, 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA1_RSA_PKCS, Family::rsa_pkcs, "SHA1", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA224_RSA_PKCS, Family::rsa_pkcs, "SHA224", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA256_RSA_PKCS, Family::rsa_pkcs, "SHA256", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA384_RSA_PKCS, Family::rsa_pkcs, "SHA384", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA512_RSA_PKCS, Family::rsa_pkcs, "SHA512", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_RSA_PKCS_PSS, Family::rsa_pss, nullptr, 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA256_RSA_PKCS_PSS, Family::rsa_pss, "SHA256", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA384_RSA_PKCS_PSS, Family::rsa_pss, "SHA384", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_SHA512_RSA_PKCS_PSS, Family::rsa_pss, "SHA512", 1024, 4096, k_rsa_signs},
    Mechanism{CKM_RSA_PKCS_OAEP, Family::rsa_oaep, nullptr, 1024, 4096, CKF_HW | k_ciphers},
    Mechanism{CKM_SHA_1, Family::digest, "SHA1", 0, 0, CKF_DIGEST},
    Mechanism{CKM_SHA224, Family::digest, "SHA224", 0, 0, CKF_DIGEST},
    Mechanism{CKM_SHA256, Family::digest, "SHA256", 0, 0, CKF_DIGEST},
    Mechanism{CKM_SHA384, Family::digest, "SHA384", 0, 0, CKF_DIGEST},
    Mechanism{CKM_SHA512, Family::digest, "SHA512", 0, 0, CKF_DIGEST},
    Mechanism{CKM_SHA_1_HMAC, Family::hmac, "SHA1", 1, k_hmac_max, k_signs},
    Mechanism{CKM_SHA224_HMAC, Family::hmac, "SHA224", 1, k_hmac_max, k_signs},
    Mechanism{CKM_SHA256_HMAC, Family::hmac, "SHA256", 1, k_hmac_max, k_signs},
    Mechanism{CKM_SHA384_HMAC, Family::hmac, "SHA384", 1, k_hmac_max, k_signs},
    Mechanism{CKM_SHA512_HMAC, Family::hmac, "SHA512", 1, k_hmac_max, k_signs},
    Mechanism{CKM_GENERIC_SECRET_KEY_GEN, Family::generic_key, nullptr, 1, k_hmac_max, CKF_GENERATE},
    Mechanism{CKM_AES_KEY_GEN, Family::aes_key, nullptr, 16, 32, CKF_GENERATE},
    Mechanism{CKM_AES_ECB, Family::aes_ecb, nullptr, 16, 32, k_ciphers},
    Mechanism{CKM_AES_CBC, Family::aes_cbc, nullptr, 16, 32, k_ciphers},
    Mechanism{CKM_AES_CBC_PAD, Family::aes_cbc_pad, nullptr, 16, 32, k_ciphers},
    Mechanism{CKM_AES_CTR, Family::aes_ctr, nullptr, 16, 32, k_ciphers},
    Mechanism{CKM_AES_GCM, Family::aes_gcm, nullptr, 16, 32, k_ciphers},
    Mechanism{CKM_AES_KEY_WRAP, Family::aes_key_wrap, nullptr, 16, 32, CKF_WRAP | CKF_UNWRAP},
    Mechanism{CKM_AES_KEY_WRAP_PAD, Family::aes_key_wrap_pad, nullptr, 16, 32, CKF_WRAP | CKF_UNWRAP},
};

}  // namespace

std::span<const Mechanism> mechanisms() { return k_table; }

const Mechanism* find_mechanism(CK_MECHANISM_TYPE type, CK_FLAGS use) {
  const auto* const row = std::ranges::find(k_table, type, &Mechanism::type);
  return row != k_table.end() && (row->flags & use) == use ? row : nullptr;
}

const char* hash_of(CK_MECHANISM_TYPE digest) {
  const Mechanism* const row = find_mechanism(digest, CKF_DIGEST);
  return row == nullptr ? nullptr : row->hash;
}

}  // namespace signet::pkcs11
