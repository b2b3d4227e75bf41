// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "ossl.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <string>

namespace signet::crypto {

namespace {

constexpr std::array k_algorithms{KeyAlgorithm::ec_p256,  KeyAlgorithm::ec_p384,  KeyAlgorithm::rsa_2048,
                                  KeyAlgorithm::rsa_3072, KeyAlgorithm::rsa_4096, KeyAlgorithm::ed25519};

class EachKey : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(PublicKey, EachKey, ::testing::ValuesIn(k_algorithms),
                         [](const auto& param) { return std::string(name_of(param.param)); });

Bytes spki_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes out = to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return out;
}

/// A fresh key of any kind that OpenSSL has.
Bytes other_key(const char* type, const char* group, int size_bits) {
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(ctx.get());
  if (group != nullptr) EVP_PKEY_CTX_set_group_name(ctx.get(), group);
  if (size_bits != 0) EVP_PKEY_CTX_set_rsa_keygen_bits(ctx.get(), size_bits);
  EVP_PKEY_generate(ctx.get(), &key);
  const ossl::EvpPkey owner(key);
  return spki_of(key);
}

/// From `openssl dsaparam -genkey 1024 | openssl dsa -pubout -outform DER`.
constexpr const char* k_dsa_1024 =
    "MIIBwDCCATQGByqGSM44BAEwggEnAoGBAMNu+UXzZ0LIZ7A6P9IUVxq9Ca1nb0K/lcUFpsIf+MtCPognJs660YK7JdiaG1xeZVD4"
    "OaJDAJTeqF90J3weEc6dr9zd0SCuDIaAYrtKApkThnFjONNfWl/gcqhYFQD0Yq4oH/YLTUXQwR0ctjZgjLA76NJJXn87LEM66env"
    "aw2nAh0AlkiYMXSLB+2EBsAC6tt9NzhCK3xM5hXeHuWhJwKBgQCwCkfP2lf8stAjklO97t9l2imCSjbgxVQf1tEr3WOVHfxaXuSJ"
    "GAKJDCqBMEPWrIW/zNBMlYVR8y9fwFeG6grI51ZWqKHPPrMsANexwHQQ0u9JQu5YH97CShuqJWkKHUYBYjHKoWYQrgRqP74vjEH5"
    "k4E0mZVBKNTbKj+5ioy9TgOBhQACgYEAivZvhCCgVHE+t8kkqfegov0APUoDJYX10Juj5IdmxEqBZKLaVKwaHhIlNTE7I5uz+4TW"
    "u2uGK0yA4Ob2BxtwggpUFQX4Z3ZHhukApSXekArcI2jIxc2avQQNLo5QMG/yybhxlxe/7e9ky4DVo8cuZKUoaSngdk1O6M5Er3vX"
    "SL8=";
/// SEQUENCE { SEQUENCE { id-ml-dsa-65 (RFC 9881) }, BIT STRING of no bits }: a kind that OpenSSL 3.0 does not know.
constexpr const char* k_ml_dsa = "3010300b0609608648016503040312030100";

struct Unsupported {
  const char* name;
  const char* type;
  const char* group = nullptr;
  int size_bits = 0;
};

constexpr std::array k_unsupported{
    Unsupported{"p521", "EC", "P-521"},
    Unsupported{"p224", "EC", "P-224"},
    Unsupported{"secp256k1", "EC", "secp256k1"},
    Unsupported{"brainpool", "EC", "brainpoolP256r1"},
    Unsupported{"rsa1024", "RSA", nullptr, 1024},
    Unsupported{"rsa2056", "RSA", nullptr, 2056},
    Unsupported{"rsa_for_pss_only", "RSA-PSS", nullptr, 2048},
    Unsupported{"x25519", "X25519"},
    Unsupported{"ed448", "ED448"},
};

class EachUnsupported : public ::testing::TestWithParam<Unsupported> {};
INSTANTIATE_TEST_SUITE_P(PublicKey, EachUnsupported, ::testing::ValuesIn(k_unsupported),
                         [](const auto& param) { return std::string(param.param.name); });

std::string pem_of(const std::string& label, ByteView der, const std::string& header = {}) {
  return "-----BEGIN " + label + "-----\n" + header + to_base64(der) + "\n-----END " + label + "-----\n";
}

PublicKey p256() { return test::make_memory_signer(KeyAlgorithm::ec_p256)->public_key(); }

}  // namespace

