// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/feed.hpp"

#include "signet/crypto.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "readers.hpp"
#include "walk.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace signet::vuln {
namespace {

const std::filesystem::path k_samples = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/psirt/feeds";

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<FeedContent> read_text(std::string_view text) { return FeedReader().read(as_bytes(text)); }

struct Known {
  std::string file;
  DocumentKind kind;
  std::string id;
  std::size_t advisories;
  std::size_t statements;  // of the first
};

TEST(Feeds, P_VULN_007_reads_documents_of_each_kind) {
  const Known k_table[] = {
      {"cve/CVE-2022-27780.json", DocumentKind::cve, "CVE-2022-27780", 1, 7},
      {"cve/CVE-2023-21407.json", DocumentKind::cve, "CVE-2023-21407", 1, 1},
      {"cve/CVE-2024-4067.json", DocumentKind::cve, "CVE-2024-4067", 1, 2},
      {"cve/CVE-2022-3261.json", DocumentKind::cve, "CVE-2022-3261", 1, 2},
      {"osv/full_ranges.osv.json", DocumentKind::osv, "GHSA-mr95-9rr4-668f", 1, 2},
      {"osv/pypi_normalize.osv.json", DocumentKind::osv, "GHSA-p44j-xrqg-4xrr", 1, 1},
      {"csaf/icsa-23-206-01.json", DocumentKind::csaf, "ICSA-23-206-01", 1, 1},
      {"openvex/v020-1.vex.json", DocumentKind::openvex, "", 1, 1},
      {"cyclonedx/valid-vulnerability-1.6.json", DocumentKind::cyclonedx,
       "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", 1, 1},
  };
  for (const Known& one : k_table) {
    const auto read = read_text(read_whole(k_samples / one.file));
    ASSERT_OK(read) << one.file;
    ASSERT_EQ(read->documents.size(), 1U) << one.file;
    const Document& document = read->documents[0];
    EXPECT_EQ(document.kind, one.kind) << one.file;
    if (!one.id.empty()) {
      EXPECT_EQ(document.id, one.id) << one.file;
    }
    ASSERT_EQ(document.advisories.size(), one.advisories) << one.file;
    EXPECT_EQ(document.advisories[0].statements.size(), one.statements) << one.file;
    EXPECT_NE(document.modified, Instant{}) << one.file;
  }
}

TEST(Feeds, P_VULN_007_reads_what_the_fields_mean) {
  const auto cve = read_text(read_whole(k_samples / "cve/CVE-2021-46910.json"));
  ASSERT_OK(cve);
  const Advisory& linux_record = cve->documents[0].advisories[0];
  EXPECT_EQ(linux_record.id, "CVE-2021-46910");
  bool has_series = false;
  for (const Statement& statement : linux_record.statements) {
    for (const VersionRule& rule : statement.rules) {
      has_series = has_series || (rule.from == "5.11.16" && rule.to == "5.11.*" && rule.to_included &&
                                  rule.status == Status::not_affected);
    }
  }
  EXPECT_TRUE(has_series);
  const auto osv = read_text(read_whole(k_samples / "osv/full_ranges.osv.json"));
  ASSERT_OK(osv);
  const Advisory& akka = osv->documents[0].advisories[0];
  EXPECT_EQ(akka.id, "CVE-2018-16115");
  EXPECT_EQ(akka.aliases, std::vector<std::string>{"GHSA-mr95-9rr4-668f"});
  ASSERT_FALSE(akka.statements.empty());
  EXPECT_EQ(akka.statements[0].products[0].text, "pkg:maven/com.typesafe.akka/akka-actor_2.12");
  ASSERT_EQ(akka.statements[0].rules.size(), 1U);
  EXPECT_EQ(akka.statements[0].rules[0].from, "2.5.0");
  EXPECT_EQ(akka.statements[0].rules[0].to, "2.5.16");
  EXPECT_EQ(akka.statements[0].otherwise, Status::not_affected);
  const auto micromatch = read_text(read_whole(k_samples / "cve/CVE-2024-4067.json"));
  ASSERT_OK(micromatch);
  EXPECT_EQ(micromatch->documents[0].advisories[0].statements[0].products[0].text.substr(0, 8), "pkg:npm/");
}

TEST(Feeds, P_VULN_008_reads_ranges_in_words_only_where_they_mean_one_thing) {
  struct Row {
    std::string words;
    std::string wanted;  // "[from,to)" and so on; "=" exact; "?" not to be understood
  };
  // From records of vulnrichment, whose `version` fields these are.
  const Row k_table[] = {{"1.2.3", "=1.2.3"},
                         {"< 8.0.0", "[,8.0.0)"},
                         {"<6.9", "[,6.9)"},
                         {">= 15.0-rc-1, < 15.5.5", "[15.0-rc-1,15.5.5)"},
                         {"> 1.0 and <= 2.0", "(1.0,2.0]"},
                         {"All versions < V4.3.8", "[,v4.3.8)"},
                         {"5.7.23 and prior", "[,5.7.23]"},
                         {"2.8.3 or earlier", "[,2.8.3]"},
                         {"before 3.1", "[,3.1)"},
                         {"prior to 2.0.1", "[,2.0.1)"},
                         {"AXIS OS 11.0 - 11.6.16.0", "[11.0,11.6.16.0]"},
                         {"12.1.1 - 12.1.3", "[12.1.1,12.1.3]"},
                         {"all versions", "[,)"},
                         {"*", "[,)"},
                         {"n/a", "?"},
                         {"unspecified", "?"},
                         {" early versions ", "?"},
                         {"Versions prior to samba 4.16.4, samba 4.15.9, samba 4.14.14", "?"},
                         {"Fixed in OpenSSL 1.1.1j (Affected 1.1.1-1.1.1i)", "?"},
                         {"Snapdragon X65 5G Modem-RF System", "?"},
                         {"< 1 < 2", "?"}};
  for (const Row& row : k_table) {
    const auto rules = rules_from_words(row.words, Status::affected, "");
    ASSERT_EQ(rules.size(), 1U) << row.words;
    const VersionRule& rule = rules[0];
    std::string got = "?";
    if (rule.kind == VersionRule::Kind::exact) got = "=" + rule.from;
    if (rule.kind == VersionRule::Kind::range) {
      got = std::string(rule.from_excluded ? "(" : "[") + rule.from + "," + rule.to + (rule.to_included ? "]" : ")");
    }
    EXPECT_EQ(got, row.wanted) << row.words;
  }
}

TEST(Feeds, P_VULN_009_hostile_documents_are_refused_with_a_reason) {
  const std::string deep = std::string(70, '[') + std::string(70, ']');
  const std::pair<std::string, std::string> k_table[] = {
      {"", "feed.json"},
      {"{", "feed.json"},
      {"{} x", "feed.json"},
      {"{\"a\":\"\xff\xfe\"}", "feed.json"},
      {deep, "feed.json"},
      {R"({"a":1,"b":{"c":1,"c":2}})", "feed.duplicate"},
      {R"({"a":1,"\u0061":2})", "feed.duplicate"},
      {R"({"dataType":"CVE_RECORD","dataVersion":"5.1"})", "feed.cve"},
      {R"({"dataType":"CVE_RECORD","dataVersion":"4.0","cveMetadata":{"cveId":"CVE-2024-0001"}})", "feed.cve"},
      {R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2024-0001","state":"PUBLISHED"}})",
       "feed.cve"},
      {R"({"id":"X-1","modified":"yesterday"})", "feed.osv"},
      {R"({"id":"X-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},
          "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"until":"2"}]}]}]})",
       "feed.osv"},
      {R"({"document":{"csaf_version":"1.0"}})", "feed.csaf"},
      {R"({"document":{"csaf_version":"2.0","tracking":{"id":"a"}}})", "feed.csaf"},
      {R"({"@context":"https://openvex.dev/ns/v0.2.0","@id":"a"})", "feed.openvex"},
      {R"({"@context":"https://openvex.dev/ns/v0.2.0","@id":"a","timestamp":"2024-01-01T00:00:00Z","statements":[
          {"vulnerability":{"name":"CVE-2024-1"},"status":"harmless"}]})",
       "feed.openvex"},
      {R"({"bomFormat":"CycloneDX","vulnerabilities":[{"description":"x"}]})", "feed.cyclonedx"},
      {R"({"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-1"}]})", "feed.kev"},
      {"cve,epss,percentile\nCVE-2024-0001,2.0,0.1\n", "feed.epss"},
      {"cve,epss,percentile\nCVE-2024-0001\n", "feed.epss"},
      {"cve,epss\n", "feed.epss"},
  };
  for (const auto& [text, reason] : k_table) EXPECT_REASON(read_text(text), reason) << text.substr(0, 80);
}

