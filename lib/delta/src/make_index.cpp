// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"

#include "arrange.hpp"
#include "chunker.hpp"
#include "tables.hpp"
#include "zstd.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <unordered_map>

namespace signet::delta {

namespace {

struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
  }
};

/// What the first pass finds: each different chunk once, in the order of its first place, and the places.
struct Found {
  std::vector<Chunk> chunks;
  std::vector<std::uint64_t> first_at;
  std::vector<Age> ages;  ///< of a chunk with several places the oldest: an older image has it as well
  std::vector<std::uint32_t> places;
  Digest image_chunks_sha256{};
};

Result<Found> find_chunks(ImageReader& image, const Progress& progress) {
  Found found;
  Ages ages = Ages::of(image);
  std::unordered_map<Digest, std::uint32_t, DigestHash> known;
  ImageDigest digest;
  TRY(for_each_chunk(
      image,
      [&](std::uint64_t offset, ByteView bytes) -> Result<void> {
        digest.update(bytes);
        const auto [entry, is_new] = known.try_emplace(sha256(bytes), static_cast<std::uint32_t>(found.chunks.size()));
        if (is_new) {
          found.chunks.push_back({entry->first, static_cast<std::uint32_t>(bytes.size())});
          found.first_at.push_back(offset);
          found.ages.push_back(ages.at(offset));
        } else {
          found.ages[entry->second] = std::min(found.ages[entry->second], ages.at(offset));
        }
        found.places.push_back(entry->second);
        if (found.places.size() > k_positions_max) {
          return Error(Errc::invalid_input, "delta.image-size", "the image has more chunks than an index can hold",
                       "Images of some gigabytes are what this is for; is it the right file?");
        }
        return {};
      },
      progress));
  found.image_chunks_sha256 = digest.finish();
  return found;
}

/// A frame ends where what is likely to be fetched together ends, unless it were smaller than this: small frames
/// compress badly and make an index long.
constexpr std::size_t k_frame_size_bytes_min = 64U << 10U;

/// So much of one time is one large package, most likely the kernel's modules: they are all new or none, so nothing is
/// fetched in vain if they are compressed in the largest frames. Where most of an image is of one time, the times say
/// nothing.
constexpr std::uint64_t k_large_batch_bytes = 32ULL << 20U;

bool is_one_package(const Batch& batch, std::uint64_t image_size_bytes) {
  return batch.age.code && batch.size_bytes >= k_large_batch_bytes && batch.size_bytes <= image_size_bytes / 2;
}

class StoreMaker {
 public:
  StoreMaker(ImageReader& image, ImageWriter& store, const Found& found, IndexTables& tables)
      : image_(image), store_(store), found_(found), tables_(tables) {}

  /// Puts batches into frames of at most `frame_size_bytes`, but for large packages, and ends the last of them.
  Result<void> add(std::span<const Batch> batches, int level, std::uint32_t frame_size_bytes,
                   const Progress& progress) {
    Compressor compressor(level);
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const bool large = is_one_package(batches[i], tables_.image_size_bytes);
      const std::uint32_t most = large ? k_frame_size_bytes_max : frame_size_bytes;
      for (const std::uint32_t id : batches[i].chunks) {
        if (content_.size() + found_.chunks[id].size_bytes > most) TRY(end_frame(compressor, progress));
        TRY(add_chunk(id));
      }
      const bool others_follow = i + 1 == batches.size() || batches[i + 1].holders != batches[i].holders;
      if (others_follow || content_.size() >= k_frame_size_bytes_min) TRY(end_frame(compressor, progress));
    }
    return {};
  }

 private:
  Result<void> add_chunk(std::uint32_t id) {
    const Chunk& chunk = found_.chunks[id];
    const std::size_t before = content_.size();
    content_.resize(before + chunk.size_bytes);
    const ByteSpan bytes = ByteSpan(content_).subspan(before);
    TRY(image_.read_at(found_.first_at[id], bytes));
    if (sha256(bytes) != chunk.digest) {
      return Error(Errc::conflict, "delta.image-changed", "the image changed while it was read",
                   "Let nothing write to it, and try again.");
    }
    tables_.chunks.push_back(chunk);
    ++count_;
    return {};
  }

  Result<void> end_frame(Compressor& compressor, const Progress& progress) {
    if (count_ == 0) return {};
    TRY_ASSIGN(const Bytes stored, compressor.compress(content_));
    Frame frame{sha256(stored),
                tables_.store_size_bytes,
                static_cast<std::uint32_t>(stored.size()),
                static_cast<std::uint32_t>(tables_.chunks.size()) - count_,
                count_,
                static_cast<std::uint32_t>(content_.size())};
    TRY(store_.write_at(frame.offset, stored));
    tables_.store_size_bytes += stored.size();
    tables_.frames.push_back(frame);
    done_bytes_ += content_.size();
    if (progress) progress(std::min(done_bytes_, tables_.image_size_bytes), tables_.image_size_bytes);
    content_.clear();
    count_ = 0;
    return {};
  }

  ImageReader& image_;
  ImageWriter& store_;
  const Found& found_;
  IndexTables& tables_;
  Bytes content_;  // of the frame at work
  std::uint32_t count_ = 0;
  std::uint64_t done_bytes_ = 0;
};

/// Places as runs of chunks that follow each other in the store as they do in the image.
std::vector<Run> runs_of(const Found& found, const std::vector<Batch>& batches) {
  std::vector<std::uint32_t> rank(found.chunks.size());
  std::uint32_t next = 0;
  for (const Batch& batch : batches) {
    for (const std::uint32_t id : batch.chunks) rank[id] = next++;
  }
  std::vector<Run> runs;
  for (const std::uint32_t place : found.places) {
    if (!runs.empty() && runs.back().first + runs.back().count == rank[place]) {
      ++runs.back().count;
    } else {
      runs.push_back({rank[place], 1});
    }
  }
  return runs;
}

}  // namespace

Result<Index> make_index(ImageReader& image, ImageWriter& store, const MakeOptions& options, const Progress& progress) {
  if (image.size_bytes() > k_image_size_bytes_max) {
    return Error(Errc::invalid_input, "delta.image-size", "the image is larger than an index can describe",
                 "Images of some gigabytes are what this is for; is it the right file?");
  }
  ensure(options.frame_size_bytes >= k_chunk_size_bytes_max && options.frame_size_bytes <= k_frame_size_bytes_max,
         "make_index: a frame holds at least one chunk");
  TRY_ASSIGN(const Found found, find_chunks(image, {}));
  const std::vector<Batch> batches = arrange(found.chunks, found.ages, options.since);
  auto tables = std::make_shared<IndexTables>();
  tables->image_size_bytes = image.size_bytes();
  tables->image_chunks_sha256 = found.image_chunks_sha256;
  StoreMaker maker(image, store, found, *tables);
  const auto known = std::ranges::find(batches, options.since.size(), &Batch::holders);
  const auto news = static_cast<std::size_t>(options.since.empty() ? 0 : known - batches.begin());
  const std::span<const Batch> all(batches);
  TRY(maker.add(all.first(news), options.level_new, k_frame_size_bytes_max, progress));
  TRY(maker.add(all.subspan(news), options.level, options.frame_size_bytes, progress));
  tables->runs = runs_of(found, batches);
  return Index(std::move(tables));
}

}  // namespace signet::delta
