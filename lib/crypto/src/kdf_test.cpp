// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto.hpp"
#include "signet/test/expect.hpp"

#include <array>
#include <string>

namespace signet::crypto {

namespace {

const SecretAccess k_access = SecretAccess::for_cryptography();

Bytes hex(const char* text) { return *from_hex(text); }
Secret secret(ByteView bytes) { return Secret::copy_of(bytes); }
std::string text_of(const Secret& derived) { return to_hex(derived.read(k_access)); }

struct HkdfCase {
  const char* name;
  const char* key;
  const char* salt;
  const char* info;
  std::size_t size_bytes;
  const char* derived;
};

/// RFC 5869 appendix A.1 to A.3.
constexpr std::array k_hkdf{
    HkdfCase{"a1_basic", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
             "f0f1f2f3f4f5f6f7f8f9", 42,
             "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    HkdfCase{"a2_longer",
             "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
             "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
             "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
             "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
             "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
             "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
             82,
             "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
             "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    HkdfCase{"a3_no_salt_no_info", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42,
             "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

class EachHkdf : public ::testing::TestWithParam<HkdfCase> {};
INSTANTIATE_TEST_SUITE_P(Kdf, EachHkdf, ::testing::ValuesIn(k_hkdf),
                         [](const auto& param) { return std::string(param.param.name); });

struct ScryptCase {
  const char* name;
  const char* passphrase;
  const char* salt;
  ScryptCost cost;
  const char* derived;
};

/// RFC 7914 section 12, but for the last vector: it fits the bounds, and would take 1 GiB of each test run.
constexpr std::array k_scrypt{
    ScryptCase{"empty", "", "", ScryptCost{.n = 16, .r = 1, .p = 1},
               "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
               "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
    ScryptCase{"nacl", "password", "NaCl", ScryptCost{.n = 1024, .r = 8, .p = 16},
               "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
               "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
    ScryptCase{"sodium_chloride", "pleaseletmein", "SodiumChloride", ScryptCost{.n = 16384, .r = 8, .p = 1},
               "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
               "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
};

class EachScrypt : public ::testing::TestWithParam<ScryptCase> {};
INSTANTIATE_TEST_SUITE_P(Kdf, EachScrypt, ::testing::ValuesIn(k_scrypt),
                         [](const auto& param) { return std::string(param.param.name); });

struct BadCost {
  const char* name;
  ScryptCost cost;
};

constexpr std::array k_bad_costs{
    BadCost{"n_0", {.n = 0, .r = 8, .p = 1}},
    BadCost{"n_1", {.n = 1, .r = 8, .p = 1}},
    BadCost{"n_no_power_of_two", {.n = 1000, .r = 8, .p = 1}},
    BadCost{"n_beyond_what_r_allows", {.n = 1U << 16U, .r = 1, .p = 1}},  // RFC 7914 section 6: n < 2^(128 r / 8)
    BadCost{"more_than_a_gibibyte", {.n = 1U << 21U, .r = 8, .p = 1}},
    BadCost{"n_that_overflows", {.n = 1ULL << 63U, .r = 8, .p = 1}},
    BadCost{"product_that_wraps_to_nothing", {.n = 1ULL << 57U, .r = 1, .p = 1}},
    BadCost{"r_0", {.n = 1024, .r = 0, .p = 1}},
    BadCost{"r_huge", {.n = 2, .r = 0xffffffff, .p = 1}},
    BadCost{"p_0", {.n = 1024, .r = 8, .p = 0}},
    BadCost{"p_huge", {.n = 1024, .r = 8, .p = 0xffffffff}},
};

class EachBadCost : public ::testing::TestWithParam<BadCost> {};
INSTANTIATE_TEST_SUITE_P(Kdf, EachBadCost, ::testing::ValuesIn(k_bad_costs),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace

TEST_P(EachHkdf, P_CRYPTO_006_derives_what_the_rfc_says) {
  const HkdfCase& row = GetParam();
  const auto derived = hkdf(HashAlgorithm::sha256, secret(hex(row.key)), hex(row.salt), hex(row.info), row.size_bytes);
  ASSERT_OK(derived);
  EXPECT_EQ(text_of(*derived), row.derived);
}

TEST(Kdf, P_CRYPTO_006_hkdf_gives_at_most_255_digests) {  // RFC 5869 section 2.3
  const Secret key = secret(Bytes(32));
  EXPECT_OK(hkdf(HashAlgorithm::sha256, key, {}, {}, 255 * std::size_t{32}));
  EXPECT_REASON(hkdf(HashAlgorithm::sha256, key, {}, {}, 255 * std::size_t{32} + 1), "crypto.kdf");
}

TEST_P(EachScrypt, P_CRYPTO_006_derives_what_the_rfc_says) {
  const ScryptCase& row = GetParam();
  const auto derived = scrypt(secret(as_bytes(row.passphrase)), as_bytes(row.salt), row.cost, 64);
  ASSERT_OK(derived);
  EXPECT_EQ(text_of(*derived), row.derived);
}

TEST_P(EachBadCost, P_CRYPTO_006_is_refused_before_any_work) {
  const auto derived = scrypt(secret(as_bytes("password")), as_bytes("NaCl"), GetParam().cost, 32);
  EXPECT_REASON(derived, "crypto.kdf");
  ASSERT_FALSE(derived.has_value());
  EXPECT_EQ(derived.error().code(), Errc::invalid_input);
}

TEST(Random, P_CRYPTO_007_gives_no_bytes_twice) {
  EXPECT_NE(random_bytes(32), random_bytes(32));
  EXPECT_FALSE(random_secret(32) == random_secret(32));
  EXPECT_EQ(random_bytes(7).size(), 7U);
  EXPECT_TRUE(random_bytes(0).empty());
}

}  // namespace signet::crypto
