// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/error.hpp"
#include "signet/video.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signet::camerad {

using Log = std::function<void(LogLevel, const std::string&)>;

/// What a stream is; another format is another stream.
struct StreamFormat {
  video::Codec codec = video::Codec::h264;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  friend bool operator==(const StreamFormat&, const StreamFormat&) = default;
};

/// One access unit as the source gave it, with start codes.
struct Picture {
  StreamFormat format;
  Bytes bytes;
  std::int64_t pts_ns = 0;  ///< on the source's own clock
  std::int64_t dts_ns = 0;
  std::int64_t wall_us = 0;  ///< when it arrived (Unix)
  bool begins_gop = false;
};

/// The same with its signature SEI; shared by all who send or write it.
struct SignedPicture {
  std::shared_ptr<const Bytes> bytes;
  std::vector<Bytes> sei;  ///< those within `bytes`: they sign what stands before this picture
  std::int64_t pts_ns = 0;
  std::int64_t dts_ns = 0;
  std::int64_t wall_us = 0;
  bool begins_gop = false;
};

}  // namespace signet::camerad
