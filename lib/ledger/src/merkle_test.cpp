// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "merkle.hpp"

#include "signet/core/json.hpp"
#include "signet/os/file.hpp"

#include "frontier.hpp"
#include "note.hpp"
#include "tree_test.hpp"

#include <algorithm>
#include <filesystem>

using namespace signet;
using namespace signet::ledger;
using namespace signet::ledger::test;

namespace {

/// Some cases carry a word where a hash should stand, to say that it does not matter: hashed, so that equal words stay
/// equal.
Hash hash_in(const std::string& base64) {
  Bytes bytes = *from_base64(base64);
  if (bytes.size() != sizeof(Hash)) bytes = crypto::digest(crypto::HashAlgorithm::sha256, bytes);
  Hash hash{};
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

/// Json ends at 2^63-1, the cases do not: longer numbers are quoted before they are read.
std::string quote_large_numbers(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string quoted;
  while (!text.empty()) {
    const auto end = std::ranges::find_if(text, [&](char c) { return is_digit(c) != is_digit(text.front()); });
    const std::string run(text.begin(), end);
    quoted += is_digit(run.front()) && run.size() >= 19 ? '"' + run + '"' : run;
    text.remove_prefix(run.size());
  }
  return quoted;
}

std::uint64_t number(const Json& json, const char* name) {
  if (const auto value = json.uint_at(name)) return *value;
  return *parse_decimal(*json.string_at(name));
}

Proof proof_in(const Json& json) {
  Proof proof;
  const Json* list = json.find("proof");
  if (list == nullptr) return proof;
  for (const Json& hash : list->elements()) proof.push_back(hash_in(*hash.as_string()));
  return proof;
}

Result<void> judge(const std::string& kind, const Json& json) {
  const Proof proof = proof_in(json);
  for (const char* name : {"root", "leafHash", "root1", "root2"}) {  // an empty hash cannot even be written as a Hash
    const Json* text = json.find(name);
    if (text != nullptr && text->as_string()->empty()) return Error(Errc::invalid_input, "test.no-hash", name);
  }
  const auto hash = [&](const char* name) { return hash_in(*json.string_at(name)); };
  if (kind == "inclusion")
    return check_inclusion(number(json, "leafIdx"), number(json, "treeSize"), hash("leafHash"), proof, hash("root"));
  if (kind == "consistency")
    return check_consistency(number(json, "size1"), number(json, "size2"), hash("root1"), hash("root2"), proof);
  if (kind == "subtreeinclusion") {
    return check_subtree_inclusion(number(json, "leafIdx"), number(json, "start"), number(json, "end"),
                                   hash("leafHash"), proof, hash("root"));
  }
  return check_subtree_consistency(number(json, "start"), number(json, "end"), number(json, "size"), hash("root1"),
                                   hash("root2"), proof);
}

}  // namespace

// tests/vectors/merkle: transparency-dev/merkle, see SOURCE there.
TEST(Merkle, P_LEDGER_001_AgreesWithAllPublishedVectors) {
  const std::filesystem::path folder = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/merkle";
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.path().extension() != ".json") continue;
    const auto text = os::read_file(item.path(), 1U << 20U);
    ASSERT_OK(text);
    const auto json = Json::parse(as_bytes(quote_large_numbers(as_text(*text))));
    ASSERT_OK(json) << item.path();
    bool is_refused = false;
    ASSERT_OK(json->find("wantErr")->as_bool(is_refused));
    const auto verdict = judge(std::filesystem::relative(item.path(), folder).begin()->string(), *json);
    EXPECT_EQ(!verdict.has_value(), is_refused) << item.path();
    ++(is_refused ? refused : accepted);
  }
  EXPECT_EQ(accepted, 36U);
  EXPECT_EQ(refused, 482U);
}

TEST(Merkle, EveryProofOfEverySmallTreeHoldsAndNoOtherDoes) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const std::vector<Hash> leaves = numbered_leaves(size);
    const Hash root = plain_root(leaves);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_path(nodes_of(leaves), index, size);
      ASSERT_OK(proof);
      EXPECT_OK(check_inclusion(index, size, leaves[index], *proof, root));
      const std::uint64_t other = (index + 1) % size;
      if (other == index) continue;
      EXPECT_REASON(check_inclusion(other, size, leaves[index], *proof, root), "ledger.bad-inclusion");
      Proof longer = *proof;
      longer.push_back(root);
      EXPECT_REASON(check_inclusion(index, size, leaves[index], longer, root), "ledger.bad-inclusion");
    }
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Hash old_root = plain_root(std::span(leaves).first(old_size));
      const auto proof = consistency_path(nodes_of(leaves), old_size, size);
      ASSERT_OK(proof);
      EXPECT_OK(check_consistency(old_size, size, old_root, root, *proof)) << old_size << " to " << size;
      for (std::size_t i = 0; i < proof->size(); ++i) {
        Proof changed = *proof;
        changed[i][0] ^= std::byte{1};
        EXPECT_REASON(check_consistency(old_size, size, old_root, root, changed), "ledger.bad-consistency");
      }
    }
  }
}

TEST(Merkle, EdgeOfSixtyFourBits) {
  const Hash leaf = leaf_hash(as_bytes("x"));
  const std::uint64_t most = ~std::uint64_t{0};
  EXPECT_REASON(check_inclusion(most, most, leaf, {}, leaf), "ledger.bad-inclusion");
  EXPECT_REASON(check_inclusion(most - 1, most, leaf, Proof(64), leaf), "ledger.bad-inclusion");
  EXPECT_REASON(check_consistency(most - 1, most, leaf, leaf, Proof(64)), "ledger.bad-consistency");
  EXPECT_REASON(check_subtree_consistency(0, most, most, leaf, leaf, Proof(1)), "ledger.bad-consistency");
}

TEST(Frontier, RootsAndFullTilesAreThoseOfThePlainTree) {
  const std::vector<Hash> leaves = numbered_leaves(70'000);
  Frontier frontier;
  std::size_t tiles_level_0 = 0;
  std::size_t tiles_level_1 = 0;
  const TileSink sink = [&](unsigned level, std::uint64_t index, std::span<const Hash> hashes) {
    std::size_t& count = level == 0 ? tiles_level_0 : tiles_level_1;
    EXPECT_EQ(index, count++);
    EXPECT_EQ(hashes.size(), k_tile_width);
    return Result<void>();
  };
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    ASSERT_OK(frontier.push(leaves[i], sink));
    const std::size_t size = i + 1;
    if (size < 600 || size > 69'990) {
      EXPECT_EQ(frontier.root(), plain_root(std::span(leaves).first(size))) << size;
    }
  }
  // tlog-tiles' own example: 273 full tiles on level 0, a partial one of 112; one full and a partial one of 17; a
  // partial one of 1.
  EXPECT_EQ(tiles_level_0, 273U);
  EXPECT_EQ(tiles_level_1, 1U);
  EXPECT_EQ(frontier.edge()[0].size(), 112U);
  EXPECT_EQ(frontier.edge()[1].size(), 17U);
  EXPECT_EQ(frontier.edge()[2].size(), 1U);
}
