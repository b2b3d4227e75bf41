// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/media.hpp"

#include <deque>
#include <map>

namespace signet::media {

/// A RTP packet (RFC 3550, 5.1).
struct RtpPacket {
  unsigned payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  ByteView payload;
};
/// None if it is none, or RTCP.
[[nodiscard]] std::optional<RtpPacket> parse_rtp(ByteView datagram);

/// What a payload may be of a codec: `sure` if nothing else looks so (parameter sets, a sequence header).
enum class Likeness : std::uint8_t { no, possible, sure };
[[nodiscard]] Likeness likeness_of(video::Codec codec, ByteView payload);

/// Puts payloads into the order of their sequence numbers, and counts what is missing.
class Reorder {
 public:
  struct Item {
    Bytes payload;
    std::uint32_t timestamp = 0;
    bool follows_gap = false;
  };
  explicit Reorder(std::shared_ptr<Transport> transport) : transport_(std::move(transport)) {}
  void add(const RtpPacket& packet, std::int64_t time_us);
  /// No more packets: gives out all that waits.
  void finish();
  [[nodiscard]] std::optional<Item> take();

 private:
  void release(bool all);
  struct Waiting {
    Bytes payload;
    std::uint32_t timestamp = 0;
    std::int64_t time_us = 0;
  };
  std::shared_ptr<Transport> transport_;
  std::map<std::int64_t, Waiting> waiting_;
  std::deque<Item> ready_;
  std::optional<std::int64_t> expected_;
  std::int64_t highest_ = 0;
  std::int64_t first_us_ = 0;
  unsigned late_in_a_row_ = 0;
};

/// A NAL unit or OBU and the RTP time of its picture.
struct RtpUnit {
  Bytes bytes;
  std::uint32_t timestamp = 0;
};

/// Takes payloads apart: H.264 (RFC 6184, non-interleaved), H.265 (RFC 7798, without decoding order numbers), AV1 (RTP
/// Payload Format for AV1 1.0). A unit of which a part is missing is left out and counted.
class Depacketizer {
 public:
  Depacketizer(video::Codec codec, std::shared_ptr<Transport> transport)
      : codec_(codec), transport_(std::move(transport)) {}
  void add(const Reorder::Item& item);
  void finish();
  [[nodiscard]] std::optional<RtpUnit> take();

 private:
  void add_h264(ByteView payload);
  void add_h265(ByteView payload);
  void add_av1(ByteView payload);
  void aggregate(ByteView units);
  void fragment(Bytes header, bool begins, bool ends, ByteView part);
  void put(Bytes unit);
  void put_obu(Bytes obu);
  void drop_open();

  video::Codec codec_;
  std::shared_ptr<Transport> transport_;
  std::deque<RtpUnit> units_;
  std::uint32_t timestamp_ = 0;
  std::optional<Bytes> open_;  // the unit whose fragments are coming
};

/// The units of the video stream in a capture, and its codec: "media.no-stream", "media.codec-unclear", "media.sdp".
struct RtpStream {
  video::Codec codec;
  std::unique_ptr<video::UnitReader> units;
  std::shared_ptr<const Transport> transport;
};
Result<RtpStream> open_capture(const std::shared_ptr<video::Source>& source, const OpenOptions& options);

/// The codecs that a session description gives payload types (RFC 8866, a=rtpmap).
[[nodiscard]] std::map<unsigned, video::Codec> payload_types_of(std::string_view sdp);

}  // namespace signet::media
