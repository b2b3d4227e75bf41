// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ossl.hpp"
#include "tss.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace signet::tpm {

namespace {

using ParamBuilder = ossl::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Handle<OSSL_PARAM, OSSL_PARAM_free>;
using EcdsaSignature = ossl::Handle<ECDSA_SIG, ECDSA_SIG_free>;

struct Curve {
  TPM2_ECC_CURVE id;
  crypto::KeyAlgorithm algorithm;
  const char* name;
  std::size_t field_size_bytes;
};
constexpr Curve k_curves[] = {{TPM2_ECC_NIST_P256, crypto::KeyAlgorithm::ec_p256, "prime256v1", 32},
                              {TPM2_ECC_NIST_P384, crypto::KeyAlgorithm::ec_p384, "secp384r1", 48}};

/// Left-padded to the field's size: leading zeros may be missing in what older TPMs say.
void append_coordinate(Bytes& point, ByteView coordinate, std::size_t field_size_bytes) {
  point.insert(point.end(), field_size_bytes - coordinate.size(), std::byte{0});
  append(point, coordinate);
}

Result<std::optional<crypto::PublicKey>> finish(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  ensure(params != nullptr && ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1, "OpenSSL takes parameters");
  const int done = EVP_PKEY_fromdata(ctx.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get());
  const ossl::EvpPkey key(raw);
  // The point is checked to be on its curve; what is no key must not become one.
  const ossl::EvpPkeyCtx check(key == nullptr ? nullptr : EVP_PKEY_CTX_new(key.get(), nullptr));
  if (done != 1 || check == nullptr || EVP_PKEY_public_check(check.get()) != 1) {
    (void)ossl::take_error(Errc::invalid_input, "tpm.malformed", "");
    return malformed("a public key");
  }
  auto ours = ossl::from_evp(key.get());
  if (!ours) return malformed("a public key");
  return std::optional(*std::move(ours));
}

Result<std::optional<crypto::PublicKey>> ecc_key(const TPMT_PUBLIC& area) {
  const auto* curve = std::ranges::find(k_curves, area.parameters.eccDetail.curveID, &Curve::id);
  if (curve == std::end(k_curves)) return std::optional<crypto::PublicKey>();
  const ByteView x = view(area.unique.ecc.x);
  const ByteView y = view(area.unique.ecc.y);
  if (x.empty() || y.empty() || x.size() > curve->field_size_bytes || y.size() > curve->field_size_bytes) {
    return malformed("a point");
  }
  Bytes point{std::byte{4}};
  append_coordinate(point, x, curve->field_size_bytes);
  append_coordinate(point, y, curve->field_size_bytes);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  ensure(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) == 1 &&
             OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1,
         "OpenSSL takes a point");
  return finish("EC", builder.get());
}

Result<std::optional<crypto::PublicKey>> rsa_key(const TPMT_PUBLIC& area) {
  const TPMS_RSA_PARMS& parameters = area.parameters.rsaDetail;
  const ByteView n = view(area.unique.rsa);
  if (n.empty() || n.size() * 8 != parameters.keyBits || (n.front() & std::byte{0x80}) == std::byte{0}) {
    return malformed("an RSA modulus");
  }
  if (parameters.keyBits != 2048 && parameters.keyBits != 3072 && parameters.keyBits != 4096) {
    return std::optional<crypto::PublicKey>();
  }
  // Zero is the default exponent (Part 2, section 12.2.3.5); others exist in theory only.
  if (parameters.exponent != 0 && parameters.exponent != RSA_F4) return std::optional<crypto::PublicKey>();
  const ossl::Bignum modulus(BN_bin2bn(as_uchar(n), static_cast<int>(n.size()), nullptr));
  const ossl::Bignum exponent(BN_new());
  ensure(modulus != nullptr && exponent != nullptr && BN_set_word(exponent.get(), RSA_F4) == 1, "big numbers");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  ensure(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
             OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1,
         "OpenSSL takes a modulus");
  return finish("RSA", builder.get());
}

Bytes number(const BIGNUM* value, std::size_t size_bytes) {
  Bytes out(size_bytes);
  ensure(BN_bn2binpad(value, as_uchar(ByteSpan(out)), static_cast<int>(size_bytes)) >= 0, "a number fits its field");
  return out;
}

Bytes key_number(const ossl::EvpPkey& key, const char* name, std::size_t size_bytes) {
  BIGNUM* raw = nullptr;
  ensure(EVP_PKEY_get_bn_param(key.get(), name, &raw) == 1, "a key has its numbers");
  const ossl::Bignum value(raw);
  return number(value.get(), size_bytes);
}

}  // namespace

Result<std::optional<crypto::PublicKey>> key_of(const TPMT_PUBLIC& area) {
  if (area.type == TPM2_ALG_ECC) return ecc_key(area);
  if (area.type == TPM2_ALG_RSA) return rsa_key(area);
  return std::optional<crypto::PublicKey>();
}

