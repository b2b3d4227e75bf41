// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: delta_patch_fuzz)
#include "signet/core/ensure.hpp"

#include "patch_tables.hpp"

#include <algorithm>
#include <string_view>

namespace signet::delta {

namespace {

constexpr std::string_view k_magic = "SIGNETPD";
constexpr std::uint16_t k_version = 1;
constexpr std::size_t k_header_bytes = 112;
constexpr std::size_t k_block_entry_bytes = 72;
constexpr std::size_t k_old_size_at = 16;
constexpr std::size_t k_new_size_at = 24;
constexpr std::size_t k_data_size_at = 32;
constexpr std::size_t k_blocks_at = 40;
constexpr std::size_t k_block_bytes_at = 44;
constexpr std::size_t k_old_digest_at = 48;
constexpr std::size_t k_new_digest_at = 80;

Error malformed(const std::string& what) {
  return {Errc::invalid_input, "delta.patch", "the patch is malformed: " + what,
          "It was damaged or made by a faulty tool; get it again."};
}

void copy_digest(ByteView bytes, Digest& digest) { std::ranges::copy(bytes.first(digest.size()), digest.begin()); }

Result<std::uint32_t> parse_header(ByteView bytes, PatchTables& into) {
  if (bytes.size() < k_header_bytes || as_text(bytes.first(k_magic.size())) != k_magic) {
    return Error(Errc::invalid_input, "delta.not-a-patch", "this is not a patch",
                 "Make one with 'signet firmware delta-make'.");
  }
  if (const auto version = get_be16(bytes.subspan(k_magic.size())); version != k_version) {
    return Error(Errc::unsupported, "delta.version", "a patch of format version " + std::to_string(version),
                 "This program reads version " + std::to_string(k_version) + "; use a newer one.");
  }
  if (!std::ranges::all_of(bytes.subspan(k_magic.size() + 2, 6), [](std::byte byte) { return byte == std::byte{0}; })) {
    return malformed("reserved bytes are not zero");
  }
  into.old_size_bytes = get_be64(bytes.subspan(k_old_size_at));
  into.new_size_bytes = get_be64(bytes.subspan(k_new_size_at));
  into.data_size_bytes = get_be64(bytes.subspan(k_data_size_at));
  copy_digest(bytes.subspan(k_old_digest_at), into.old_chunks_sha256);
  copy_digest(bytes.subspan(k_new_digest_at), into.new_chunks_sha256);
  if (into.old_size_bytes > k_image_size_bytes_max || into.new_size_bytes > k_image_size_bytes_max) {
    return malformed("it is of images beyond the format's bounds");
  }
  if (get_be32(bytes.subspan(k_block_bytes_at)) != k_patch_block_bytes)
    return malformed("its blocks are of another size");
  const std::uint32_t blocks = get_be32(bytes.subspan(k_blocks_at));
  const std::uint64_t wanted = (into.new_size_bytes + k_patch_block_bytes - 1) / k_patch_block_bytes;
  if (blocks != wanted || bytes.size() != k_header_bytes + std::uint64_t{blocks} * k_block_entry_bytes ||
      bytes.size() > k_patch_head_bytes_max) {
    return malformed("its size is not what its counts demand");
  }
  return blocks;
}

/// Reads the numbers of one stream.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return malformed("a stream ends too early");
      const auto byte = std::to_integer<std::uint64_t>(bytes_.front());
      bytes_ = bytes_.subspan(1);
      if (shift == 63 && byte > 1) break;
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80) return value;
    }
    return malformed("a number is too large");
  }
  Result<void> take(ByteSpan out) {
    if (bytes_.size() < out.size()) return malformed("a stream ends too early");
    std::ranges::copy(bytes_.first(out.size()), out.begin());
    bytes_ = bytes_.subspan(out.size());
    return {};
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  ByteView bytes_;  // of run_block(), which outlives this
};

/// Makes one block from its streams.
class BlockRunner {
 public:
  BlockRunner(Reader steps, Reader runs, Reader changes, Reader literals, ImageReader& old)
      : steps_(steps), runs_(runs), changes_(changes), literals_(literals), old_(old) {}

  Result<void> run(ByteSpan out) {
    std::uint64_t old_at = 0;
    while (!steps_.empty()) {
      TRY_ASSIGN(const std::uint64_t copied, steps_.varint());
      TRY_ASSIGN(const std::uint64_t literal, steps_.varint());
      TRY_ASSIGN(const std::uint64_t moved, steps_.varint());
      old_at += static_cast<std::uint64_t>(unzigzag(moved));  // may wrap: what is out of bounds is refused below
      if (copied > out.size() || literal > out.size() - copied || (copied == 0 && literal == 0)) {
        return malformed("a step does not fit its block");
      }
      if (old_at > old_.size_bytes() || copied > old_.size_bytes() - old_at) {
        return malformed("a step reads beyond the old image");
      }
      const ByteSpan target = out.first(static_cast<std::size_t>(copied));
      if (copied != 0) TRY(old_.read_at(old_at, target));
      TRY(change(target));
      TRY(literals_.take(out.subspan(target.size(), static_cast<std::size_t>(literal))));
      out = out.subspan(static_cast<std::size_t>(copied + literal));
      old_at += copied;
    }
    if (!out.empty() || same_ != 0 || differ_ != 0 || !runs_.empty() || !changes_.empty() || !literals_.empty()) {
      return malformed("its streams do not fill a block");
    }
    return {};
  }

