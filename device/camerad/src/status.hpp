// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"

#include "picture.hpp"
#include "picture_queue.hpp"
#include "recorder.hpp"
#include "rtsp_server.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

namespace signet::camerad {

/// What other parts know of themselves when a status is asked for.
struct StatusParts {
  std::string source;
  PictureQueue::Counts queue;
  std::optional<RtspServer::Counts> rtsp = {};
  std::optional<RecordCounts> record = {};
  std::filesystem::path record_folder = {};
  std::uint64_t keep_size_bytes = 0;
};

/// What the signing thread knows; it writes, anybody reads.
class StatusBoard {
 public:
  void set_key(std::string fingerprint);
  void set_url(std::string url);
  void begin(const StreamFormat& format);
  void end();
  void signed_picture(std::chrono::microseconds took, std::size_t sei);
  void signed_parts(std::size_t sei);
  void lost(const Error& error);
  /// docs/formats/camerad-status.md.
  [[nodiscard]] Json json(const StatusParts& parts) const;

 private:
  mutable std::mutex mutex_;
  std::string key_;
  std::string url_;
  std::optional<StreamFormat> format_;
  std::uint64_t streams_ = 0;
  std::uint64_t pictures_ = 0;
  std::uint64_t sei_ = 0;
  std::uint64_t losses_ = 0;
  std::chrono::microseconds held_max_{0};
  std::optional<Error> last_error_;
};

/// Answers any message on a local socket with the status, on a thread of its own.
class StatusSocket {
 public:
  static Result<StatusSocket> open(const std::filesystem::path& path, std::function<Json()> status);
  StatusSocket(StatusSocket&&) noexcept;
  StatusSocket& operator=(StatusSocket&&) = delete;
  ~StatusSocket();

 private:
  class Impl;
  explicit StatusSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::camerad
