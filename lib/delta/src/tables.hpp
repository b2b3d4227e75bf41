// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace signet::delta {

using Digest = std::array<std::byte, 32>;

/// A digest of the project's default hash as an array, so that tables of them are one block of memory.
Digest sha256(ByteView bytes);

/// A piece of the image that occurs at least once.
struct Chunk {
  Digest digest;
  std::uint32_t size_bytes = 0;
};
/// Chunks that are compressed together: one independent zstd frame of the store.
struct Frame {
  Digest digest;  ///< of the stored bytes, so that nothing foreign reaches the decompressor
  std::uint64_t offset = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t first_chunk = 0;
  std::uint32_t chunk_count = 0;
  std::uint32_t size_bytes = 0;  ///< decompressed
};
/// Chunks first, first + 1, ... stand one behind the other in the image.
struct Run {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// The parts of an index (docs/formats/delta-index.md).
struct IndexTables {
  std::uint64_t image_size_bytes = 0;
  std::uint64_t store_size_bytes = 0;
  Digest image_chunks_sha256{};
  std::vector<Frame> frames;
  std::vector<Chunk> chunks;
  std::vector<Run> runs;
};

/// Calls visit(chunk, offset in the image) for each place, front to back.
template <typename Visit>
void for_each_place(const IndexTables& tables, Visit visit) {
  std::uint64_t offset = 0;
  for (const Run& run : tables.runs) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      visit(run.first + i, offset);
      offset += tables.chunks[run.first + i].size_bytes;
    }
  }
}

/// A chunk of an old image.
struct Inventory::Entry {
  Digest digest;
  std::uint64_t offset = 0;
  std::uint32_t size_bytes = 0;
};

}  // namespace signet::delta
