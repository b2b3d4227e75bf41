// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_rtp_fuzz)
#include "capture.hpp"

#include <algorithm>
#include <limits>

namespace signet::media {

namespace {

constexpr std::uint32_t k_section_block = 0x0a0d'0d0a;  // draft-ietf-opsawg-pcapng, 4.1
constexpr std::uint32_t k_packet_size_bytes_max = 256U * 1024U;
constexpr std::uint32_t k_block_size_bytes_max = 1U << 20U;
constexpr std::size_t k_interfaces_max = 256;
constexpr std::size_t k_read_size_bytes = 256U * 1024U;

Error broken(const std::string& what, std::uint64_t offset) {
  return {Errc::invalid_input, "media.capture",
          "the capture cannot be read: " + what + " at offset " + std::to_string(offset),
          "The file is damaged; keep it as it is, and ask for another copy."};
}

std::int64_t to_us(std::uint64_t ticks, std::uint64_t per_second) {
  const std::uint64_t seconds = std::min<std::uint64_t>(ticks / per_second, std::uint64_t{1} << 40U);
  const auto rest = static_cast<double>(ticks % per_second) / static_cast<double>(per_second);
  return static_cast<std::int64_t>(seconds * 1'000'000 + static_cast<std::uint64_t>(rest * 1'000'000));
}

std::uint64_t pad4(std::uint64_t size) { return (size + 3) / 4 * 4; }

}  // namespace

bool Capture::is_one(ByteView front) {
  if (front.size() < 4) return false;
  const std::uint32_t magic = get_be32(front);
  return magic == 0xa1b2'c3d4 || magic == 0xd4c3'b2a1 || magic == 0xa1b2'3c4d || magic == 0x4d3c'b2a1 ||
         magic == k_section_block;
}

std::uint32_t Capture::u32(ByteView at) const {
  const std::uint32_t value = get_be32(at);
  return is_little_ ? __builtin_bswap32(value) : value;
}

std::uint16_t Capture::u16(ByteView at) const {
  const std::uint16_t value = get_be16(at);
  return is_little_ ? __builtin_bswap16(value) : value;
}

/// The next bytes, all of them; empty where the file ends before.
Result<ByteView> Capture::take(std::size_t size_bytes) {
  const auto begin = static_cast<std::size_t>(at_ - buffer_at_);
  if (buffer_.size() - begin < size_bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin));
    buffer_at_ = at_;
    while (buffer_.size() < size_bytes) {
      const std::size_t have = buffer_.size();
      buffer_.resize(have + std::max(k_read_size_bytes, size_bytes - have));
      auto got = source_->read_at(buffer_at_ + have, ByteSpan(buffer_).subspan(have));
      buffer_.resize(have + (got ? *got : 0));
      if (!got) return std::move(got).error();
      if (*got == 0) return ByteView();
    }
  }
  const ByteView bytes = ByteView(buffer_).subspan(static_cast<std::size_t>(at_ - buffer_at_), size_bytes);
  at_ += size_bytes;
  return bytes;
}

