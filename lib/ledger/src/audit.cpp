// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include <algorithm>

namespace signet::ledger {

namespace {

constexpr std::string_view k_damaged_text = " do not hash to what the checkpoint covers";

std::string range_text(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "entry " + std::to_string(first);
  return "entries " + std::to_string(first) + " to " + std::to_string(last);
}

Hash top_of(std::span<const Hash> row) { return fold_row(row); }

/// The journal's copy of entries that are published too, and what is pending behind them.
Result<void> audit_journal(AuditRun& run) {
  const std::filesystem::path path = run.folder / k_journal_folder / "entries";
  auto file = os::read_file(path, k_journal_size_bytes_max);
  if (!file && file.error().code() == Errc::not_found) return {};  // a copy of the published part
  if (!file) return std::move(file).error();
  const auto scan = scan_journal(*file);
  const std::uint64_t size = run.checkpoint.size();
  if (!scan) {
    run.add({Finding::Kind::journal, size, size, scan.error().text()});
    return {};
  }
  const std::uint64_t base = scan->header.base;
  const std::uint64_t end = base + scan->entries.size();
  if (scan->tail == JournalScan::Tail::damaged) {
    run.add({Finding::Kind::journal, end, end,
             range_text(end, end) + " in the journal is damaged, and it was acknowledged"});
  }
  if (end < size)
    run.add({Finding::Kind::journal, end, size - 1, "the journal ends before the checkpoint: it is of an older copy"});
  if (end > size) run.audit.pending = end - std::max(size, base);
  TileReader reader(run.folder, size);
  for (std::uint64_t index = base; index < std::min(end, size); ++index) {
    const auto leaf = reader.node(0, index);
    if (leaf && *leaf == scan->entries[static_cast<std::size_t>(index - base)].leaf) continue;
    run.add({Finding::Kind::journal, index, index, range_text(index, index) + " differs between journal and tiles"});
  }
  return {};
}

/// Compares a tile that was computed from the entries with the stored one.
void audit_tile(AuditRun& run, TileReader& stored, unsigned level, std::uint64_t index,
                std::span<const Hash> computed) {
  const auto hashes = stored.tile(level, index);
  if (hashes && std::ranges::equal(*hashes, computed)) return;
  const unsigned shift = k_tile_height * level;
  const std::uint64_t first = (index * k_tile_width) << shift;
  const std::uint64_t last = std::min(run.checkpoint.size(), first + (std::uint64_t{computed.size()} << shift)) - 1;
  run.tile_findings.push_back({Finding::Kind::tile, first, last,
                               "the tile '" + tile_path(level, index, computed.size()) + "' over " +
                                   range_text(first, last) + (hashes ? " was changed" : " cannot be read")});
  if (run.tile_findings.size() > k_findings_max) run.tile_findings.resize(k_findings_max);
}

/// Everything hashed anew, once, in order: the root, the tiles of all levels and the roots that others hold.
Result<Hash> hash_entries(AuditRun& run, const std::vector<VerifiedCheckpoint>& held,
                          const std::function<void(std::uint64_t)>& progress) {
  const std::uint64_t size = run.checkpoint.size();
  TileReader stored(run.folder, size);
  Frontier frontier;
  const TileSink sink = [&](unsigned level, std::uint64_t index, std::span<const Hash> hashes) {
    audit_tile(run, stored, level, index, hashes);
    return Result<void>();
  };
  EntryStream entries(run.folder, size);
  for (std::uint64_t index = 0; index < size; ++index) {
    const auto leaf = entries.next();
    // Something must stand for an entry that is gone, or nothing after it could be judged.
    TRY(frontier.push(leaf.value_or(Hash{}), sink));
    for (std::size_t i = 0; i < held.size(); ++i) {
      if (held[i].size() == index + 1) run.held_roots[i] = frontier.root();
    }
    if (progress && (index + 1) % k_tile_width == 0) progress(index + 1);
  }
  run.has_more_entries = entries.next().has_value();
  for (unsigned level = 0; level < frontier.edge().size(); ++level) {
    const std::vector<Hash>& row = frontier.edge()[level];
    if (!row.empty()) audit_tile(run, stored, level, (size >> (k_tile_height * level)) / k_tile_width, row);
  }
  return frontier.root();
}

/// The root over the stored leaf hashes; nothing if they cannot be read.
std::optional<Hash> root_of_leaf_tiles(const AuditRun& run) {
  TileReader reader(run.folder, run.checkpoint.size());
  Frontier frontier;
  const TileSink ignore = [](unsigned, std::uint64_t, std::span<const Hash>) { return Result<void>(); };
  for (std::uint64_t index = 0; index < run.checkpoint.size(); ++index) {
    const auto leaf = reader.node(0, index);
    if (!leaf || !frontier.push(*leaf, ignore)) return std::nullopt;
  }
  return frontier.root();
}

/// Neither entries nor leaf tiles are those of the checkpoint: the level above still tells which 256 are wrong.
void audit_by_upper_tiles(AuditRun& run) {
  const std::uint64_t size = run.checkpoint.size();
  TileReader upper(run.folder, size);
  for (std::uint64_t index = 0; index < size / k_tile_width; ++index) {
    EntryStream entries(run.folder, size, index);
    std::vector<Hash> row;
    while (row.size() < k_tile_width) row.push_back(entries.next().value_or(Hash{}));
    const auto expected = upper.node(k_tile_height, index);
    if (expected && *expected == top_of(row)) continue;
    const std::uint64_t first = index * k_tile_width;
    run.add(
        {Finding::Kind::changed, first, first + k_tile_width - 1,
         "among " + range_text(first, first + k_tile_width - 1) + " something was changed, and their tile with them"});
  }
  run.add(
      {Finding::Kind::not_this_log, 0, size - 1,
       "the entries and the tiles" + std::string(k_damaged_text) + "; the tree was rewritten, or it is another log's"});
}

void audit_held(AuditRun& run, const std::vector<VerifiedCheckpoint>& held) {
  for (std::size_t i = 0; i < held.size(); ++i) {
    const std::string text = "a checkpoint over " + std::to_string(held[i].size()) + " entries is held by somebody; ";
    if (held[i].origin() != run.checkpoint.origin()) {
      run.add(
          {Finding::Kind::not_this_log, 0, 0, text + "it is of another log, '" + printable(held[i].origin()) + "'"});
    } else if (held[i].size() > run.checkpoint.size()) {
      run.add({Finding::Kind::dropped, run.checkpoint.size(), held[i].size() - 1,
               text + "the ledger has fewer: its end was dropped"});
    } else if (held[i].size() > 0 && run.held_roots[i] != held[i].root()) {
      run.add({Finding::Kind::history, 0, held[i].size() - 1,
               text + "the ledger's first entries are not those: the log has forked or was rewritten"});
    }
  }
}

}  // namespace

std::string_view name_of(Finding::Kind kind) {
  constexpr std::array<std::string_view, 9> names = {"changed", "dropped", "reordered",    "replayed", "added",
                                                     "tile",    "journal", "not-this-log", "history"};
  return names.at(static_cast<std::size_t>(kind));
}

void AuditRun::add(Finding finding) {
  if (audit.findings.size() < k_findings_max) audit.findings.push_back(std::move(finding));
}

EntryStream::EntryStream(std::filesystem::path folder, std::uint64_t size, std::uint64_t first_bundle)
    : reader_(std::move(folder), size),
      bundles_((size + k_tile_width - 1) / k_tile_width),
      next_bundle_(first_bundle) {}

std::optional<Hash> EntryStream::next() {
  while (at_ == row_.size()) {
    if (next_bundle_ >= bundles_) return std::nullopt;
    at_ = 0;
    row_.clear();
    if (const auto entries = reader_.bundle(next_bundle_)) {
      for (const Bytes& entry : *entries) row_.push_back(leaf_hash(entry));
    }
    ++next_bundle_;
  }
  return row_[at_++];
}

Result<Audit> verify_all(const std::filesystem::path& folder, const VerifiedCheckpoint& checkpoint,
                         const std::vector<VerifiedCheckpoint>& held,
                         const std::function<void(std::uint64_t)>& progress) {
  AuditRun run{.folder = folder, .checkpoint = checkpoint};
  run.audit.published = checkpoint.size();
  run.held_roots.resize(held.size());
  TRY_ASSIGN(const Hash root, hash_entries(run, held, progress));
  const bool entries_hold = root == checkpoint.root() && !run.has_more_entries;
  if (entries_hold) {
    for (Finding& finding : run.tile_findings) run.add(std::move(finding));
  } else if (root_of_leaf_tiles(run) == checkpoint.root()) {
    explain_differences(run);
  } else {
    audit_by_upper_tiles(run);
  }
  audit_held(run, held);
  TRY(audit_journal(run));
  return std::move(run.audit);
}

}  // namespace signet::ledger
