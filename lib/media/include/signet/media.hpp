// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/video.hpp"
#include "signet/video_recording.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Recordings that lib/video does not split itself (Matroska, MPEG-TS, RTP in captures, live RTSP, pipes), and pictures
/// of recordings. Where ffmpeg is needed it runs as a child that may do nothing but its work.
namespace signet::media {

/// How a recording is opened.
struct OpenOptions {
  std::optional<video::Codec> codec = {};             ///< of a stream that does not show it
  std::optional<std::filesystem::path> sdp = {};      ///< names the payload types of a capture (RFC 8866)
  std::optional<std::chrono::seconds> duration = {};  ///< when to stop watching a live stream
  std::function<bool()> is_stopped = {};  ///< asked often; true ends a live stream or a pipe, as its end does
  std::uint64_t spool_size_bytes_max = std::uint64_t{4} << 30U;  ///< of a pipe that has to be kept as a whole
};

/// What happened to RTP packets on their way into a capture, as their sequence numbers tell (RFC 3550, 5.1).
struct Transport {
  std::uint64_t packets = 0;                      ///< of the stream that was chosen
  std::uint64_t lost = 0;                         ///< never came
  std::uint64_t gaps = 0;                         ///< runs of lost packets
  std::uint64_t reordered = 0;                    ///< came late, and were put into their place
  std::uint64_t repeated = 0;                     ///< came twice, or too late
  std::uint64_t units_broken = 0;                 ///< units that a loss took parts of; they are left out
  std::uint64_t packets_unread = 0;               ///< payloads that make no sense, cut packets, IP fragments
  std::uint64_t streams_other = 0;                ///< that look like video too, and were not chosen
  std::optional<std::int64_t> first_gap_us = {};  ///< from the first packet on
};

/// A recording, ready to be judged.
struct Opened {
  video::Recording recording;
  std::optional<crypto::HashAlgorithm> hash = {};        ///< of its first signature, as video::probe_hash() says
  std::shared_ptr<const Transport> transport = nullptr;  ///< of a capture; complete once the recording is read
  bool is_live = false;
};

/// Opens a file, "-" (standard input), or "rtsp://..." ("rtsps://..."), and looks for the first signature.
///
/// "media.no-ffmpeg" (unavailable), "media.unreadable" (invalid_input: ffmpeg gave up, with its last words),
/// "media.stalled" (unavailable), "media.no-stream" (invalid_input: no video in a capture), "media.codec-unclear",
/// "media.pipe-order" (unsupported: needs a file), "media.spool-full" (exhausted), "media.sdp", those of
/// video::Recording. A password in a URL is in no error text.
Result<Opened> open(const std::string& what, const OpenOptions& options = {});

/// How a stream is sent on.
struct SendOptions {
  std::uint32_t rate = 25;  ///< pictures a second
  bool is_live = false;     ///< it arrives at that rate; else it is sent no faster
};

/// Sends a byte stream (Annex B) on as it is written: as RTP (RFC 3550, RFC 6184, RFC 7798) to one receiver
/// ("rtp://HOST:PORT"), or to a RTSP server that records it ("rtsp://...", "rtsps://..."; ANNOUNCE and RECORD over
/// TCP).
class Sender {
 public:
  /// Whether `where` names a place for a stream, and not a file.
  [[nodiscard]] static bool is_address(const std::string& where);
  /// What a receiver of "rtp://HOST:PORT" needs to know (RFC 8866); over RTSP it is told. "media.address" (usage).
  static Result<std::string> session(const std::string& where, video::Codec codec);
  /// "media.no-ffmpeg", "media.send-codec" (unsupported: AV1), "media.address".
  static Result<Sender> open(const std::string& where, video::Codec codec, const SendOptions& options = {});
  Sender(Sender&&) noexcept;
  Sender& operator=(Sender&&) noexcept;
  ~Sender();

  /// Waits while the receiver, or the rate, is behind. "media.not-sent" (unavailable), with what ffmpeg said.
  Result<void> write(ByteView stream);
  /// Until the last picture is out. "media.not-sent".
  Result<void> finish();

 private:
  class Impl;
  explicit Sender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A decoded picture.
struct Picture {
  std::uint64_t frame = 0;  ///< in decoding order, as in video::FrameReport
  Bytes jpeg = {};
  std::uint32_t width = 0;  ///< of the JPEG
  std::uint32_t height = 0;
};

/// How large and how many, and how long it may take.
struct ThumbnailOptions {
  std::uint32_t width_max = 320;
  std::size_t pictures_max = 64;
  std::chrono::seconds time_max{60};  ///< for all of them
  std::optional<video::Codec> codec = {};
};

/// Pictures of a recording in a file, in the order of `frame_numbers`; a frame that cannot be decoded is left out. As
/// decoders conceal what is missing, a picture shows what a viewer would have seen, not what was recorded.
/// "media.no-ffmpeg", "media.unreadable", those of open().
Result<std::vector<Picture>> thumbnails(const std::filesystem::path& recording,
                                        std::span<const std::uint64_t> frame_numbers,
                                        const ThumbnailOptions& options = {});

}  // namespace signet::media
