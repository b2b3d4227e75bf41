// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video_recording.hpp"

#include <algorithm>
#include <string_view>

namespace signet::media {

/// A sender of RTP, written from the RFCs apart from the receiver: payloads of at most this many bytes.

inline constexpr std::size_t k_mtu = 1200;

inline Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// RFC 6184 and RFC 7798: small units next to each other share a packet, large ones are cut.
inline std::vector<Bytes> payloads_of_nal_units(bool is_h265, const std::vector<Bytes>& units) {
  const std::size_t head = is_h265 ? 2 : 1;
  std::vector<Bytes> payloads;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Bytes& unit = units[i];
    const auto first = std::to_integer<unsigned>(unit[0]);
    if (i + 1 < units.size() && unit.size() + units[i + 1].size() < 600 && unit.size() > head) {
      Bytes payload = is_h265 ? bytes_of({48U << 1U, 1}) : bytes_of({0x60U | 24U});
      for (const Bytes* each : {&unit, &units[i + 1]}) {
        payload.push_back(static_cast<std::byte>(each->size() >> 8U));
        payload.push_back(static_cast<std::byte>(each->size() & 0xffU));
        append(payload, *each);
      }
      payloads.push_back(std::move(payload));
      ++i;
      continue;
    }
    if (unit.size() <= k_mtu) {
      payloads.push_back(unit);
      continue;
    }
    for (std::size_t at = head; at < unit.size(); at += k_mtu) {
      const std::size_t size = std::min(k_mtu, unit.size() - at);
      const unsigned edges = (at == head ? 0x80U : 0U) | (at + size == unit.size() ? 0x40U : 0U);
      Bytes payload = is_h265 ? bytes_of({(first & 0x81U) | 49U << 1U, std::to_integer<unsigned>(unit[1]),
                                          edges | (first >> 1U & 0x3fU)})
                              : bytes_of({(first & 0xe0U) | 28U, edges | (first & 0x1fU)});
      append(payload, ByteView(unit).subspan(at, size));
      payloads.push_back(std::move(payload));
    }
  }
  return payloads;
}

/// AV1: each OBU without its size field; one OBU or a part of one in each packet (W = 1).
inline std::vector<Bytes> payloads_of_obus(const std::vector<Bytes>& obus) {
  std::vector<Bytes> payloads;
  for (const Bytes& obu : obus) {
    const auto first = std::to_integer<unsigned>(obu[0]);
    if ((first >> 3U & 0xfU) == 2) continue;  // temporal delimiters are not sent
    std::size_t body = 1;
    while ((std::to_integer<unsigned>(obu[body]) & 0x80U) != 0) ++body;
    Bytes bare = bytes_of({first & ~2U});
    append(bare, ByteView(obu).subspan(body + 1));
    const bool begins_sequence = (first >> 3U & 0xfU) == 1;
    for (std::size_t at = 0; at < bare.size(); at += k_mtu) {
      const std::size_t size = std::min(k_mtu, bare.size() - at);
      Bytes payload = bytes_of({(at > 0 ? 0x80U : 0U) | (at + size < bare.size() ? 0x40U : 0U) | 0x10U |
                                (begins_sequence && at == 0 ? 8U : 0U)});
      append(payload, ByteView(bare).subspan(at, size));
      payloads.push_back(std::move(payload));
    }
  }
  return payloads;
}

enum class CaptureKind : std::uint8_t { pcap, pcap_nano_big_endian, pcapng, pcapng_ipv6, pcap_vlan, pcap_cooked };

/// Writes a capture of one flow, byte by byte after the formats' descriptions.
class CaptureWriter {
 public:
  explicit CaptureWriter(CaptureKind kind) : kind_(kind) {
    const std::uint32_t link = kind_ == CaptureKind::pcap_cooked ? 113 : 1;
    if (is_ng()) {
      for (const std::uint32_t value : {0x0a0d'0d0aU, 28U, 0x1a2b'3c4dU, 1U, ~0U, ~0U, 28U}) u32(file_, value);
      for (const std::uint32_t value : {1U, 20U, link, 0U, 20U}) u32(file_, value);
    } else {
      u32(file_, kind_ == CaptureKind::pcap_nano_big_endian ? 0xa1b2'3c4d : 0xa1b2'c3d4);
      u32(file_, kind_ == CaptureKind::pcap_nano_big_endian ? 0x0002'0004 : 0x0004'0002);
      for (const std::uint32_t value : {0U, 0U, 65535U, link}) u32(file_, value);
    }
  }

