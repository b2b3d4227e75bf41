// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "merkle.hpp"

namespace signet::ledger {

std::string_view name_of(Relation relation) {
  switch (relation) {
    case Relation::same:
      return "same";
    case Relation::extends:
      return "extends";
    case Relation::fork:
      return "fork";
    case Relation::unknown:
      break;
  }
  return "unknown";
}

Result<Relation> compare(const VerifiedCheckpoint& a, const VerifiedCheckpoint& b,
                         const std::optional<ConsistencyProof>& proof) {
  if (a.origin() != b.origin()) {
    return Error(
        Errc::invalid_input, "ledger.other-log",
        "the checkpoints are of two logs, '" + printable(a.origin()) + "' and '" + printable(b.origin()) + "'");
  }
  const VerifiedCheckpoint& older = a.size() <= b.size() ? a : b;
  const VerifiedCheckpoint& newer = a.size() <= b.size() ? b : a;
  if (older.size() == newer.size()) return older.root() == newer.root() ? Relation::same : Relation::fork;
  if (older.size() == 0) return Relation::extends;
  if (!proof || proof->old_size != older.size() || proof->size != newer.size()) return Relation::unknown;
  // The proof binds `old_root` to the newer checkpoint, whoever made it: the newer tree begins with exactly that
  // smaller tree. If this is not the tree of the older checkpoint, the log has signed two histories.
  if (!check_consistency(proof->old_size, proof->size, proof->old_root, newer.root(), proof->hashes))
    return Relation::unknown;
  return proof->old_root == older.root() ? Relation::extends : Relation::fork;
}

Result<void> verify_consistency(const VerifiedCheckpoint& older, const VerifiedCheckpoint& newer,
                                const std::optional<ConsistencyProof>& proof) {
  TRY_ASSIGN(const Relation relation, compare(older, newer, proof));
  const std::string sizes = std::to_string(older.size()) + " and " + std::to_string(newer.size()) + " entries";
  if (relation == Relation::fork) {
    return Error(Errc::untrusted, "ledger.fork",
                 "the log has forked: no append-only log can have signed both checkpoints, of " + sizes,
                 "Keep both checkpoints: together they prove it.");
  }
  if (newer.size() < older.size()) {
    return Error(Errc::rollback, "ledger.smaller", "the checkpoint has fewer entries than the one held: " + sizes);
  }
  if (relation == Relation::unknown) {
    return Error(Errc::untrusted, "ledger.bad-consistency",
                 "nothing proves that the checkpoint extends the one held, of " + sizes,
                 "Ask the log for a consistency proof between these two sizes.");
  }
  return {};
}

}  // namespace signet::ledger
