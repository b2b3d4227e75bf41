// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/store.hpp"

#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/test/temp_dir.hpp"

#include "cases_for_test.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <thread>

namespace signet::advisories {
namespace {

using signet::test::TempDir;
using test::act;
using test::samples;

Result<Case> to_triaged(const Case& one, Act now) { return one.advanced(State::triaged, std::move(now)); }

std::uint64_t entries_in(const std::filesystem::path& folder) {
  const auto log = ledger::Ledger::open(folder / "ledger");
  EXPECT_OK(log);
  return log ? log->size() : 0;
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(Store, P_CASE_017_each_step_is_in_the_file_and_in_the_ledger) {
  const TempDir temp;
  const auto folder = temp / "cases";
  EXPECT_REASON(Store::open(folder), "store.none");
  auto store = Store::create(folder, test::publisher());
  ASSERT_OK(store);
  EXPECT_REASON(Store::create(folder, test::publisher()), "store.exists");
  const auto first = store->begin({}, samples()[0].facts, act("2026-02-01T08:00:00Z", 0));
  ASSERT_OK(first);
  EXPECT_EQ(first->id(), "EXAMPLE-2026-001");
  EXPECT_EQ(store->begin({}, samples()[1].facts, act("2026-02-01T09:00:00Z", 0))->id(), "EXAMPLE-2026-002");
  EXPECT_EQ(store->begin({}, samples()[2].facts, act("2027-02-01T09:00:00Z", 0))->id(), "EXAMPLE-2027-001");
  EXPECT_REASON(store->begin("EXAMPLE-2026-001", samples()[0].facts, act("2026-02-01T08:00:00Z", 0)),
                "store.case-exists");
  const auto next = store->change("EXAMPLE-2026-001", act("2026-02-02T08:00:00Z", 0), to_triaged);
  ASSERT_OK(next);
  EXPECT_EQ(next->steps().back().act.entry, 3U);
  EXPECT_EQ(entries_in(folder), 4U);
  EXPECT_EQ(*store->read("EXAMPLE-2026-001"), *next);
  EXPECT_EQ(Store::open(folder)->read_all()->size(), 3U);
  EXPECT_EQ(Store::open(folder)->publisher(), test::publisher());
  // A refused step leaves nothing.
  EXPECT_REASON(store->change("EXAMPLE-2026-001", act("2026-02-03T08:00:00Z", 0), to_triaged), "case.step");
  EXPECT_REASON(store->change("EXAMPLE-2026-009", act("2026-02-03T08:00:00Z", 0), to_triaged), "store.no-case");
  EXPECT_REASON(store->read("../publisher"), "store.no-case");
  EXPECT_EQ(entries_in(folder), 4U);
  EXPECT_EQ(*store->read("EXAMPLE-2026-001"), *next);
}

TEST(Store, P_CASE_018_what_is_under_embargo_is_for_the_team_alone) {
  const TempDir temp;
  const auto folder = temp / "cases";
  auto store = Store::create(folder, test::publisher());
  ASSERT_OK(store);
  ASSERT_OK(store->begin({}, samples()[0].facts, act("2026-02-01T08:00:00Z", 0)));
  EXPECT_EQ(mode_of(folder), 0700U);
  EXPECT_EQ(mode_of(folder / "cases"), 0700U);
  EXPECT_EQ(mode_of(folder / "cases/EXAMPLE-2026-001.json"), 0600U);
}

/// What a writer leaves that is killed between the new file and its move: with and without the ledger's entry.
TEST(Store, P_CASE_017_a_step_that_a_kill_cut_off_is_done_or_was_never_there) {
  for (const bool is_in_ledger : {false, true}) {
    const TempDir temp;
    const auto folder = temp / "cases";
    auto store = Store::create(folder, test::publisher());
    ASSERT_OK(store);
    const auto one = store->begin({}, samples()[0].facts, act("2026-02-01T08:00:00Z", 0));
    ASSERT_OK(one);
    const auto next = to_triaged(*one, act("2026-02-02T08:00:00Z", 1));
    ASSERT_OK(next);
    const std::string file = next->file();
    ASSERT_OK(os::write_new_file(folder / "cases/EXAMPLE-2026-001.json.next", as_bytes(file)));
    if (is_in_ledger) {
      auto log = ledger::Ledger::open(folder / "ledger");
      ASSERT_OK(log);
      const std::string entry = next->ledger_entry();
      ASSERT_OK(log->append(as_bytes(entry)));
    }
    // The next writer, of whatever case, brings it to its end.
    ASSERT_OK(store->begin({}, samples()[1].facts, act("2026-02-03T08:00:00Z", 0)));
    EXPECT_EQ(store->read("EXAMPLE-2026-001")->state(), is_in_ledger ? State::triaged : State::received);
    EXPECT_EQ(entries_in(folder), is_in_ledger ? 3U : 2U);
    EXPECT_FALSE(std::filesystem::exists(folder / "cases/EXAMPLE-2026-001.json.next"));
  }
}

TEST(Store, P_CASE_019_writers_at_once_lose_nothing) {
  constexpr int k_writers = 4;
  constexpr int k_changes = 6;
  const TempDir temp;
  const auto folder = temp / "cases";
  ASSERT_OK(Store::create(folder, test::publisher()));
  Facts facts = samples()[0].facts;
  facts.aliases.clear();
  ASSERT_OK(Store::open(folder)->begin({}, facts, act("2026-02-01T08:00:00Z", 0)));
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < k_writers; ++writer) {
      writers.emplace_back([&folder, writer] {
        auto store = Store::open(folder);
        ASSERT_OK(store);
        for (int i = 0; i < k_changes; ++i) {
          const std::string alias = std::to_string(writer) + "-" + std::to_string(i);
          const auto add = [&](const Case& one, Act now) {
            Facts more = one.facts();
            more.aliases.push_back(alias);
            return one.changed(more, std::move(now));
          };
          ASSERT_OK(store->change("EXAMPLE-2026-001", act("2026-02-02T08:00:00Z", 0), add));
        }
      });
    }
  }
  const auto one = Store::open(folder)->read("EXAMPLE-2026-001");
  ASSERT_OK(one);
  EXPECT_EQ(one->facts().aliases.size(), std::size_t{k_writers * k_changes});
  EXPECT_EQ(one->steps().size(), std::size_t{k_writers * k_changes + 1});
  EXPECT_EQ(entries_in(folder), std::uint64_t{k_writers * k_changes + 1});
}

struct BadPublisher {
  std::string name;
  std::function<void(Publisher&)> spoil;
  std::string reason;
};

TEST(Store, P_CASE_003_a_publisher_that_is_not_sound_is_refused) {
  const BadPublisher k_table[] = {
      {"no name", [](Publisher& p) { p.name.clear(); }, "publisher.missing"},
      {"an address without scheme", [](Publisher& p) { p.url = "example.com"; }, "case.url"},
      {"a slash at the end", [](Publisher& p) { p.base += "/"; }, "publisher.base"},
      {"no https", [](Publisher& p) { p.base = "http://example.com"; }, "publisher.base"},
      {"a prefix with a slash", [](Publisher& p) { p.prefix = "a/b"; }, "publisher.prefix"},
      {"a contact that is a name", [](Publisher& p) { p.contact = "the team"; }, "publisher.contact"},
      {"a contact of two lines", [](Publisher& p) { p.contact = "mailto:a@b\nBcc: c"; }, "case.text"},
      {"a contact with a blank", [](Publisher& p) { p.contact = "mailto:a@b c"; }, "publisher.contact"},
      {"no UUID", [](Publisher& p) { p.cna_org = "8254265b"; }, "publisher.cna"},
      {"a long short name", [](Publisher& p) { p.cna_name = std::string(33, 'x'); }, "publisher.cna"},
  };
  const TempDir temp;
  for (const BadPublisher& bad : k_table) {
    Publisher publisher = test::publisher();
    bad.spoil(publisher);
    EXPECT_REASON(Store::create(temp / "cases", publisher), bad.reason) << bad.name;
    const std::string file = publisher.file();
    EXPECT_FALSE(Publisher::parse(as_bytes(file)).has_value()) << bad.name;
  }
  const std::string good = test::publisher().file();
  EXPECT_EQ(*Publisher::parse(as_bytes(good)), test::publisher());
}

}  // namespace
}  // namespace signet::advisories
