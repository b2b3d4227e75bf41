// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto_hss.hpp"
#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace signet::crypto {
namespace {

// tests/vectors/lms: RFC 8554 appendix F.
Bytes vector_of(int number, const std::string& part) {
  std::ifstream file(std::string(SIGNET_SOURCE_DIR) + "/tests/vectors/lms/rfc8554-" + std::to_string(number) + "." +
                     part + ".hex");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::erase(text, '\n');
  auto bytes = from_hex(text);
  EXPECT_OK(bytes);
  EXPECT_FALSE(bytes->empty());
  return *std::move(bytes);
}

class Rfc8554 : public ::testing::TestWithParam<int> {
 protected:
  HssPublicKey key_ = *HssPublicKey::parse(vector_of(GetParam(), "public-key"));
  Bytes message_ = vector_of(GetParam(), "message");
  Bytes signature_ = vector_of(GetParam(), "signature");
};

TEST_P(Rfc8554, P_CRYPTO_011_ThePublishedSignatureVerifies) { EXPECT_OK(key_.verify(message_, signature_)); }

TEST_P(Rfc8554, P_CRYPTO_012_AnyChangeOfTheSignatureIsRefused) {
  for (std::size_t at = 0; at < signature_.size(); at += at < 16 ? 1 : 1 + signature_.size() / 60) {
    Bytes spoiled = signature_;
    spoiled[at] ^= std::byte{1};
    EXPECT_REASON(key_.verify(message_, spoiled), "crypto.bad-signature") << at;
  }
}

TEST_P(Rfc8554, P_CRYPTO_012_CutOffLongerOrOverAnotherMessageIsRefused) {
  for (std::size_t size = 0; size < signature_.size(); size += 1 + signature_.size() / 40) {
    EXPECT_REASON(key_.verify(message_, ByteView(signature_).first(size)), "crypto.bad-signature") << size;
  }
  Bytes longer = signature_;
  longer.push_back(std::byte{0});
  EXPECT_REASON(key_.verify(message_, longer), "crypto.bad-signature");
  message_[0] ^= std::byte{1};
  EXPECT_REASON(key_.verify(message_, signature_), "crypto.bad-signature");
}

TEST_P(Rfc8554, P_CRYPTO_012_AnotherKeyIsRefused) {
  Bytes encoded = key_.encoded();
  encoded.back() ^= std::byte{1};
  EXPECT_REASON(HssPublicKey::parse(encoded)->verify(message_, signature_), "crypto.bad-signature");
  encoded = key_.encoded();
  encoded[3] = std::byte{1};  // as if it had one level
  EXPECT_REASON(HssPublicKey::parse(encoded)->verify(message_, signature_), "crypto.bad-signature");
}
INSTANTIATE_TEST_SUITE_P(AppendixF, Rfc8554, ::testing::Values(1, 2));

TEST(HssPublicKey, P_CRYPTO_013_WhatIsNotKnownIsRefused) {
  const Bytes sound = vector_of(1, "public-key");
  for (const auto& [at, value] : {std::pair{3, 0}, {3, 9}, {7, 4}, {7, 10}, {11, 0}, {11, 5}, {0, 1}}) {
    Bytes spoiled = sound;
    spoiled[static_cast<std::size_t>(at)] = static_cast<std::byte>(value);
    EXPECT_REASON(HssPublicKey::parse(spoiled), "crypto.key-unsupported") << at << " " << value;
  }
  EXPECT_REASON(HssPublicKey::parse(ByteView(sound).first(59)), "crypto.key-unsupported");
  EXPECT_REASON(HssPublicKey::parse({}), "crypto.key-unsupported");
}

}  // namespace
}  // namespace signet::crypto
