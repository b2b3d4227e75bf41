// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "mp4_boxes.hpp"

#include <algorithm>
#include <limits>

namespace signet::video {

Result<Bytes> read_up_to(Source& source, std::uint64_t offset, std::size_t size_bytes) {
  Bytes bytes(size_bytes);
  std::size_t have = 0;
  while (have < size_bytes) {
    TRY_ASSIGN(const std::size_t got, source.read_at(offset + have, ByteSpan(bytes).subspan(have)));
    if (got == 0) break;
    have += got;
  }
  bytes.resize(have);
  return bytes;
}

Result<Bytes> read_front(Source& source, const Box& box, std::size_t size_bytes) {
  if (box.end - box.begin < size_bytes) {
    return malformed("a box '" + printable(box.name()) + "' that is too short", box.begin);
  }
  TRY_ASSIGN(Bytes bytes, read_up_to(source, box.begin, size_bytes));
  if (bytes.size() < size_bytes) return malformed("a box '" + printable(box.name()) + "' that is cut off", box.begin);
  return bytes;
}

Result<std::optional<Box>> BoxReader::next() {
  if (at_ >= end_ || end_ - at_ < 8) return std::optional<Box>();
  TRY_ASSIGN(const Bytes head, read_up_to(source_, at_, 16));
  if (head.size() < 8) return std::optional<Box>();
  Box box;
  std::uint64_t size = get_be32(head);
  std::uint64_t head_size = 8;
  std::ranges::transform(ByteView(head).subspan(4, 4), box.type.begin(),
                         [](std::byte b) { return static_cast<char>(b); });
  if (size == 1) {
    if (head.size() < 16) return std::optional<Box>();
    size = get_be64(ByteView(head).subspan(8));
    head_size = 16;
  } else if (size == 0) {
    size = end_ - at_;  // to the end of what holds it
  }
  if (size < head_size) return malformed("a box smaller than its own head", at_);
  if (size > end_ - at_) return malformed("a box '" + printable(box.name()) + "' larger than what holds it", at_);
  box.begin = at_ + head_size;
  box.end = at_ + size;
  at_ = box.end;
  return std::optional(box);
}

Result<std::optional<Box>> find_box(Source& source, const Box& parent, std::string_view name) {
  BoxReader reader(source, parent);
  while (true) {
    TRY_ASSIGN(const std::optional<Box> box, reader.next());
    if (!box || box->name() == name) return box;
  }
}

Result<ByteView> Table::entry(std::uint64_t index) {
  constexpr std::size_t k_entries_read = 512;
  if (index < first_ || index >= first_ + buffer_.size() / entry_size_bytes_) {
    first_ = index;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(k_entries_read, count_ - std::min(count_, index)));
    TRY_ASSIGN(buffer_, read_up_to(*source_, begin_ + index * entry_size_bytes_, wanted * entry_size_bytes_));
    if (buffer_.size() < entry_size_bytes_) return malformed("a table of samples that is cut off", begin_);
  }
  return ByteView(buffer_).subspan(static_cast<std::size_t>(index - first_) * entry_size_bytes_, entry_size_bytes_);
}

}  // namespace signet::video