TEST_P(EachKey, P_CRYPTO_008_is_the_same_in_der_and_pem) {
  const PublicKey key = test::make_memory_signer(GetParam())->public_key();
  EXPECT_EQ(key.algorithm(), GetParam());
  EXPECT_EQ(key.fingerprint(), digest(HashAlgorithm::sha256, key.spki_der()));
  const auto from_der = PublicKey::from_spki_der(key.spki_der());
  const auto from_pem = PublicKey::from_pem(key.pem());
  ASSERT_OK(from_der);
  ASSERT_OK(from_pem);
  for (const PublicKey& again : {*from_der, *from_pem}) {
    EXPECT_EQ(again, key);
    EXPECT_EQ(again.algorithm(), GetParam());
    EXPECT_EQ(again.fingerprint(), key.fingerprint());
    EXPECT_EQ(again.pem(), key.pem());
  }
}

TEST_P(EachKey, P_CRYPTO_008_is_refused_when_cut_or_followed) {
  const Bytes der = test::make_memory_signer(GetParam())->public_key().spki_der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_REASON(PublicKey::from_spki_der(ByteView(der).first(size)), "crypto.key-malformed") << size;
  }
  Bytes longer = der;
  longer.push_back(std::byte{0});
  EXPECT_REASON(PublicKey::from_spki_der(longer), "crypto.key-malformed");
  EXPECT_REASON(PublicKey::from_pem(pem_of("PUBLIC KEY", longer)), "crypto.key-malformed");
}

TEST_P(EachKey, names_lead_back) {
  const auto algorithm = key_algorithm_from(name_of(GetParam()));
  ASSERT_OK(algorithm);
  EXPECT_EQ(*algorithm, GetParam());
  EXPECT_TRUE(fits(GetParam(), default_scheme(GetParam())));
}

TEST(PublicKey, names_of_no_algorithm_are_refused) {
  for (const char* name : {"", "P256", "p521", "rsa1024", "rsa", "p256 ", "ed448"}) {
    EXPECT_REASON(key_algorithm_from(name), "crypto.key-name") << name;
  }
}

TEST_P(EachUnsupported, P_CRYPTO_008_is_told_apart_from_nonsense) {
  const Bytes der = other_key(GetParam().type, GetParam().group, GetParam().size_bits);
  ASSERT_FALSE(der.empty());
  EXPECT_REASON(PublicKey::from_spki_der(der), "crypto.key-unsupported");
  EXPECT_REASON(PublicKey::from_pem(pem_of("PUBLIC KEY", der)), "crypto.key-unsupported");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKey, P_CRYPTO_008_keys_that_openssl_cannot_make_are_unsupported_too) {
  EXPECT_REASON(PublicKey::from_spki_der(*from_base64(k_dsa_1024)), "crypto.key-unsupported");
  EXPECT_REASON(PublicKey::from_spki_der(*from_hex(k_ml_dsa)), "crypto.key-unsupported");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

// RFC 5480 section 2.2: a point may be compressed. One key has one name all the same.
TEST(PublicKey, P_CRYPTO_008_one_key_has_one_fingerprint_however_its_point_is_written) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384}) {
    const PublicKey key = test::make_memory_signer(algorithm)->public_key();
    for (const char* form : {"compressed", "hybrid", "uncompressed"}) {
      const auto evp = ossl::to_evp(key);
      ASSERT_OK(evp);
      ASSERT_EQ(EVP_PKEY_set_utf8_string_param(evp->get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form), 1);
      const Bytes der = spki_of(evp->get());
      EXPECT_EQ(der == key.spki_der(), std::string(form) == "uncompressed") << form;
      const auto again = PublicKey::from_spki_der(der);
      ASSERT_OK(again) << form;
      EXPECT_EQ(*again, key) << form;
      EXPECT_EQ(again->fingerprint(), key.fingerprint()) << form;
    }
  }
}

