// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/pipe_units.hpp"

#include <algorithm>
#include <array>

namespace signet::cli::video_cli {

namespace {

constexpr std::size_t k_read_size_bytes = 64U * 1024U;
constexpr std::size_t k_unit_size_bytes_max = std::size_t{64} << 20U;
constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{1}};

}  // namespace

Result<void> PipeUnits::read_more() {
  if (is_stopped_()) {
    is_over_ = true;
    return {};
  }
  if (buffer_.size() > k_unit_size_bytes_max) {
    return Error(Errc::exhausted, "video.unit-too-large", "a unit of more than 64 MiB",
                 "No picture is that large: is this a H.264 or H.265 byte stream?");
  }
  const std::size_t size = buffer_.size();
  buffer_.resize(size + k_read_size_bytes);
  auto got = os::read_some(fd_, ByteSpan(buffer_).subspan(size));
  buffer_.resize(size + (got ? *got : 0));
  if (!got) return got.error();
  is_over_ = *got == 0;
  read_ += *got;
  return {};
}

Result<std::optional<video::Piece>> PipeUnits::next() {
  if (next_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(next_));
    scanned_ -= std::min(scanned_, next_);
    begin_ = next_ = 0;
  }
  while (true) {
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(scanned_);
    const auto found = std::search(from, buffer_.end(), k_start_code.begin(), k_start_code.end());
    const auto at = static_cast<std::size_t>(found - buffer_.begin());
    if (found == buffer_.end() && !is_over_) {
      scanned_ = buffer_.size() - std::min<std::size_t>(buffer_.size(), k_start_code.size() - 1);
      TRY(read_more());
      continue;
    }
    scanned_ = std::min(at + k_start_code.size(), buffer_.size());
    std::size_t end = at;
    while (end > begin_ && buffer_[end - 1] == std::byte{0}) --end;
    if (is_inside_ && end > begin_) {
      next_ = scanned_;
      is_inside_ = found != buffer_.end();
      return std::optional(video::Piece{.bytes = ByteView(buffer_).subspan(begin_, end - begin_)});
    }
    if (found == buffer_.end()) return std::optional<video::Piece>();
    is_inside_ = true;
    begin_ = scanned_;
  }
}

}  // namespace signet::cli::video_cli
