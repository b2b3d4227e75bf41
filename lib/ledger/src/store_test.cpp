// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "tiles.hpp"
#include "tree_test.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

using namespace signet;
using namespace signet::ledger;
using namespace signet::ledger::test;

namespace {

std::uint64_t size_of_file(const std::filesystem::path& path) { return std::filesystem::file_size(path); }

Bytes content_of(const std::filesystem::path& path) { return *os::read_file(path, 1U << 28U); }

}  // namespace

TEST(Store, PathsAreThoseOfTheSpec) {
  EXPECT_EQ(tile_index_path(1234067), "x001/x234/067");
  EXPECT_EQ(tile_path(0, 0, 256), "tile/0/000");
  EXPECT_EQ(tile_path(1, 67, 12), "tile/1/067.p/12");
  EXPECT_EQ(tile_path(std::nullopt, 1000, 256), "tile/entries/x001/000");
}

TEST(Store, P_LEDGER_009_PublishesTilesThatLeadToTheSignedRoot) {
  const Keys keys;
  const TempDir folder;
  auto ledger = Ledger::create(folder / "log", keys.origin);
  ASSERT_OK(ledger);
  EXPECT_REASON(Published::open(folder / "log"), "ledger.unpublished");
  const std::vector<Hash> leaves = numbered_leaves(1300);
  std::optional<VerifiedCheckpoint> last;
  std::uint64_t size = 0;
  for (const std::uint64_t step : {0U, 1U, 1U, 253U, 1U, 1U, 255U, 256U, 1U, 531U}) {
    if (step > 0) {
      ASSERT_EQ(*ledger->append_all(numbered_entries(step, size)), size);
    }
    size += step;
    const auto note = ledger->checkpoint(*keys.log);
    ASSERT_OK(note);
    const auto checkpoint = open_checkpoint(Untrusted(as_bytes(*note)), keys.policy());
    ASSERT_OK(checkpoint);
    EXPECT_EQ(checkpoint->size(), size);
    EXPECT_EQ(checkpoint->root(), plain_root(std::span(leaves).first(size)));
    const auto published = Published::open(folder / "log");
    ASSERT_OK(published);
    if (last && last->size() > 0) {
      const auto proof = published->consistency(last->size());
      ASSERT_OK(proof);
      EXPECT_EQ(*compare(*last, *checkpoint, *proof), Relation::extends);
    }
    for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
      if (index >= size) continue;
      const auto proof = published->prove(index);
      ASSERT_OK(proof);
      EXPECT_OK(verify_inclusion(*checkpoint, numbered_entry(index), *proof));
      EXPECT_EQ(*published->entry(index), numbered_entry(index));
      EXPECT_OK(verify_proof_file(Untrusted(as_bytes(published->proof_file(index)->encode())), numbered_entry(index),
                                  keys.policy()));
    }
    EXPECT_REASON(published->prove(size), "ledger.no-such-entry");
    last = *checkpoint;
  }
  ASSERT_EQ(size, 1300U);
  // As any static server gives them out: 5 full leaf tiles and one of 20 hashes, whose outgrown forms are gone.
  EXPECT_EQ(size_of_file(folder / "log/tile/0/004"), 256U * 32U);
  EXPECT_EQ(size_of_file(folder / "log/tile/0/005.p/20"), 20U * 32U);
  EXPECT_EQ(size_of_file(folder / "log/tile/1/000.p/5"), 5U * 32U);
  EXPECT_FALSE(std::filesystem::exists(folder / "log/tile/0/000.p"));
  EXPECT_EQ(decode_bundle(content_of(folder / "log/tile/entries/005.p/20"))->size(), 20U);
  EXPECT_REASON(ledger->append(Bytes(65536)), "ledger.entry-too-big");
  EXPECT_OK(ledger->append(Bytes(65535)));
}

TEST(Store, P_LEDGER_010_AnAcknowledgedEntryIsThereAfterReopening) {
  const Keys keys;
  const TempDir folder;
  std::uint64_t size = 0;
  ASSERT_OK(Ledger::create(folder / "log", keys.origin));
  EXPECT_REASON(Ledger::create(folder / "log", keys.origin), "ledger.exists");
  for (const std::uint64_t step : {1U, 300U, 4500U, 10U, 5000U}) {  // through several journals
    auto ledger = Ledger::open(folder / "log");
    ASSERT_OK(ledger);
    ASSERT_EQ(ledger->size(), size);
    ASSERT_EQ(*ledger->append_all(numbered_entries(step, size)), size);
    size += step;
    ASSERT_EQ(*ledger->append(numbered_entry(size)), size);
    ++size;
    EXPECT_REASON(Ledger::open(folder / "log"), "os.locked");
  }
  auto ledger = Ledger::open(folder / "log");
  ASSERT_OK(ledger);
  const auto checkpoint = open_checkpoint(Untrusted(as_bytes(*ledger->checkpoint(*keys.log))), keys.policy());
  ASSERT_OK(checkpoint);
  EXPECT_EQ(checkpoint->root(), plain_root(numbered_leaves(size)));
  EXPECT_TRUE(verify_all(folder / "log", *checkpoint)->findings.empty());
}

