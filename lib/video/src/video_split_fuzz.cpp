// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "vector_files.hpp"

using namespace signet;

namespace {

/// Gives a few bytes at a time, as a slow disk does: the units must not depend on it.
class DrippingSource : public video::Source {
 public:
  explicit DrippingSource(Bytes bytes) : whole_(std::move(bytes)) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    return whole_.read_at(offset, out.first(std::min<std::size_t>(out.size(), 61)));
  }

 private:
  video::MemorySource whole_;
};

struct Split {
  Bytes digest;
  std::uint64_t units = 0;
};

std::optional<Split> split(std::shared_ptr<video::Source> source) {
  auto recording = video::Recording::open(std::move(source));
  if (!recording) return std::nullopt;
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  Split result;
  for (std::size_t pieces = 0; pieces < 20'000; ++pieces) {  // samples of an MP4 file may overlap without end
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    if ((*piece)->begins) ++result.units;
    hasher.update((*piece)->bytes);
    FUZZ_ASSERT((*piece)->bytes.size() <= (std::size_t{1} << 20U));
  }
  result.digest = hasher.finish();
  return result;
}

}  // namespace

// Whatever the bytes, splitting ends, and gives the same units however the bytes arrive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 200'000) return 0;
  const Bytes bytes = to_bytes(test::fuzz_input(data, size));
  const auto whole = split(std::make_shared<video::MemorySource>(bytes));
  const auto dripping = split(std::make_shared<DrippingSource>(bytes));
  FUZZ_ASSERT(whole.has_value() == dripping.has_value());
  if (whole) FUZZ_ASSERT(whole->units == dripping->units && whole->digest == dripping->digest);
  return 0;
}
