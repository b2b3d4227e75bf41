// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "rtp.hpp"

#include <algorithm>

using namespace signet;

namespace {

/// Gives at most so many bytes at a time.
class Dripping : public video::Source {
 public:
  Dripping(Bytes bytes, std::size_t drop) : bytes_(std::move(bytes)), drop_(drop) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto at = static_cast<std::size_t>(offset);
    const std::size_t size = std::min({out.size(), drop_, bytes_.size() - at});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
    return size;
  }

 private:
  Bytes bytes_;
  std::size_t drop_;
};

struct Read {
  bool opened = false;
  Bytes all;
  std::uint64_t pieces = 0;
  std::uint64_t lost = 0;
};

Read read(const Bytes& bytes, std::size_t drop) {
  Read result;
  auto stream = media::open_capture(std::make_shared<Dripping>(bytes, drop), {});
  if (!stream) return result;
  result.opened = true;
  while (true) {
    const auto piece = stream->units->next();
    if (!piece || !*piece) break;
    FUZZ_ASSERT(!(*piece)->bytes.empty() && (*piece)->bytes.size() <= (std::size_t{1} << 20U));
    append(result.all, (*piece)->bytes);
    ++result.pieces;
  }
  result.lost = stream->transport->lost;
  // A unit is made of what packets carry, its header byte, and (AV1) its size.
  FUZZ_ASSERT(result.all.size() <= bytes.size() * 2 + 16);
  FUZZ_ASSERT(stream->transport->gaps <= stream->transport->packets);
  return result;
}

}  // namespace

// Whatever the bytes, reading ends, gives no more than came, and gives the same however the bytes arrive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 100'000) return 0;
  const Bytes bytes = to_bytes(test::fuzz_input(data, size));
  const Read whole = read(bytes, bytes.size() + 1);
  const Read dripping = read(bytes, 61);
  FUZZ_ASSERT(whole.opened == dripping.opened && whole.pieces == dripping.pieces && whole.lost == dripping.lost);
  FUZZ_ASSERT(whole.all == dripping.all);
  return 0;
}
