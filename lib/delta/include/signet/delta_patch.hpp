// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

/// Patches from one image to one other: smaller than what an index lets a device fetch, and good for nothing else. The
/// bytes: docs/formats/delta-patch.md.
namespace signet::delta {

/// How much of the new image is made, checked and written at a time.
inline constexpr std::uint32_t k_patch_block_bytes = 4U << 20U;
inline constexpr std::size_t k_patch_head_bytes_max = 16U << 20U;
/// zstd's level for the instructions.
inline constexpr int k_patch_level = 12;

struct PatchTables;

/// The small, signed part of a patch: which images, and the digests of each block before and after. The instructions
/// themselves are the patch's data, read block by block. A value, cheap to copy.
class Patch {
 public:
  /// Reads a head. It must have been authenticated before. Reasons: "delta.not-a-patch", "delta.version",
  /// "delta.patch".
  static Result<Patch> parse(ByteView bytes);
  /// parse(encode()) is the same patch.
  [[nodiscard]] Bytes encode() const;

  [[nodiscard]] std::uint64_t old_size_bytes() const;
  [[nodiscard]] std::uint64_t new_size_bytes() const;
  [[nodiscard]] std::uint64_t data_size_bytes() const;
  [[nodiscard]] std::size_t block_count() const;
  /// Digests as `chunks_sha256` of a bundle's manifest: which image it starts from, and which it makes.
  [[nodiscard]] Bytes old_chunks_sha256() const;
  [[nodiscard]] Bytes new_chunks_sha256() const;
  [[nodiscard]] const PatchTables& tables() const { return *tables_; }  ///< for this module

  explicit Patch(std::shared_ptr<const PatchTables> tables) : tables_(std::move(tables)) {}

 private:
  std::shared_ptr<const PatchTables> tables_;
};

/// Makes a patch and writes its data, front to back. For erofs images files are compared with the file they were
/// before, also where a directory was renamed for a new version; other images are compared place by place.
Result<Patch> make_patch(ImageReader& old, ImageReader& fresh, ImageWriter& data, int level = k_patch_level,
                         const Progress& progress = {});

/// Makes the new image, block by block; the cursor counts blocks. Each block is authenticated before it is decompressed
/// and compared with its digest before it is written. Reasons: "delta.wrong-old" (the old image is another one, or was
/// changed), "delta.store-altered", "delta.truncated", "delta.cursor".
Result<Applied> apply_patch(const Patch& patch, ImageReader& old, RangeSource& data, ImageWriter& out,
                            const ApplyOptions& options = {});

}  // namespace signet::delta