// RFC 5480 section 2.1.1: specifiedCurve MUST NOT be used (CVE-2020-0601 is what came of it).
TEST(PublicKey, P_CRYPTO_008_a_curve_without_its_name_is_unsupported) {
  const auto evp = ossl::to_evp(p256());
  ASSERT_OK(evp);
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(evp->get(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
  const Bytes der = spki_of(evp->get());
  ASSERT_GT(der.size(), 200U);
  EXPECT_REASON(PublicKey::from_spki_der(der), "crypto.key-unsupported");
}

TEST(PublicKey, P_CRYPTO_008_a_point_off_the_curve_is_refused) {
  Bytes der = p256().spki_der();
  der.back() ^= std::byte{1};
  EXPECT_REASON(PublicKey::from_spki_der(der), "crypto.key-malformed");
  Bytes infinity = *from_hex("3019301306072a8648ce3d020106082a8648ce3d03010703020000");
  EXPECT_REASON(PublicKey::from_spki_der(infinity), "crypto.key-malformed");
}

TEST(PublicKey, P_CRYPTO_008_what_is_no_key_is_malformed) {
  for (const char* text : {"", "00", "3000", "30800000", "0500", "3003020100", "ffffffffffffffff"}) {
    EXPECT_REASON(PublicKey::from_spki_der(*from_hex(text)), "crypto.key-malformed") << text;
  }
  EXPECT_REASON(PublicKey::from_spki_der(Bytes(1U << 20U, std::byte{0x30})), "crypto.key-malformed");
}

TEST(PublicKey, P_CRYPTO_008_a_text_that_is_no_public_key_is_malformed) {
  const PublicKey key = p256();
  const std::string pem = key.pem();
  const std::array<std::string, 8> texts{
      "",
      "not a key",
      std::string(1U << 20U, '-'),
      pem.substr(0, pem.size() / 2),
      pem_of("CERTIFICATE", key.spki_der()),
      pem_of("RSA PUBLIC KEY", key.spki_der()),
      pem_of("PUBLIC KEY", {}),
      // OpenSSL's reader would ask for a passphrase here, and wait for it.
      pem_of("PUBLIC KEY", key.spki_der(),
             "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"),
  };
  for (const std::string& text : texts) {
    EXPECT_REASON(PublicKey::from_pem(text), "crypto.key-malformed") << text.substr(0, 100);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKey, P_CRYPTO_008_a_private_key_is_no_public_key) {
  const auto key = ossl::generate_key(KeyAlgorithm::ec_p256);
  ASSERT_OK(key);
  for (const EVP_CIPHER* cipher : {static_cast<const EVP_CIPHER*>(nullptr), EVP_aes_128_cbc()}) {
    const ossl::Bio bio(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key->get(), cipher, cipher ? "pass" : nullptr, cipher ? 4 : 0,
                                            nullptr, nullptr),
              1);
    EXPECT_REASON(PublicKey::from_pem(as_text(ossl::bio_bytes(bio.get()))), "crypto.key-malformed");
  }
}

TEST(PublicKey, P_CRYPTO_008_text_around_a_key_in_pem_is_allowed) {  // RFC 7468 section 2
  const PublicKey key = p256();
  const auto again = PublicKey::from_pem("The key of the example.\n" + key.pem() + "That was it.\n");
  ASSERT_OK(again);
  EXPECT_EQ(*again, key);
}

}  // namespace signet::crypto