TEST(Store, P_LEDGER_011_ThreadsShareWritesAndEachGetsItsOwnPlace) {
  const Keys keys;
  const TempDir folder;
  auto ledger = Ledger::create(folder / "log", keys.origin);
  ASSERT_OK(ledger);
  constexpr std::uint64_t k_threads = 8;
  constexpr std::uint64_t k_each = 50;
  std::vector<std::vector<std::uint64_t>> places(k_threads);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < k_threads; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < k_each; ++i) places[t].push_back(*ledger->append(numbered_entry(t * k_each + i)));
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) EXPECT_OK(ledger->checkpoint(*keys.log));
    });
  }
  EXPECT_OK(ledger->checkpoint(*keys.log));
  const auto published = Published::open(folder / "log");
  ASSERT_OK(published);
  EXPECT_EQ(published->size(), k_threads * k_each);
  std::set<std::uint64_t> all;
  for (std::uint64_t t = 0; t < k_threads; ++t) {
    for (std::uint64_t i = 0; i < k_each; ++i) {
      EXPECT_TRUE(all.insert(places[t][i]).second);
      EXPECT_EQ(*published->entry(places[t][i]), numbered_entry(t * k_each + i));
    }
  }
}

TEST(Store, P_LEDGER_012_ATornTailIsCutToTheLastWholeEntry) {
  const Keys keys;
  const TempDir folder;
  const std::filesystem::path journal = folder / "log/journal/entries";
  {
    auto ledger = Ledger::create(folder / "log", keys.origin);
    ASSERT_OK(ledger);
    ASSERT_OK(ledger->append(numbered_entry(0)));
  }
  const std::uint64_t whole = size_of_file(journal);
  ASSERT_OK(Ledger::open(folder / "log")->append_all(numbered_entries(3, 1)));
  const Bytes full = content_of(journal);
  for (std::uint64_t end = whole; end <= full.size(); ++end) {
    ASSERT_OK(os::replace_file(journal, ByteView(full).first(end)));
    auto ledger = Ledger::open(folder / "log");
    ASSERT_OK(ledger) << end;
    EXPECT_GE(ledger->size(), 1U);
    EXPECT_EQ(ledger->size(), end == full.size() ? 4U : 1 + (end - whole) / ((full.size() - whole) / 3));
    const std::uint64_t index = ledger->size();
    EXPECT_EQ(*ledger->append(numbered_entry(index)), index);
  }
}

TEST(Store, P_LEDGER_013_DamageToAnAcknowledgedEntryIsNotCutOff) {
  const Keys keys;
  const TempDir folder;
  const std::filesystem::path journal = folder / "log/journal/entries";
  {
    auto ledger = Ledger::create(folder / "log", keys.origin);
    ASSERT_OK(ledger);
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_OK(ledger->append(numbered_entry(i)));
  }
  const Bytes full = content_of(journal);
  const std::size_t second = full.size() - 2 * (22 + 7);
  for (std::size_t at = second; at < second + 29; ++at) {
    Bytes changed = full;
    changed[at] ^= std::byte{0x10};
    ASSERT_OK(os::replace_file(journal, changed));
    EXPECT_REASON(Ledger::open(folder / "log"), "ledger.journal-damaged") << at;
    EXPECT_EQ(content_of(journal), changed);
  }
  // An entry that looks like a frame does not make a torn write look like damage.
  ASSERT_OK(os::replace_file(journal, full));
  const Bytes bait(full.end() - 29, full.end());
  ASSERT_OK(Ledger::open(folder / "log")->append(bait));
  const Bytes longer = content_of(journal);
  ASSERT_OK(os::replace_file(journal, ByteView(longer).first(longer.size() - 1)));
  EXPECT_EQ(Ledger::open(folder / "log")->size(), 3U);
}

TEST(Store, P_LEDGER_014_ThePublishedCheckpointNeverGoesBack) {
  const Keys keys;
  const TempDir folder;
  const std::filesystem::path journal = folder / "log/journal/entries";
  auto ledger = Ledger::create(folder / "log", keys.origin);
  ASSERT_OK(ledger);
  ASSERT_OK(ledger->append_all(numbered_entries(5)));
  const Bytes old_journal = content_of(journal);
  ASSERT_OK(ledger->append_all(numbered_entries(5, 5)));
  const auto note = ledger->checkpoint(*keys.log);
  ASSERT_OK(note);
  EXPECT_EQ(*ledger->checkpoint(*keys.log), *note);
  // Cosignatures can be added, another tree cannot.
  const auto checkpoint = open_checkpoint(Untrusted(as_bytes(*note)), keys.policy());
  const auto cosigned = add_cosignature(*checkpoint, "witness.example/w1", *keys.witness, Instant{5});
  EXPECT_OK(ledger->publish(*open_checkpoint(Untrusted(as_bytes(*cosigned)), keys.policy(1))));
  EXPECT_EQ(*ledger->checkpoint(*keys.log), *cosigned);
  EXPECT_REASON(ledger->publish(keys.checkpoint(4, plain_root(numbered_leaves(4)))), "ledger.other-checkpoint");
  // A journal from an older copy of the folder.
  *ledger = *Ledger::create(folder / "other", keys.origin);
  ASSERT_OK(os::replace_file(journal, old_journal));
  EXPECT_REASON(Ledger::open(folder / "log"), "ledger.journal-behind");
}

TEST(Store, P_LEDGER_015_NeverSignsATreeThatDoesNotExtendThePublishedOne) {
  const Keys keys;
  const TempDir folder;
  {
    auto ledger = Ledger::create(folder / "log", keys.origin);
    ASSERT_OK(ledger);
    ASSERT_OK(ledger->append_all(numbered_entries(600)));
    ASSERT_OK(ledger->checkpoint(*keys.log));
  }
  const std::filesystem::path tile = folder / "log/tile/1/000.p/2";
  Bytes changed = content_of(tile);
  changed[40] ^= std::byte{1};
  ASSERT_OK(os::replace_file(tile, changed));
  auto ledger = Ledger::open(folder / "log");
  ASSERT_OK(ledger);
  ASSERT_OK(ledger->append(numbered_entry(600)));
  EXPECT_REASON(ledger->checkpoint(*keys.log), "ledger.fork");
  EXPECT_EQ(Published::open(folder / "log")->size(), 600U);
}
