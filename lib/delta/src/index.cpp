// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: delta_index_fuzz)
#include "signet/core/ensure.hpp"
#include "signet/crypto.hpp"

#include "tables.hpp"

#include <algorithm>
#include <string_view>

namespace signet::delta {

namespace {

constexpr std::string_view k_magic = "SIGNETIX";
constexpr std::uint16_t k_version = 1;
constexpr std::size_t k_header_bytes = 80;
constexpr std::size_t k_frame_bytes = 40;
constexpr std::size_t k_chunk_bytes = 36;
constexpr std::size_t k_run_bytes = 8;
constexpr std::size_t k_image_size_at = 16;
constexpr std::size_t k_store_size_at = 24;
constexpr std::size_t k_frames_at = 32;
constexpr std::size_t k_chunks_at = 36;
constexpr std::size_t k_runs_at = 40;
constexpr std::size_t k_digest_at = 48;

Error malformed(const std::string& what) {
  return {Errc::invalid_input, "delta.index", "the index is malformed: " + what,
          "It was damaged or made by a faulty tool; get it again."};
}

/// Takes fixed records from the front of a view whose size was checked.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : bytes_(to_bytes(bytes)) {}
  ByteView take(std::size_t size) {
    const ByteView piece = ByteView(bytes_).subspan(at_, size);
    at_ += size;
    return piece;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

Digest digest_at(ByteView bytes) {
  Digest digest;
  std::ranges::copy(bytes.first(digest.size()), digest.begin());
  return digest;
}

struct Counts {
  std::uint32_t frames = 0;
  std::uint32_t chunks = 0;
  std::uint32_t runs = 0;
};

Result<Counts> parse_header(ByteView bytes, IndexTables& into) {
  if (bytes.size() < k_header_bytes || as_text(bytes.first(k_magic.size())) != k_magic) {
    return Error(Errc::invalid_input, "delta.not-an-index", "this is not an index of chunks",
                 "Make one with 'signet firmware pack --delta-index'.");
  }
  if (const auto version = get_be16(bytes.subspan(k_magic.size())); version != k_version) {
    return Error(Errc::unsupported, "delta.version", "an index of format version " + std::to_string(version),
                 "This program reads version " + std::to_string(k_version) + "; use a newer one.");
  }
  const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
  if (!std::ranges::all_of(bytes.subspan(k_magic.size() + 2, 6), is_zero) ||
      !std::ranges::all_of(bytes.subspan(k_runs_at + 4, 4), is_zero)) {
    return malformed("reserved bytes are not zero");
  }
  into.image_size_bytes = get_be64(bytes.subspan(k_image_size_at));
  into.store_size_bytes = get_be64(bytes.subspan(k_store_size_at));
  into.image_chunks_sha256 = digest_at(bytes.subspan(k_digest_at));
  const Counts counts{get_be32(bytes.subspan(k_frames_at)), get_be32(bytes.subspan(k_chunks_at)),
                      get_be32(bytes.subspan(k_runs_at))};
  // 64-bit sums of 32-bit counts times small constants cannot overflow.
  const std::uint64_t size = k_header_bytes + std::uint64_t{counts.frames} * k_frame_bytes +
                             std::uint64_t{counts.chunks} * k_chunk_bytes + std::uint64_t{counts.runs} * k_run_bytes;
  if (size != bytes.size() || size > k_index_size_bytes_max) return malformed("its size is not what its counts demand");
  if (into.image_size_bytes > k_image_size_bytes_max || into.store_size_bytes > k_image_size_bytes_max) {
    return malformed("it is of an image beyond the format's bounds");
  }
  return counts;
}

Result<void> parse_frames(Cursor& cursor, const Counts& counts, IndexTables& into) {
  std::uint64_t offset = 0;
  std::uint64_t chunks = 0;
  into.frames.reserve(counts.frames);
  for (std::uint32_t i = 0; i < counts.frames; ++i) {
    const ByteView bytes = cursor.take(k_frame_bytes);
    Frame frame{digest_at(bytes),
                offset,
                get_be32(bytes.subspan(32)),
                static_cast<std::uint32_t>(chunks),
                get_be32(bytes.subspan(36)),
                0};
    // What does not shrink is stored a little larger; a quarter more than the bound is beyond any frame.
    if (frame.stored_bytes == 0 || frame.stored_bytes > k_frame_size_bytes_max + k_frame_size_bytes_max / 4 ||
        frame.chunk_count == 0) {
      return malformed("frame " + std::to_string(i) + " has an impossible size");
    }
    offset += frame.stored_bytes;
    chunks += frame.chunk_count;
    if (chunks > counts.chunks) return malformed("its frames hold more chunks than there are");
    into.frames.push_back(frame);
  }
  if (chunks != counts.chunks) return malformed("some chunks are in no frame");
  if (offset != into.store_size_bytes) return malformed("its frames do not fill the store");
  return {};
}

Result<void> parse_chunks(Cursor& cursor, IndexTables& into, std::uint32_t count) {
  into.chunks.reserve(count);
  for (Frame& frame : into.frames) {
    std::uint64_t size = 0;
    for (std::uint32_t i = 0; i < frame.chunk_count; ++i) {
      const ByteView bytes = cursor.take(k_chunk_bytes);
      const Chunk chunk{digest_at(bytes), get_be32(bytes.subspan(32))};
      if (chunk.size_bytes == 0 || chunk.size_bytes > k_chunk_size_bytes_max) {
        return malformed("chunk " + std::to_string(into.chunks.size()) + " has an impossible size");
      }
      size += chunk.size_bytes;
      into.chunks.push_back(chunk);
    }
    if (size > k_frame_size_bytes_max) return malformed("a frame is larger than the format allows");
    frame.size_bytes = static_cast<std::uint32_t>(size);
  }
  return {};
}

Result<void> parse_runs(Cursor& cursor, IndexTables& into, std::uint32_t count) {
  std::uint64_t size = 0;
  std::uint64_t places = 0;
  into.runs.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const ByteView bytes = cursor.take(k_run_bytes);
    const Run run{get_be32(bytes), get_be32(bytes.subspan(4))};
    if (run.count == 0 || std::uint64_t{run.first} + run.count > into.chunks.size()) {
      return malformed("run " + std::to_string(i) + " names chunks that do not exist");
    }
    places += run.count;
    if (places > k_positions_max) return malformed("its image has too many chunks");
    for (std::uint32_t chunk = 0; chunk < run.count; ++chunk) size += into.chunks[run.first + chunk].size_bytes;
    into.runs.push_back(run);
  }
  if (size != into.image_size_bytes) return malformed("its chunks do not fill the image");
  return {};
}

}  // namespace

Digest sha256(ByteView bytes) { return digest_at(crypto::digest(crypto::HashAlgorithm::sha256, bytes)); }

Result<Index> Index::parse(ByteView bytes) {
  auto tables = std::make_shared<IndexTables>();
  TRY_ASSIGN(const Counts counts, parse_header(bytes, *tables));
  Cursor cursor(bytes.subspan(k_header_bytes));
  TRY(parse_frames(cursor, counts, *tables));
  TRY(parse_chunks(cursor, *tables, counts.chunks));
  TRY(parse_runs(cursor, *tables, counts.runs));
  return Index(std::move(tables));
}

Bytes Index::encode() const {
  Bytes out(k_header_bytes);
  std::ranges::copy(as_bytes(k_magic), out.begin());
  put_be16(ByteSpan(out).subspan(k_magic.size()), k_version);
  put_be64(ByteSpan(out).subspan(k_image_size_at), tables_->image_size_bytes);
  put_be64(ByteSpan(out).subspan(k_store_size_at), tables_->store_size_bytes);
  put_be32(ByteSpan(out).subspan(k_frames_at), static_cast<std::uint32_t>(tables_->frames.size()));
  put_be32(ByteSpan(out).subspan(k_chunks_at), static_cast<std::uint32_t>(tables_->chunks.size()));
  put_be32(ByteSpan(out).subspan(k_runs_at), static_cast<std::uint32_t>(tables_->runs.size()));
  std::ranges::copy(tables_->image_chunks_sha256, out.begin() + k_digest_at);
  const auto add32 = [&out](std::uint32_t value) {
    std::array<std::byte, 4> bytes;
    put_be32(bytes, value);
    append(out, bytes);
  };
  for (const Frame& frame : tables_->frames) {
    append(out, frame.digest);
    add32(frame.stored_bytes);
    add32(frame.chunk_count);
  }
  for (const Chunk& chunk : tables_->chunks) {
    append(out, chunk.digest);
    add32(chunk.size_bytes);
  }
  for (const Run& run : tables_->runs) {
    add32(run.first);
    add32(run.count);
  }
  return out;
}

std::uint64_t Index::image_size_bytes() const { return tables_->image_size_bytes; }
std::uint64_t Index::store_size_bytes() const { return tables_->store_size_bytes; }
Bytes Index::image_chunks_sha256() const { return to_bytes(tables_->image_chunks_sha256); }
std::size_t Index::chunk_count() const { return tables_->chunks.size(); }
std::size_t Index::frame_count() const { return tables_->frames.size(); }

}  // namespace signet::delta
