// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: delta_apply_fuzz)
#include "patch_tables.hpp"
#include "zstd.hpp"

#include <algorithm>

namespace signet::delta {

namespace {

Result<void> read_stored(RangeSource& data, ByteSpan out) {
  while (!out.empty()) {
    TRY_ASSIGN(const std::size_t count, data.read(out));
    if (count == 0 || count > out.size()) {
      return Error(Errc::unavailable, "delta.truncated", "the patch ended before all of it was read",
                   "The transfer broke off; try again, it goes on from where it is.");
    }
    out = out.subspan(count);
  }
  return {};
}

Error wrong_old() {
  return {Errc::conflict, "delta.wrong-old", "the patch does not fit the image that is to be patched",
          "It was made for another image, or this one was changed; use the release's own chunks instead."};
}

}  // namespace

Result<Applied> apply_patch(const Patch& patch, ImageReader& old, RangeSource& data, ImageWriter& out,
                            const ApplyOptions& options) {
  const PatchTables& tables = patch.tables();
  if (options.from > tables.blocks.size()) {
    return Error(Errc::usage, "delta.cursor", "this cursor does not belong to this patch", "Begin from 0.");
  }
  if (old.size_bytes() < tables.old_size_bytes) return wrong_old();
  Applied applied;
  Decompressor decompressor;
  Bytes stored;
  Bytes content;
  Bytes output;
  for (std::uint64_t i = options.from; i < tables.blocks.size(); ++i) {
    const PatchBlock& block = tables.blocks[static_cast<std::size_t>(i)];
    if (applied.requests == 0) {
      ++applied.requests;
      TRY(data.begin({block.offset, tables.data_size_bytes - block.offset}));
    }
    stored.resize(block.stored_bytes);
    TRY(read_stored(data, stored));
    applied.fetched_bytes += stored.size();
    if (sha256(stored) != block.stored_sha256) {
      return Error(Errc::untrusted, "delta.store-altered", "the patch does not hold what its head promises",
                   "It was damaged on its way, or belongs to another release; get it again.");
    }
    content.resize(block.content_bytes);
    TRY(decompressor.decompress(stored, content));
    const std::uint64_t at = i * k_patch_block_bytes;
    output.resize(static_cast<std::size_t>(std::min<std::uint64_t>(k_patch_block_bytes, tables.new_size_bytes - at)));
    TRY(run_block(content, old, output));
    if (sha256(output) != block.output_sha256) return wrong_old();
    TRY(out.write_at(at, output));
    if (options.checkpoint) TRY(options.checkpoint(i + 1));
    if (options.progress) options.progress(at + output.size(), tables.new_size_bytes);
  }
  return applied;
}

}  // namespace signet::delta
