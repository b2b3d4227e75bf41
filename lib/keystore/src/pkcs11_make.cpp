// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Keys come onto a token, and sign there.
#include "pkcs11_encoding.hpp"
#include "pkcs11_objects.hpp"
#include "software_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>

#include <algorithm>
#include <array>

namespace signet::keystore {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyAlgorithm;

struct KeyRow {
  KeyAlgorithm algorithm;
  CK_KEY_TYPE type;
  CK_MECHANISM_TYPE generate;
  CK_ULONG bits;
};

constexpr std::array k_keys{KeyRow{KeyAlgorithm::ec_p256, CKK_EC, CKM_EC_KEY_PAIR_GEN, 256},
                            KeyRow{KeyAlgorithm::ec_p384, CKK_EC, CKM_EC_KEY_PAIR_GEN, 384},
                            KeyRow{KeyAlgorithm::rsa_2048, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, 2048},
                            KeyRow{KeyAlgorithm::rsa_3072, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, 3072},
                            KeyRow{KeyAlgorithm::rsa_4096, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, 4096},
                            KeyRow{KeyAlgorithm::ed25519, CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, 256}};

const KeyRow& row_of(KeyAlgorithm algorithm) { return k_keys.at(static_cast<std::size_t>(algorithm)); }

void common(Template& to, CK_OBJECT_CLASS kind, CK_KEY_TYPE type, std::string_view label, ByteView id) {
  to.number(CKA_CLASS, kind)
      .number(CKA_KEY_TYPE, type)
      .flag(CKA_TOKEN, true)
      .bytes(CKA_LABEL, as_bytes(label))
      .bytes(CKA_ID, id);
}

void as_private(Template& to, CK_KEY_TYPE type, std::string_view label, ByteView id) {
  common(to, CKO_PRIVATE_KEY, type, label, id);
  to.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false).flag(CKA_SIGN, true);
}

void as_public(Template& to, CK_KEY_TYPE type, std::string_view label, ByteView id) {
  common(to, CKO_PUBLIC_KEY, type, label, id);
  to.flag(CKA_PRIVATE, false).flag(CKA_VERIFY, true);
}

/// A number of a private key, as long as `size_bytes`, or as it is.
Result<Secret> number_in(const EVP_PKEY* key, const char* name, std::size_t size_bytes = 0) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
    return ossl::take_error(Errc::invalid_input, "keystore.import", "a private key lacks one of its numbers");
  }
  const std::size_t size = std::max(size_bytes, static_cast<std::size_t>(BN_num_bytes(number)));
  Secret out(size);
  BN_bn2binpad(number, as_uchar(out.write(SecretAccess::for_cryptography())), static_cast<int>(size));
  BN_clear_free(number);
  return out;
}

