// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/pki.hpp"
#include "signet/test/fuzz.hpp"

#include <algorithm>

using namespace signet;

// Input: a signature over "the manifest". One that is accepted is accepted again, but neither for other content, nor
// with a byte behind it, nor without its last one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const ByteView content = as_bytes("the manifest");
  const auto verified = pki::cms_verify(input, content);
  if (!verified) return 0;
  const auto again = pki::cms_verify(input, content);
  FUZZ_ASSERT(again.has_value() && again->signer == verified->signer && again->signing_time == verified->signing_time);
  FUZZ_ASSERT(std::ranges::find(verified->extra, verified->signer) == verified->extra.end());
  FUZZ_ASSERT(!pki::cms_verify(input, as_bytes("another manifest")).has_value());
  FUZZ_ASSERT(!pki::cms_verify(input.first(input.size() - 1), content).has_value());
  Bytes longer = to_bytes(input);
  longer.push_back(std::byte{0});
  FUZZ_ASSERT(!pki::cms_verify(longer, content).has_value());
  return 0;
}
