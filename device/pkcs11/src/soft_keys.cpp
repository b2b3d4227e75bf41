// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Keys as attributes, and attributes as keys.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "ossl.hpp"
#include "soft.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

namespace signet::pkcs11 {

namespace {

using ParamBuilder = ossl::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Handle<OSSL_PARAM, OSSL_PARAM_free>;
using Group = ossl::Handle<EC_GROUP, EC_GROUP_free>;
using Point = ossl::Handle<EC_POINT, EC_POINT_free>;
using SecretBignum = ossl::Handle<BIGNUM, BN_clear_free>;

// Private keys of a signet provider in the same process must not be taken for software keys.
constexpr const char* k_provider = "provider!=signet";
constexpr CK_ULONG k_rsa_bits_min = 1024;
constexpr CK_ULONG k_rsa_bits_max = 4096;

// RFC 5480 section 2.1.1.1.
constexpr std::array k_curves{
    Curve{"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256", 32},
    Curve{std::string_view("\x06\x05\x2b\x81\x04\x00\x22", 7), "P-384", 48},
    Curve{std::string_view("\x06\x05\x2b\x81\x04\x00\x23", 7), "P-521", 66},
};

struct Number {
  CK_ATTRIBUTE_TYPE type;
  const char* name;
};
constexpr std::array k_rsa_numbers{
    Number{CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
    Number{CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
    Number{CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
    Number{CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
    Number{CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
    Number{CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
    Number{CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
    Number{CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};
constexpr std::size_t k_rsa_public_numbers = 2;

CK_RV from_params(const char* type, int selection, ParamBuilder& builder, SoftKey& out) {
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, k_provider));
  EVP_PKEY* made = nullptr;
  const bool done = params != nullptr && ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
                    EVP_PKEY_fromdata(ctx.get(), &made, selection, params.get()) == 1;
  if (done) out = SoftKey(made, EVP_PKEY_free);
  if (!done) ERR_clear_error();
  return done ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

SecretBignum number_of(ByteView bytes) {
  return SecretBignum(BN_bin2bn(as_uchar(bytes), static_cast<int>(bytes.size()), nullptr));
}

CK_RV rsa_from(const Attributes& attributes, std::size_t numbers, int selection, SoftKey& out) {
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  std::array<SecretBignum, k_rsa_numbers.size()> held;
  for (std::size_t i = 0; i < numbers; ++i) {
    const ByteView value = bytes_at(attributes, k_rsa_numbers.at(i).type);
    if (value.empty()) return CKR_TEMPLATE_INCOMPLETE;
    if (value.size() > k_rsa_bits_max / 8 + 1) return CKR_ATTRIBUTE_VALUE_INVALID;
    held.at(i) = number_of(value);
    if (OSSL_PARAM_BLD_push_BN(builder.get(), k_rsa_numbers.at(i).name, held.at(i).get()) != 1)
      return CKR_ATTRIBUTE_VALUE_INVALID;
  }
  const int bits = BN_num_bits(held[0].get());
  if (bits < static_cast<int>(k_rsa_bits_min) || bits > static_cast<int>(k_rsa_bits_max) ||
      BN_is_odd(held[0].get()) == 0 || BN_num_bits(held[1].get()) < 2)
    return CKR_ATTRIBUTE_VALUE_INVALID;
  return from_params("RSA", selection, builder, out);
}

ByteView bare_point(ByteView point) {
  // An uncompressed point starts with 04 as well; as an OCTET STRING its length follows (section 2.3.3 of Mechanisms).
  if (point.size() > 2 && point[0] == std::byte{4} && std::to_integer<std::size_t>(point[1]) == point.size() - 2)
    return point.subspan(2);
  if (point.size() > 3 && point[0] == std::byte{4} && point[1] == std::byte{0x81} &&
      std::to_integer<std::size_t>(point[2]) == point.size() - 3)
    return point.subspan(3);
  return point;
}

CK_RV ec_from(const Curve& curve, ByteView point, const BIGNUM* secret, SoftKey& out) {
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  if (secret != nullptr) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret);
  return from_params("EC", secret != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, builder, out);
}

CK_RV ec_private_from(const Attributes& attributes, SoftKey& out) {
  const Curve* const curve = curve_of(bytes_at(attributes, CKA_EC_PARAMS));
  if (curve == nullptr) return CKR_CURVE_NOT_SUPPORTED;
  const ByteView value = bytes_at(attributes, CKA_VALUE);
  if (value.empty()) return CKR_TEMPLATE_INCOMPLETE;
  const Group group(EC_GROUP_new_by_curve_name(EC_curve_nist2nid(curve->group)));
  const SecretBignum secret = number_of(value);
  if (BN_is_zero(secret.get()) != 0 || BN_cmp(secret.get(), EC_GROUP_get0_order(group.get())) >= 0)
    return CKR_ATTRIBUTE_VALUE_INVALID;
  const Point point(EC_POINT_new(group.get()));
  if (EC_POINT_mul(group.get(), point.get(), secret.get(), nullptr, nullptr, nullptr) != 1)
    return CKR_ATTRIBUTE_VALUE_INVALID;
  Bytes encoded(2 * curve->field_bytes + 1);
  EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, as_uchar(ByteSpan(encoded)),
                     encoded.size(), nullptr);
  return ec_from(*curve, encoded, secret.get(), out);
}

Bytes number_at(EVP_PKEY* key, const char* name) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &found) != 1) {
    ERR_clear_error();
    return {};
  }
  const SecretBignum number(found);
  Bytes out(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), as_uchar(ByteSpan(out)));
  return out;
}

const Curve& curve_of(EVP_PKEY* key) {
  const auto bytes = static_cast<CK_ULONG>((EVP_PKEY_get_bits(key) + 7) / 8);
  const auto* const found = std::ranges::find(k_curves, bytes, &Curve::field_bytes);
  return found == k_curves.end() ? k_curves.front() : *found;
}

Bytes octet_string(ByteView content) {
  Bytes out{std::byte{4}};
  if (content.size() >= 128) out.push_back(std::byte{0x81});
  out.push_back(static_cast<std::byte>(content.size()));
  append(out, content);
  return out;
}

Bytes point_of(EVP_PKEY* key) {
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &size);
  Bytes point(size);
  EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, as_uchar(ByteSpan(point)), point.size(), &size);
  return point;
}

}  // namespace