TEST(Feeds, P_VULN_007_reads_epss_kev_and_the_tracker) {
  const auto epss = read_text(
      "#model_version:v2023.03.01,score_date:2024-01-01\ncve,epss,percentile\n"
      "CVE-2023-38545,0.26116,0.96\nCVE-2024-0001,1,1\n");
  ASSERT_OK(epss);
  ASSERT_EQ(epss->epss.size(), 2U);
  EXPECT_EQ(epss->epss[0].probability_ppm, 261160U);
  EXPECT_EQ(epss->epss[1].percentile_ppm, 1'000'000U);
  const auto tracker = read_text(R"({"curl":{"CVE-2023-38545":{"description":"SOCKS5","releases":{
      "bookworm":{"status":"resolved","fixed_version":"7.88.1-10+deb12u4"},
      "sid":{"status":"resolved","fixed_version":"0"},
      "trixie":{"status":"open"}}},"TEMP-1-2":{"releases":{}}}})");
  ASSERT_OK(tracker);
  ASSERT_EQ(tracker->documents.size(), 1U);
  ASSERT_EQ(tracker->documents[0].advisories.size(), 1U);
  const auto& statements = tracker->documents[0].advisories[0].statements;
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0].products[0].release, "12");
  EXPECT_EQ(statements[0].otherwise, Status::fixed);
  EXPECT_EQ(statements[1].otherwise, Status::not_affected);
  EXPECT_EQ(statements[2].otherwise, Status::affected);
}

