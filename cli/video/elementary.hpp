// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/media.hpp"
#include "signet/os/file.hpp"
#include "signet/video_recording.hpp"
#include "signet/video_writer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Streams as files: H.264 and H.265 byte streams (annex B), AV1 OBU streams, MP4.
namespace signet::cli::video_cli {

/// What a unit is to whoever cuts a stream (H.264 7.4.1.2.3, H.265 7.4.2.4.4, AV1 7.5).
enum class UnitRole : std::uint8_t {
  delimiter,      ///< begins an access unit or a temporal unit
  parameter_set,  ///< or AV1's sequence header
  message,        ///< SEI before a picture, AV1 metadata
  content,        ///< slices, and all that belongs to the picture before it
};
[[nodiscard]] UnitRole role_of(video::Codec codec, ByteView unit);

/// A unit as a byte stream can hold it: some signers put a SEI into MP4 without emulation prevention, and a start code
/// within it would cut it in two (H.264 7.4.1, H.265 7.4.2). None if it is fine as it is.
[[nodiscard]] std::optional<Bytes> escaped_if_needed(video::Codec codec, ByteView unit);

/// Whether a name asks for MP4: .mp4 or .m4v.
[[nodiscard]] bool names_mp4(const std::string& name);

/// Writes units one after another, into a new file that appears only when it is whole, or to standard output ("-"): as
/// fragmented MP4 if the name asks for it, else without container, where AV1 gets the temporal delimiters that MP4 does
/// not have.
class UnitFile {
 public:
  /// "os.exists" (conflict).
  static Result<UnitFile> create(const Invocation& call, const std::string& name, video::Mp4Options options);
  /// A stream that goes to where media::Sender sends it. Those of media::Sender.
  static Result<UnitFile> send(const Invocation& call, const std::string& address, video::Codec codec,
                               const media::SendOptions& options);
  /// `time_us` as in video::Piece. Those of video::Mp4Writer and media::Sender.
  Result<void> write(ByteView unit, std::optional<std::int64_t> time_us);
  /// Hands on what is buffered: for readers that follow a live stream.
  Result<void> flush();
  Result<void> commit();
  [[nodiscard]] bool is_stdout() const { return !file_ && !sender_; }
  /// Somebody follows it while it is written.
  [[nodiscard]] bool is_stream() const { return !file_; }
  [[nodiscard]] bool is_mp4() const { return mp4_.has_value(); }

 private:
  UnitFile(const Invocation& call, std::optional<os::PendingFile> file, video::Codec codec,
           std::optional<video::Mp4Writer> mp4)
      : out_(&call.out()), file_(std::move(file)), codec_(codec), mp4_(std::move(mp4)) {}
  void write_to_stream(ByteView unit, std::optional<std::int64_t> time_us);
  Output* out_;
  std::optional<os::PendingFile> file_;
  std::optional<media::Sender> sender_;
  video::Codec codec_;
  std::optional<video::Mp4Writer> mp4_;
  std::optional<std::int64_t> delimited_us_;  ///< AV1: time of the temporal unit at hand
  Bytes buffer_;
};

/// The next whole unit of a recording; none at the end. "video.unit-too-large" (exhausted) beyond 64 MiB.
struct WholeUnit {
  Bytes bytes;
  std::optional<std::int64_t> time_us = {};
};
Result<std::optional<WholeUnit>> next_whole(video::Recording& recording);

}  // namespace signet::cli::video_cli
