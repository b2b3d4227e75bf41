// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: delta_apply_fuzz)
#include "chunker.hpp"
#include "combiner.hpp"
#include "tables.hpp"
#include "zstd.hpp"

#include <algorithm>
#include <optional>

namespace signet::delta {

namespace {

/// Chunks that the old image does not hold as promised are fetched one by one up to this number, and as long as that
/// costs little more than to fetch everything; more of them are another image than the one the plan was made for.
constexpr std::uint64_t k_mended_max = 1024;

/// Where in the image each chunk belongs: places of chunk i are offsets[start[i]] to offsets[start[i + 1]].
class Places {
 public:
  explicit Places(const IndexTables& tables) : start_(tables.chunks.size() + 1) {
    for_each_place(tables, [&](std::uint32_t chunk, std::uint64_t) { ++start_[chunk + 1]; });
    for (std::size_t i = 1; i < start_.size(); ++i) start_[i] += start_[i - 1];
    offsets_.resize(start_.back());
    std::vector<std::uint32_t> next(start_.begin(), start_.end() - 1);
    for_each_place(tables, [&](std::uint32_t chunk, std::uint64_t offset) { offsets_[next[chunk]++] = offset; });
  }
  [[nodiscard]] std::span<const std::uint64_t> of(std::uint32_t chunk) const {
    return std::span(offsets_).subspan(start_[chunk], start_[chunk + 1] - start_[chunk]);
  }

 private:
  std::vector<std::uint32_t> start_;
  std::vector<std::uint64_t> offsets_;
};

Error store_altered() {
  return {Errc::untrusted, "delta.store-altered", "the store does not hold what its index promises",
          "It was damaged on its way, or belongs to another release; get it again."};
}

class Worker {
 public:
  Worker(const Plan& plan, ImageReader* old, RangeSource& store, ImageWriter& out, const ApplyOptions& options)
      : plan_(plan),
        tables_(plan.index.tables()),
        old_(old),
        store_(store),
        combiner_(out),
        options_(options),
        places_(tables_) {}

  Result<Applied> run() {
    if (options_.from > plan_.steps() || (old_ == nullptr && !plan_.copies.empty())) {
      return Error(Errc::usage, "delta.cursor", "this cursor or old image does not belong to this plan",
                   "Begin from 0, or make the plan anew.");
    }
    std::uint64_t cursor = options_.from;
    for (; cursor < plan_.frames.size(); ++cursor) {
      TRY(fetch_step(static_cast<std::size_t>(cursor)));
      TRY(advanced(cursor + 1));
    }
    for (; cursor < plan_.steps(); ++cursor) {
      TRY(copy_step(static_cast<std::size_t>(cursor - plan_.frames.size())));
      TRY(advanced(cursor + 1));
    }
    TRY(checkpoint(cursor));
    return applied_;
  }

 private:
  Result<void> fetch_step(std::size_t step) {
    const std::uint32_t frame = plan_.frames[step];
    const std::uint64_t at = tables_.frames[frame].offset;
    if (at != range_at_ || at >= range_end_) {  // the first one, or the next range
      const auto range = std::ranges::find_if(
          plan_.ranges, [at](const Range& one) { return at >= one.offset && at - one.offset < one.size_bytes; });
      if (range == plan_.ranges.end()) return store_altered();  // not a plan of plan()
      range_end_ = range->offset + range->size_bytes;
      TRY(begin({at, range_end_ - at}));
    }
    TRY(read_frame(tables_.frames[frame]));
    range_at_ = at + tables_.frames[frame].stored_bytes;
    const std::uint32_t first = tables_.frames[frame].first_chunk;
    std::size_t in_frame = 0;
    for (std::uint32_t chunk = first; chunk < first + tables_.frames[frame].chunk_count; ++chunk) {
      const ByteView bytes = ByteView(content_).subspan(in_frame, tables_.chunks[chunk].size_bytes);
      TRY(check_and_put(chunk, bytes));
      in_frame += bytes.size();
    }
    return {};
  }

  Result<void> copy_step(std::size_t step) {
    const std::uint32_t chunk = plan_.copies[step];
    chunk_.resize(tables_.chunks[chunk].size_bytes);
    const std::uint64_t at = plan_.origins[step];
    const bool inside = at <= old_->size_bytes() && chunk_.size() <= old_->size_bytes() - at;
    if (!inside || !old_->read_at(at, chunk_) || sha256(chunk_) != tables_.chunks[chunk].digest) return mend(chunk);
    return put(chunk, chunk_);
  }