Result<TPMT_PUBLIC> key_area(const crypto::PublicKey& key) {
  TRY_ASSIGN(const ossl::EvpPkey evp, ossl::to_evp(key));
  TPMT_PUBLIC area{};
  area.nameAlg = TPM2_ALG_SHA256;
  if (const auto* curve = std::ranges::find(k_curves, key.algorithm(), &Curve::algorithm);
      curve != std::end(k_curves)) {
    area.type = TPM2_ALG_ECC;
    TPMS_ECC_PARMS& ecc = area.parameters.eccDetail;
    ecc.symmetric.algorithm = TPM2_ALG_NULL;
    ecc.scheme.scheme = TPM2_ALG_NULL;
    ecc.curveID = curve->id;
    ecc.kdf.scheme = TPM2_ALG_NULL;
    area.unique.ecc.x =
        must_tpm2b<TPM2B_ECC_PARAMETER>(key_number(evp, OSSL_PKEY_PARAM_EC_PUB_X, curve->field_size_bytes));
    area.unique.ecc.y =
        must_tpm2b<TPM2B_ECC_PARAMETER>(key_number(evp, OSSL_PKEY_PARAM_EC_PUB_Y, curve->field_size_bytes));
    return area;
  }
  if (EVP_PKEY_is_a(evp.get(), "RSA") == 1) {
    area.type = TPM2_ALG_RSA;
    TPMS_RSA_PARMS& rsa = area.parameters.rsaDetail;
    rsa.symmetric.algorithm = TPM2_ALG_NULL;
    rsa.scheme.scheme = TPM2_ALG_NULL;
    rsa.keyBits = static_cast<UINT16>(EVP_PKEY_get_bits(evp.get()));
    BIGNUM* e = nullptr;
    ensure(EVP_PKEY_get_bn_param(evp.get(), OSSL_PKEY_PARAM_RSA_E, &e) == 1, "a key has its numbers");
    const ossl::Bignum exponent(e);
    if (BN_is_word(e, RSA_F4) == 1) {
      area.unique.rsa = must_tpm2b<TPM2B_PUBLIC_KEY_RSA>(key_number(evp, OSSL_PKEY_PARAM_RSA_N, rsa.keyBits / 8U));
      return area;
    }
  }
  return Error(Errc::unsupported, "tpm.key-unsupported",
               "TPMs do not take " + std::string(crypto::name_of(key.algorithm())) + " keys of this kind",
               "use P-256, P-384, or RSA with exponent 65537");
}

Result<PlainSignature> plain_signature(const TPMT_SIGNATURE& signature) {
  const auto scheme = scheme_from_tpm(signature.sigAlg, signature.signature.any.hashAlg);
  if (!scheme) return malformed("a signature of ECDSA or RSA");
  if (signature.sigAlg != TPM2_ALG_ECDSA) return PlainSignature{*scheme, bytes_of(signature.signature.rsassa.sig)};
  const TPMS_SIGNATURE_ECC& ecc = signature.signature.ecdsa;
  const EcdsaSignature pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(as_uchar(view(ecc.signatureR)), ecc.signatureR.size, nullptr);
  BIGNUM* s = BN_bin2bn(as_uchar(view(ecc.signatureS)), ecc.signatureS.size, nullptr);
  ensure(pair != nullptr && r != nullptr && s != nullptr && ECDSA_SIG_set0(pair.get(), r, s) == 1, "two numbers");
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  ensure(size > 0, "two numbers as DER");
  const ossl::Handle<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owned(der);
  return PlainSignature{*scheme, to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))))};
}

Result<TPMT_SIGNATURE> tpm_signature(crypto::SignatureScheme scheme, ByteView signature) {
  if (scheme == crypto::SignatureScheme::ed25519) {
    return Error(Errc::unsupported, "tpm.key-unsupported", "TPMs do not take Ed25519 signatures");
  }
  TPMT_SIGNATURE out{};
  const TPMT_SIG_SCHEME wanted = to_tpm(scheme);
  out.sigAlg = wanted.scheme;
  out.signature.any.hashAlg = wanted.details.any.hashAlg;
  if (out.sigAlg != TPM2_ALG_ECDSA) {
    TRY_ASSIGN(out.signature.rsassa.sig, to_tpm2b<TPM2B_PUBLIC_KEY_RSA>(signature));
    return out;
  }
  const unsigned char* at = as_uchar(signature);
  const EcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
  if (pair == nullptr || at != as_uchar(signature) + signature.size()) {
    (void)ossl::take_error(Errc::invalid_input, "tpm.malformed", "");
    return malformed("an ECDSA signature");
  }
  const auto number_of = [](const BIGNUM* value) -> Result<TPM2B_ECC_PARAMETER> {
    if (BN_is_negative(value) == 1 || BN_num_bytes(value) > 66) return malformed("an ECDSA signature");
    return to_tpm2b<TPM2B_ECC_PARAMETER>(number(value, static_cast<std::size_t>(BN_num_bytes(value))));
  };
  TRY_ASSIGN(out.signature.ecdsa.signatureR, number_of(ECDSA_SIG_get0_r(pair.get())));
  TRY_ASSIGN(out.signature.ecdsa.signatureS, number_of(ECDSA_SIG_get0_s(pair.get())));
  return out;
}

}  // namespace signet::tpm
