// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace signet::test {

/// A bundle in memory, so that tens of thousands of variants of one cost no disk. Header-only, as vendor.hpp.
class MemorySource : public bundle::Source {
 public:
  /// Reads from `at`, which must not be behind the end.
  explicit MemorySource(Bytes bytes, std::size_t at = 0) : bytes_(std::move(bytes)), at_(at) {}
  Result<std::size_t> read(ByteSpan out) override {
    const std::size_t count = std::min(out.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, out.begin());
    at_ += count;
    return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size_bytes() const override { return bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t at_;
};

}  // namespace signet::test