const Curve* curve_of(ByteView params) {
  const auto* const found = std::ranges::find(k_curves, as_text(params), &Curve::params);
  return found == k_curves.end() ? nullptr : &*found;
}

CK_RV generate_ec(ByteView params, SoftKey& out) {
  const Curve* const curve = curve_of(params);
  if (curve == nullptr) return CKR_CURVE_NOT_SUPPORTED;
  EVP_PKEY* const made = EVP_PKEY_Q_keygen(nullptr, k_provider, "EC", curve->group);
  if (made == nullptr) return CKR_FUNCTION_FAILED;
  out = SoftKey(made, EVP_PKEY_free);
  return CKR_OK;
}

CK_RV generate_rsa(CK_ULONG bits, ByteView exponent, SoftKey& out) {
  if (bits < k_rsa_bits_min || bits > k_rsa_bits_max) return CKR_KEY_SIZE_RANGE;
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", k_provider));
  EVP_PKEY_keygen_init(ctx.get());
  EVP_PKEY_CTX_set_rsa_keygen_bits(ctx.get(), static_cast<int>(bits));
  if (!exponent.empty() && exponent.size() <= 8) {
    const SecretBignum number = number_of(exponent);
    if (EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx.get(), number.get()) != 1) return CKR_ATTRIBUTE_VALUE_INVALID;
  }
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_generate(ctx.get(), &made) != 1) {
    ERR_clear_error();
    return CKR_ATTRIBUTE_VALUE_INVALID;
  }
  out = SoftKey(made, EVP_PKEY_free);
  return CKR_OK;
}

