// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "merkle.hpp"

using namespace signet;
using namespace signet::ledger;

// A proof file has one spelling. Its path holds for one root only, whatever it is: a changed leaf or hash never leads
// there too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = signet::test::fuzz_input(data, size);
  const auto file = ProofFile::decode(input);
  if (!file) return 0;
  FUZZ_ASSERT(file->encode() == as_text(input));
  FUZZ_ASSERT(file->inclusion.hashes.size() <= k_proof_hashes_max);
  const auto again = ProofFile::decode(as_bytes(file->encode()));
  FUZZ_ASSERT(again && again->inclusion.index == file->inclusion.index &&
              again->inclusion.hashes == file->inclusion.hashes);
  // The path as one of a full tree of its own height leads somewhere; from there it must not lead to another leaf.
  const Proof& path = file->inclusion.hashes;
  if (path.size() > 62) return 0;
  const std::uint64_t tree_size = std::uint64_t{1} << path.size();
  const std::uint64_t index = file->inclusion.index % tree_size;
  const Hash leaf = leaf_hash(input);
  Hash root = leaf;
  for (std::size_t level = 0; level < path.size(); ++level) {
    root = ((index >> level) & 1U) != 0 ? node_hash(path[level], root) : node_hash(root, path[level]);
  }
  FUZZ_ASSERT(check_inclusion(index, tree_size, leaf, path, root).has_value());
  FUZZ_ASSERT(!check_inclusion(index, tree_size, leaf_hash({}), path, root) || input.empty());
  for (std::size_t level = 0; level < path.size(); ++level) {
    Proof changed = path;
    changed[level][level % sizeof(Hash)] ^= std::byte{1};
    FUZZ_ASSERT(!check_inclusion(index, tree_size, leaf, changed, root));
  }
  return 0;
}
