// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "tree_test.hpp"

using namespace signet;
using namespace signet::ledger;
using namespace signet::ledger::test;

namespace {

ConsistencyProof proof_between(const std::vector<Hash>& leaves, std::uint64_t old_size, std::uint64_t size) {
  const std::vector<Hash> now(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size));
  return {old_size, size, plain_root(std::span(now).first(old_size)), *consistency_path(nodes_of(now), old_size, size)};
}

VerifiedCheckpoint prefix(const Keys& keys, const std::vector<Hash>& leaves, std::size_t size) {
  return keys.checkpoint(size, plain_root(std::span(leaves).first(size)));
}

}  // namespace

TEST(Compare, SameExtendsAndUnknown) {
  const Keys keys;
  const std::vector<Hash> leaves = numbered_leaves(20);
  const VerifiedCheckpoint older = prefix(keys, leaves, 7);
  const VerifiedCheckpoint newer = prefix(keys, leaves, 20);
  const ConsistencyProof proof = proof_between(leaves, 7, 20);
  EXPECT_EQ(*compare(older, older), Relation::same);
  EXPECT_EQ(*compare(older, newer, proof), Relation::extends);
  EXPECT_EQ(*compare(newer, older, proof), Relation::extends);
  EXPECT_EQ(*compare(older, newer), Relation::unknown);
  EXPECT_EQ(*compare(older, newer, proof_between(leaves, 6, 20)), Relation::unknown);
  ConsistencyProof broken = proof;
  broken.hashes[0][0] ^= std::byte{1};
  EXPECT_EQ(*compare(older, newer, broken), Relation::unknown);
  EXPECT_EQ(*compare(prefix(keys, leaves, 0), newer), Relation::extends);
  EXPECT_OK(verify_consistency(older, newer, proof));
  EXPECT_REASON(verify_consistency(newer, older, proof), "ledger.smaller");
  EXPECT_REASON(verify_consistency(older, newer, std::nullopt), "ledger.bad-consistency");
  Keys other = keys;
  other.origin = "another.example/log";
  EXPECT_REASON(compare(older, other.checkpoint(7, older.root())), "ledger.other-log");
}

TEST(Compare, P_LEDGER_007_TwoCheckpointsOfAForkProveIt) {
  const Keys keys;
  const std::vector<Hash> leaves = numbered_leaves(40);
  std::vector<Hash> forked = leaves;
  forked[3] = leaf_hash(as_bytes("something else"));
  for (const std::uint64_t old_size : {4U, 5U, 7U, 8U, 16U, 20U, 31U, 32U, 33U, 40U}) {
    const VerifiedCheckpoint mine = prefix(keys, leaves, old_size);
    EXPECT_EQ(*compare(mine, prefix(keys, forked, old_size)), Relation::fork);
    if (old_size == 40) continue;
    const VerifiedCheckpoint newer = prefix(keys, forked, 40);
    // The fork's own honest proof is what convicts it.
    EXPECT_EQ(*compare(mine, newer, proof_between(forked, old_size, 40)), Relation::fork) << old_size;
    EXPECT_REASON(verify_consistency(mine, newer, proof_between(forked, old_size, 40)), "ledger.fork");
    // The proof of the true log does not lead to the fork's checkpoint, so it shows nothing.
    EXPECT_EQ(*compare(mine, newer, proof_between(leaves, old_size, 40)), Relation::unknown);
  }
  // An innocent log cannot be convicted by a made-up old root.
  ConsistencyProof slander = proof_between(leaves, 8, 40);
  slander.old_root = plain_root(std::span(forked).first(8));
  EXPECT_EQ(*compare(prefix(keys, leaves, 8), prefix(keys, leaves, 40), slander), Relation::unknown);
}

TEST(Witness, P_LEDGER_008_NeverCosignsAForkOrASmallerTree) {
  const Keys keys;
  const TempDir folder;
  const std::vector<Hash> leaves = numbered_leaves(20);
  std::vector<Hash> forked = leaves;
  forked[3] = leaf_hash(as_bytes("something else"));
  auto witness = Witness::create(folder / "state", "witness.example/w1", keys.witness);
  ASSERT_OK(witness);
  const auto first = witness->cosign(prefix(keys, leaves, 7), std::nullopt, Instant{100});
  ASSERT_OK(first);
  EXPECT_OK(open_checkpoint(Untrusted(as_bytes(*first)), keys.policy(1)));
  EXPECT_REASON(witness->cosign(prefix(keys, forked, 7), std::nullopt, Instant{101}), "ledger.fork");
  EXPECT_REASON(witness->cosign(prefix(keys, leaves, 20), std::nullopt, Instant{101}), "ledger.bad-consistency");
  EXPECT_REASON(witness->cosign(prefix(keys, forked, 20), proof_between(forked, 7, 20), Instant{101}), "ledger.fork");
  EXPECT_REASON(witness->cosign(prefix(keys, leaves, 6), proof_between(leaves, 6, 7), Instant{101}), "ledger.smaller");
  EXPECT_OK(witness->cosign(prefix(keys, leaves, 7), std::nullopt, Instant{102}));
  EXPECT_OK(witness->cosign(prefix(keys, leaves, 20), proof_between(leaves, 7, 20), Instant{103}));

  // What it saw survives it.
  auto again = Witness::open(folder / "state", "witness.example/w1", keys.witness);
  ASSERT_OK(again);
  EXPECT_EQ(*again->last_size(), 20U);
  EXPECT_REASON(again->cosign(prefix(keys, leaves, 7), std::nullopt, Instant{104}), "ledger.smaller");
  EXPECT_REASON(Witness::create(folder / "state", "witness.example/w1", keys.witness), "os.exists");
  for (const char* damage : {"nonsense", ""}) {
    ASSERT_OK(os::replace_file(folder / "state", as_bytes(damage)));
    EXPECT_REASON(Witness::open(folder / "state", "witness.example/w1", keys.witness), "ledger.bad-witness-state");
  }
  EXPECT_FALSE(Witness::open(folder / "nothing", "witness.example/w1", keys.witness));
}