 private:
  /// Adds the changes to bytes of the old image; a run may go over the border of two steps.
  Result<void> change(ByteSpan bytes) {
    while (!bytes.empty()) {
      if (same_ == 0 && differ_ == 0) {
        TRY_ASSIGN(same_, runs_.varint());
        TRY_ASSIGN(differ_, runs_.varint());
        if (same_ == 0 && differ_ == 0) return malformed("a run is empty");
      }
      const auto same = static_cast<std::size_t>(std::min<std::uint64_t>(same_, bytes.size()));
      same_ -= same;
      bytes = bytes.subspan(same);
      const auto differ = same_ != 0 ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(differ_, bytes.size()));
      for (std::byte& byte : bytes.first(differ)) {
        std::array<std::byte, 1> change;
        TRY(changes_.take(change));
        byte = static_cast<std::byte>(std::to_integer<unsigned>(byte) + std::to_integer<unsigned>(change[0]));
      }
      differ_ -= differ;
      bytes = bytes.subspan(differ);
    }
    return {};
  }

  Reader steps_;
  Reader runs_;
  Reader changes_;
  Reader literals_;
  ImageReader& old_;
  std::uint64_t same_ = 0;
  std::uint64_t differ_ = 0;
};

}  // namespace

Result<Patch> Patch::parse(ByteView bytes) {
  auto tables = std::make_shared<PatchTables>();
  TRY_ASSIGN(const std::uint32_t count, parse_header(bytes, *tables));
  std::uint64_t offset = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const ByteView entry = bytes.subspan(k_header_bytes + std::size_t{i} * k_block_entry_bytes, k_block_entry_bytes);
    PatchBlock block{{}, {}, offset, get_be32(entry), get_be32(entry.subspan(4))};
    copy_digest(entry.subspan(8), block.stored_sha256);
    copy_digest(entry.subspan(40), block.output_sha256);
    if (block.stored_bytes == 0 || block.stored_bytes > k_patch_content_bytes_max + k_patch_content_bytes_max / 64 ||
        block.content_bytes < PatchStreams::k_head_bytes || block.content_bytes > k_patch_content_bytes_max) {
      return malformed("block " + std::to_string(i) + " has an impossible size");
    }
    offset += block.stored_bytes;
    tables->blocks.push_back(block);
  }
  if (offset != tables->data_size_bytes) return malformed("its blocks do not fill its data");
  return Patch(std::move(tables));
}

Bytes Patch::encode() const {
  Bytes out(k_header_bytes);
  const ByteSpan head(out);
  std::ranges::copy(as_bytes(k_magic), out.begin());
  put_be16(head.subspan(k_magic.size()), k_version);
  put_be64(head.subspan(k_old_size_at), tables_->old_size_bytes);
  put_be64(head.subspan(k_new_size_at), tables_->new_size_bytes);
  put_be64(head.subspan(k_data_size_at), tables_->data_size_bytes);
  put_be32(head.subspan(k_blocks_at), static_cast<std::uint32_t>(tables_->blocks.size()));
  put_be32(head.subspan(k_block_bytes_at), k_patch_block_bytes);
  std::ranges::copy(tables_->old_chunks_sha256, out.begin() + k_old_digest_at);
  std::ranges::copy(tables_->new_chunks_sha256, out.begin() + k_new_digest_at);
  for (const PatchBlock& block : tables_->blocks) {
    std::array<std::byte, 8> sizes;
    put_be32(sizes, block.stored_bytes);
    put_be32(ByteSpan(sizes).subspan(4), block.content_bytes);
    append(out, sizes);
    append(out, block.stored_sha256);
    append(out, block.output_sha256);
  }
  return out;
}

std::uint64_t Patch::old_size_bytes() const { return tables_->old_size_bytes; }
std::uint64_t Patch::new_size_bytes() const { return tables_->new_size_bytes; }
std::uint64_t Patch::data_size_bytes() const { return tables_->data_size_bytes; }
std::size_t Patch::block_count() const { return tables_->blocks.size(); }
Bytes Patch::old_chunks_sha256() const { return to_bytes(tables_->old_chunks_sha256); }
Bytes Patch::new_chunks_sha256() const { return to_bytes(tables_->new_chunks_sha256); }

void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::byte>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<std::byte>(value));
}

Result<void> run_block(ByteView content, ImageReader& old, ByteSpan out) {
  if (content.size() < PatchStreams::k_head_bytes) return malformed("a block has no sizes");
  std::array<ByteView, 4> streams;
  ByteView left = content.subspan(PatchStreams::k_head_bytes);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const std::uint32_t size = get_be32(content.subspan(i * 4));
    if (size > left.size()) return malformed("a stream is larger than its block");
    streams.at(i) = left.first(size);
    left = left.subspan(size);
  }
  if (!left.empty()) return malformed("bytes follow the streams of a block");
  return BlockRunner(Reader(streams[0]), Reader(streams[1]), Reader(streams[2]), Reader(streams[3]), old).run(out);
}

}  // namespace signet::delta
