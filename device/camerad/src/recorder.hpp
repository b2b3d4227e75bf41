// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/file.hpp"

#include "picture.hpp"
#include "segment_writer.hpp"
#include "segments.hpp"

#include <memory>
#include <optional>

namespace signet::camerad {

struct RecordCounts {
  std::uint64_t segments = 0;            ///< finished since the start
  std::uint64_t removed = 0;             ///< the oldest, to keep within bounds
  std::uint64_t pictures_unwritten = 0;  ///< the disk was too slow, full or broken
  std::uint64_t errors = 0;
  std::uint64_t stored_size_bytes = 0;
  std::string last = {};  ///< the newest finished segment
};

/// Cuts a signed stream on GOP borders into files of which each verifies alone: the SEI that signs the last part of a
/// segment arrives with the first pictures of the next one, so a segment stays open until then and ends with a copy.
class Recorder {
 public:
  /// Locks the folder and reads what is there.
  static Result<std::unique_ptr<Recorder>> open(Recording config, Log log);

  void begin(const StreamFormat& format);
  /// Errors are counted and logged, and the segment at hand is given up; a new one begins at the next I picture.
  void add(const SignedPicture& picture);
  /// The stream is over; `rest` as PictureSigner::finish() gives it.
  void end(const std::vector<Bytes>& rest);
  /// Pictures were lost before this one: the segment at hand ends where they are missing.
  void lose(std::uint64_t pictures);
  [[nodiscard]] RecordCounts counts() const;

 private:
  /// A segment that is being written.
  struct Segment {
    std::unique_ptr<SegmentWriter> writer;
    std::string name;
    std::uint64_t number = 0;
    std::int64_t began_ns = 0;
    std::uint64_t pictures = 0;
    std::vector<Bytes> closing = {};  // SEI to stand behind its last picture
  };

  Recorder(Recording config, Log log, os::FileLock lock, SegmentStore store)
      : config_(std::move(config)), log_(std::move(log)), lock_(std::move(lock)), store_(std::move(store)) {}
  [[nodiscard]] bool is_due(const SignedPicture& picture) const;
  void cut(const SignedPicture& picture);
  Result<void> open_segment(const SignedPicture& picture);
  Result<void> write(const SignedPicture& picture);
  void close(std::optional<Segment>& segment);
  void give_up(const Error& error);

  Recording config_;
  Log log_;
  os::FileLock lock_;
  SegmentStore store_;
  StreamFormat format_;
  std::optional<Segment> current_;
  std::optional<Segment> closing_;  // complete but for the SEI of its last part
  RecordCounts counts_;
};

}  // namespace signet::camerad
