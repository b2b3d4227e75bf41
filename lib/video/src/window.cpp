// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "window.hpp"

#include "signet/core/ensure.hpp"

#include <algorithm>
#include <cstring>

namespace signet::video {

namespace {

constexpr std::size_t k_read_size_bytes = 256U * 1024U;
constexpr std::size_t k_buffer_size_bytes = k_piece_size_bytes_max + k_read_size_bytes;

}  // namespace

Result<void> Window::fill(std::size_t until) {
  while (size_ < until && !ended_) {
    const std::size_t room = std::min(k_read_size_bytes, buffer_.size() - size_);
    TRY_ASSIGN(const std::size_t got, source_->read_at(base_ + size_, ByteSpan(buffer_).subspan(size_, room)));
    ensure(got <= room, "a source gives no more than was asked for");
    ended_ = got == 0;
    size_ += got;
  }
  return {};
}

Result<ByteView> Window::at(std::uint64_t offset, std::size_t size_bytes) {
  ensure(size_bytes <= k_piece_size_bytes_max, "a window is asked for no more than it holds");
  if (buffer_.empty()) buffer_.resize(k_buffer_size_bytes);
  if (offset < base_ || offset > base_ + size_) {
    base_ = offset;
    size_ = 0;
    ended_ = false;
  }
  auto start = static_cast<std::size_t>(offset - base_);
  if (start + size_bytes > size_) {
    if (start + size_bytes > buffer_.size() || start >= k_read_size_bytes) {
      std::memmove(buffer_.data(), buffer_.data() + start, size_ - start);
      base_ = offset;
      size_ -= start;
      start = 0;
    }
    TRY(fill(start + size_bytes));
  }
  return ByteView(buffer_).subspan(start, std::min(size_bytes, size_ - start));
}

Result<std::optional<Piece>> PieceCutter::next(Window& window) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, k_piece_size_bytes_max));
  TRY_ASSIGN(const ByteView bytes, window.at(at_, wanted));
  if (bytes.empty()) {
    left_ = 0;
    return std::optional<Piece>();
  }
  left_ = bytes.size() < wanted ? 0 : left_ - wanted;
  at_ += bytes.size();
  Piece piece{.bytes = bytes, .begins = begins_, .ends = left_ == 0, .time_us = time_us_};
  begins_ = false;
  return std::optional(piece);
}

}  // namespace signet::video
