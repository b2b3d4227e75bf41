// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <memory>

/// zstd's contexts behind RAII, whole frames in memory only: sizes are known and bounded before a byte is decompressed,
/// so nothing can grow beyond what an index promised.
namespace signet::delta {

class Compressor {
 public:
  explicit Compressor(int level);
  /// One independent frame without a checksum or a dictionary: digests stand elsewhere.
  Result<Bytes> compress(ByteView bytes);

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

class Decompressor {
 public:
  Decompressor();
  /// Succeeds only if the frame fills `out` to its last byte; otherwise "delta.store-altered".
  Result<void> decompress(ByteView frame, ByteSpan out);

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace signet::delta
