// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#pragma once

#include "signet/video.hpp"

#include <functional>

namespace signet::video {

/// Splits a stream whose bytes are pushed, cut anywhere: annex B (H.264, H.265) or AV1 OBUs with size fields. Gives the
/// units that Recording gives for the same bytes.
class PushSplitter {
 public:
  using Sink = std::function<void(const Piece&)>;

  explicit PushSplitter(Codec codec) : is_obu_(codec == Codec::av1) {}
  /// "video.malformed" (invalid_input) for OBUs only.
  Result<void> push(ByteView bytes, const Sink& sink);
  /// The stream is over.
  Result<void> finish(const Sink& sink);

 private:
  Result<void> push_obus(const Sink& sink, bool is_end);
  void push_nal_units(const Sink& sink, bool is_end);

  bool is_obu_;
  Bytes buffer_;              // of the unit at hand
  std::size_t scanned_ = 0;   // annex B: of buffer_, without a start code
  bool is_started_ = false;   // annex B: behind the first start code
  bool begins_ = true;        // the next piece begins a unit
  std::uint64_t offset_ = 0;  // OBU: behind the unit at hand
  std::uint64_t left_ = 0;    // OBU: of it
};

}  // namespace signet::video
