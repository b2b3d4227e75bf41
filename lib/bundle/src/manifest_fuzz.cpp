// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A manifest that is accepted means the same after it was written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = bundle::Manifest::parse(test::fuzz_input(data, size));
  if (!manifest) return 0;
  const auto again = bundle::Manifest::parse(manifest->encode());
  FUZZ_ASSERT(again.has_value() && *again == *manifest);
  FUZZ_ASSERT(!manifest->images.empty() && manifest->images.size() <= bundle::k_images_max);
  return 0;
}
