// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: pkcs11_encoding_fuzz)
#include "pkcs11_encoding.hpp"

#include "ossl.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <array>

namespace signet::keystore {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyAlgorithm;
using ParamBuilder = ossl::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Handle<OSSL_PARAM, OSSL_PARAM_free>;
using EcdsaSig = ossl::Handle<ECDSA_SIG, ECDSA_SIG_free>;

struct Curve {
  KeyAlgorithm algorithm;
  std::string_view params;  ///< DER
  const char* group;
};

// Object identifiers of RFC 5480 and RFC 8410; Ed25519 also as the curve name that PKCS#11 3.0 section 2.3.10 allows.
constexpr std::array k_curves{
    Curve{KeyAlgorithm::ec_p256, "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256"},
    Curve{KeyAlgorithm::ec_p384, std::string_view("\x06\x05\x2b\x81\x04\x00\x22", 7), "P-384"},
    Curve{KeyAlgorithm::ed25519, "\x06\x03\x2b\x65\x70", nullptr},
    Curve{KeyAlgorithm::ed25519,
          "\x13\x0c"
          "edwards25519",
          nullptr},
};

Error unknown_key() {
  return {Errc::unsupported, "keystore.unsupported", "a key on the token is of a kind that Signet does not use"};
}

Result<crypto::PublicKey> public_key_from(const char* type, OSSL_PARAM* params) {
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, "provider!=signet"));
  EVP_PKEY* made = nullptr;
  if (ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &made, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    (void)ossl::take_error(Errc::unsupported, "", "");
    return unknown_key();
  }
  const ossl::EvpPkey key(made);
  return ossl::from_evp(key.get());
}

ByteView unwrapped(ByteView point) {
  constexpr std::byte k_octet_string{0x04};
  const bool wrapped =
      point.size() > 2 && point[0] == k_octet_string && std::to_integer<std::size_t>(point[1]) == point.size() - 2;
  return wrapped ? point.subspan(2) : point;
}

}  // namespace

Result<crypto::PublicKey> rsa_public_key(ByteView modulus, ByteView exponent) {
  constexpr std::size_t k_modulus_bytes_max = 1024;
  if (modulus.empty() || modulus.size() > k_modulus_bytes_max || exponent.empty() || exponent.size() > 8)
    return unknown_key();
  const ossl::Bignum n(BN_bin2bn(as_uchar(modulus), static_cast<int>(modulus.size()), nullptr));
  const ossl::Bignum e(BN_bin2bn(as_uchar(exponent), static_cast<int>(exponent.size()), nullptr));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  return public_key_from("RSA", params.get());
}

Result<crypto::PublicKey> ec_public_key(ByteView params, ByteView point) {
  for (const Curve& curve : k_curves) {
    if (as_text(params) != curve.params) continue;
    const ByteView bare = unwrapped(point);
    if (bare.empty() || bare.size() > 256) return unknown_key();
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (curve.group != nullptr)
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, bare.data(), bare.size());
    const Params built(OSSL_PARAM_BLD_to_param(builder.get()));
    return public_key_from(curve.group != nullptr ? "EC" : "ED25519", built.get());
  }
  return unknown_key();
}

Bytes ec_params_of(KeyAlgorithm algorithm) {
  for (const Curve& curve : k_curves) {
    if (curve.algorithm == algorithm) return to_bytes(curve.params);
  }
  return {};
}

Bytes octet_string(ByteView content) {
  ensure(content.size() < 128, "octet_string: short form of a length");
  Bytes out{std::byte{0x04}, static_cast<std::byte>(content.size())};
  append(out, content);
  return out;
}

Result<Bytes> ecdsa_to_der(ByteView raw) {
  constexpr std::size_t k_raw_bytes_max = 132;
  if (raw.empty() || raw.size() % 2 != 0 || raw.size() > k_raw_bytes_max) {
    return Error(Errc::io, "keystore.failed", "the token gave an ECDSA signature of an impossible size");
  }
  const int half = static_cast<int>(raw.size() / 2);
  const EcdsaSig signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(as_uchar(raw), half, nullptr),
                 BN_bin2bn(as_uchar(raw) + half, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  ensure(size > 0, "two numbers can be written in DER");
  Bytes out = to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return out;
}

Bytes digest_info(HashAlgorithm hash, ByteView digest) {
  // RFC 8017 section 9.2, note 1: SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.2.x, NULL }, OCTET STRING }.
  constexpr std::array k_last_arc{std::byte{1}, std::byte{2}, std::byte{3}};
  const auto size = static_cast<std::byte>(digest.size());
  Bytes out{std::byte{0x30}, static_cast<std::byte>(digest.size() + 17)};
  append(out, as_bytes(std::string_view("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02", 12)));
  out.push_back(k_last_arc.at(static_cast<std::size_t>(hash)));
  append(out, as_bytes(std::string_view("\x05\x00\x04", 3)));
  out.push_back(size);
  append(out, digest);
  return out;
}

}  // namespace signet::keystore
