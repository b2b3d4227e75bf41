// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include "tree_test.hpp"

#include <algorithm>

using namespace signet;
using namespace signet::ledger;
using namespace signet::ledger::test;

namespace {

constexpr std::uint64_t k_entries = 600;

/// A published ledger that somebody else gets hold of.
class Attacked : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ledger = Ledger::create(folder_ / "log", keys_.origin);
    ASSERT_OK(ledger);
    ASSERT_OK(ledger->append_all(numbered_entries(300)));
    held_note_ = *ledger->checkpoint(*keys_.log);
    ASSERT_OK(ledger->append_all(numbered_entries(k_entries - 300, 300)));
    note_ = *ledger->checkpoint(*keys_.log);
    std::filesystem::remove_all(folder_ / "log/journal");
  }

  [[nodiscard]] VerifiedCheckpoint checkpoint() const {
    return *open_checkpoint(Untrusted(as_bytes(note_)), keys_.policy());
  }
  [[nodiscard]] VerifiedCheckpoint held() const {
    return *open_checkpoint(Untrusted(as_bytes(held_note_)), keys_.policy());
  }

  /// Rewrites all entry bundles from this list.
  void store(const std::vector<Bytes>& entries) {
    for (std::uint64_t n = 0; n * k_tile_width < k_entries; ++n) {
      Bytes bundle;
      for (std::size_t i = n * k_tile_width; i < std::min<std::size_t>((n + 1) * k_tile_width, entries.size()); ++i)
        append_to_bundle(bundle, entries[i]);
      const std::size_t width = std::min<std::uint64_t>(k_tile_width, k_entries - n * k_tile_width);
      ASSERT_OK(os::replace_file(folder_ / "log" / tile_path(std::nullopt, n, width), bundle));
    }
  }

  void expect_finding(Finding::Kind kind, std::uint64_t first, std::uint64_t last) {
    const auto audit = verify_all(folder_ / "log", checkpoint());
    ASSERT_OK(audit);
    const auto is_it = [&](const Finding& f) { return f.kind == kind && f.first == first && f.last == last; };
    EXPECT_TRUE(std::ranges::any_of(audit->findings, is_it))
        << name_of(kind) << " " << first << ", found: "
        << (audit->findings.empty() ? "nothing"
                                    : std::string(name_of(audit->findings[0].kind)) + ": " + audit->findings[0].text);
    EXPECT_LE(audit->findings.size(), 2U);
  }

  Keys keys_;
  TempDir folder_;
  std::string held_note_;
  std::string note_;
};

}  // namespace

TEST_F(Attacked, NothingIsFoundWhereNothingIsWrong) {
  const auto audit = verify_all(folder_ / "log", checkpoint(), {held()});
  ASSERT_OK(audit);
  EXPECT_TRUE(audit->findings.empty());
  EXPECT_EQ(audit->published, k_entries);
}

TEST_F(Attacked, P_LEDGER_020_AnEditedEntryIsNamed) {
  for (const std::uint64_t index : {0U, 255U, 256U, 599U}) {
    std::vector<Bytes> entries = numbered_entries(k_entries);
    entries[index][0] ^= std::byte{1};
    store(entries);
    expect_finding(Finding::Kind::changed, index, index);
  }
}

TEST_F(Attacked, P_LEDGER_021_ADroppedEntryIsNamed) {
  for (const std::uint64_t index : {0U, 255U, 256U, 598U, 599U}) {
    std::vector<Bytes> entries = numbered_entries(k_entries);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(index));
    store(entries);
    expect_finding(Finding::Kind::dropped, index, index);
  }
  std::filesystem::remove(folder_ / "log/tile/entries/001");
  store(numbered_entries(k_entries));
  std::filesystem::remove(folder_ / "log/tile/entries/001");
  expect_finding(Finding::Kind::dropped, 256, 511);
}

TEST_F(Attacked, P_LEDGER_022_ReorderedEntriesAreNamed) {
  for (const std::uint64_t index : {0U, 255U, 511U}) {
    std::vector<Bytes> entries = numbered_entries(k_entries);
    std::swap(entries[index], entries[index + 1]);
    store(entries);
    expect_finding(Finding::Kind::reordered, index, index);
  }
}

