// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger_store.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"

#include "merkle.hpp"

namespace signet::ledger::test {

using signet::test::make_memory_signer;
using signet::test::TempDir;

/// RFC 9162 section 2.1.1, word by word and slow: what everything else is compared with.
inline Hash plain_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves.front();
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(plain_root(leaves.first(k)), plain_root(leaves.subspan(k)));
}

/// The nodes of a tree in memory.
inline NodeSource nodes_of(const std::vector<Hash>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> Result<Hash> {
    const std::size_t width = std::size_t{1} << level;
    return plain_root(std::span(leaves).subspan(static_cast<std::size_t>(index) * width, width));
  };
}

inline Bytes numbered_entry(std::uint64_t index) { return to_bytes("entry " + std::to_string(index)); }

inline std::vector<Bytes> numbered_entries(std::uint64_t count, std::uint64_t first = 0) {
  std::vector<Bytes> entries;
  for (std::uint64_t i = first; i < first + count; ++i) entries.push_back(numbered_entry(i));
  return entries;
}

inline std::vector<Hash> numbered_leaves(std::uint64_t count) {
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(leaf_hash(numbered_entry(i)));
  return leaves;
}

/// A log's key and a witness's key, and the policy that trusts both.
struct Keys {
  std::string origin = "signet.example/line-7";
  std::shared_ptr<crypto::Signer> log = make_memory_signer(crypto::KeyAlgorithm::ed25519);
  std::shared_ptr<crypto::Signer> witness = make_memory_signer(crypto::KeyAlgorithm::ed25519);

  [[nodiscard]] Policy policy(std::size_t witnesses_required = 0) const {
    return *Policy::make({*VerifierKey::for_log(origin, log->public_key())},
                         {*VerifierKey::for_witness("witness.example/w1", witness->public_key())}, witnesses_required);
  }
  [[nodiscard]] VerifiedCheckpoint checkpoint(std::uint64_t size, const Hash& root) const {
    return *open_checkpoint(Untrusted(as_bytes(*sign_checkpoint(origin, size, root, *log))), policy());
  }
  [[nodiscard]] VerifiedCheckpoint checkpoint_of(const std::vector<Hash>& leaves) const {
    return checkpoint(leaves.size(), plain_root(leaves));
  }
};

}  // namespace signet::ledger::test
