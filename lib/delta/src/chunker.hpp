// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

#include "tables.hpp"

#include <cstdint>
#include <functional>

namespace signet::delta {

inline constexpr std::size_t k_chunk_size_bytes_min = 2U << 10U;
inline constexpr std::size_t k_chunk_size_bytes_normal = 8U << 10U;
/// Blocks of the file systems whose images are cut: erofs and ext4 begin each file at one.
inline constexpr std::size_t k_block_bytes = 4096;
/// How far behind a chunk the rule of file ends looks.
inline constexpr std::size_t k_look_bytes = 8;

/// Size of the chunk that begins at view[0], which is byte `offset` of the image. Needs k_chunk_size_bytes_max +
/// k_look_bytes bytes, or all that are left.
std::size_t cut(ByteView view, std::uint64_t offset);

/// Called with each chunk and where it begins.
using ChunkVisit = std::function<Result<void>(std::uint64_t offset, ByteView chunk)>;
/// Cuts an image, front to back.
Result<void> for_each_chunk(ImageReader& image, const ChunkVisit& visit, const Progress& progress = {});

/// The digest that a bundle's manifest has of an image: SHA-256 over the SHA-256 of each MiB.
class ImageDigest {
 public:
  ImageDigest();
  ImageDigest(ImageDigest&&) noexcept;
  ~ImageDigest();
  void update(ByteView piece);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signet::delta
