// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger_store.hpp"

#include "journal.hpp"
#include "tiles.hpp"

namespace signet::ledger {

inline constexpr std::size_t k_findings_max = 100;

/// One audit at work.
struct AuditRun {
  const std::filesystem::path& folder;
  const VerifiedCheckpoint& checkpoint;
  Audit audit = {};
  std::vector<Finding> tile_findings = {};
  std::vector<std::optional<Hash>> held_roots = {};
  bool has_more_entries = false;

  void add(Finding finding);
};

/// The leaf hashes of the stored entries, bundle after bundle, whatever each bundle holds; one that cannot be read
/// holds none.
class EntryStream {
 public:
  EntryStream(std::filesystem::path folder, std::uint64_t size, std::uint64_t first_bundle = 0);
  std::optional<Hash> next();

 private:
  TileReader reader_;
  std::uint64_t bundles_;
  std::uint64_t next_bundle_;
  std::vector<Hash> row_;
  std::size_t at_ = 0;
};

/// Says entry by entry how the stored entries differ from the leaf hashes, which are those of the checkpoint.
void explain_differences(AuditRun& run);

}  // namespace signet::ledger
