// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace signet::crypto {

namespace {

struct Example {
  const char* name;
  HashAlgorithm algorithm;
  std::string message;
  const char* digest_hex;
};

constexpr const char* k_448_bits = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr const char* k_896_bits =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

/// "Examples with Intermediate Values" of NIST CSRC for FIPS 180-4, and for the empty message the first entries of
/// SHA256ShortMsg.rsp, SHA384ShortMsg.rsp and SHA512ShortMsg.rsp of NIST CAVP.
const std::array k_examples{
    Example{"sha256_empty", HashAlgorithm::sha256, "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    Example{"sha256_one_block", HashAlgorithm::sha256, "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    Example{"sha256_two_blocks", HashAlgorithm::sha256, k_448_bits,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    Example{"sha256_million", HashAlgorithm::sha256, std::string(1'000'000, 'a'),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    Example{"sha384_empty", HashAlgorithm::sha384, "",
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"},
    Example{"sha384_one_block", HashAlgorithm::sha384, "abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    Example{"sha384_two_blocks", HashAlgorithm::sha384, k_896_bits,
            "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"},
    Example{"sha384_million", HashAlgorithm::sha384, std::string(1'000'000, 'a'),
            "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985"},
    Example{"sha512_empty", HashAlgorithm::sha512, "",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    Example{"sha512_one_block", HashAlgorithm::sha512, "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    Example{"sha512_two_blocks", HashAlgorithm::sha512, k_896_bits,
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
            "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
    Example{"sha512_million", HashAlgorithm::sha512, std::string(1'000'000, 'a'),
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
            "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"},
};

class EachExample : public ::testing::TestWithParam<Example> {};
INSTANTIATE_TEST_SUITE_P(Digest, EachExample, ::testing::ValuesIn(k_examples),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace

TEST_P(EachExample, P_CRYPTO_005_is_digested_as_nist_says) {
  const Example& example = GetParam();
  const Bytes whole = digest(example.algorithm, as_bytes(example.message));
  EXPECT_EQ(to_hex(whole), example.digest_hex);
  EXPECT_EQ(whole.size(), digest_size_bytes(example.algorithm));
}

TEST_P(EachExample, P_CRYPTO_005_is_digested_the_same_in_pieces_of_any_size) {
  const Example& example = GetParam();
  // One byte; around a block of SHA-256 (64) and of SHA-512 (128); a size that divides neither.
  for (const std::size_t piece : {1U, 63U, 64U, 65U, 127U, 128U, 129U, 997U}) {
    Hasher hasher(example.algorithm);
    for (ByteView rest = as_bytes(example.message); !rest.empty();) {
      const ByteView next = rest.first(std::min(piece, rest.size()));
      hasher.update(next);
      hasher.update({});
      rest = rest.subspan(next.size());
    }
    EXPECT_EQ(to_hex(hasher.finish()), example.digest_hex) << piece;
  }
}

TEST_P(EachExample, P_CRYPTO_005_a_hasher_starts_anew) {
  const Example& example = GetParam();
  Hasher hasher(example.algorithm);
  hasher.update(as_bytes("of the message before"));
  (void)hasher.finish();
  hasher.update(as_bytes(example.message));
  Hasher moved = std::move(hasher);
  EXPECT_EQ(to_hex(moved.finish()), example.digest_hex);
}

TEST(Digest, P_CRYPTO_005_names_are_those_of_other_programs) {
  EXPECT_EQ(name_of(HashAlgorithm::sha256), "sha256");
  EXPECT_EQ(name_of(HashAlgorithm::sha384), "sha384");
  EXPECT_EQ(name_of(HashAlgorithm::sha512), "sha512");
}

}  // namespace signet::crypto
