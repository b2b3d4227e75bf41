// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/delta.hpp"
#include "signet/test/fuzz.hpp"

#include "tables.hpp"
#include "test_images.hpp"

using namespace signet;

// An index that is read is written again byte for byte; whatever a store holds, only bytes with the index's digests are
// written, each within the image.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = test::fuzz_input(data, size);
  const auto index = delta::Index::parse(bytes);
  if (!index) return 0;
  FUZZ_ASSERT(equal(index->encode(), bytes));
  if (index->image_size_bytes() > (4U << 20U)) return 0;
  const delta::Plan plan = delta::plan(*index, delta::Inventory::none(), 4);
  FUZZ_ASSERT(plan.ranges.size() <= 4 && plan.fetched_bytes <= index->store_size_bytes());
  const Bytes store = to_bytes(bytes);
  delta::test::MemoryRanges ranges(store);
  delta::test::MemoryImage out;
  const auto applied = delta::apply(plan, nullptr, ranges, out);
  FUZZ_ASSERT(out.bytes.size() <= index->image_size_bytes());
  // A digest over bytes that contain it cannot be hit by chance, so nothing is ever made of such a store.
  FUZZ_ASSERT(!applied.has_value() || index->image_size_bytes() == 0);
  return 0;
}
