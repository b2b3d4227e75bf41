// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_rtp_fuzz)
//
// RTP Payload Format for AV1 1.0 (Alliance for Open Media), 4.
#include "rtp.hpp"

namespace signet::media {

namespace {

constexpr std::size_t k_obu_size_bytes_max = 16U << 20U;

struct Leb128 {
  std::uint64_t value = 0;
  std::size_t size_bytes = 0;  ///< 0 if it is cut off
};

Leb128 leb128(ByteView bytes) {
  Leb128 read;
  for (std::size_t i = 0; i < 8 && i < bytes.size(); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[i]);
    read.value |= (byte & 0x7fU) << (7 * i);
    if (byte < 0x80) {
      read.size_bytes = i + 1;
      return read;
    }
  }
  return {};
}

}  // namespace

/// OBUs travel without size fields; signatures are over OBUs with them, and encoders write the shortest.
void Depacketizer::put_obu(Bytes obu) {
  if (obu.empty()) return;
  const auto head = std::to_integer<unsigned>(obu[0]);
  const std::size_t header = (head & 4U) != 0 ? 2 : 1;
  if ((head & 0x80U) != 0 || obu.size() < header) {
    ++transport_->packets_unread;
    return;
  }
  if ((head & 2U) == 0) {
    Bytes size;
    std::uint64_t left = obu.size() - header;
    do {
      size.push_back(static_cast<std::byte>((left & 0x7fU) | (left > 0x7f ? 0x80U : 0U)));
      left >>= 7U;
    } while (left != 0);
    obu[0] = static_cast<std::byte>(head | 2U);
    obu.insert(obu.begin() + static_cast<std::ptrdiff_t>(header), size.begin(), size.end());
  }
  units_.push_back({std::move(obu), timestamp_});
}

void Depacketizer::add_av1(ByteView payload) {
  if (payload.empty()) return;
  const auto head = std::to_integer<unsigned>(payload[0]);
  const bool continues = (head & 0x80U) != 0;
  const bool goes_on = (head & 0x40U) != 0;
  const unsigned count = head >> 4U & 3U;
  bool is_skipped = continues && !open_;  // the front was lost
  if (is_skipped) ++transport_->units_broken;
  if (!continues) drop_open();
  ByteView rest = payload.subspan(1);
  for (unsigned index = 1; !rest.empty(); ++index) {
    ByteView element = rest;
    if (index != count) {  // all but the last of a known number have a size
      const Leb128 size = leb128(rest);
      if (size.size_bytes == 0 || size.value > rest.size() - size.size_bytes) {
        ++transport_->packets_unread;
        return drop_open();
      }
      element = rest.subspan(size.size_bytes, static_cast<std::size_t>(size.value));
      rest = rest.subspan(size.size_bytes + element.size());
    } else {
      rest = {};
    }
    const bool is_last_and_open = rest.empty() && goes_on;
    if (std::exchange(is_skipped, false)) continue;
    if (!open_) open_ = Bytes();
    if (open_->size() + element.size() > k_obu_size_bytes_max) return drop_open();
    append(*open_, element);
    if (is_last_and_open) return;
    put_obu(std::move(*open_));
    open_.reset();
  }
}

}  // namespace signet::media
