// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "erofs.hpp"

#include "signet/test/fuzz.hpp"

#include "pairing.hpp"
#include "test_images.hpp"

using namespace signet;

// Extents lie within the image, in order and apart; pairs fill the image whatever it says of itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  delta::test::MemoryImage image(to_bytes(test::fuzz_input(data, size)));
  std::uint64_t end = 0;
  if (const auto extents = delta::erofs::extents(image)) {
    for (const auto& extent : *extents) {
      FUZZ_ASSERT(extent.offset >= end && extent.size_bytes > 0);
      FUZZ_ASSERT(extent.size_bytes <= image.bytes.size() - extent.offset);
      end = extent.offset + extent.size_bytes;
    }
  }
  std::uint64_t at = 0;
  for (const delta::Pair& pair : delta::pairs(image, image)) {
    FUZZ_ASSERT(pair.fresh.offset == at);
    FUZZ_ASSERT(pair.old.offset <= image.bytes.size() && pair.old.size_bytes <= image.bytes.size() - pair.old.offset);
    at += pair.fresh.size_bytes;
  }
  FUZZ_ASSERT(at == image.bytes.size());
  return 0;
}
