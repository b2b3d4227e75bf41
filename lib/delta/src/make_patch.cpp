// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"

#include "chunker.hpp"
#include "match.hpp"
#include "pairing.hpp"
#include "patch_tables.hpp"
#include "zstd.hpp"

#include <algorithm>

namespace signet::delta {

namespace {

/// Collects steps into blocks and writes each as soon as it is full.
class PatchWriter {
 public:
  PatchWriter(PatchTables& tables, ImageWriter& data, int level) : tables_(tables), data_(data), compressor_(level) {}

  /// `fresh` resembles `old`, which stands at `old_at` of the old image and is as long.
  Result<void> copy(std::uint64_t old_at, ByteView old, ByteView fresh) {
    while (!fresh.empty()) {
      const std::size_t count = std::min(fresh.size(), room());
      if (literal_ != 0 || old_at != old_at_ + copied_) {
        end_step();
        old_at_ = old_at;
      }
      copied_ += count;
      compare(old.first(count), fresh.first(count));
      append(block_, fresh.first(count));
      old_at += count;
      old = old.subspan(count);
      fresh = fresh.subspan(count);
      if (room() == 0) TRY(end_block());
    }
    return {};
  }

  Result<void> literal(ByteView fresh) {
    while (!fresh.empty()) {
      const std::size_t count = std::min(fresh.size(), room());
      literal_ += count;
      append(streams_.literals, fresh.first(count));
      append(block_, fresh.first(count));
      fresh = fresh.subspan(count);
      if (room() == 0) TRY(end_block());
    }
    return {};
  }

  Result<void> finish() {
    if (!block_.empty()) return end_block();
    return {};
  }

 private:
  [[nodiscard]] std::size_t room() const { return k_patch_block_bytes - block_.size(); }

  void compare(ByteView old, ByteView fresh) {
    for (std::size_t i = 0; i < fresh.size(); ++i) {
      if (old[i] == fresh[i]) {
        if (differ_ != 0) end_run();
        ++same_;
      } else {
        ++differ_;
        streams_.changes.push_back(
            static_cast<std::byte>(std::to_integer<unsigned>(fresh[i]) - std::to_integer<unsigned>(old[i])));
      }
    }
  }

  void end_run() {
    if (same_ == 0 && differ_ == 0) return;
    put_varint(streams_.runs, same_);
    put_varint(streams_.runs, differ_);
    same_ = differ_ = 0;
  }

  void end_step() {
    if (copied_ != 0 || literal_ != 0) {
      put_varint(streams_.steps, copied_);
      put_varint(streams_.steps, literal_);
      put_varint(streams_.steps, zigzag(static_cast<std::int64_t>(old_at_ - old_end_)));
      old_end_ = old_at_ + copied_;
      old_at_ = old_end_;
    }
    copied_ = literal_ = 0;
  }

  /// The streams behind their sizes; they are empty afterwards.
  Bytes joined() {
    Bytes content(PatchStreams::k_head_bytes);
    std::size_t at = 0;
    for (Bytes* stream : {&streams_.steps, &streams_.runs, &streams_.changes, &streams_.literals}) {
      put_be32(ByteSpan(content).subspan(at), static_cast<std::uint32_t>(stream->size()));
      append(content, *stream);
      stream->clear();
      at += 4;
    }
    return content;
  }

  Result<void> end_block() {
    end_step();
    end_run();
    Bytes content = joined();
    if (content.size() > k_patch_content_bytes_max) {  // resembles nothing at all, against what match() thought
      put_varint(streams_.steps, 0);
      put_varint(streams_.steps, block_.size());
      put_varint(streams_.steps, 0);
      streams_.literals = block_;
      content = joined();
    }
    TRY_ASSIGN(const Bytes stored, compressor_.compress(content));
    tables_.blocks.push_back({sha256(stored), sha256(block_), tables_.data_size_bytes,
                              static_cast<std::uint32_t>(stored.size()), static_cast<std::uint32_t>(content.size())});
    TRY(data_.write_at(tables_.data_size_bytes, stored));
    tables_.data_size_bytes += stored.size();
    block_.clear();
    old_at_ = old_end_ = 0;
    return {};
  }

  PatchTables& tables_;
  ImageWriter& data_;
  Compressor compressor_;
  PatchStreams streams_;
  Bytes block_;
  std::uint64_t old_at_ = 0;   // of the step at work
  std::uint64_t old_end_ = 0;  // of the step before
  std::uint64_t copied_ = 0;
  std::uint64_t literal_ = 0;
  std::uint64_t same_ = 0;
  std::uint64_t differ_ = 0;
};

class PatchMaker {
 public:
  PatchMaker(ImageReader& old, ImageReader& fresh, PatchWriter& writer) : old_(old), fresh_(fresh), writer_(writer) {}

  Result<void> add(const Pair& pair) {
    Bytes fresh(static_cast<std::size_t>(pair.fresh.size_bytes));
    Bytes old(static_cast<std::size_t>(pair.old.size_bytes));
    TRY(fresh_.read_at(pair.fresh.offset, fresh));
    if (!old.empty()) TRY(old_.read_at(pair.old.offset, old));
    if (equal(old, fresh)) return writer_.copy(pair.old.offset, old, fresh);
    Result<void> outcome;
    std::size_t at = 0;
    match(old, fresh, [&](const Step& step) {
      if (!outcome) return;
      outcome = write(step, pair.old.offset, old, ByteView(fresh).subspan(at, step.copied + step.literal));
      at += step.copied + step.literal;
    });
    return outcome;
  }

 private:
  Result<void> write(const Step& step, std::uint64_t old_offset, ByteView old, ByteView fresh) {
    TRY(writer_.copy(old_offset + step.old_at, old.subspan(step.old_at, step.copied), fresh.first(step.copied)));
    return writer_.literal(fresh.subspan(step.copied));
  }

  ImageReader& old_;
  ImageReader& fresh_;
  PatchWriter& writer_;
};

Result<Digest> digest_of(ImageReader& image) {
  ImageDigest digest;
  Bytes buffer(1U << 20U);
  for (std::uint64_t at = 0; at < image.size_bytes(); at += buffer.size()) {
    const ByteSpan piece = ByteSpan(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), image.size_bytes() - at)));
    TRY(image.read_at(at, piece));
    digest.update(piece);
  }
  return digest.finish();
}

}  // namespace

Result<Patch> make_patch(ImageReader& old, ImageReader& fresh, ImageWriter& data, int level, const Progress& progress) {
  if (std::max(old.size_bytes(), fresh.size_bytes()) > k_image_size_bytes_max) {
    return Error(Errc::invalid_input, "delta.image-size", "an image is larger than a patch can describe",
                 "Images of some gigabytes are what this is for; is it the right file?");
  }
  auto tables = std::make_shared<PatchTables>();
  tables->old_size_bytes = old.size_bytes();
  tables->new_size_bytes = fresh.size_bytes();
  TRY_ASSIGN(tables->old_chunks_sha256, digest_of(old));
  TRY_ASSIGN(tables->new_chunks_sha256, digest_of(fresh));
  PatchWriter writer(*tables, data, level);
  PatchMaker maker(old, fresh, writer);
  for (const Pair& pair : pairs(old, fresh)) {
    TRY(maker.add(pair));
    if (progress) progress(pair.fresh.offset + pair.fresh.size_bytes, fresh.size_bytes());
  }
  TRY(writer.finish());
  return Patch(std::move(tables));
}

}  // namespace signet::delta