TEST_F(Attacked, P_LEDGER_023_AReplayedEntryIsNamed) {
  std::vector<Bytes> entries = numbered_entries(k_entries);
  entries[400] = entries[7];  // in the place of another
  store(entries);
  expect_finding(Finding::Kind::replayed, 400, 400);
  entries = numbered_entries(k_entries);
  entries.insert(entries.begin() + 599, entries[7]);  // once more, between others
  store(entries);
  expect_finding(Finding::Kind::replayed, 599, 599);
}

TEST_F(Attacked, P_LEDGER_024_AnAddedEntryIsNamed) {
  std::vector<Bytes> entries = numbered_entries(k_entries);
  entries.push_back(to_bytes("never logged"));
  store(entries);
  expect_finding(Finding::Kind::added, k_entries, k_entries);
}

TEST_F(Attacked, P_LEDGER_025_AChangedTileIsToldFromAChangedEntry) {
  for (const std::string name : {"tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"}) {
    const std::filesystem::path path = folder_ / "log" / name;
    const Bytes good = *os::read_file(path, 1U << 20U);
    Bytes bad = good;
    bad[33] ^= std::byte{1};
    ASSERT_OK(os::replace_file(path, bad));
    const auto audit = verify_all(folder_ / "log", checkpoint());
    ASSERT_OK(audit);
    ASSERT_EQ(audit->findings.size(), 1U) << name;
    EXPECT_EQ(audit->findings[0].kind, Finding::Kind::tile);
    ASSERT_OK(os::replace_file(path, good));
  }
}

TEST_F(Attacked, P_LEDGER_026_ARewrittenLedgerDoesNotFoolAHeldCheckpoint) {
  // Whoever has the folder and the log's key rewrites all of it: entry 12 differs, everything fits together again.
  const auto forged = [&](std::uint64_t size) {
    std::filesystem::remove_all(folder_ / "log");
    auto ledger = Ledger::create(folder_ / "log", keys_.origin);
    std::vector<Bytes> entries = numbered_entries(size);
    entries[12] = to_bytes("another story");
    EXPECT_OK(ledger->append_all(entries));
    return *open_checkpoint(Untrusted(as_bytes(*ledger->checkpoint(*keys_.log))), keys_.policy());
  };
  const VerifiedCheckpoint rewritten = forged(k_entries);
  EXPECT_TRUE(verify_all(folder_ / "log", rewritten)->findings.empty());
  for (const VerifiedCheckpoint& known : {held(), checkpoint()}) {
    const auto audit = verify_all(folder_ / "log", rewritten, {known});
    ASSERT_OK(audit);
    ASSERT_EQ(audit->findings.size(), 1U);
    EXPECT_EQ(audit->findings[0].kind, Finding::Kind::history);
  }
  // Under the true checkpoint nothing fits.
  const auto audit = verify_all(folder_ / "log", checkpoint());
  ASSERT_OK(audit);
  EXPECT_TRUE(
      std::ranges::any_of(audit->findings, [](const Finding& f) { return f.kind == Finding::Kind::not_this_log; }));
  // Fewer entries than somebody saw.
  const auto shorter = verify_all(folder_ / "log", forged(200), {held()});
  ASSERT_OK(shorter);
  ASSERT_EQ(shorter->findings.size(), 1U);
  EXPECT_EQ(shorter->findings[0].kind, Finding::Kind::dropped);
}

TEST_F(Attacked, P_LEDGER_027_AChangedEntryYieldsNoProof) {
  std::vector<Bytes> entries = numbered_entries(k_entries);
  entries[400] = to_bytes("another");
  store(entries);
  const auto published = Published::open(folder_ / "log");
  EXPECT_REASON(published->entry(400), "ledger.damaged");
  EXPECT_OK(published->entry(401));
  const std::filesystem::path tile = folder_ / "log/tile/0/001";
  Bytes bad = *os::read_file(tile, 1U << 20U);
  bad[33] ^= std::byte{1};
  ASSERT_OK(os::replace_file(tile, bad));
  EXPECT_REASON(published->prove(400), "ledger.damaged");
}
