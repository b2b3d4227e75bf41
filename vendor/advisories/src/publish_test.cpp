// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/publish.hpp"

#include "signet/core/json.hpp"
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/vuln/feed.hpp"

#include "cases_for_test.hpp"
#include "provider.hpp"

#include <algorithm>
#include <fstream>
#include <set>

namespace signet::advisories {
namespace {

namespace fs = std::filesystem;

using signet::test::TempDir;
using test::act;
using test::at;
using test::published;
using test::samples;

const Instant k_now = at("2026-11-23T00:00:00Z");

std::vector<Case> three_cases() {
  const auto draft = Case::begin("EXAMPLE-2026-007", samples()[0].facts, act("2026-05-01T08:00:00Z", 20));
  EXPECT_OK(draft);
  return {published(samples()[0].facts, "EXAMPLE-2026-001"), published(samples()[3].facts, "EXAMPLE-2026-002"), *draft};
}

Result<Publication> publish_to(const fs::path& folder, const std::vector<Case>& cases, Instant now = k_now) {
  return publish(cases, test::publisher(), folder, {}, now);
}

std::string text_at(const fs::path& path) {
  const auto content = os::read_file(path, 1U << 20U);
  EXPECT_OK(content) << path;
  return content ? std::string(as_text(*content)) : std::string();
}

TEST(Publish, P_CASE_020_the_folder_is_a_provider_with_all_that_belongs_to_one) {
  const TempDir temp;
  const fs::path site = temp / "site";
  const auto done = publish_to(site, three_cases());
  ASSERT_OK(done);
  EXPECT_EQ(done->advisories, 2U);
  EXPECT_TRUE(done->is_changed);
  EXPECT_EQ(done->not_expressed.size(), 1U);  // firmware as OSV
  for (const char* name :
       {".well-known/csaf/provider-metadata.json", ".well-known/security.txt", "index.html", "feed.atom",
        "csaf/service.json", "csaf/white/csaf-feed-tlp-white.json", "csaf/white/2026/example-2026-001.json",
        "csaf/white/2026/example-2026-001.json.sha256", "csaf/white/2026/example-2026-001.json.sha512",
        "cve/CVE-2026-12345.json", "openvex/EXAMPLE-2026-001.json", "cyclonedx/EXAMPLE-2026-001.json",
        "osv/x_EXAMPLE-2026-002.json", "advisories/EXAMPLE-2026-001.html", "advisories/EXAMPLE-2026-001.txt"}) {
    EXPECT_TRUE(fs::is_regular_file(site / name)) << name;
  }
  EXPECT_EQ(text_at(site / "csaf/white/index.txt"), "2026/example-2026-002.json\n2026/example-2026-001.json\n");
  EXPECT_EQ(text_at(site / "csaf/white/changes.csv"),
            "\"2026/example-2026-002.json\",\"2026-03-01T08:00:00Z\"\n"
            "\"2026/example-2026-001.json\",\"2026-03-01T08:00:00Z\"\n");
  const std::string document = text_at(site / "csaf/white/2026/example-2026-001.json");
  EXPECT_EQ(text_at(site / "csaf/white/2026/example-2026-001.json.sha256"),
            to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(document))) + "  example-2026-001.json\n");
  const auto metadata = Json::parse(as_bytes(text_at(site / ".well-known/csaf/provider-metadata.json")));
  ASSERT_OK(metadata);
  EXPECT_EQ(*metadata->string_at("role"), "csaf_provider");  // without signatures no trusted one
  EXPECT_EQ(metadata->find("public_openpgp_keys"), nullptr);
  const auto feed = Json::parse(as_bytes(text_at(site / "csaf/white/csaf-feed-tlp-white.json")));
  ASSERT_OK(feed);
  EXPECT_EQ(feed->object_at("feed")->array_at("entry")->size(), 2U);
}

/// Our own reader of providers checks digests and lists; it must find nothing wrong, and every document.
TEST(Publish, P_CASE_020_a_reader_of_providers_takes_it_whole) {
  const TempDir temp;
  std::vector<Case> cases;
  std::uint64_t number = 0;
  for (const test::Sample& sample : samples()) {
    Facts facts = sample.facts;
    if (!facts.cve.empty()) facts.cve = "CVE-2026-" + std::to_string(20000 + number);
    cases.push_back(published(facts, "EXAMPLE-2026-" + std::to_string(100 + number++)));
  }
  ASSERT_OK(publish_to(temp / "site", cases));
  auto source = vuln::open_feed(temp / "site");
  ASSERT_OK(source);
  vuln::FeedReader reader;
  std::set<std::string> csaf;
  const auto read = (*source)->read([&](std::string_view name, ByteView content) -> Result<void> {
    TRY_ASSIGN(const vuln::FeedContent found, reader.read(content));
    for (const vuln::Document& document : found.documents) {
      if (document.kind == vuln::DocumentKind::csaf) csaf.insert(document.id);
      EXPECT_FALSE(document.advisories.empty()) << name;
    }
    return {};
  });
  ASSERT_OK(read);
  EXPECT_EQ(csaf.size(), cases.size());
}

