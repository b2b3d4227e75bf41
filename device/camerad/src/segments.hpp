// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/camerad.hpp"
#include "signet/core/time.hpp"

#include <optional>
#include <string_view>

namespace signet::camerad {

/// The name of a finished segment: "00000042-20261122T201530Z.mp4". Numbers grow for as long as the folder lives, also
/// where the clock does not.
struct SegmentName {
  std::uint64_t number = 1;
  Instant began = {};
  SegmentFormat format = SegmentFormat::mp4;
  video::Codec codec = video::Codec::h264;  ///< says what a bare stream is called: .h264, .h265
};
[[nodiscard]] std::string file_name(const SegmentName& name);
/// The number of a segment's file name; none for any other name, so that nothing else is ever removed.
[[nodiscard]] std::optional<std::uint64_t> segment_number(std::string_view file_name);

struct StoredSegment {
  std::uint64_t number = 0;
  std::uint64_t size_bytes = 0;
  std::string name = {};
};

/// The finished segments of a folder, oldest first.
class SegmentStore {
 public:
  /// Reads the folder, and removes what killed writers left in it.
  static Result<SegmentStore> open(std::filesystem::path folder);

  [[nodiscard]] std::uint64_t next_number() const { return next_number_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] std::uint64_t removed() const { return removed_; }
  [[nodiscard]] std::size_t count() const { return stored_.size(); }

  /// A number is used once, also if its segment never comes to be.
  std::uint64_t take_number() { return next_number_++; }
  void add(StoredSegment segment);
  /// Removes the oldest until all that are left, with `coming_size_bytes` more, keep within `keep_size_bytes`, or none
  /// is left.
  Result<void> make_room(std::uint64_t keep_size_bytes, std::uint64_t coming_size_bytes);
  /// Removes the oldest, if there is one.
  Result<void> remove_oldest();

 private:
  explicit SegmentStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  std::vector<StoredSegment> stored_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t removed_ = 0;
};

}  // namespace signet::camerad
