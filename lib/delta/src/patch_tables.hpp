// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta_patch.hpp"

#include "tables.hpp"

namespace signet::delta {

/// Instructions of one block: four streams, decompressed.
struct PatchBlock {
  Digest stored_sha256;
  Digest output_sha256;
  std::uint64_t offset = 0;  ///< in the data
  std::uint32_t stored_bytes = 0;
  std::uint32_t content_bytes = 0;  ///< decompressed
};

/// The parts of a patch's head (docs/formats/delta-patch.md).
struct PatchTables {
  std::uint64_t old_size_bytes = 0;
  std::uint64_t new_size_bytes = 0;
  std::uint64_t data_size_bytes = 0;
  Digest old_chunks_sha256{};
  Digest new_chunks_sha256{};
  std::vector<PatchBlock> blocks;
};

/// What a block's instructions may take at most: a literal for each byte, and a little more than a byte of control
/// each.
inline constexpr std::uint32_t k_patch_content_bytes_max = 2 * k_patch_block_bytes + 64;

/// The streams of a block, as they are compressed one behind the other after their four sizes.
struct PatchStreams {
  static constexpr std::size_t k_head_bytes = 16;
  Bytes steps;     ///< for each step: bytes copied, bytes of literals, how far the old position moves (zigzag)
  Bytes runs;      ///< over all copied bytes: how many are the same, how many differ, ...
  Bytes changes;   ///< new minus old, of those that differ
  Bytes literals;  ///< bytes that come from nowhere
};

/// LEB128, at most ten bytes.
void put_varint(Bytes& out, std::uint64_t value);
constexpr std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63U);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// Carries out one block's instructions; `out` is the whole block. Refuses what does not fill it exactly.
Result<void> run_block(ByteView content, ImageReader& old, ByteSpan out);

}  // namespace signet::delta
