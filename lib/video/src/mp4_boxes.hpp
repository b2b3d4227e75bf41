// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "splitter.hpp"

#include <array>

namespace signet::video {

/// A box of ISO/IEC 14496-12: where its content lies in the source.
struct Box {
  std::array<char, 4> type{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  [[nodiscard]] std::string_view name() const { return {type.data(), type.size()}; }
};

/// Reads boxes one after another, straight from the source; content is not looked at.
class BoxReader {
 public:
  BoxReader(Source& source, std::uint64_t begin, std::uint64_t end) : source_(source), at_(begin), end_(end) {}
  explicit BoxReader(Source& source, const Box& box) : BoxReader(source, box.begin, box.end) {}
  /// None at the end. "video.malformed".
  Result<std::optional<Box>> next();
  [[nodiscard]] std::uint64_t offset() const { return at_; }

 private:
  Source& source_;
  std::uint64_t at_;
  std::uint64_t end_;
};

/// Up to `size_bytes` of a source.
Result<Bytes> read_up_to(Source& source, std::uint64_t offset, std::size_t size_bytes);
/// The front of a box, all of it there: "video.malformed".
Result<Bytes> read_front(Source& source, const Box& box, std::size_t size_bytes);
/// The first box of that name inside another; none if there is none.
Result<std::optional<Box>> find_box(Source& source, const Box& parent, std::string_view name);

/// A table of fixed-size entries, read in small parts.
class Table {
 public:
  Table() = default;
  Table(std::shared_ptr<Source> source, std::uint64_t begin, std::uint64_t count, std::size_t entry_size_bytes)
      : source_(std::move(source)), begin_(begin), count_(count), entry_size_bytes_(entry_size_bytes) {}
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The entry; "video.malformed" if the source ends before it.
  Result<ByteView> entry(std::uint64_t index);

 private:
  std::shared_ptr<Source> source_;
  std::uint64_t begin_ = 0;
  std::uint64_t count_ = 0;
  std::size_t entry_size_bytes_ = 4;
  Bytes buffer_;
  std::uint64_t first_ = 0;  // index of the first entry in buffer_
};

}  // namespace signet::video