CK_RV public_from(const Attributes& attributes, SoftKey& out) {
  const auto type = ulong_at(attributes, CKA_KEY_TYPE);
  if (!type) return CKR_TEMPLATE_INCOMPLETE;
  if (*type == CKK_RSA) return rsa_from(attributes, k_rsa_public_numbers, EVP_PKEY_PUBLIC_KEY, out);
  if (*type != CKK_EC) return CKR_ATTRIBUTE_VALUE_INVALID;
  if (!attributes.contains(CKA_EC_PARAMS) || !attributes.contains(CKA_EC_POINT)) return CKR_TEMPLATE_INCOMPLETE;
  const Curve* const curve = curve_of(bytes_at(attributes, CKA_EC_PARAMS));
  if (curve == nullptr) return CKR_CURVE_NOT_SUPPORTED;
  return ec_from(*curve, bare_point(bytes_at(attributes, CKA_EC_POINT)), nullptr, out);
}

CK_RV private_from(const Attributes& attributes, SoftKey& out) {
  const auto type = ulong_at(attributes, CKA_KEY_TYPE);
  if (!type) return CKR_TEMPLATE_INCOMPLETE;
  if (*type == CKK_RSA) return rsa_from(attributes, k_rsa_numbers.size(), EVP_PKEY_KEYPAIR, out);
  return *type == CKK_EC ? ec_private_from(attributes, out) : CKR_ATTRIBUTE_VALUE_INVALID;
}

SoftKey soft_of(const crypto::PublicKey& key) {
  auto made = ossl::to_evp(key);
  return made ? SoftKey(made->release(), EVP_PKEY_free) : nullptr;
}

bool is_rsa(EVP_PKEY* key) { return EVP_PKEY_is_a(key, "RSA") == 1; }

CK_ULONG signature_bytes(EVP_PKEY* key) {
  return is_rsa(key) ? static_cast<CK_ULONG>(EVP_PKEY_get_size(key)) : 2 * curve_of(key).field_bytes;
}

void add_public_numbers(EVP_PKEY* key, CK_OBJECT_CLASS object_class, Attributes& out) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size > 0) out[CKA_PUBLIC_KEY_INFO] = to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  if (is_rsa(key)) {
    out[CKA_KEY_TYPE] = of_ulong(CKK_RSA);
    out[CKA_MODULUS] = number_at(key, OSSL_PKEY_PARAM_RSA_N);
    out[CKA_PUBLIC_EXPONENT] = number_at(key, OSSL_PKEY_PARAM_RSA_E);
    if (object_class == CKO_PUBLIC_KEY) out[CKA_MODULUS_BITS] = of_ulong(static_cast<CK_ULONG>(EVP_PKEY_get_bits(key)));
    return;
  }
  out[CKA_KEY_TYPE] = of_ulong(CKK_EC);
  out[CKA_EC_PARAMS] = to_bytes(curve_of(key).params);
  if (object_class == CKO_PUBLIC_KEY) out[CKA_EC_POINT] = octet_string(point_of(key));
}

bool is_private_number(CK_ATTRIBUTE_TYPE type) {
  if (type == CKA_VALUE) return true;
  const auto* const found = std::ranges::find(k_rsa_numbers, type, &Number::type);
  return found != k_rsa_numbers.end() && found - k_rsa_numbers.begin() >= std::ptrdiff_t{k_rsa_public_numbers};
}

Bytes private_number(EVP_PKEY* key, CK_ATTRIBUTE_TYPE type) {
  if (type == CKA_VALUE) return is_rsa(key) ? Bytes() : number_at(key, OSSL_PKEY_PARAM_PRIV_KEY);
  const auto* const found = std::ranges::find(k_rsa_numbers, type, &Number::type);
  return found == k_rsa_numbers.end() || !is_rsa(key) ? Bytes() : number_at(key, found->name);
}

Secret pkcs8_of(EVP_PKEY* key) {
  const ossl::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key));
  unsigned char* der = nullptr;
  const int size = info == nullptr ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  if (size <= 0) return {};
  Secret out = Secret::copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return out;
}

CK_RV peer_from(EVP_PKEY* key, ByteView point, SoftKey& out) {
  if (is_rsa(key)) return CKR_KEY_TYPE_INCONSISTENT;
  if (point.empty()) return CKR_MECHANISM_PARAM_INVALID;
  const CK_RV made = ec_from(curve_of(key), bare_point(point), nullptr, out);
  return made == CKR_OK ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

}  // namespace signet::pkcs11
