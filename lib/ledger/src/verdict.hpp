// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "note.hpp"

namespace signet::ledger {

/// The only maker of verified values; used where the checks are, and nowhere else.
struct VerdictMaker {
  static VerifiedCheckpoint checkpoint(CheckpointText text, std::string note, std::vector<Cosignature> cosignatures,
                                       std::size_t witnesses_required);
  static VerifiedInclusion inclusion(std::uint64_t index, const Hash& leaf, const VerifiedCheckpoint& checkpoint) {
    return VerifiedInclusion(index, leaf, checkpoint);
  }
};

}  // namespace signet::ledger
