// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "push_splitter.hpp"

#include "splitter.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

Result<void> PushSplitter::push(ByteView bytes, const Sink& sink) {
  // A unit is kept until its end is seen; larger ones leave in pieces, so the buffer is bounded.
  while (!bytes.empty()) {
    const ByteView part = bytes.first(std::min(bytes.size(), k_piece_size_bytes_max));
    append(buffer_, part);
    bytes = bytes.subspan(part.size());
    if (is_obu_) {
      TRY(push_obus(sink, false));
    } else {
      push_nal_units(sink, false);
    }
  }
  return {};
}

void PushSplitter::push_nal_units(const Sink& sink, bool is_end) {
  std::size_t at = 0;
  const auto give = [&](std::size_t size, bool ends) {
    const ByteView unit = ByteView(buffer_).subspan(at, size);
    const ByteView trimmed = unit.first(without_trailing_zeros(unit));
    const bool begins = std::exchange(begins_, ends);
    if (!trimmed.empty() || !begins) sink({.bytes = trimmed, .begins = begins, .ends = ends});
  };
  while (true) {
    const auto code = find_start_code(ByteView(buffer_).subspan(at), scanned_);
    if (!code) break;
    if (is_started_) give(*code, true);
    is_started_ = true;
    at += *code + k_start_code_size_bytes;
    scanned_ = 0;
  }
  const std::size_t left = buffer_.size() - at;
  if (is_started_ && is_end) {
    give(left, true);
    at += left;
  } else if (is_started_ && left > k_piece_size_bytes_max) {
    // Zeros at the cut may be trailing ones, or the front of a start code: they wait.
    std::size_t cut = without_trailing_zeros(ByteView(buffer_).subspan(at));
    if (cut == 0) cut = left - 2;
    const bool begins = std::exchange(begins_, false);
    sink({.bytes = ByteView(buffer_).subspan(at, cut), .begins = begins, .ends = false});
    at += cut;
  } else if (!is_started_ && left > 2) {
    at = buffer_.size() - 2;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
  scanned_ = buffer_.size() < 2 ? 0 : buffer_.size() - 2;
}

Result<void> PushSplitter::push_obus(const Sink& sink, bool is_end) {
  std::size_t at = 0;
  while (at < buffer_.size()) {
    const ByteView bytes = ByteView(buffer_).subspan(at);
    if (left_ == 0) {
      if (bytes.size() < k_obu_head_size_bytes && !is_end) break;
      TRY_ASSIGN(left_, obu_size(bytes.first(std::min(bytes.size(), k_obu_head_size_bytes)), offset_));
      begins_ = true;
      offset_ += left_;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, k_piece_size_bytes_max));
    if (bytes.size() < wanted && !is_end) break;
    const ByteView part = bytes.first(std::min(bytes.size(), wanted));
    at += part.size();
    left_ -= part.size();
    const bool ends = left_ == 0 || part.size() < wanted;
    sink({.bytes = part, .begins = std::exchange(begins_, false), .ends = ends});
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
  return {};
}

Result<void> PushSplitter::finish(const Sink& sink) {
  if (is_obu_) return push_obus(sink, true);
  push_nal_units(sink, true);
  return {};
}

}  // namespace signet::video
