// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "picture.hpp"

#include <filesystem>
#include <memory>

namespace signet::camerad {

/// Writes one segment, out of sight until it is finished: a file under its final name is whole.
class SegmentWriter {
 public:
  virtual ~SegmentWriter() = default;
  virtual Result<void> add(const SignedPicture& picture) = 0;
  /// Puts the SEI behind the last picture, and the file, synced, under its name. "os.exists" (conflict).
  virtual Result<void> finish(const std::vector<Bytes>& sei) = 0;
  /// Written so far.
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
};

/// The bare stream.
Result<std::unique_ptr<SegmentWriter>> open_annexb_segment(const std::filesystem::path& path);
/// Fragmented MP4. The SEI behind the last picture are in its sample, so that each sample has a picture.
Result<std::unique_ptr<SegmentWriter>> open_mp4_segment(const std::filesystem::path& path, const StreamFormat& format);

}  // namespace signet::camerad
