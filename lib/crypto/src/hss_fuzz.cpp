// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto_hss.hpp"
#include "signet/test/fuzz.hpp"

#include <algorithm>

using namespace signet;

// A key that is read is written again byte for byte, and no signature that was not made verifies.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = test::fuzz_input(data, size);
  const ByteView front = bytes.first(std::min<std::size_t>(bytes.size(), 60));
  const auto key = crypto::HssPublicKey::parse(front);
  if (!key) return 0;
  FUZZ_ASSERT(equal(key->encoded(), front));
  FUZZ_ASSERT(!key->verify(as_bytes("a message of this target"), bytes.subspan(front.size())).has_value());
  return 0;
}
