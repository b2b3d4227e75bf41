// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "ossl.hpp"
#include "sample_for_test.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>

using namespace signet;
namespace sample = signet::birth::sample;
using crypto::KeyAlgorithm;

namespace {

struct EscrowKey {
  ossl::EvpPkey key;
  crypto::PublicKey public_key;
  Secret pkcs8;

  explicit EscrowKey(KeyAlgorithm algorithm)
      : key(sample::must(ossl::generate_key(algorithm))), public_key(sample::must(ossl::from_evp(key.get()))) {
    const ossl::Bio out(BIO_new(BIO_s_mem()));
    ensure(i2d_PKCS8PrivateKey_bio(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "PKCS#8");
    pkcs8 = Secret::copy_of(ossl::bio_bytes(out.get()));
  }
};

birth::Escrow auths() {
  return {Secret::copy_of(sample::filled(32, 1)), Secret::copy_of(sample::filled(32, 2)),
          Secret::copy_of(sample::filled(20, 3))};
}
const Bytes k_ek = sample::filled(32, 9);

class Escrows : public ::testing::TestWithParam<KeyAlgorithm> {};

}  // namespace

TEST_P(Escrows, P_BIRTH_004_OpenWithTheVendorsKeyForThatTpmOnly) {
  const EscrowKey vendor(GetParam());
  const auto sealed = birth::seal_escrow(auths(), vendor.public_key, k_ek);
  ASSERT_OK(sealed);
  const auto opened = birth::open_escrow(*sealed, vendor.pkcs8, k_ek);
  ASSERT_OK(opened);
  EXPECT_TRUE(opened->owner == auths().owner);
  EXPECT_TRUE(opened->endorsement == auths().endorsement);
  EXPECT_TRUE(opened->lockout == auths().lockout);
  EXPECT_REASON(birth::open_escrow(*sealed, vendor.pkcs8, sample::filled(32, 8)), "birth.escrow");
  const EscrowKey other(GetParam());
  EXPECT_REASON(birth::open_escrow(*sealed, other.pkcs8, k_ek), "birth.escrow");
}

INSTANTIATE_TEST_SUITE_P(Kinds, Escrows,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_3072));

TEST(Escrow, P_BIRTH_004_AnyByteChangedOrCutIsRefused) {
  const EscrowKey vendor(KeyAlgorithm::ec_p256);
  const Bytes sealed = *birth::seal_escrow(auths(), vendor.public_key, k_ek);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes altered = sealed;
    altered[i] ^= std::byte{1};
    EXPECT_REASON(birth::open_escrow(altered, vendor.pkcs8, k_ek), "birth.escrow") << "byte " << i;
    EXPECT_REASON(birth::open_escrow(ByteView(sealed).first(i), vendor.pkcs8, k_ek), "birth.escrow") << "cut " << i;
  }
}

TEST(Escrow, KeysOfOtherKindsAndEmptyAuthsAreRefused) {
  const EscrowKey small(KeyAlgorithm::rsa_2048);
  EXPECT_REASON(birth::seal_escrow(auths(), small.public_key, k_ek), "birth.escrow-key");
  const EscrowKey edwards(KeyAlgorithm::ed25519);
  EXPECT_REASON(birth::seal_escrow(auths(), edwards.public_key, k_ek), "birth.escrow-key");
  const EscrowKey vendor(KeyAlgorithm::ec_p256);
  birth::Escrow open = auths();
  open.lockout = Secret();
  EXPECT_REASON(birth::seal_escrow(open, vendor.public_key, k_ek), "birth.escrow-auth");
  EXPECT_REASON(birth::open_escrow(sample::filled(200, 1), Secret::copy_of(sample::filled(40, 1)), k_ek),
                "birth.escrow-key");
}
