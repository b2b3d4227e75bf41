// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "chunker.hpp"

#include "signet/crypto.hpp"

#include <algorithm>
#include <array>

namespace signet::delta {

namespace {

// Normalised chunking (FastCDC, Xia et al. 2016): a stricter mask before the normal size, a laxer one behind it, so
// that sizes gather around the normal one. The bits are the highest, which depend on the last 64 bytes.
constexpr unsigned k_strict_bits = 15;
constexpr unsigned k_lax_bits = 11;

/// 256 fixed random numbers: splitmix64 from 1. They are part of the format's practice, not of its validity: an index
/// cut otherwise is read all the same, and only an inventory that was scanned would match less.
constexpr std::array<std::uint64_t, 256> k_gear = [] {
  std::array<std::uint64_t, 256> table{};
  std::uint64_t state = 1;
  for (std::uint64_t& value : table) {
    state += 0x9e3779b97f4a7c15;
    value = state;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111eb;
    value ^= value >> 31U;
  }
  return table;
}();

bool all_zero(ByteView piece) {
  return std::ranges::all_of(piece, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Whether a file seems to end at `at`, a border of blocks: its last block is padded with zeros, and what follows is
/// something else. So a changed file spoils no chunk of its neighbours.
bool file_ends(ByteView view, std::size_t at) {
  return at >= k_look_bytes && at + k_look_bytes <= view.size() &&
         all_zero(view.subspan(at - k_look_bytes, k_look_bytes)) && !all_zero(view.subspan(at, k_look_bytes));
}

/// The first cut by content in [from, to), or `to`.
std::size_t cut_by_content(ByteView view, std::size_t from, std::size_t to, std::uint64_t& hash) {
  const unsigned char* bytes = as_uchar(view);
  const std::size_t strict_end = std::clamp(k_chunk_size_bytes_normal, from, to);
  for (std::size_t i = from; i < strict_end; ++i) {
    hash = (hash << 1U) + k_gear[bytes[i]];
    if (hash >> (64 - k_strict_bits) == 0) return i + 1;
  }
  for (std::size_t i = strict_end; i < to; ++i) {
    hash = (hash << 1U) + k_gear[bytes[i]];
    if (hash >> (64 - k_lax_bits) == 0) return i + 1;
  }
  return to;
}

}  // namespace

std::size_t cut(ByteView view, std::uint64_t offset) {
  const std::size_t end = std::min<std::size_t>(view.size(), k_chunk_size_bytes_max);
  std::uint64_t hash = 0;
  std::size_t at = 0;
  while (at < end) {  // block by block, since a file may end at each
    const std::size_t block_end = std::min<std::size_t>(end, at + k_block_bytes - (offset + at) % k_block_bytes);
    const std::size_t from = std::max(at, k_chunk_size_bytes_min);
    if (from < block_end) {
      const std::size_t found = cut_by_content(view, from, block_end, hash);
      if (found < block_end) return found;
      if (hash >> (64 - (found <= k_chunk_size_bytes_normal ? k_strict_bits : k_lax_bits)) == 0) return found;
    }
    at = block_end;
    if ((offset + at) % k_block_bytes == 0 && file_ends(view, at)) return at;
  }
  return end;
}

Result<void> for_each_chunk(ImageReader& image, const ChunkVisit& visit, const Progress& progress) {
  constexpr std::size_t k_needed = k_chunk_size_bytes_max + k_look_bytes;
  constexpr std::size_t k_buffer = 1U << 20U;
  const std::uint64_t size = image.size_bytes();
  Bytes buffer;
  std::size_t at = 0;             // in the buffer
  std::uint64_t read_to = 0;      // of the image
  std::uint64_t chunk_start = 0;  // of the image
  while (chunk_start < size) {
    if (buffer.size() - at < k_needed && read_to < size) {
      buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(at));
      at = 0;
      const std::size_t before = buffer.size();
      const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(k_buffer, size - read_to));
      buffer.resize(before + more);
      TRY(image.read_at(read_to, ByteSpan(buffer).subspan(before)));
      read_to += more;
      if (progress) progress(chunk_start, size);
    }
    const std::size_t length = cut(ByteView(buffer).subspan(at), chunk_start);
    TRY(visit(chunk_start, ByteView(buffer).subspan(at, length)));
    at += length;
    chunk_start += length;
  }
  return {};
}

struct ImageDigest::State {
  static constexpr std::size_t k_mib = 1U << 20U;
  crypto::Hasher piece{crypto::HashAlgorithm::sha256};
  crypto::Hasher table{crypto::HashAlgorithm::sha256};
  std::size_t in_piece = 0;
};

ImageDigest::ImageDigest() : state_(std::make_unique<State>()) {}
ImageDigest::ImageDigest(ImageDigest&&) noexcept = default;
ImageDigest::~ImageDigest() = default;

void ImageDigest::update(ByteView piece) {
  while (!piece.empty()) {
    const std::size_t count = std::min(piece.size(), State::k_mib - state_->in_piece);
    state_->piece.update(piece.first(count));
    state_->in_piece += count;
    piece = piece.subspan(count);
    if (state_->in_piece == State::k_mib) {
      state_->table.update(state_->piece.finish());
      state_->in_piece = 0;
    }
  }
}

Digest ImageDigest::finish() {
  if (state_->in_piece != 0) state_->table.update(state_->piece.finish());
  state_->in_piece = 0;
  Digest digest;
  std::ranges::copy(state_->table.finish(), digest.begin());
  return digest;
}

}  // namespace signet::delta
