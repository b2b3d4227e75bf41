// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/os/block_device.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

/// Updates that download only what is new: an image cut into chunks where its content says so, an index of the chunks
/// that the maker signs, a store that holds each different chunk once, compressed. A device that has any older image
/// takes from it what it has and fetches the rest by a few ranges. The bytes: docs/formats/delta-index.md.
namespace signet::delta {

/// Bounds of the format; an index beyond them is refused before memory is taken for it.
inline constexpr std::uint32_t k_chunk_size_bytes_max = 64U << 10U;
inline constexpr std::uint32_t k_frame_size_bytes_max = 4U << 20U;
inline constexpr std::size_t k_index_size_bytes_max = 64U << 20U;
inline constexpr std::uint64_t k_image_size_bytes_max = 1ULL << 44U;
inline constexpr std::uint32_t k_positions_max = 1U << 22U;
/// More requests than this a plan never makes, unless it is told otherwise; with those for the front and the index of a
/// bundle an update takes at most 32.
inline constexpr std::size_t k_requests_max = 30;

/// Bytes that can be read anywhere: an image in a file, the slot that runs.
class ImageReader {
 public:
  virtual ~ImageReader() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  /// Fills `out`; beyond the end is an error.
  virtual Result<void> read_at(std::uint64_t offset, ByteSpan out) = 0;
};
/// Takes bytes whose digest was found right. Places come in any order; after a resume some come again.
class ImageWriter {
 public:
  virtual ~ImageWriter() = default;
  virtual Result<void> write_at(std::uint64_t offset, ByteView bytes) = 0;
};
/// A file or a block device, opened for reading alone.
Result<std::unique_ptr<ImageReader>> open_image(const std::filesystem::path& path);
/// A device that outlives the reader or writer.
std::unique_ptr<ImageReader> reader_of(os::BlockDevice& device);
/// The same, to be written; nothing is flushed here.
std::unique_ptr<ImageWriter> writer_to(os::BlockDevice& device);

/// A piece of a store.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;

  friend bool operator==(const Range&, const Range&) = default;
};
/// Where the bytes of a store come from: a server, a file. Each begin() is one request; it may be for many megabytes,
/// which are then read as they arrive.
class RangeSource {
 public:
  virtual ~RangeSource() = default;
  virtual Result<void> begin(Range range) = 0;
  /// Reads up to out.size() bytes of the range; 0 at its end, or where the sender gave up.
  virtual Result<std::size_t> read(ByteSpan out) = 0;
};
/// A store in an image or a file, `at` bytes behind its start.
std::unique_ptr<RangeSource> ranges_of(ImageReader& image, std::uint64_t at = 0);

/// Bytes done of all.
using Progress = std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)>;

struct IndexTables;

/// Which chunks an image consists of and where each stands in the store. A value, cheap to copy.
class Index {
 public:
  /// Reads an index. It must have been authenticated before: its digest stands in a signed manifest. Reasons:
  /// "delta.not-an-index", "delta.version", "delta.index".
  static Result<Index> parse(ByteView bytes);
  /// parse(encode()) is the same index.
  [[nodiscard]] Bytes encode() const;

  [[nodiscard]] std::uint64_t image_size_bytes() const;
  [[nodiscard]] std::uint64_t store_size_bytes() const;
  /// SHA-256 over the digests of each MiB of the image, as `chunks_sha256` of a bundle's manifest.
  [[nodiscard]] Bytes image_chunks_sha256() const;
  [[nodiscard]] std::size_t chunk_count() const;
  [[nodiscard]] std::size_t frame_count() const;
  [[nodiscard]] const IndexTables& tables() const { return *tables_; }  ///< for this module

  explicit Index(std::shared_ptr<const IndexTables> tables) : tables_(std::move(tables)) {}

 private:
  std::shared_ptr<const IndexTables> tables_;
};

/// How a store is made.
struct MakeOptions {
  /// The indexes of releases before, as many as are known: what none of them has is put together at the store's start,
  /// behind it what only some have, both compressed in large frames. So a device with one of them fetches the front of
  /// the store. The result serves every other old image as well: files of an erofs image stand newest first.
  std::vector<Index> since = {};
  int level_new = 14;  ///< zstd's level for what is new since one of them
  int level = 9;       ///< for the rest, where more costs time and saves nothing
  /// How much is compressed together at most, where no release before says what will be fetched together.
  std::uint32_t frame_size_bytes = 256U << 10U;
};
/// Cuts an image into chunks and writes its store, front to back. Two passes over the image, in constant memory but for
/// the index.
Result<Index> make_index(ImageReader& image, ImageWriter& store, const MakeOptions& options = {},
                         const Progress& progress = {});

/// What an old image holds: chunks by their digests.
class Inventory {
 public:
  struct Entry;
  /// From the index of the image that was installed; no byte of it is read.
  static Inventory of(const Index& index);
  /// By reading an image and cutting it as make_index does.
  static Result<Inventory> scan(ImageReader& image, const Progress& progress = {});
  /// A device that has nothing.
  static Inventory none();

  [[nodiscard]] const std::vector<Entry>& entries() const { return *entries_; }  ///< sorted by digest

 private:
  explicit Inventory(std::vector<Entry> entries);
  std::shared_ptr<const std::vector<Entry>> entries_;
};

/// What is to be done to make an image: frames to fetch, then chunks to copy.
struct Plan {
  Index index;
  std::vector<Range> ranges;           ///< of the store, ascending, none touching the next
  std::vector<std::uint32_t> frames;   ///< to be fetched, ascending
  std::vector<std::uint32_t> copies;   ///< chunks to be copied, in the order of the image
  std::vector<std::uint64_t> origins;  ///< where in the old image each of them stands
  std::uint64_t fetched_bytes = 0;     ///< the sum of the ranges, with what is fetched only to have fewer of them
  std::uint64_t copied_bytes = 0;      ///< of the new image, taken from the old one
  /// Steps from 0 to the end; the cursor of apply() counts them.
  [[nodiscard]] std::uint64_t steps() const { return frames.size() + copies.size(); }
};
/// The same index and inventory always give the same plan, so that a cursor survives a restart.
Plan plan(const Index& index, const Inventory& old, std::size_t requests_max = k_requests_max);

/// How a plan is carried out.
struct ApplyOptions {
  std::uint64_t from = 0;  ///< a cursor that `checkpoint` was given, of the same plan
  /// Called after about as many bytes as `checkpoint_bytes` were handed to the writer: everything before `cursor` is
  /// written and right. Flush the device, then keep the cursor. An error ends the work; it goes on from the cursor.
  std::function<Result<void>(std::uint64_t cursor)> checkpoint;
  std::uint64_t checkpoint_bytes = 8U << 20U;
  Progress progress;
};
/// What became of it.
struct Applied {
  std::uint64_t fetched_bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t mended_chunks = 0;  ///< not in the old image as promised, and fetched instead
};
/// Carries out a plan. Frames are compared with the index before they are decompressed, chunks before they are written;
/// a chunk that the old image does not hold as promised is fetched instead. Reasons: "delta.store-altered",
/// "delta.truncated", "delta.old-altered" (too many such chunks: plan anew from a scan), "delta.cursor".
Result<Applied> apply(const Plan& plan, ImageReader* old, RangeSource& store, ImageWriter& out,
                      const ApplyOptions& options = {});

/// Whether an image is the one of an index, byte for byte. Reason: "delta.image-differs".
Result<void> check_image(const Index& index, ImageReader& image, const Progress& progress = {});

}  // namespace signet::delta
