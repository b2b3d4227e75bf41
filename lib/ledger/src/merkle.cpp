// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "merkle.hpp"

#include <algorithm>
#include <bit>

namespace signet::ledger {

namespace {

constexpr std::byte k_leaf_prefix{0x00};  // RFC 9162 section 2.1.1: what keeps leaves and nodes apart
constexpr std::byte k_node_prefix{0x01};

Hash sha256(ByteView message) {
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, message);
  Hash hash{};
  std::ranges::copy(digest, hash.begin());
  return hash;
}

Error bad_inclusion(std::string text) {
  return {Errc::untrusted, "ledger.bad-inclusion", std::move(text),
          "Ask the log for a new proof; if it fails again, the log is not what it claims."};
}

Error bad_consistency(std::string text) {
  return {Errc::untrusted, "ledger.bad-consistency", std::move(text),
          "Ask the log for a new proof; if it fails again, compare the two checkpoints."};
}

unsigned count_ones(std::uint64_t value) { return static_cast<unsigned>(std::popcount(value)); }
unsigned bit_length(std::uint64_t value) { return static_cast<unsigned>(std::bit_width(value)); }

/// Hashes on the path at whose level the node may have a sibling to its right; above them every sibling is to the left,
/// and only where the index has a bit (RFC 9162 section 2.1.3.2, as a count).
unsigned inner_levels(std::uint64_t index, std::uint64_t size) { return bit_length(index ^ (size - 1)); }

/// Whether the node with this index is a right child.
bool is_right(std::uint64_t index) { return (index & 1U) != 0; }

/// Folds the siblings of levels where either side occurs.
Hash fold_inner(Hash seed, std::span<const Hash> siblings, std::uint64_t index) {
  for (std::size_t level = 0; level < siblings.size(); ++level) {
    seed = is_right(index >> level) ? node_hash(siblings[level], seed) : node_hash(seed, siblings[level]);
  }
  return seed;
}

Hash fold_border(Hash seed, std::span<const Hash> siblings) {
  for (const Hash& sibling : siblings) seed = node_hash(sibling, seed);
  return seed;
}

/// draft-ietf-plants-merkle-tree-certs section 4.1: start is a multiple of the smallest power of two that holds the
/// subtree.
Result<void> check_subtree_bounds(std::uint64_t start, std::uint64_t end, const char* reason) {
  const bool holds =
      start < end &&
      (start == 0 || (end - start <= (std::uint64_t{1} << 63U) && start % std::bit_ceil(end - start) == 0));
  if (holds) return {};
  return Error(Errc::untrusted, reason,
               "[" + std::to_string(start) + ", " + std::to_string(end) + ") is not a subtree of any Merkle tree");
}

}  // namespace

Hash leaf_hash(ByteView entry) {
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(ByteView(&k_leaf_prefix, 1));
  hasher.update(entry);
  const Bytes digest = hasher.finish();
  Hash hash{};
  std::ranges::copy(digest, hash.begin());
  return hash;
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<std::byte, 65> input{};
  input[0] = k_node_prefix;
  std::ranges::copy(left, input.begin() + 1);
  std::ranges::copy(right, input.begin() + 33);
  return sha256(input);
}

Hash empty_root() { return sha256({}); }

std::uint64_t split_point(std::uint64_t size) {
  ensure(size >= 2, "split_point: a tree of two entries or more");
  return std::bit_floor(size - 1);
}

Result<void> check_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf, const Proof& proof,
                             const Hash& root) {
  if (index >= size) {  // RFC 9162 section 2.1.3.2 step 1
    return bad_inclusion("entry " + std::to_string(index) + " cannot be in a tree of " + std::to_string(size) +
                         " entries");
  }
  const unsigned inner = inner_levels(index, size);
  const unsigned border = inner < 64 ? count_ones(index >> inner) : 0;
  if (proof.size() != inner + border) {
    return bad_inclusion("a proof for entry " + std::to_string(index) + " of " + std::to_string(size) + " has " +
                         std::to_string(inner + border) + " hashes, not " + std::to_string(proof.size()));
  }
  const std::span<const Hash> siblings(proof);
  const Hash found = fold_border(fold_inner(leaf, siblings.first(inner), index), siblings.subspan(inner));
  if (found != root) return bad_inclusion("entry " + std::to_string(index) + " is not under this checkpoint");
  return {};
}

Result<void> check_consistency(std::uint64_t old_size, std::uint64_t size, const Hash& old_root, const Hash& root,
                               const Proof& proof) {
  if (old_size == 0) return bad_consistency("an empty tree is consistent with every tree, so no proof starts from it");
  return check_subtree_consistency(0, old_size, size, old_root, root, proof);
}

