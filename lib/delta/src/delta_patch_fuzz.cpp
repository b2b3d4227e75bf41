// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/delta_patch.hpp"

#include "signet/test/fuzz.hpp"

#include "patch_tables.hpp"
#include "test_images.hpp"
#include "zstd.hpp"

using namespace signet;

namespace {

constexpr std::size_t k_block_bytes = 4096;

/// One block's instructions, as if they had been decompressed: they never leave the block, and two runs agree.
void run_twice(ByteView content) {
  delta::test::MemoryImage old(delta::test::noise(10'000, 1));
  Bytes first(k_block_bytes);
  Bytes second(k_block_bytes);
  const bool done = delta::run_block(content, old, first).has_value();
  FUZZ_ASSERT(done == delta::run_block(content, old, second).has_value());
  FUZZ_ASSERT(!done || first == second);
}

}  // namespace

// A head that is read is written again byte for byte; instructions stay within their bounds; a frame that is
// decompressed is what was promised to its last byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = test::fuzz_input(data, size);
  const auto patch = delta::Patch::parse(bytes);
  FUZZ_ASSERT(!patch || equal(patch->encode(), bytes));
  run_twice(bytes);
  Bytes out(k_block_bytes);
  delta::Decompressor decompressor;
  if (decompressor.decompress(bytes, out)) run_twice(out);
  return 0;
}
