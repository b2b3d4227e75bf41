// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_rtp_fuzz)
#include "capture.hpp"

namespace signet::media {

namespace {

constexpr unsigned k_udp = 17;

ByteView behind(ByteView bytes, std::size_t size_bytes) {
  return size_bytes <= bytes.size() ? bytes.subspan(size_bytes) : ByteView();
}

unsigned u8(ByteView bytes, std::size_t at) { return at < bytes.size() ? std::to_integer<unsigned>(bytes[at]) : 0; }
unsigned u16(ByteView bytes, std::size_t at) { return u8(bytes, at) << 8U | u8(bytes, at + 1); }

std::optional<Datagram> datagram_of(std::string addresses, ByteView udp) {
  constexpr std::size_t k_udp_header_size_bytes = 8;
  const unsigned size = u16(udp, 4);
  if (size < k_udp_header_size_bytes || size > udp.size()) return std::nullopt;
  addresses += as_text(udp.first(4));
  return Datagram{
      .time_us = 0, .flow = std::move(addresses), .payload = udp.first(size).subspan(k_udp_header_size_bytes)};
}

/// RFC 791.
std::optional<Datagram> in_ipv4(ByteView packet, bool& is_fragment) {
  const std::size_t header = (u8(packet, 0) & 0xfU) * std::size_t{4};
  const std::size_t total = u16(packet, 2);
  if (header < 20 || total < header || total > packet.size() || u8(packet, 9) != k_udp) return std::nullopt;
  constexpr unsigned k_more_or_offset = 0x3fff;
  if ((u16(packet, 6) & k_more_or_offset) != 0) {
    is_fragment = true;
    return std::nullopt;
  }
  return datagram_of(std::string(as_text(packet.subspan(12, 8))), packet.first(total).subspan(header));
}

/// RFC 8200, extension headers skipped.
std::optional<Datagram> in_ipv6(ByteView packet, bool& is_fragment) {
  constexpr std::size_t k_header_size_bytes = 40;
  const std::size_t size = u16(packet, 4);
  if (packet.size() < k_header_size_bytes || size > packet.size() - k_header_size_bytes) return std::nullopt;
  ByteView rest = packet.subspan(k_header_size_bytes, size);
  unsigned next = u8(packet, 6);
  for (int i = 0; i < 8 && next != k_udp; ++i) {
    if (next == 44) {
      is_fragment = true;
      return std::nullopt;
    }
    if (next != 0 && next != 43 && next != 60) return std::nullopt;  // hop-by-hop, routing, destination options
    next = u8(rest, 0);
    rest = behind(rest, (u8(rest, 1) + std::size_t{1}) * 8);
  }
  if (next != k_udp) return std::nullopt;
  return datagram_of(std::string(as_text(packet.subspan(8, 32))), rest);
}

std::optional<Datagram> in_ip(ByteView packet, bool& is_fragment) {
  switch (u8(packet, 0) >> 4U) {
    case 4:
      return in_ipv4(packet, is_fragment);
    case 6:
      return in_ipv6(packet, is_fragment);
    default:
      return std::nullopt;
  }
}

/// The IP packet behind an EtherType, VLAN tags skipped.
ByteView behind_ethertype(ByteView bytes) {
  for (int tags = 0; tags < 4; ++tags) {
    const unsigned type = u16(bytes, 0);
    if (type == 0x0800 || type == 0x86dd) return behind(bytes, 2);
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100) return {};
    bytes = behind(bytes, 4);
  }
  return {};
}

}  // namespace

std::optional<Datagram> datagram_in(std::uint32_t link, ByteView frame, bool& is_fragment) {
  switch (link) {
    case 1:  // Ethernet
      return in_ip(behind_ethertype(behind(frame, 12)), is_fragment);
    case 113:  // Linux cooked
      return in_ip(behind_ethertype(behind(frame, 14)), is_fragment);
    case 276: {  // Linux cooked, version 2: the EtherType stands in front
      const unsigned type = u16(frame, 0);
      return type == 0x0800 || type == 0x86dd ? in_ip(behind(frame, 20), is_fragment) : std::nullopt;
    }
    case 0:    // BSD loopback
    case 108:  // OpenBSD loopback
      return in_ip(behind(frame, 4), is_fragment);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:  // IP without anything before it
      return in_ip(frame, is_fragment);
    default:
      return std::nullopt;
  }
}

}  // namespace signet::media
