// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger.hpp"

#include <functional>

namespace signet::ledger {

/// The published part of a ledger's folder, for readers: checkpoint, tiles and entry bundles as any static HTTP server
/// serves them (C2SP tlog-tiles). Needs no lock and no key. What it hands out was checked against the folder's own
/// checkpoint, which is for a verifier to check.
class Published {
 public:
  /// "ledger.unpublished" (not_found) where there is no checkpoint yet.
  static Result<Published> open(const std::filesystem::path& folder);

  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const Hash& root() const { return root_; }

  Result<Bytes> entry(std::uint64_t index) const;
  Result<InclusionProof> prove(std::uint64_t index) const;
  /// prove() as a tlog-proof file.
  Result<ProofFile> proof_file(std::uint64_t index) const;
  /// From the tree of `old_size` to `size` (default: the published tree).
  Result<ConsistencyProof> consistency(std::uint64_t old_size, std::optional<std::uint64_t> size = std::nullopt) const;
  /// The root of the first `size` entries.
  Result<Hash> root_at(std::uint64_t size) const;

 private:
  Published() = default;
  std::filesystem::path folder_;
  std::string note_;
  std::string origin_;
  std::uint64_t size_ = 0;
  Hash root_{};
};

/// The one writer of a ledger's folder. Safe to call from several threads. After an error of the disk it refuses all
/// further work
/// ("ledger.failed") until it is opened anew.
class Ledger {
 public:
  /// A new ledger in a folder that is empty or does not exist.
  static Result<Ledger> create(const std::filesystem::path& folder, std::string_view origin);
  /// Takes the writer's lock ("os.locked"), cuts off what a crash left half-written. Damage to acknowledged entries is
  /// "ledger.journal-damaged" (untrusted), and nothing is cut.
  static Result<Ledger> open(const std::filesystem::path& folder);
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  [[nodiscard]] const std::string& origin() const;
  /// Entries, acknowledged ones only.
  [[nodiscard]] std::uint64_t size() const;
  /// The index of the new entry, once it is on stable storage. Calls from several threads share one sync.
  Result<std::uint64_t> append(ByteView entry);
  /// The index of the first of them; all share one sync.
  Result<std::uint64_t> append_all(const std::vector<Bytes>& entries);

  /// Publishes all acknowledged entries under a newly signed checkpoint, and returns its note. Without new entries the
  /// published note stays as it is. Never signs a tree that does not extend the published one ("ledger.fork").
  Result<std::string> checkpoint(crypto::Signer& signer);
  /// Replaces the published note by one of the same tree, with cosignatures.
  Result<void> publish(const VerifiedCheckpoint& cosigned);

 private:
  class State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What is wrong in a ledger's folder.
struct Finding {
  enum class Kind : std::uint8_t { changed, dropped, reordered, replayed, added, tile, journal, not_this_log, history };
  Kind kind = Kind::changed;
  std::uint64_t first = 0;  ///< the entries concerned
  std::uint64_t last = 0;
  std::string text;  ///< one sentence for people
};
[[nodiscard]] std::string_view name_of(Finding::Kind kind);

/// The outcome of an audit: clean only if there are no findings.
struct Audit {
  std::uint64_t published = 0;    ///< entries under the checkpoint
  std::uint64_t pending = 0;      ///< whole entries in the journal beyond it
  std::vector<Finding> findings;  ///< the first hundred
};

/// Hashes every published entry anew and compares with the checkpoint, the tiles, the journal and, if given, an older
/// or newer checkpoint that somebody held. Works on a copy, without the lock and without a key. `progress` is called
/// with entries done.
Result<Audit> verify_all(const std::filesystem::path& folder, const VerifiedCheckpoint& checkpoint,
                         const std::vector<VerifiedCheckpoint>& held = {},
                         const std::function<void(std::uint64_t)>& progress = {});

}  // namespace signet::ledger
