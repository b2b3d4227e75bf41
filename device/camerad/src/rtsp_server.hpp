// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config.hpp"
#include "picture.hpp"

#include <memory>

namespace signet::camerad {

/// Serves the stream of the moment to several RTSP clients at once, over TCP and UDP. A client that begins to look
/// waits for the next I picture. One that does not read does not hold up the others: what it cannot take in time is
/// dropped.
class RtspServer {
 public:
  /// "camerad.rtsp" (unavailable) if the address cannot be listened on.
  static Result<std::unique_ptr<RtspServer>> open(const Endpoint& endpoint, const std::string& path);
  ~RtspServer();

  [[nodiscard]] std::uint16_t port() const;
  /// A new stream; clients of the last one must connect anew.
  void begin(const StreamFormat& format);
  void push(const SignedPicture& picture);
  /// The stream is over: the SEI that belong behind it are sent, then its clients are let go.
  void end(const std::vector<Bytes>& rest);

  struct Counts {
    std::uint64_t clients = 0;          ///< connected
    std::uint64_t pictures_unsent = 0;  ///< sending could not keep up
  };
  [[nodiscard]] Counts counts() const;

 private:
  class Impl;
  explicit RtspServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::camerad
