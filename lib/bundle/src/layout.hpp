// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"

#include <array>
#include <cstdint>

/// Where the parts of a bundle stand; the one place that knows (docs/formats/firmware-bundle.md).
namespace signet::bundle::layout {

inline constexpr std::string_view k_magic = "SIGNETFW";
inline constexpr std::uint16_t k_version = 1;
inline constexpr std::size_t k_header_bytes = 64;
inline constexpr std::size_t k_checked_header_bytes = 32;  ///< the part of the header that its digest covers
inline constexpr std::size_t k_record_header_bytes = 8;
inline constexpr std::uint64_t k_alignment_bytes = 4096;
inline constexpr std::size_t k_digest_bytes = 32;

/// The fixed fields of the header.
struct Header {
  std::uint16_t records = 0;
  std::uint32_t manifest_size_bytes = 0;
  std::uint32_t records_size_bytes = 0;
  std::array<std::byte, k_digest_bytes> digest{};
};

/// Reads a header of k_header_bytes within the format's bounds.
Result<Header> parse_header(ByteView bytes);
/// Splits the records section; every byte of it belongs to a record.
Result<void> parse_records(ByteView section, std::size_t count, Head& into);
/// The whole front for a manifest and records, padded.
Bytes encode_head(ByteView manifest, const std::vector<std::pair<RecordKind, Bytes>>& records);

/// Whether a piece of at most one chunk is nothing but zeros.
bool all_zero(ByteView piece);
/// SHA-256 of a chunk. A whole chunk of zeros, of which images for large partitions are full, is known beforehand.
Bytes chunk_digest(ByteView chunk);

/// Size of the zero bytes that follow `size`.
constexpr std::uint64_t padding_after(std::uint64_t size) {
  return (k_alignment_bytes - size % k_alignment_bytes) % k_alignment_bytes;
}
constexpr std::uint64_t padded(std::uint64_t size) { return size + padding_after(size); }
/// Number of chunks of an image; an empty image has none.
constexpr std::uint64_t chunk_count(std::uint64_t size_bytes) {
  return size_bytes / k_chunk_size_bytes + (size_bytes % k_chunk_size_bytes != 0 ? 1 : 0);
}
/// Bytes that an image takes in the file: table, padding, image, padding. Cannot overflow within the format's bounds.
constexpr std::uint64_t image_span_bytes(std::uint64_t size_bytes) {
  return padded(chunk_count(size_bytes) * k_digest_bytes) + padded(size_bytes);
}
static_assert(image_span_bytes(k_image_size_bytes_max) < (1ULL << 62U) / k_images_max);

}  // namespace signet::bundle::layout
