// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger_store.hpp"

#include "journal.hpp"
#include "tiles.hpp"

#include <condition_variable>
#include <mutex>

namespace signet::ledger {

/// The writer's state: the journal's tail in memory (places and hashes, not the entries), the tree's right edge below
/// it.
///
/// One caller at a time leads: it writes and syncs what all waiting callers want, outside of the mutex, so that those
/// who come meanwhile form the next write. Publishing leads in the same way, so no entry in memory is ever less durable
/// than a checkpoint.
class Ledger::State {
 public:
  static Result<std::unique_ptr<State>> open(const std::filesystem::path& folder);

  [[nodiscard]] const std::string& origin() const { return header_.origin; }
  [[nodiscard]] std::uint64_t size() const;
  Result<std::uint64_t> append(std::span<const ByteView> entries);
  Result<std::string> checkpoint(crypto::Signer& signer);
  Result<void> publish(const VerifiedCheckpoint& cosigned);

 private:
  struct Request {
    std::span<const ByteView> entries;
    std::uint64_t size_bytes = 0;
    std::optional<Result<std::uint64_t>> outcome = std::nullopt;
  };
  /// Holds the lead; gives it back at its end.
  class Lead;

  State(std::filesystem::path folder, os::FileLock lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}

  Result<void> load();
  Result<void> load_edge();
  std::vector<Request*> take_requests();
  [[nodiscard]] Result<void> serve(const std::vector<Request*>& requests);
  Result<void> write_frames(const std::vector<Request*>& requests);
  /// Puts what is in the journal up to `size` into tiles.
  Result<Frontier> write_tiles(std::uint64_t size);
  Result<Bytes> read_entry(const JournalEntry& entry) const;
  /// Begins a new journal behind the last full tile, whose entries are now in tiles.
  Result<void> rotate();
  Result<void> rotate_if_large();
  Result<std::string> sign_tree(crypto::Signer& signer, const std::optional<Published>& published);
  void remove_outgrown_partials(std::uint64_t full_before) const;
  [[nodiscard]] Error failed() const;

  std::filesystem::path folder_;
  os::FileLock lock_;
  JournalHeader header_;
  os::Fd journal_;
  std::uint64_t journal_end_ = 0;
  Frontier base_;                   ///< of the first header_.base entries
  std::vector<JournalEntry> tail_;  ///< those after them
  bool is_failed_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_led_ = false;
  std::vector<Request*> waiting_;
  std::uint64_t size_ = 0;  ///< acknowledged; written under the mutex
};

}  // namespace signet::ledger
