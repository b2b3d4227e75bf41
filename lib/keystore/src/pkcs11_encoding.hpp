// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/crypto.hpp"

/// Between PKCS#11's spelling of keys and signatures and everybody else's.
namespace signet::keystore {

/// CKA_MODULUS and CKA_PUBLIC_EXPONENT, big-endian.
Result<crypto::PublicKey> rsa_public_key(ByteView modulus, ByteView exponent);
/// CKA_EC_PARAMS and CKA_EC_POINT; the point wrapped as an OCTET STRING (the standard) or bare (some modules), Ed25519
/// included.
Result<crypto::PublicKey> ec_public_key(ByteView params, ByteView point);
/// CKA_EC_PARAMS of a curve, as DER of its object identifier.
Bytes ec_params_of(crypto::KeyAlgorithm algorithm);
/// DER OCTET STRING around a point of less than 128 bytes.
Bytes octet_string(ByteView content);
/// r || s, each half of it, to Ecdsa-Sig-Value (RFC 3279 section 2.2.3).
Result<Bytes> ecdsa_to_der(ByteView raw);
/// DigestInfo (RFC 8017 section 9.2) of a digest, which is what CKM_RSA_PKCS signs.
Bytes digest_info(crypto::HashAlgorithm hash, ByteView digest);

}  // namespace signet::keystore
