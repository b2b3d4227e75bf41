// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/os/fd.hpp"

#include "caller.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signet::keystored {

/// One use of a key, or a refused one.
struct Use {
  Instant time;
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
  std::string unit = {};
  std::string program = {};
  std::string op = {};
  std::string key = {};
  std::string rule = {};     ///< that granted it
  std::string outcome = {};  ///< "ok", or the reason of the error
  std::uint64_t took_us = 0;
  std::uint64_t unrecorded = 0;  ///< refusals that were counted only, since there were too many
};

/// The record of uses: JSON lines in a folder (docs/formats/keystored-audit.md), and the newest of them in memory for
/// who watches. Whoever uses a key only puts the record into a queue; a thread writes what has come since, in one
/// write. A full queue or disk loses records, never silently: how many stands in the next line that can be written, and
/// in lost(). Safe to call from several threads.
class Audit {
 public:
  struct Config {
    std::filesystem::path folder;
    std::uint64_t file_bytes_max = 4U << 20U;
    unsigned files_max = 4;
    std::size_t queue_max = 8192;
    std::function<void(LogLevel, const std::string&)> log = {};
  };
  /// The folder is made with the first record.
  explicit Audit(Config config);
  ~Audit();
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  void record(Use use);
  /// Waits until all that was recorded before is on its way to the disk.
  void flush();

  /// What somebody sees who has seen all before `next`.
  struct Watched {
    std::vector<std::string> lines;
    std::uint64_t next = 0;    ///< to ask for next
    std::uint64_t missed = 0;  ///< that are no longer in memory, but in the files
  };
  /// Waits until there is a record with this number or a later one, at most so long. Nothing: from now on.
  Watched watch(std::optional<std::uint64_t> next, std::chrono::milliseconds wait);
  /// Ends all waits.
  void interrupt();
  /// Records that were lost since the start.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  void run();
  /// What the queue held, as lines.
  std::vector<std::string> format(std::deque<Use> uses, std::uint64_t first, std::uint64_t lost_before);
  Result<void> write(const std::vector<std::string>& lines);
  Result<void> rotate();

  const Config config_;
  mutable std::mutex mutex_;
  std::condition_variable come_;     ///< something is in the queue
  std::condition_variable written_;  ///< something is in the ring
  std::deque<Use> queue_;
  std::uint64_t taken_ = 0;      ///< numbers given
  std::uint64_t done_ = 0;       ///< numbers that are in the ring and were tried to be written
  std::uint64_t lost_ = 0;       ///< since the start
  std::uint64_t told_lost_ = 0;  ///< of which lines tell
  std::deque<std::string> ring_;
  bool ending_ = false;
  bool interrupted_ = false;
  bool hurry_ = false;
  os::Fd file_;             // of the thread
  std::uint64_t size_ = 0;  // of the thread
  bool failing_ = false;    // of the thread
  std::thread thread_;
};

/// A line of the record as JSON has it.
[[nodiscard]] Json as_json(const Use& use);

}  // namespace signet::keystored