Result<void> add_rsa(const EVP_PKEY* key, Template& secret, Template& open) {
  constexpr std::array<std::pair<CK_ATTRIBUTE_TYPE, const char*>, 8> k_numbers{
      {{CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
       {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
       {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
       {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
       {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
       {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
       {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
       {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
  for (const auto& [type, name] : k_numbers) {
    TRY_ASSIGN(Secret number, number_in(key, name));
    if (type == CKA_MODULUS || type == CKA_PUBLIC_EXPONENT)
      open.bytes(type, number.read(SecretAccess::for_cryptography()));
    secret.secret(type, std::move(number));
  }
  return {};
}

Result<void> add_ec(const EVP_PKEY* key, const KeyRow& row, Template& secret, Template& open) {
  const Bytes params = ec_params_of(row.algorithm);
  std::array<std::byte, 256> point{};
  std::size_t size = 0;
  const bool edwards = row.algorithm == KeyAlgorithm::ed25519;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, as_uchar(ByteSpan(point)), point.size(), &size) !=
      1) {
    return ossl::take_error(Errc::invalid_input, "keystore.import", "a private key lacks its public half");
  }
  Secret value(32);
  if (edwards) {
    std::size_t raw = value.size();
    if (EVP_PKEY_get_raw_private_key(key, as_uchar(value.write(SecretAccess::for_cryptography())), &raw) != 1) {
      return ossl::take_error(Errc::invalid_input, "keystore.import", "a private key lacks its private half");
    }
  } else {
    TRY_ASSIGN(value, number_in(key, OSSL_PKEY_PARAM_PRIV_KEY, row.bits / 8));
  }
  secret.bytes(CKA_EC_PARAMS, params).secret(CKA_VALUE, std::move(value));
  open.bytes(CKA_EC_PARAMS, params).bytes(CKA_EC_POINT, octet_string(ByteView(point).first(size)));
  return {};
}

}  // namespace

Result<void> generate_pair(Pkcs11Call& call, std::string_view label, ByteView id, KeyAlgorithm algorithm) {
  const KeyRow& row = row_of(algorithm);
  CK_MECHANISM_INFO info{};
  const CK_RV known = call.module.C_GetMechanismInfo(call.slot, row.generate, &info);
  const bool too_large =
      row.type == CKK_RSA && info.ulMaxKeySize != 0 && (row.bits > info.ulMaxKeySize || row.bits < info.ulMinKeySize);
  if (known != CKR_OK || too_large) {
    return Error(Errc::unsupported, "keystore.unsupported",
                 "the token does not make " + std::string(name_of(algorithm)) + " keys",
                 "Choose another algorithm, or another token.");
  }
  Template open, secret;
  as_public(open, row.type, label, id);
  as_private(secret, row.type, label, id);
  if (row.type == CKK_RSA) {
    constexpr std::array k_exponent{std::byte{1}, std::byte{0}, std::byte{1}};
    open.number(CKA_MODULUS_BITS, row.bits).bytes(CKA_PUBLIC_EXPONENT, k_exponent);
  } else {
    open.bytes(CKA_EC_PARAMS, ec_params_of(algorithm));
  }
  CK_MECHANISM mechanism{row.generate, nullptr, 0};
  CK_OBJECT_HANDLE public_handle = 0, private_handle = 0;
  return call.check(call.module.C_GenerateKeyPair(call.session, &mechanism, open.data(), open.size(), secret.data(),
                                                  secret.size(), &public_handle, &private_handle),
                    "generate a key");
}

Result<void> create_pair(Pkcs11Call& call, std::string_view label, ByteView id, const Secret& pkcs8_der) {
  TRY_ASSIGN(const ossl::EvpPkey key, parse_pkcs8(pkcs8_der));
  TRY_ASSIGN(const crypto::PublicKey public_key, ossl::from_evp(key.get()));
  const KeyRow& row = row_of(public_key.algorithm());
  Template open, secret;
  as_public(open, row.type, label, id);
  as_private(secret, row.type, label, id);
  TRY(row.type == CKK_RSA ? add_rsa(key.get(), secret, open) : add_ec(key.get(), row, secret, open));
  CK_OBJECT_HANDLE private_handle = 0, public_handle = 0;
  TRY(call.check(call.module.C_CreateObject(call.session, secret.data(), secret.size(), &private_handle),
                 "import a private key"));
  const CK_RV code = call.module.C_CreateObject(call.session, open.data(), open.size(), &public_handle);
  if (code != CKR_OK) call.module.C_DestroyObject(call.session, private_handle);  // both or none
  return call.check(code, "import a public key");
}

Result<Bytes> sign_on_token(Pkcs11Call& call, CK_OBJECT_HANDLE key, KeyAlgorithm algorithm,
                            crypto::SignatureScheme scheme, ByteView input) {
  const auto hash = hash_of(scheme);
  const KeyRow& row = row_of(algorithm);
  Bytes message = to_bytes(input);
  CK_MECHANISM mechanism{CKM_EDDSA, nullptr, 0};
  constexpr std::array<CK_MECHANISM_TYPE, 3> k_hashes{CKM_SHA256, CKM_SHA384, CKM_SHA512};
  constexpr std::array<CK_ULONG, 3> k_masks{CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512};
  CK_RSA_PKCS_PSS_PARAMS pss{};
  if (row.type == CKK_EC) {
    mechanism.mechanism = CKM_ECDSA;
    message.resize(std::min<std::size_t>(message.size(), row.bits / 8));  // FIPS 186-5 section 6.4: the leftmost bits
  } else if (row.type == CKK_RSA && hash && crypto::name_of(scheme).starts_with("rsa-pss")) {
    const auto index = static_cast<std::size_t>(*hash);
    pss = {k_hashes.at(index), k_masks.at(index), crypto::digest_size_bytes(*hash)};
    mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof(pss)};
  } else if (row.type == CKK_RSA && hash) {
    mechanism.mechanism = CKM_RSA_PKCS;
    message = digest_info(*hash, input);
  }
  TRY(call.check(call.module.C_SignInit(call.session, &mechanism, key), "sign"));
  Bytes signature(1024);
  CK_ULONG size = signature.size();
  TRY(call.check(call.module.C_Sign(call.session, as_uchar(ByteSpan(message)), message.size(),
                                    as_uchar(ByteSpan(signature)), &size),
                 "sign"));
  signature.resize(size);
  return row.type == CKK_EC ? ecdsa_to_der(signature) : Result<Bytes>(std::move(signature));
}

}  // namespace signet::keystore
