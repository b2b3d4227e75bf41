// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hashed_unit.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace signet::video {

/// Collects units and computes their SHA-256 many at a time: in the lanes of a vector unit, and on several threads.
/// Units reach the sink in their order, on the caller's thread, with the digests that hashing one by one would give.
/// Holds at most `2 * threads + 1` batches.
class BatchHasher {
 public:
  /// Larger units are hashed by the caller.
  static constexpr std::size_t k_unit_size_bytes_max = 1U << 20U;
  static constexpr std::size_t k_batch_size_bytes = 3U << 19U;  // 1.5 MiB
  static constexpr std::size_t k_batch_units_max = 4096;

  /// `threads` counts the caller's, which hashes as well.
  BatchHasher(unsigned threads, UnitSink& sink);
  ~BatchHasher();
  BatchHasher(const BatchHasher&) = delete;
  BatchHasher& operator=(const BatchHasher&) = delete;

  /// `bytes` are copied; none if there is nothing to hash.
  void add(HashedUnit unit, ByteView bytes);
  /// Hashes and delivers what has been collected.
  void flush();
  /// Delivers what is left; nothing comes after it.
  void finish();

 private:
  enum class State : std::uint8_t { filling, waiting, running, done };
  struct Job {
    std::size_t unit;
    std::size_t offset;
    std::size_t size_bytes;
  };
  struct Batch {
    Bytes bytes;
    std::vector<HashedUnit> units;
    std::vector<Job> jobs;
    State state = State::filling;
  };
  /// What one thread hashes with.
  struct Worker;

  void work();
  void submit();
  /// Hashes or waits until the front batch is done, and delivers it.
  void await_front();
  [[nodiscard]] Batch* claim();
  void stop();

  UnitSink& sink_;
  unsigned threads_;
  std::unique_ptr<Worker> own_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_, as are the states of batches; all but the one that is being filled.
  std::vector<std::unique_ptr<Batch>> in_order_;
  bool is_stopping_ = false;
  std::unique_ptr<Batch> filling_;
  std::vector<std::unique_ptr<Batch>> spare_;
  std::vector<std::thread> workers_;
};

/// A batch hasher where it is faster than hashing unit by unit on this machine; null otherwise.
[[nodiscard]] std::unique_ptr<BatchHasher> make_batch_hasher(unsigned threads, UnitSink& sink);

}  // namespace signet::video
