// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/delta.hpp"
#include "signet/delta_patch.hpp"
#include "signet/test/fuzz.hpp"

#include "chunker.hpp"
#include "test_images.hpp"

#include <algorithm>
#include <vector>

using namespace signet;

namespace {

constexpr std::size_t k_pieces_max = 40;

/// An image from a few bytes: each is a piece of noise of its own, or ends a file. Equal bytes are equal pieces, so two
/// images share some.
Bytes image_of(ByteView recipe) {
  Bytes image;
  for (const std::byte one : recipe.first(std::min(recipe.size(), k_pieces_max))) {
    const auto number = std::to_integer<std::size_t>(one);
    if (number < 0x40) {
      image.resize((image.size() + delta::k_block_bytes) / delta::k_block_bytes * delta::k_block_bytes);
    } else {
      append(image, delta::test::noise(number * number / 8, number));
    }
  }
  return image;
}

/// Takes only what is right: whatever a store or an old image holds, a wrong byte must never get here.
class Oracle : public delta::ImageWriter {
 public:
  explicit Oracle(const Bytes& wanted) : wanted_(wanted), written_(wanted.size()) {}
  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    FUZZ_ASSERT(offset <= wanted_.size() && bytes.size() <= wanted_.size() - offset);
    FUZZ_ASSERT(equal(bytes, ByteView(wanted_).subspan(static_cast<std::size_t>(offset), bytes.size())));
    std::fill_n(written_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), true);
    return {};
  }
  [[nodiscard]] bool complete() const {
    return std::ranges::all_of(written_, [](bool one) { return one; });
  }

 private:
  const Bytes& wanted_;
  std::vector<bool> written_;
};

Bytes spoiled(Bytes bytes, std::size_t at) {
  if (!bytes.empty()) bytes[at % bytes.size()] ^= std::byte{1};
  return bytes;
}

void chunks(const Bytes& old_bytes, const Bytes& fresh_bytes, std::size_t knob) {
  delta::test::MemoryImage old(old_bytes);
  delta::test::MemoryImage fresh(fresh_bytes);
  delta::test::MemoryImage store;
  delta::MakeOptions options{
      .level_new = 1, .level = 1, .frame_size_bytes = delta::k_chunk_size_bytes_max << (knob % 3)};
  if (knob % 2 == 0) {
    delta::test::MemoryImage old_store;
    options.since.push_back(*delta::make_index(old, old_store, {.level_new = 1, .level = 1}));
  }
  const auto index = delta::make_index(fresh, store, options);
  FUZZ_ASSERT(index.has_value() && delta::Index::parse(index->encode())->encode() == index->encode());
  const std::size_t requests = knob % 5;
  const delta::Plan plan = delta::plan(*index, *delta::Inventory::scan(old), requests);
  FUZZ_ASSERT(plan.ranges.size() <= std::max<std::size_t>(requests, 1));
  FUZZ_ASSERT(plan.fetched_bytes <= store.bytes.size());
  // Sound parts make the image; a spoiled store is refused if that byte is fetched; a spoiled old image is mended.
  for (const bool store_spoiled : {false, true}) {
    for (const bool old_spoiled : {false, true}) {
      delta::test::MemoryImage had(old_spoiled ? spoiled(old_bytes, knob * 251) : old_bytes);
      const Bytes bytes = store_spoiled ? spoiled(store.bytes, knob * 509) : store.bytes;
      delta::test::MemoryRanges ranges(bytes);
      Oracle oracle(fresh_bytes);
      const auto applied = delta::apply(plan, &had, ranges, oracle);
      FUZZ_ASSERT(applied.has_value() || store_spoiled);
      FUZZ_ASSERT(!applied.has_value() || oracle.complete());
    }
  }
}

void patch(const Bytes& old_bytes, const Bytes& fresh_bytes, std::size_t knob) {
  delta::test::MemoryImage old(old_bytes);
  delta::test::MemoryImage fresh(fresh_bytes);
  delta::test::MemoryImage data;
  const auto made = delta::make_patch(old, fresh, data, 1);
  FUZZ_ASSERT(made.has_value() && delta::Patch::parse(made->encode())->encode() == made->encode());
  for (const bool data_spoiled : {false, true}) {
    for (const bool old_spoiled : {false, true}) {
      delta::test::MemoryImage had(old_spoiled ? spoiled(old_bytes, knob * 251) : old_bytes);
      const Bytes bytes = data_spoiled ? spoiled(data.bytes, knob * 509) : data.bytes;
      delta::test::MemoryRanges ranges(bytes);
      Oracle oracle(fresh_bytes);
      const auto applied = delta::apply_patch(*made, had, ranges, oracle);
      FUZZ_ASSERT(applied.has_value() || data_spoiled || old_spoiled);
      FUZZ_ASSERT(!applied.has_value() || oracle.complete());
    }
  }
}

}  // namespace

// Whatever two images are, an index and a patch make one from the other; whatever a store, a patch's data or an old
// image hold instead of what they should, no wrong byte is written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = test::fuzz_input(data, size);
  if (bytes.size() < 2) return 0;
  const auto knob = std::to_integer<std::size_t>(bytes[0]);
  const ByteView recipes = bytes.subspan(2);
  const std::size_t split = std::min(recipes.size(), std::to_integer<std::size_t>(bytes[1]) % (k_pieces_max + 1));
  const Bytes old = image_of(recipes.first(split));
  const Bytes fresh = image_of(recipes.subspan(split));
  chunks(old, fresh, knob);
  patch(old, fresh, knob);
  return 0;
}