  void add(ByteView datagram, std::uint64_t time_us, std::uint16_t port = 5004) {
    const Bytes frame = frame_of(datagram, port);
    const auto size = static_cast<std::uint32_t>(frame.size());
    if (is_ng()) {
      const std::uint32_t padding = (4 - size % 4) % 4;
      for (const std::uint32_t value : {6U, 32 + size + padding, 0U, static_cast<std::uint32_t>(time_us >> 32U),
                                        static_cast<std::uint32_t>(time_us), size, size}) {
        u32(file_, value);
      }
      append(file_, frame);
      file_.resize(file_.size() + padding);
      return u32(file_, 32 + size + padding);
    }
    const std::uint64_t fraction = time_us % 1'000'000 * (kind_ == CaptureKind::pcap_nano_big_endian ? 1000 : 1);
    u32(file_, static_cast<std::uint32_t>(time_us / 1'000'000));
    u32(file_, static_cast<std::uint32_t>(fraction));
    u32(file_, size);
    u32(file_, size);
    append(file_, frame);
  }
  [[nodiscard]] const Bytes& file() const { return file_; }

 private:
  [[nodiscard]] bool is_ng() const { return kind_ == CaptureKind::pcapng || kind_ == CaptureKind::pcapng_ipv6; }
  void u32(Bytes& to, std::uint32_t value) const {
    Bytes four(4);
    put_be32(four, kind_ == CaptureKind::pcap_nano_big_endian ? value : __builtin_bswap32(value));
    append(to, four);
  }
  static void u16(Bytes& to, std::size_t value) {
    to.push_back(static_cast<std::byte>(value >> 8U & 0xffU));
    to.push_back(static_cast<std::byte>(value & 0xffU));
  }
  [[nodiscard]] Bytes frame_of(ByteView datagram, std::uint16_t port) const {
    const bool is_v6 = kind_ == CaptureKind::pcapng_ipv6;
    Bytes frame(kind_ == CaptureKind::pcap_cooked ? 14 : 12);
    if (kind_ == CaptureKind::pcap_vlan) append(frame, bytes_of({0x81, 0, 0, 7}));
    u16(frame, is_v6 ? 0x86dd : 0x0800);
    if (is_v6) {
      append(frame, bytes_of({0x60, 0, 0, 0}));
      u16(frame, datagram.size() + 8);
      append(frame, bytes_of({17, 64}));
      frame.resize(frame.size() + 32, std::byte{1});
    } else {
      append(frame, bytes_of({0x45, 0}));
      u16(frame, datagram.size() + 28);
      append(frame, bytes_of({0, 0, 0x40, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1}));
    }
    u16(frame, 40000);
    u16(frame, port);
    u16(frame, datagram.size() + 8);
    u16(frame, 0);
    append(frame, datagram);
    return frame;
  }

  CaptureKind kind_;
  Bytes file_;
};

/// A RTP packet (RFC 3550, 5.1).
inline Bytes rtp_packet(std::uint16_t sequence, std::uint32_t timestamp, ByteView payload, unsigned type = 96,
                        std::uint32_t ssrc = 0x5137'e701) {
  Bytes packet(12);
  packet[0] = std::byte{0x80};
  packet[1] = static_cast<std::byte>(type);
  put_be16(ByteSpan(packet).subspan(2), sequence);
  put_be32(ByteSpan(packet).subspan(4), timestamp);
  put_be32(ByteSpan(packet).subspan(8), ssrc);
  append(packet, payload);
  return packet;
}

}  // namespace signet::media