TEST(Feeds, P_VULN_010_names_in_archives_may_not_leave) {
  const std::pair<std::string, bool> k_table[] = {{"cves/2024/CVE-2024-0001.json", true},
                                                  {"a..b/c.json", true},
                                                  {"../x.json", false},
                                                  {"a/../../x.json", false},
                                                  {"/etc/x.json", false},
                                                  {"a\\..\\x.json", false},
                                                  {"a\nb.json", false},
                                                  {"", false}};
  for (const auto& [name, is_good] : k_table) EXPECT_EQ(check_entry_name(name).has_value(), is_good) << name;
}

std::size_t count_documents(FeedSource& source) {
  std::size_t count = 0;
  const auto read = source.read([&](std::string_view, ByteView) -> Result<void> {
    ++count;
    return {};
  });
  EXPECT_OK(read);
  return count;
}

Result<void> read_all(const std::filesystem::path& path, const FeedLimits& limits = {}) {
  TRY_ASSIGN(const auto source, open_feed(path, {}, limits));
  return source->read([](std::string_view, ByteView) -> Result<void> { return {}; });
}

TEST(Feeds, P_VULN_011_a_folder_must_be_what_its_digests_and_lists_say) {
  const test::TempDir folder;
  const std::string text = read_whole(k_samples / "csaf/icsa-23-206-01.json");
  folder.write("a.json", as_bytes(text));
  folder.write("a.json.sha256",
               as_bytes(to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(text))) + "  a.json\n"));
  folder.write("index.txt", as_bytes("a.json\n"));
  folder.write("changes.csv", as_bytes("\"a.json\",\"2024-01-01T00:00:00Z\"\n"));
  EXPECT_OK(read_all(folder.path()));
  EXPECT_REASON(read_all(folder.path(), {.documents_max = 0}), "feed.too-many");
  EXPECT_REASON(read_all(folder.path(), {.total_size_bytes_max = 100}), "feed.too-big");
  folder.write("a.json.sha512", as_bytes("00"));
  EXPECT_REASON(read_all(folder.path()), "feed.hash");
  std::filesystem::remove(folder / "a.json.sha512");
  folder.write("index.txt", as_bytes("a.json\nb.json\n"));
  EXPECT_REASON(read_all(folder.path()), "feed.listed");
  folder.write("index.txt", as_bytes("../a.json\n"));
  EXPECT_REASON(read_all(folder.path()), "feed.path");
  std::filesystem::remove(folder / "index.txt");
  std::filesystem::create_symlink("/etc/passwd", folder / "link.json");
  EXPECT_REASON(read_all(folder.path()), "feed.link");
  EXPECT_REASON(read_all(folder / "missing"), "feed.missing");
  folder.write("zero.zip", as_bytes("no archive at all"));
  EXPECT_REASON(read_all(folder / "zero.zip"), "feed.archive");
}

TEST(Feeds, P_VULN_012_whole_collections_are_read) {
  const char* all = std::getenv("SIGNET_VECTORS");
  if (all == nullptr) GTEST_SKIP() << "SIGNET_VECTORS does not name the folder that holds psirt";
  const std::pair<std::string, std::size_t> k_table[] = {{"vulnrichment-1500.tar.xz", 1500},
                                                         {"cisa-csaf-150.tar.xz", 150}};
  for (const auto& [name, wanted] : k_table) {
    const auto source = open_feed(std::filesystem::path(all) / "psirt" / name);
    ASSERT_OK(source);
    EXPECT_EQ(count_documents(**source), wanted);
    FeedReader reader;
    const auto read = (*source)->read([&](std::string_view, ByteView content) -> Result<void> {
      TRY_ASSIGN(const FeedContent found, reader.read(content));
      EXPECT_TRUE(found.is_known);
      return {};
    });
    EXPECT_OK(read) << name;
  }
}

}  // namespace
}  // namespace signet::vuln
