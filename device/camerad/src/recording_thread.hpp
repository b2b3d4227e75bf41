// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recorder.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

namespace signet::camerad {

/// A Recorder on a thread of its own, so that a slow disk holds up neither signing nor sending. What waits for the disk
/// is bounded; when it is too much, pictures up to the next I picture are left out of the recording, and counted.
class RecordingThread {
 public:
  explicit RecordingThread(std::unique_ptr<Recorder> recorder);
  /// Writes what waits.
  ~RecordingThread();
  RecordingThread(const RecordingThread&) = delete;
  RecordingThread& operator=(const RecordingThread&) = delete;

  void begin(const StreamFormat& format);
  void add(const SignedPicture& picture);
  void end(std::vector<Bytes> rest);
  [[nodiscard]] RecordCounts counts() const;

 private:
  struct End {
    std::vector<Bytes> rest;
  };
  struct Lost {
    std::uint64_t pictures = 0;
  };
  using Job = std::variant<StreamFormat, SignedPicture, Lost, End>;
  void post(Job job);
  void run();
  void handle(const Job& job);

  std::unique_ptr<Recorder> recorder_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Job> jobs_;
  std::uint64_t waiting_size_bytes_ = 0;
  std::uint64_t lost_ = 0;  // since room ran out
  bool is_full_ = false;
  bool is_over_ = false;
  RecordCounts counts_;
  std::thread thread_;
};

}  // namespace signet::camerad