Result<void> Capture::start() {
  is_started_ = true;
  TRY_ASSIGN(const ByteView magic, take(4));
  if (!is_one(magic)) return broken("no capture", 0);
  if (get_be32(magic) == k_section_block) {
    is_ng_ = true;
    at_ = 0;
    return {};
  }
  is_little_ = magic[0] != std::byte{0xa1};
  const bool is_nano = magic[is_little_ ? 0 : 3] == std::byte{0x4d};
  TRY_ASSIGN(const ByteView head, take(20));
  if (head.empty()) return broken("a header that is cut off", 0);
  constexpr std::uint32_t k_link_mask = 0x0fff'ffff;  // the top bits say how long frame check sequences are
  interfaces_.push_back({u32(head.subspan(16)) & k_link_mask, is_nano ? 1'000'000'000U : 1'000'000U});
  return {};
}

Result<std::optional<Capture::Frame>> Capture::next_record() {
  TRY_ASSIGN(const ByteView head, take(16));
  if (head.empty()) return std::optional<Frame>();
  const Interface& interface = interfaces_.front();
  const std::uint64_t fraction = u32(head.subspan(4));
  const std::uint64_t ticks = std::uint64_t{u32(head)} * interface.ticks_per_second + fraction;
  const std::uint32_t size = u32(head.subspan(8));
  const bool is_cut = u32(head.subspan(12)) > size;
  if (size > k_packet_size_bytes_max) return broken("a packet that is too large", at_);
  if (size == 0) return std::optional(Frame{.link = interface.link, .time_us = 0, .bytes = {}, .is_cut = true});
  TRY_ASSIGN(const ByteView bytes, take(size));
  if (bytes.empty()) return std::optional<Frame>();
  return std::optional(Frame{interface.link, to_us(ticks, interface.ticks_per_second), bytes, is_cut});
}

Result<void> Capture::enter_section(ByteView head) {
  TRY_ASSIGN(const ByteView magic, take(4));
  if (magic.empty()) return {};
  if (get_be32(magic) == 0x1a2b'3c4d) {
    is_little_ = false;
  } else if (get_be32(magic) == 0x4d3c'2b1a) {
    is_little_ = true;
  } else {
    return broken("a section of unknown byte order", at_);
  }
  interfaces_.clear();
  static_cast<void>(head);
  return {};
}

/// Interface description, 4.2: link type, snap length, and among the options if_tsresol (9).
void Capture::add_interface(ByteView body) {
  Interface interface;
  if (body.size() >= 8) interface.link = u16(body);
  ByteView options = body.subspan(std::min<std::size_t>(body.size(), 8));
  while (options.size() >= 4) {
    const std::uint16_t code = u16(options);
    const std::uint16_t size = u16(options.subspan(2));
    if (code == 0 || pad4(size) > options.size() - 4) break;
    if (code == 9 && size >= 1) {
      const auto value = std::to_integer<unsigned>(options[4]);
      const unsigned exponent = value & 0x7fU;
      std::uint64_t ticks = 1;
      if ((value & 0x80U) != 0) {
        ticks = std::uint64_t{1} << std::min(exponent, 62U);
      } else {
        for (unsigned i = 0; i < std::min(exponent, 18U); ++i) ticks *= 10;
      }
      interface.ticks_per_second = ticks;
    }
    options = options.subspan(static_cast<std::size_t>(4 + pad4(size)));
  }
  if (interfaces_.size() < k_interfaces_max) interfaces_.push_back(interface);
}

/// Enhanced packet block, 4.3.
Capture::Frame Capture::packet_of(ByteView body) const {
  Frame frame{.link = 0, .time_us = 0, .bytes = {}, .is_cut = true};
  if (body.size() < 20 || u32(body) >= interfaces_.size()) return frame;
  const Interface& interface = interfaces_[u32(body)];
  const std::uint64_t ticks = std::uint64_t{u32(body.subspan(4))} << 32U | u32(body.subspan(8));
  const std::uint32_t size = u32(body.subspan(12));
  if (size > body.size() - 20) return frame;
  return {interface.link, to_us(ticks, interface.ticks_per_second), body.subspan(20, size),
          u32(body.subspan(16)) > size};
}

Result<std::optional<Capture::Frame>> Capture::next_block() {
  while (true) {
    const std::uint64_t begin = at_;
    TRY_ASSIGN(const ByteView head, take(8));
    if (head.empty()) return std::optional<Frame>();
    const bool is_section = get_be32(head) == k_section_block;
    const Bytes kept = to_bytes(head);
    if (is_section) TRY(enter_section(kept));
    const std::uint32_t type = u32(kept);
    const std::uint32_t size = u32(ByteView(kept).subspan(4));
    const auto read = static_cast<std::uint32_t>(at_ - begin);
    if (size < read + 4 || size % 4 != 0 || size > k_block_size_bytes_max)
      return broken("a block of impossible size", begin);
    TRY_ASSIGN(const ByteView rest, take(size - read));
    if (rest.empty()) return std::optional<Frame>();
    const ByteView body = rest.first(rest.size() - 4);  // the size stands again at the end
    if (type == 1) add_interface(body);
    if (type == 6) return std::optional(packet_of(body));
    if (type == 3 && body.size() > 4 && !interfaces_.empty()) {  // simple packet block: no time, all of the packet
      const std::size_t packet = std::min<std::size_t>(u32(body), body.size() - 4);
      return std::optional(Frame{interfaces_.front().link, 0, body.subspan(4, packet), u32(body) > packet});
    }
  }
}

Result<std::optional<Capture::Frame>> Capture::next_frame() {
  if (!is_started_) TRY(start());
  return is_ng_ ? next_block() : next_record();
}

Result<std::optional<Datagram>> Capture::next() {
  while (true) {
    TRY_ASSIGN(const std::optional<Frame> frame, next_frame());
    if (!frame) return std::optional<Datagram>();
    bool is_fragment = false;
    std::optional<Datagram> datagram =
        frame->is_cut ? std::nullopt : datagram_in(frame->link, frame->bytes, is_fragment);
    if (frame->is_cut || is_fragment) ++packets_cut_;
    if (!datagram) continue;
    datagram->time_us = frame->time_us;
    return datagram;
  }
}

}  // namespace signet::media
