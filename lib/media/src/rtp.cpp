// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_rtp_fuzz)
#include "rtp.hpp"

#include <algorithm>

namespace signet::media {

namespace {

constexpr std::size_t k_waiting_max = 128;  // packets that arrive before one that is taken for lost
constexpr std::size_t k_unit_size_bytes_max = 16U << 20U;

unsigned u8(ByteView bytes, std::size_t at) { return at < bytes.size() ? std::to_integer<unsigned>(bytes[at]) : 0; }

bool is_h265_head(ByteView bytes) {
  const unsigned first = u8(bytes, 0);
  const unsigned second = u8(bytes, 1);
  return bytes.size() > 2 && (first & 0x81U) == 0 && (second & 0xf8U) == 0 && (second & 7U) != 0;
}

Likeness like_h264(ByteView payload) {
  const unsigned type = u8(payload, 0) & 0x1fU;
  if (payload.size() < 2 || (u8(payload, 0) & 0x80U) != 0) return Likeness::no;
  if (type == 7 || type == 8) return (u8(payload, 0) & 0x60U) != 0 ? Likeness::sure : Likeness::no;
  if (type == 24) return payload.size() > 4 ? like_h264(payload.subspan(3)) : Likeness::no;
  if (type == 28) {
    const unsigned inner = u8(payload, 1) & 0x1fU;
    return inner == 1 || inner == 5 || inner == 6 || inner == 2 ? Likeness::possible : Likeness::no;
  }
  return type == 1 || type == 5 || type == 6 || type == 9 || type == 2 ? Likeness::possible : Likeness::no;
}

Likeness like_h265(ByteView payload) {
  if (!is_h265_head(payload)) return Likeness::no;
  const unsigned type = u8(payload, 0) >> 1U;
  if (type >= 32 && type <= 34) return Likeness::sure;
  if (type == 48) return payload.size() > 6 ? like_h265(payload.subspan(4)) : Likeness::no;
  return type <= 9 || (type >= 16 && type <= 21) || (type >= 35 && type <= 40) || type == 49 ? Likeness::possible
                                                                                             : Likeness::no;
}

/// The aggregation header, Z Y W W N and three zeros; a coded video sequence begins with a sequence header.
Likeness like_av1(ByteView payload) {
  const unsigned head = u8(payload, 0);
  if (payload.size() < 3 || (head & 7U) != 0 || ((head & 0x80U) != 0 && (head & 8U) != 0)) return Likeness::no;
  if ((head & 8U) == 0) return Likeness::possible;
  const std::size_t first = (head >> 4U & 3U) == 1 ? 1 : 2;  // behind a size of one byte, unless it is the only one
  return (u8(payload, first) & 0xf9U) == 0x08U ? Likeness::sure : Likeness::no;
}

}  // namespace

std::optional<RtpPacket> parse_rtp(ByteView datagram) {
  constexpr std::size_t k_header_size_bytes = 12;
  if (datagram.size() <= k_header_size_bytes || u8(datagram, 0) >> 6U != 2) return std::nullopt;
  const unsigned type = u8(datagram, 1) & 0x7fU;
  if (type >= 72 && type <= 76) return std::nullopt;  // RTCP (RFC 5761, 4)
  std::size_t begin = k_header_size_bytes + (u8(datagram, 0) & 0xfU) * std::size_t{4};
  if ((u8(datagram, 0) & 0x10U) != 0) {  // header extension
    if (begin + 4 > datagram.size()) return std::nullopt;
    begin += 4 + std::size_t{get_be16(datagram.subspan(begin + 2))} * 4;
  }
  std::size_t end = datagram.size();
  if ((u8(datagram, 0) & 0x20U) != 0) {  // padding; its last byte counts it
    const unsigned padding = u8(datagram, end - 1);
    if (padding == 0 || padding > end) return std::nullopt;
    end -= padding;
  }
  if (begin >= end) return std::nullopt;
  return RtpPacket{.payload_type = type,
                   .sequence = get_be16(datagram.subspan(2)),
                   .timestamp = get_be32(datagram.subspan(4)),
                   .ssrc = get_be32(datagram.subspan(8)),
                   .payload = datagram.subspan(begin, end - begin)};
}

Likeness likeness_of(video::Codec codec, ByteView payload) {
  switch (codec) {
    case video::Codec::h264:
      return like_h264(payload);
    case video::Codec::h265:
      return like_h265(payload);
    case video::Codec::av1:
      return like_av1(payload);
  }
  return Likeness::no;
}

void Reorder::add(const RtpPacket& packet, std::int64_t time_us) {
  constexpr unsigned k_late_max = 100;
  ++transport_->packets;
  if (!expected_) {
    expected_ = packet.sequence;
    highest_ = packet.sequence;
    first_us_ = time_us;
  }
  // The full number nearest to the highest one so far (RFC 3550, A.1).
  const auto step = static_cast<std::int16_t>(static_cast<std::uint16_t>(packet.sequence - (highest_ & 0xffff)));
  const std::int64_t number = highest_ + step;
  if (number < *expected_ || waiting_.contains(number)) {
    ++transport_->repeated;
    if (++late_in_a_row_ < k_late_max) return;
    release(true);  // the sender has begun anew
    expected_ = number;
    highest_ = number;
  }
  late_in_a_row_ = 0;
  if (number < highest_) ++transport_->reordered;
  highest_ = std::max(highest_, number);
  waiting_[number] = {to_bytes(packet.payload), packet.timestamp, time_us};
  release(false);
}

void Reorder::release(bool all) {
  while (!waiting_.empty()) {
    const auto front = waiting_.begin();
    const std::int64_t missing = front->first - *expected_;
    if (missing > 0 && !all && waiting_.size() < k_waiting_max) return;
    if (missing > 0) {
      transport_->lost += static_cast<std::uint64_t>(missing);
      ++transport_->gaps;
      if (!transport_->first_gap_us) transport_->first_gap_us = front->second.time_us - first_us_;
    }
    ready_.push_back({std::move(front->second.payload), front->second.timestamp, missing > 0});
    expected_ = front->first + 1;
    waiting_.erase(front);
  }
}

void Reorder::finish() { release(true); }

std::optional<Reorder::Item> Reorder::take() {
  if (ready_.empty()) return std::nullopt;
  Item item = std::move(ready_.front());
  ready_.pop_front();
  return item;
}

void Depacketizer::add(const Reorder::Item& item) {
  if (item.follows_gap) drop_open();
  timestamp_ = item.timestamp;
  switch (codec_) {
    case video::Codec::h264:
      return add_h264(item.payload);
    case video::Codec::h265:
      return add_h265(item.payload);
    case video::Codec::av1:
      return add_av1(item.payload);
  }
}

void Depacketizer::finish() { drop_open(); }

void Depacketizer::drop_open() {
  if (open_) ++transport_->units_broken;
  open_.reset();
}

std::optional<RtpUnit> Depacketizer::take() {
  if (units_.empty()) return std::nullopt;
  RtpUnit unit = std::move(units_.front());
  units_.pop_front();
  return unit;
}

/// As in Annex B, zero bytes behind a NAL unit are no part of it.
void Depacketizer::put(Bytes unit) {
  while (!unit.empty() && unit.back() == std::byte{0}) unit.pop_back();
  if (!unit.empty()) units_.push_back({std::move(unit), timestamp_});
}

/// STAP-A (RFC 6184, 5.7.1) and AP (RFC 7798, 4.4.2): units behind sizes of two bytes.
void Depacketizer::aggregate(ByteView units) {
  while (units.size() >= 2) {
    const std::size_t size = get_be16(units);
    if (size == 0 || size > units.size() - 2) break;
    put(to_bytes(units.subspan(2, size)));
    units = units.subspan(2 + size);
  }
  if (!units.empty()) ++transport_->packets_unread;
}

/// FU-A (RFC 6184, 5.8), FU (RFC 7798, 4.4.3).
void Depacketizer::fragment(Bytes header, bool begins, bool ends, ByteView part) {
  if (begins) {
    drop_open();
    open_ = std::move(header);
  } else if (!open_) {
    if (ends) ++transport_->units_broken;  // its front was lost
    return;
  }
  if (open_->size() + part.size() > k_unit_size_bytes_max) return drop_open();
  append(*open_, part);
  if (!ends) return;
  put(std::move(*open_));
  open_.reset();
}

void Depacketizer::add_h264(ByteView payload) {
  const unsigned first = u8(payload, 0);
  const unsigned type = first & 0x1fU;
  if (type == 28 && payload.size() > 2) {
    const unsigned fu = u8(payload, 1);
    Bytes header{static_cast<std::byte>((first & 0xe0U) | (fu & 0x1fU))};
    return fragment(std::move(header), (fu & 0x80U) != 0, (fu & 0x40U) != 0, payload.subspan(2));
  }
  drop_open();
  if (type == 24) return aggregate(payload.subspan(1));
  if (type == 0 || type > 23) {
    ++transport_->packets_unread;
    return;
  }
  put(to_bytes(payload));
}

void Depacketizer::add_h265(ByteView payload) {
  if (payload.size() < 3) {
    ++transport_->packets_unread;
    return;
  }
  const unsigned first = u8(payload, 0);
  const unsigned type = first >> 1U & 0x3fU;
  if (type == 49) {
    const unsigned fu = u8(payload, 2);
    Bytes header{static_cast<std::byte>((first & 0x81U) | (fu & 0x3fU) << 1U), payload[1]};
    return fragment(std::move(header), (fu & 0x80U) != 0, (fu & 0x40U) != 0, payload.subspan(3));
  }
  drop_open();
  if (type == 48) return aggregate(payload.subspan(2));
  if (type > 48) {
    ++transport_->packets_unread;
    return;
  }
  put(to_bytes(payload));
}

}  // namespace signet::media
