// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

namespace signet::delta {

/// Puts small writes that follow each other together, so that a slot sees few and large ones.
class Combiner {
 public:
  explicit Combiner(ImageWriter& out) : out_(out) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) {
    if (offset != start_ + pending_.size() || pending_.size() + bytes.size() > k_pending_bytes_max) {
      TRY(flush());
      start_ = offset;
    }
    append(pending_, bytes);
    return {};
  }
  Result<void> flush() {
    if (pending_.empty()) return {};
    const Bytes bytes = std::move(pending_);
    pending_.clear();
    TRY(out_.write_at(start_, bytes));
    start_ += bytes.size();
    return {};
  }

 private:
  static constexpr std::size_t k_pending_bytes_max = 1U << 20U;
  ImageWriter& out_;
  std::uint64_t start_ = 0;
  Bytes pending_;
};

}  // namespace signet::delta
