// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video_recording.hpp"

#include <string>

namespace signet::media {

/// A UDP datagram of a capture.
struct Datagram {
  std::int64_t time_us = 0;  ///< when it was captured
  std::string flow;          ///< addresses and ports, as bytes; equal for datagrams of one flow
  ByteView payload;          ///< until the next call
};

/// Reads pcap (microseconds or nanoseconds, either byte order) and pcapng; Ethernet with VLAN tags, Linux cooked, raw
/// IP and loopback; IPv4 and IPv6.
class Capture {
 public:
  explicit Capture(std::shared_ptr<video::Source> source) : source_(std::move(source)) {}
  [[nodiscard]] static bool is_one(ByteView front);
  /// None at the end; a capture that is cut off ends there. "media.capture" (invalid_input).
  Result<std::optional<Datagram>> next();
  [[nodiscard]] std::uint64_t offset() const { return at_; }
  /// Packets that were captured in part, and fragments of IP packets.
  [[nodiscard]] std::uint64_t packets_cut() const { return packets_cut_; }

 private:
  struct Interface {
    std::uint32_t link = 1;
    std::uint64_t ticks_per_second = 1'000'000;
  };
  struct Frame {
    std::uint32_t link = 1;
    std::int64_t time_us = 0;
    ByteView bytes;
    bool is_cut = false;
  };
  Result<ByteView> take(std::size_t size_bytes);
  Result<void> start();
  Result<std::optional<Frame>> next_frame();
  Result<std::optional<Frame>> next_record();
  Result<std::optional<Frame>> next_block();
  Result<void> enter_section(ByteView head);
  void add_interface(ByteView body);
  [[nodiscard]] Frame packet_of(ByteView body) const;
  [[nodiscard]] std::uint32_t u32(ByteView at) const;
  [[nodiscard]] std::uint16_t u16(ByteView at) const;

  std::shared_ptr<video::Source> source_;
  std::uint64_t at_ = 0;
  std::uint64_t buffer_at_ = 0;
  Bytes buffer_;
  bool is_started_ = false;
  bool is_ng_ = false;
  bool is_little_ = false;
  std::vector<Interface> interfaces_;
  std::uint64_t packets_cut_ = 0;
};

/// The UDP datagram in a frame of that link type; none if it carries none. `is_fragment` is set for a part of one.
[[nodiscard]] std::optional<Datagram> datagram_in(std::uint32_t link, ByteView frame, bool& is_fragment);

}  // namespace signet::media
