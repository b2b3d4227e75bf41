// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include <openssl/err.h>

#include <array>
#include <map>
#include <string>

namespace signet::crypto {

namespace {

constexpr std::array k_schemes{SignatureScheme::ecdsa_sha256,     SignatureScheme::ecdsa_sha384,
                               SignatureScheme::ecdsa_sha512,     SignatureScheme::rsa_pkcs1_sha256,
                               SignatureScheme::rsa_pkcs1_sha384, SignatureScheme::rsa_pkcs1_sha512,
                               SignatureScheme::rsa_pss_sha256,   SignatureScheme::rsa_pss_sha384,
                               SignatureScheme::rsa_pss_sha512,   SignatureScheme::ed25519};
constexpr std::array k_algorithms{KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                  KeyAlgorithm::rsa_3072, KeyAlgorithm::ed25519};

class EachSigner : public ::testing::TestWithParam<KeyAlgorithm> {
 protected:
  /// One key of each kind for all tests: making RSA keys takes longer than the tests.
  static Signer& signer_of(KeyAlgorithm algorithm) {
    static std::map<KeyAlgorithm, std::shared_ptr<Signer>> signers;
    auto& signer = signers[algorithm];
    if (!signer) signer = test::make_memory_signer(algorithm);
    return *signer;
  }
  Signer& signer_ = signer_of(GetParam());
  Bytes message_ = to_bytes("what is signed");
};
INSTANTIATE_TEST_SUITE_P(Verify, EachSigner, ::testing::ValuesIn(k_algorithms),
                         [](const auto& param) { return std::string(name_of(param.param)); });

void expect_bad(const Result<void>& verdict, const std::string& what) {
  EXPECT_REASON(verdict, "crypto.bad-signature") << what;
  if (!verdict) {
    EXPECT_EQ(verdict.error().code(), Errc::untrusted) << what;
  }
  EXPECT_EQ(ERR_peek_error(), 0U) << what;
}

// --- Vectors ---

struct Vector {
  const char* name;
  SignatureScheme scheme;
  const char* spki;
  const char* message;
  const char* signature;
};

constexpr const char* k_rfc6979_key =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200"
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr const char* k_rfc6979_r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
constexpr const char* k_rfc6979_s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

/// RFC 6979 appendix A.2.5 ("sample", SHA-256) and RFC 8032 section 7.1 (tests 1 and 2).
constexpr std::array k_vectors{
    Vector{"rfc6979_p256", SignatureScheme::ecdsa_sha256, k_rfc6979_key, "73616d706c65",
           "3046"
           "022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
           "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    Vector{"rfc8032_empty_message", SignatureScheme::ed25519,
           "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
           "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
           "d25bf5f0595bbe24655141438e7a100b"},
    Vector{"rfc8032_one_byte", SignatureScheme::ed25519,
           "302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
           "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
           "387b2eaeb4302aeeb00d291612bb0c00"},
};

class EachVector : public ::testing::TestWithParam<Vector> {};
INSTANTIATE_TEST_SUITE_P(Verify, EachVector, ::testing::ValuesIn(k_vectors),
                         [](const auto& param) { return std::string(param.param.name); });

// --- ECDSA signatures that must not pass: the RFC 6979 signature, written otherwise ---

Bytes tlv(std::uint8_t tag, const Bytes& content) {
  Bytes out{std::byte{tag}, static_cast<std::byte>(content.size())};
  append(out, content);
  return out;
}
Bytes operator+(Bytes left, const Bytes& right) {
  append(left, right);
  return left;
}
Bytes hex(const std::string& text) { return *from_hex(text); }

const Bytes k_r = hex(std::string("00") + k_rfc6979_r);
const Bytes k_s = hex(std::string("00") + k_rfc6979_s);
/// The order of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
const Bytes k_order = hex("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const Bytes k_zero = hex("00");

Bytes ecdsa(const Bytes& r, const Bytes& s) { return tlv(0x30, tlv(0x02, r) + tlv(0x02, s)); }

struct BadEcdsa {
  const char* name;
  Bytes signature;
};

const std::array k_bad_ecdsa{
    BadEcdsa{"empty", {}},
    BadEcdsa{"only_a_tag", hex("30")},
    BadEcdsa{"empty_sequence", hex("3000")},
    BadEcdsa{"r_zero", ecdsa(k_zero, k_s)},
    BadEcdsa{"s_zero", ecdsa(k_r, k_zero)},
    BadEcdsa{"both_zero", ecdsa(k_zero, k_zero)},
    BadEcdsa{"r_of_no_bytes", ecdsa({}, k_s)},
    BadEcdsa{"r_is_the_order", ecdsa(k_order, k_s)},
    BadEcdsa{"s_is_the_order", ecdsa(k_r, k_order)},
    BadEcdsa{"r_negative", ecdsa(hex(k_rfc6979_r), k_s)},
    BadEcdsa{"r_padded", ecdsa(k_zero + k_r, k_s)},
    BadEcdsa{"s_padded", ecdsa(k_r, k_zero + k_s)},
    BadEcdsa{"swapped", ecdsa(k_s, k_r)},
    BadEcdsa{"byte_after_it", ecdsa(k_r, k_s) + k_zero},
    BadEcdsa{"byte_within_it", tlv(0x30, tlv(0x02, k_r) + tlv(0x02, k_s) + k_zero)},
    BadEcdsa{"third_number", tlv(0x30, tlv(0x02, k_r) + tlv(0x02, k_s) + tlv(0x02, k_s))},
    BadEcdsa{"one_number", tlv(0x30, tlv(0x02, k_r))},
    BadEcdsa{"octet_strings", tlv(0x30, tlv(0x04, k_r) + tlv(0x04, k_s))},
    BadEcdsa{"set_for_sequence", tlv(0x31, tlv(0x02, k_r) + tlv(0x02, k_s))},
    BadEcdsa{"long_form_of_a_short_length", hex("308146") + tlv(0x02, k_r) + tlv(0x02, k_s)},
    BadEcdsa{"indefinite_length", hex("3080") + tlv(0x02, k_r) + tlv(0x02, k_s) + hex("0000")},
    BadEcdsa{"length_too_large", hex("3047") + tlv(0x02, k_r) + tlv(0x02, k_s)},
    BadEcdsa{"huge_length", hex("3084ffffffff") + tlv(0x02, k_r) + tlv(0x02, k_s)},
    BadEcdsa{"plain_r_and_s", hex(k_rfc6979_r) + hex(k_rfc6979_s)},  // as IEEE P1363 and PKCS#11 have it
};

class EachBadEcdsa : public ::testing::TestWithParam<BadEcdsa> {};
INSTANTIATE_TEST_SUITE_P(Verify, EachBadEcdsa, ::testing::ValuesIn(k_bad_ecdsa),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace

TEST_P(EachVector, P_CRYPTO_009_is_accepted) {
  const Vector& vector = GetParam();
  const auto key = PublicKey::from_spki_der(hex(vector.spki));
  ASSERT_OK(key);
  const Bytes message = hex(vector.message), signature = hex(vector.signature);
  EXPECT_OK(key->verify(vector.scheme, message, signature));
  expect_bad(key->verify(vector.scheme, message + k_zero, signature), "another message");
}

TEST_P(EachBadEcdsa, P_CRYPTO_009_a_signature_has_one_spelling) {
  const auto key = PublicKey::from_spki_der(hex(k_rfc6979_key));
  ASSERT_OK(key);
  ASSERT_OK(key->verify(SignatureScheme::ecdsa_sha256, as_bytes("sample"), ecdsa(k_r, k_s)));
  expect_bad(key->verify(SignatureScheme::ecdsa_sha256, as_bytes("sample"), GetParam().signature), GetParam().name);
}

TEST_P(EachSigner, P_CRYPTO_009_only_the_scheme_that_signed_verifies) {
  for (const SignatureScheme scheme : k_schemes) {
    if (!fits(GetParam(), scheme)) continue;
    const auto signature = signer_.sign(scheme, message_);
    ASSERT_OK(signature) << name_of(scheme);
    for (const SignatureScheme other : k_schemes) {
      const auto verdict = signer_.public_key().verify(other, message_, *signature);
      if (other == scheme) {
        EXPECT_OK(verdict) << name_of(scheme);
      } else {
        expect_bad(verdict, std::string(name_of(scheme)) + " as " + std::string(name_of(other)));
      }
    }
  }
}

TEST_P(EachSigner, P_CRYPTO_009_another_message_or_key_is_refused) {
  const SignatureScheme scheme = default_scheme(GetParam());
  const auto signature = signer_.sign(scheme, message_);
  ASSERT_OK(signature);
  const PublicKey& key = signer_.public_key();
  for (std::size_t at = 0; at < message_.size(); ++at) {
    Bytes changed = message_;
    changed[at] ^= std::byte{1};
    expect_bad(key.verify(scheme, changed, *signature), "message, byte " + std::to_string(at));
  }
  expect_bad(key.verify(scheme, {}, *signature), "no message");
  expect_bad(key.verify(scheme, message_ + k_zero, *signature), "a longer message");
  for (const KeyAlgorithm other : k_algorithms) {
    if (other == GetParam()) continue;
    expect_bad(signer_of(other).public_key().verify(default_scheme(other), message_, *signature),
               std::string(name_of(other)));
  }
  const PublicKey twin = test::make_memory_signer(GetParam())->public_key();
  expect_bad(twin.verify(scheme, message_, *signature), "another key of the same kind");
}

TEST_P(EachSigner, P_CRYPTO_009_a_changed_signature_is_refused) {
  const SignatureScheme scheme = default_scheme(GetParam());
  const auto signature = signer_.sign(scheme, message_);
  ASSERT_OK(signature);
  const PublicKey& key = signer_.public_key();
  for (std::size_t at = 0; at < signature->size(); ++at) {
    Bytes changed = *signature;
    changed[at] ^= std::byte{1};
    expect_bad(key.verify(scheme, message_, changed), "byte " + std::to_string(at));
  }
  for (std::size_t size = 0; size < signature->size(); ++size) {
    expect_bad(key.verify(scheme, message_, ByteView(*signature).first(size)), "first " + std::to_string(size));
  }
  expect_bad(key.verify(scheme, message_, *signature + k_zero), "a byte more");
  expect_bad(key.verify(scheme, message_, k_zero + *signature), "a byte before");
  expect_bad(key.verify(scheme, message_, Bytes(signature->size())), "zeros");
}

TEST_P(EachSigner, P_CRYPTO_009_no_bytes_can_be_signed_too) {
  const SignatureScheme scheme = default_scheme(GetParam());
  const auto signature = signer_.sign(scheme, {});
  ASSERT_OK(signature);
  EXPECT_OK(signer_.public_key().verify(scheme, {}, *signature));
}

TEST_P(EachSigner, P_CRYPTO_010_a_scheme_that_does_not_fit_is_refused) {
  for (const SignatureScheme scheme : k_schemes) {
    const auto hash = hash_of(scheme);
    const Bytes digest(hash ? digest_size_bytes(*hash) : 64);
    const auto signed_message = signer_.sign(scheme, message_);
    const auto signed_digest = signer_.sign_digest(scheme, digest);
    if (!fits(GetParam(), scheme)) {
      EXPECT_REASON(signed_message, "crypto.scheme") << name_of(scheme);
      EXPECT_REASON(signed_digest, "crypto.scheme") << name_of(scheme);
      if (!signed_message) {
        EXPECT_EQ(signed_message.error().code(), Errc::unsupported);
      }
    } else {
      EXPECT_OK(signed_message) << name_of(scheme);
      EXPECT_EQ(signed_digest.has_value(), hash.has_value()) << name_of(scheme);  // Ed25519 takes no digest
    }
  }
}

TEST_P(EachSigner, P_CRYPTO_010_a_digest_of_the_wrong_size_is_refused) {
  for (const SignatureScheme scheme : k_schemes) {
    const auto hash = hash_of(scheme);
    if (!hash || !fits(GetParam(), scheme)) continue;
    const Bytes right = digest(*hash, message_);
    const auto signature = signer_.sign_digest(scheme, right);
    ASSERT_OK(signature) << name_of(scheme);
    EXPECT_OK(signer_.public_key().verify(scheme, message_, *signature)) << name_of(scheme);
    for (const std::size_t size : {std::size_t{0}, std::size_t{20}, right.size() - 1, right.size() + 1}) {
      EXPECT_REASON(signer_.sign_digest(scheme, Bytes(size)), "crypto.digest-size") << name_of(scheme) << size;
    }
  }
}

TEST(Scheme, names_and_hashes_are_as_published) {
  const std::map<SignatureScheme, std::string> names{
      {SignatureScheme::ecdsa_sha256, "ecdsa-sha256"},         {SignatureScheme::ecdsa_sha384, "ecdsa-sha384"},
      {SignatureScheme::ecdsa_sha512, "ecdsa-sha512"},         {SignatureScheme::rsa_pkcs1_sha256, "rsa-pkcs1-sha256"},
      {SignatureScheme::rsa_pkcs1_sha384, "rsa-pkcs1-sha384"}, {SignatureScheme::rsa_pkcs1_sha512, "rsa-pkcs1-sha512"},
      {SignatureScheme::rsa_pss_sha256, "rsa-pss-sha256"},     {SignatureScheme::rsa_pss_sha384, "rsa-pss-sha384"},
      {SignatureScheme::rsa_pss_sha512, "rsa-pss-sha512"},     {SignatureScheme::ed25519, "ed25519"}};
  for (const auto& [scheme, name] : names) {
    EXPECT_EQ(name_of(scheme), name);
    const auto hash = hash_of(scheme);
    EXPECT_EQ(hash.has_value(), scheme != SignatureScheme::ed25519);
    if (hash) {
      EXPECT_TRUE(name.ends_with(name_of(*hash))) << name;
    }
  }
}

}  // namespace signet::crypto