  /// The old image is not what it was, or its disk fails: what is missing is fetched after all.
  Result<void> mend(std::uint32_t chunk) {
    ++applied_.mended_chunks;
    if (applied_.mended_chunks > k_mended_max || mended_bytes_ > tables_.store_size_bytes + k_frame_size_bytes_max) {
      return Error(Errc::conflict, "delta.old-altered", "the old image does not hold what it was planned with",
                   "It was changed since; make the plan from a scan of it, or fetch everything.");
    }
    const auto after =
        std::ranges::upper_bound(tables_.frames, chunk, {}, [](const Frame& frame) { return frame.first_chunk; });
    const auto frame = static_cast<std::uint32_t>(after - tables_.frames.begin() - 1);
    if (mended_frame_ != frame) {
      mended_frame_.reset();
      TRY(begin({tables_.frames[frame].offset, tables_.frames[frame].stored_bytes}));
      TRY(read_frame(tables_.frames[frame]));
      mended_frame_ = frame;
      mended_bytes_ += tables_.frames[frame].stored_bytes;
    }
    std::size_t in_frame = 0;
    for (std::uint32_t i = tables_.frames[frame].first_chunk; i < chunk; ++i) in_frame += tables_.chunks[i].size_bytes;
    return check_and_put(chunk, ByteView(content_).subspan(in_frame, tables_.chunks[chunk].size_bytes));
  }

  Result<void> begin(Range range) {
    ++applied_.requests;
    return store_.begin(range);
  }

  /// Into content_. Authenticated before it is decompressed.
  Result<void> read_frame(const Frame& frame) {
    stored_.resize(frame.stored_bytes);
    ByteSpan left(stored_);
    while (!left.empty()) {
      TRY_ASSIGN(const std::size_t count, store_.read(left));
      if (count == 0 || count > left.size()) {
        return Error(Errc::unavailable, "delta.truncated", "the store ended before all of it was read",
                     "The transfer broke off; try again, it goes on from where it is.");
      }
      left = left.subspan(count);
    }
    applied_.fetched_bytes += frame.stored_bytes;
    if (sha256(stored_) != frame.digest) return store_altered();
    content_.resize(frame.size_bytes);
    return decompressor_.decompress(stored_, content_);
  }

  Result<void> check_and_put(std::uint32_t chunk, ByteView bytes) {
    if (sha256(bytes) != tables_.chunks[chunk].digest) return store_altered();
    return put(chunk, bytes);
  }

  /// Writes a chunk, whose digest was found right, to all its places.
  Result<void> put(std::uint32_t chunk, ByteView bytes) {
    for (const std::uint64_t offset : places_.of(chunk)) {
      TRY(combiner_.write(offset, bytes));
      done_bytes_ += bytes.size();
    }
    return {};
  }

  Result<void> advanced(std::uint64_t cursor) {
    if (done_bytes_ - checked_bytes_ < options_.checkpoint_bytes) return {};
    checked_bytes_ = done_bytes_;
    if (options_.progress) {
      options_.progress(std::min(done_bytes_, tables_.image_size_bytes), tables_.image_size_bytes);
    }
    return checkpoint(cursor);
  }

  Result<void> checkpoint(std::uint64_t cursor) {
    TRY(combiner_.flush());
    if (options_.checkpoint) return options_.checkpoint(cursor);
    return {};
  }

  const Plan& plan_;
  const IndexTables& tables_;
  ImageReader* old_;
  RangeSource& store_;
  Combiner combiner_;
  const ApplyOptions& options_;
  Places places_;
  Decompressor decompressor_;
  Bytes stored_;
  Bytes content_;
  Bytes chunk_;
  std::optional<std::uint32_t> mended_frame_;
  std::uint64_t mended_bytes_ = 0;
  std::uint64_t range_at_ = 0;
  std::uint64_t range_end_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t checked_bytes_ = 0;
  Applied applied_;
};

}  // namespace

Result<Applied> apply(const Plan& plan, ImageReader* old, RangeSource& store, ImageWriter& out,
                      const ApplyOptions& options) {
  return Worker(plan, old, store, out, options).run();
}

Result<void> check_image(const Index& index, ImageReader& image, const Progress& progress) {
  const Error differs(Errc::untrusted, "delta.image-differs", "the image is not the one that the index describes",
                      "It was damaged; install it again.");
  if (image.size_bytes() < index.image_size_bytes()) return differs;
  ImageDigest digest;
  Bytes buffer(1U << 20U);
  for (std::uint64_t at = 0; at < index.image_size_bytes(); at += buffer.size()) {
    const ByteSpan piece = ByteSpan(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), index.image_size_bytes() - at)));
    TRY(image.read_at(at, piece));
    digest.update(piece);
    if (progress) progress(at + piece.size(), index.image_size_bytes());
  }
  if (digest.finish() != index.tables().image_chunks_sha256) return differs;
  return {};
}

}  // namespace signet::delta
