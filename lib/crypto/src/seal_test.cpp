// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto.hpp"
#include "signet/test/expect.hpp"

#include <set>
#include <string>

namespace signet::crypto {

namespace {

const SecretAccess k_access = SecretAccess::for_cryptography();
constexpr std::size_t k_overhead_bytes = 12 + 16;  // nonce and tag

class Sealed : public ::testing::Test {
 protected:
  Secret key_ = random_secret(32);
  Bytes plaintext_ = to_bytes("the private half");
  Bytes about_ = to_bytes("whose it is");
};

void expect_broken(const Result<Secret>& opened, const std::string& what) {
  EXPECT_REASON(opened, "crypto.seal-broken") << what;
  if (!opened) {
    EXPECT_EQ(opened.error().code(), Errc::untrusted) << what;
  }
}

}  // namespace

TEST_F(Sealed, P_CRYPTO_007_opens_with_its_key) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 4096U, 1'000'001U}) {
    const Bytes plaintext = random_bytes(size);
    const auto sealed = seal(key_, plaintext, about_);
    ASSERT_OK(sealed);
    EXPECT_EQ(sealed->size(), size + k_overhead_bytes);
    const auto opened = open(key_, *sealed, about_);
    ASSERT_OK(opened) << size;
    EXPECT_TRUE(equal(opened->read(k_access), plaintext)) << size;
  }
}

// "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega, appendix B, test case 16 (SP 800-38D points there).
TEST_F(Sealed, P_CRYPTO_007_is_aes_256_gcm) {
  const Secret key = Secret::copy_of(*from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const Bytes sealed = *from_hex(
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
      "bc"
      "c9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b");
  const auto opened = open(key, sealed, *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"));
  ASSERT_OK(opened);
  EXPECT_EQ(
      to_hex(opened->read(k_access)),
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de"
      "657ba637b39");
}

TEST_F(Sealed, P_CRYPTO_007_does_not_open_with_another_key) {
  const auto sealed = seal(key_, plaintext_, about_);
  ASSERT_OK(sealed);
  expect_broken(open(random_secret(32), *sealed, about_), "another key");
  for (std::size_t at = 0; at < 32; ++at) {
    Secret near = key_.clone();
    near.write(k_access)[at] ^= std::byte{1};
    expect_broken(open(near, *sealed, about_), "key with byte " + std::to_string(at) + " changed");
  }
}

TEST_F(Sealed, P_CRYPTO_007_does_not_open_with_any_bit_changed) {
  for (const Bytes& plaintext : {plaintext_, Bytes{}}) {
    const auto sealed = seal(key_, plaintext, about_);
    ASSERT_OK(sealed);
    for (std::size_t bit = 0; bit < sealed->size() * 8; ++bit) {
      Bytes changed = *sealed;
      changed[bit / 8] ^= std::byte{1} << (bit % 8);
      expect_broken(open(key_, changed, about_), "bit " + std::to_string(bit));
    }
  }
}

TEST_F(Sealed, P_CRYPTO_007_does_not_open_shorter_or_longer) {
  const auto sealed = seal(key_, plaintext_, about_);
  ASSERT_OK(sealed);
  for (std::size_t size = 0; size < sealed->size(); ++size) {
    expect_broken(open(key_, ByteView(*sealed).first(size), about_), "its first " + std::to_string(size) + " bytes");
    expect_broken(open(key_, ByteView(*sealed).last(size), about_), "its last " + std::to_string(size) + " bytes");
  }
  Bytes longer = *sealed;
  longer.push_back(std::byte{0});
  expect_broken(open(key_, longer, about_), "a byte more");
}

TEST_F(Sealed, P_CRYPTO_007_does_not_open_as_something_else) {
  const auto sealed = seal(key_, plaintext_, about_);
  const auto about_nothing = seal(key_, plaintext_, {});
  ASSERT_OK(sealed);
  ASSERT_OK(about_nothing);
  for (const char* about : {"", "whose it i", "whose it is ", "Whose it is"}) {
    expect_broken(open(key_, *sealed, as_bytes(about)), about);
  }
  expect_broken(open(key_, *about_nothing, about_), "associated data that were not sealed");
  EXPECT_OK(open(key_, *about_nothing, {}));
}

TEST_F(Sealed, P_CRYPTO_007_never_uses_a_nonce_twice) {
  std::set<Bytes> nonces;
  for (int i = 0; i < 1000; ++i) {
    const auto sealed = seal(key_, plaintext_, about_);
    ASSERT_OK(sealed);
    nonces.insert(to_bytes(ByteView(*sealed).first(12)));
  }
  EXPECT_EQ(nonces.size(), 1000U);
}

}  // namespace signet::crypto
