// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

/// Images in memory for tests and fuzz targets.
namespace signet::delta::test {

/// An image that is read, written and, where a test wants it, changed in between.
class MemoryImage : public ImageReader, public ImageWriter {
 public:
  explicit MemoryImage(Bytes content = {}) : bytes(std::move(content)) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes.size(); }
  Result<void> read_at(std::uint64_t offset, ByteSpan out) override {
    if (offset > bytes.size() || out.size() > bytes.size() - offset) {
      return Error(Errc::io, "test.beyond", "read beyond the image");
    }
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  }
  Result<void> write_at(std::uint64_t offset, ByteView piece) override {
    if (bytes.size() < offset + piece.size()) bytes.resize(static_cast<std::size_t>(offset) + piece.size());
    std::ranges::copy(piece, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }

  Bytes bytes;
};

/// Ranges of a store in memory; counts requests, and hands out as little at a time as a bad link does.
class MemoryRanges : public RangeSource {
 public:
  explicit MemoryRanges(const Bytes& store, std::size_t piece_max = 1000) : store_(store), piece_max_(piece_max) {}
  Result<void> begin(Range range) override {
    ++requests;
    left_ = range;
    return {};
  }
  Result<std::size_t> read(ByteSpan out) override {
    const std::size_t end = store_.size();
    if (left_.offset >= end) return std::size_t{0};
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>({out.size(), left_.size_bytes, end - left_.offset, piece_max_}));
    std::copy_n(store_.begin() + static_cast<std::ptrdiff_t>(left_.offset), count, out.begin());
    left_ = {left_.offset + count, left_.size_bytes - count};
    return count;
  }

  std::uint64_t requests = 0;

 private:
  const Bytes& store_;
  std::size_t piece_max_;
  Range left_;
};

/// Bytes that do not compress, the same for the same seed.
inline Bytes noise(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<std::byte>(seed >> 56U);
  }
  return bytes;
}

}  // namespace signet::delta::test
