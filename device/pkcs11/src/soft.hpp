// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"

#include "attributes.hpp"
#include "mechanisms.hpp"

#include <openssl/evp.h>

#include <memory>
#include <string>

/// Cryptography in this process, by OpenSSL: public keys, and session keys that live no longer than the program.
namespace signet::pkcs11 {

using SoftKey = std::shared_ptr<EVP_PKEY>;

/// How a digest (or what the caller took for one) becomes a signature.
struct SignatureKind {
  Family family = Family::ecdsa;
  const char* hash = nullptr;  ///< of the digest; none for data that is signed as it is
  const char* mgf = nullptr;   ///< RSA-PSS
  CK_ULONG salt_bytes = 0;     ///< RSA-PSS
};

/// A named curve that PKCS#11 objects may be on.
struct Curve {
  std::string_view params;  ///< CKA_EC_PARAMS
  const char* group;
  CK_ULONG field_bytes;
};
[[nodiscard]] const Curve* curve_of(ByteView params);

/// CKR_CURVE_NOT_SUPPORTED, CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID.
CK_RV generate_ec(ByteView params, SoftKey& out);
CK_RV generate_rsa(CK_ULONG bits, ByteView exponent, SoftKey& out);
/// A key from the attributes of an object that an application describes: CKR_TEMPLATE_INCOMPLETE,
/// CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED.
CK_RV public_from(const Attributes& attributes, SoftKey& out);
CK_RV private_from(const Attributes& attributes, SoftKey& out);
[[nodiscard]] SoftKey soft_of(const crypto::PublicKey& key);

/// CKA_KEY_TYPE, the public numbers and CKA_PUBLIC_KEY_INFO, as a public (or private) key object has them.
void add_public_numbers(EVP_PKEY* key, CK_OBJECT_CLASS object_class, Attributes& out);
/// A private number of a key that may be read; nothing for other types.
[[nodiscard]] Bytes private_number(EVP_PKEY* key, CK_ATTRIBUTE_TYPE type);
/// Whether an attribute of a private or secret key is one of those that CKA_SENSITIVE hides.
[[nodiscard]] bool is_private_number(CK_ATTRIBUTE_TYPE type);
/// PrivateKeyInfo (RFC 5958).
[[nodiscard]] Secret pkcs8_of(EVP_PKEY* key);
/// Bytes of a signature: r and s, or one number as long as the modulus.
[[nodiscard]] CK_ULONG signature_bytes(EVP_PKEY* key);
[[nodiscard]] bool is_rsa(EVP_PKEY* key);

/// CKR_DATA_LEN_RANGE, CKR_FUNCTION_FAILED.
CK_RV soft_sign(EVP_PKEY* key, const SignatureKind& kind, ByteView digest, Bytes& out);
/// CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE.
CK_RV soft_verify(EVP_PKEY* key, const SignatureKind& kind, ByteView digest, ByteView signature);
/// RSA-OAEP; CKR_ENCRYPTED_DATA_INVALID, CKR_DATA_LEN_RANGE.
CK_RV soft_oaep(EVP_PKEY* key, bool encrypts, const char* hash, ByteView in, Bytes& out);
/// The x coordinate; CKR_MECHANISM_PARAM_INVALID for a point that is not on the key's curve.
CK_RV soft_ecdh(EVP_PKEY* key, EVP_PKEY* peer, Secret& out);
/// The public key of an ECDH peer on the same curve as `key`, from its point, bare or as an OCTET STRING.
CK_RV peer_from(EVP_PKEY* key, ByteView point, SoftKey& out);

/// ECDSA between DER and r || s, each of `field_bytes`.
[[nodiscard]] Bytes raw_of_der(ByteView der, CK_ULONG field_bytes);
[[nodiscard]] Bytes der_of_raw(ByteView raw);

}  // namespace signet::pkcs11