TEST(Publish, P_CASE_021_the_same_cases_give_the_same_folder) {
  const TempDir temp;
  const fs::path site = temp / "site";
  ASSERT_OK(publish_to(site, three_cases()));
  const auto first = read_tree(site);
  ASSERT_OK(first);
  const auto again = publish_to(site, three_cases(), at("2026-12-24T00:00:00Z"));
  ASSERT_OK(again);
  EXPECT_FALSE(again->is_changed);
  ASSERT_OK(publish_to(temp / "other", three_cases()));
  EXPECT_EQ(**read_tree(temp / "other"), **first);
  // A file that somebody changed is put right, one that is too much goes.
  ASSERT_OK(os::replace_file(site / "index.html", as_bytes("defaced")));
  ASSERT_OK(os::write_new_file(site / "extra.html", as_bytes("more")));
  const auto repaired = publish_to(site, three_cases());
  ASSERT_OK(repaired);
  EXPECT_TRUE(repaired->is_changed);
  EXPECT_EQ(**read_tree(site), **first);
  for (const auto& entry : fs::directory_iterator(temp.path())) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name == "site" || name == "other" || name.ends_with(".lock")) << name << " was left";
  }
}

TEST(Publish, P_CASE_022_what_is_under_embargo_or_not_published_stays_inside) {
  const TempDir temp;
  const fs::path site = temp / "site";
  std::vector<Case> cases = three_cases();
  ASSERT_OK(publish_to(site, cases));
  const auto before = **read_tree(site);
  for (const auto& [name, content] : before) {
    EXPECT_EQ(name.find("007"), std::string::npos) << name;
    EXPECT_EQ(content.find("EXAMPLE-2026-007"), std::string::npos) << name;
  }
  // An embargo that was agreed afterwards stops everything.
  Facts facts = cases[0].facts();
  facts.embargo = at("2026-12-31T00:00:00Z");
  const auto embargoed = cases[0].changed(facts, act("2026-05-01T08:00:00Z", 30));
  ASSERT_OK(embargoed);
  cases[0] = *embargoed;
  const auto refused = publish_to(site, cases);
  EXPECT_REASON(refused, "case.embargo");
  EXPECT_EQ(**read_tree(site), before);
  EXPECT_OK(publish_to(site, cases, at("2026-12-31T00:00:00Z")));
}

TEST(Publish, P_CASE_022_changes_after_publication_are_seen_by_nobody) {
  const TempDir temp;
  const fs::path site = temp / "site";
  std::vector<Case> cases = three_cases();
  ASSERT_OK(publish_to(site, cases));
  Facts facts = cases[0].facts();
  facts.title = "Work in progress";
  cases[0] = *cases[0].changed(facts, act("2026-05-01T08:00:00Z", 30));
  const auto same = publish_to(site, cases);
  ASSERT_OK(same);
  EXPECT_FALSE(same->is_changed);
  cases[0] = *cases[0].advanced(State::published, act("2026-05-02T08:00:00Z", 31));
  const auto changed = publish_to(site, cases);
  ASSERT_OK(changed);
  EXPECT_TRUE(changed->is_changed);
  EXPECT_NE(text_at(site / "index.html").find("Work in progress"), std::string::npos);
  EXPECT_TRUE(text_at(site / "csaf/white/changes.csv").starts_with("\"2026/example-2026-001.json\",\"2026-05-02"));
}

TEST(Publish, P_CASE_023_a_folder_of_somebody_else_is_not_touched) {
  const TempDir temp;
  const fs::path site = temp / "site";
  fs::create_directories(site);
  ASSERT_OK(os::write_new_file(site / "index.html", as_bytes("mine")));
  EXPECT_REASON(publish_to(site, three_cases()), "publish.foreign-folder");
  EXPECT_EQ(text_at(site / "index.html"), "mine");
  ASSERT_OK(os::write_new_file(temp / "file", as_bytes("mine")));
  EXPECT_REASON(publish_to(temp / "file", three_cases()), "publish.foreign-folder");
  fs::create_directory_symlink(site, temp / "link");
  EXPECT_REASON(publish_to(temp / "link", three_cases()), "publish.foreign-folder");
  fs::create_directories(temp / "empty");
  EXPECT_OK(publish_to(temp / "empty", three_cases()));
  EXPECT_REASON(publish_to(temp / "new", three_cases(), at("2027-06-01T00:00:00Z")), "publish.security-txt");
  EXPECT_FALSE(fs::exists(temp / "new"));
  EXPECT_REASON(publish(three_cases(), test::publisher(), temp / "new", {.fingerprint = "alice", .home = {}}, k_now),
                "openpgp.key");
}

TEST(Publish, P_CASE_020_no_case_at_all_is_a_provider_too) {
  const TempDir temp;
  const auto done = publish_to(temp / "site", {});
  ASSERT_OK(done);
  EXPECT_EQ(done->advisories, 0U);
  EXPECT_EQ(text_at(temp / "site/csaf/white/index.txt"), "");
}

}  // namespace
}  // namespace signet::advisories