Result<void> check_subtree_inclusion(std::uint64_t index, std::uint64_t start, std::uint64_t end, const Hash& leaf,
                                     const Proof& proof, const Hash& subtree_root) {
  TRY(check_subtree_bounds(start, end, "ledger.bad-inclusion"));
  if (index < start || index >= end) {
    return bad_inclusion("entry " + std::to_string(index) + " is outside of the subtree [" + std::to_string(start) +
                         ", " + std::to_string(end) + ")");
  }
  return check_inclusion(index - start, end - start, leaf, proof, subtree_root);
}

Result<void> check_subtree_consistency(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                                       const Hash& subtree_root, const Hash& root, const Proof& proof) {
  if (end > size) {
    return bad_consistency("a tree of " + std::to_string(size) + " entries cannot extend one of " +
                           std::to_string(end));
  }
  if (start ==
      end) {  // the draft knows the empty subtree; it is in every tree, so only its root and the proof can be wrong
    if (proof.empty() && subtree_root == empty_root()) return {};
    return bad_consistency("an empty subtree has another root than this, and an empty proof");
  }
  TRY(check_subtree_bounds(start, end, "ledger.bad-consistency"));
  // Section 4.4 of the draft; with start 0 it is RFC 9162 section 2.1.4.2. The path goes up from the last entry of the
  // subtree: `first` and `last` are the subtree's edges on the present level, `right` is the edge of the whole tree.
  std::uint64_t first = start;
  std::uint64_t last = end - 1;
  std::uint64_t right = size - 1;
  const auto go_up = [&] {
    first >>= 1U;
    last >>= 1U;
    right >>= 1U;
  };
  const bool ends_with_tree = last == right;
  while (first != last && (ends_with_tree || is_right(last))) go_up();
  std::span<const Hash> rest(proof);
  Hash subtree_found = subtree_root;
  if (first != last) {
    if (rest.empty()) return bad_consistency("the proof is too short");
    subtree_found = rest.front();
    rest = rest.subspan(1);
  }
  Hash found = subtree_found;
  for (const Hash& sibling : rest) {
    if (right == 0) return bad_consistency("the proof is too long");
    if (is_right(last) || last == right) {
      if (first < last) subtree_found = node_hash(sibling, subtree_found);
      found = node_hash(sibling, found);
      while (!is_right(last)) go_up();
    } else {
      found = node_hash(found, sibling);
    }
    go_up();
  }
  if (right != 0) return bad_consistency("the proof is too short");
  if (subtree_found != subtree_root) return bad_consistency("the smaller tree is not the beginning of the larger one");
  if (found != root) return bad_consistency("the proof does not lead to the larger tree");
  return {};
}

Result<Hash> range_hash(const NodeSource& nodes, std::uint64_t start, std::uint64_t end) {
  ensure(start < end, "range_hash: at least one entry");
  const std::uint64_t count = end - start;
  if (std::has_single_bit(count)) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    return nodes(level, start >> level);
  }
  const std::uint64_t split = split_point(count);
  TRY_ASSIGN(const Hash left, range_hash(nodes, start, start + split));
  TRY_ASSIGN(const Hash right, range_hash(nodes, start + split, end));
  return node_hash(left, right);
}

Result<Proof> inclusion_path(const NodeSource& nodes, std::uint64_t index, std::uint64_t size) {
  ensure(index < size, "inclusion_path: the entry is in the tree");
  Proof path;
  for (std::uint64_t start = 0, end = size; end - start > 1;) {
    const std::uint64_t middle = start + split_point(end - start);
    const bool is_left = index < middle;
    TRY_ASSIGN(const Hash sibling, is_left ? range_hash(nodes, middle, end) : range_hash(nodes, start, middle));
    path.push_back(sibling);
    (is_left ? end : start) = middle;
  }
  std::ranges::reverse(path);
  return path;
}

Result<Proof> consistency_path(const NodeSource& nodes, std::uint64_t old_size, std::uint64_t size) {
  ensure(0 < old_size && old_size <= size, "consistency_path: the old tree is not empty and not larger");
  Proof path;
  std::uint64_t start = 0;
  std::uint64_t end = size;
  while (old_size != end) {  // PROOF and SUBPROOF of section 2.1.4.1, from the root down
    const std::uint64_t middle = start + split_point(end - start);
    const bool is_left = old_size <= middle;
    TRY_ASSIGN(const Hash sibling, is_left ? range_hash(nodes, middle, end) : range_hash(nodes, start, middle));
    path.push_back(sibling);
    (is_left ? end : start) = middle;
  }
  if (start != 0) {  // the verifier does not know this part of the old tree
    TRY_ASSIGN(const Hash seed, range_hash(nodes, start, end));
    path.push_back(seed);
  }
  std::ranges::reverse(path);
  return path;
}

}  // namespace signet::ledger
