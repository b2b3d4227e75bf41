// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/match.hpp"

#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "evidence.hpp"
#include "versions_match.hpp"

#include <gtest/gtest.h>

namespace signet::vuln {
namespace {

using enum Status;

struct TextFeed : FeedSource {
  explicit TextFeed(std::string given) : text(std::move(given)) {}
  [[nodiscard]] std::string name() const override { return "text"; }
  Result<void> read(const Take& take) override { return take("text.json", as_bytes(text)); }
  std::string text;
};

Index index_of(const std::vector<std::string>& texts) {
  std::vector<std::unique_ptr<FeedSource>> feeds;
  for (const std::string& text : texts) feeds.push_back(std::make_unique<TextFeed>(text));
  auto bytes = make_index(feeds, Instant{1});
  EXPECT_OK(bytes);
  return *Index::from_bytes(*std::move(bytes));
}

std::string cve(const std::string& affected, const std::string& id = "CVE-2024-0001") {
  return R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":")" + id +
         R"(","state":"PUBLISHED","dateUpdated":"2024-01-01T00:00:00"},"containers":{"cna":{"providerMetadata":{},
         "descriptions":[],"affected":[)" +
         affected + "]}}}";
}

std::string vex(const std::string& product, const std::string& status, const std::string& date = "2024-02-01",
                const std::string& role = "author", const std::string& id = "urn:vex:1") {
  return R"({"@context":"https://openvex.dev/ns/v0.2.0","@id":")" + id + R"(","author":"a","role":")" + role +
         R"(","timestamp":")" + date + R"(T00:00:00Z","statements":[{"vulnerability":{"name":"CVE-2024-0001"},
         "products":[)" +
         product + R"(],"status":")" + status + R"(","justification":"component_not_present"}]})";
}

sbom::Component curl() {
  sbom::Component component;
  component.ref = "curl:amd64";
  component.name = "curl";
  component.version = "7.88.1-10+deb12u5";
  component.purl = "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&distro=debian-12";
  component.source = "curl@7.88.1-10+deb12u5";
  return component;
}

sbom::Bom bill(sbom::Component component) {
  sbom::Bom bom;
  bom.name = "cam-a";
  bom.version = "5.2.0";
  bom.components.push_back(std::move(component));
  return bom;
}

std::string verdict(const MatchReport& report) {
  if (report.open.size() + report.resolved.size() == 0) return "none";
  EXPECT_EQ(report.open.size() + report.resolved.size(), 1U);
  const Finding& finding = report.open.empty() ? report.resolved[0] : report.open[0];
  return std::string(name_of(finding.status)) + " " + std::string(name_of(finding.evidence.front().authority));
}

const std::string k_upstream = R"({"vendor":"haxx","product":"curl","versions":[
    {"status":"affected","version":"7.69.0","lessThan":"8.4.0","versionType":"semver"}]})";

TEST(Match, P_VULN_018_versions_are_judged_as_the_record_format_says) {
  struct Row {
    std::string affected;
    std::string version;
    std::string wanted;
  };
  const auto entry = [](const std::string& versions, const std::string& rest = "") {
    return R"({"product":"curl","versions":[)" + versions + "]" + rest + "}";
  };
  const std::string k_default = R"(,"defaultStatus":"affected")";
  const Row k_table[] = {
      {entry(R"({"status":"affected","version":"1.0"})"), "1.0", "affected"},
      {entry(R"({"status":"affected","version":"1.0"})"), "1.0.0", "affected"},
      {entry(R"({"status":"affected","version":"1.0"})"), "1.1", "none"},
      {entry(R"({"status":"affected","version":"1.0","lessThan":"2.0"})"), "1.10", "affected"},
      {entry(R"({"status":"affected","version":"1.0","lessThan":"2.0"})"), "2.0", "none"},
      {entry(R"({"status":"affected","version":"1.0","lessThan":"2.0"})"), "0.9", "none"},
      {entry(R"({"status":"affected","version":"0","lessThanOrEqual":"2.0"})"), "2.0", "affected"},
      {entry(R"({"status":"affected","version":"1.0","lessThan":"*"})"), "99", "affected"},
      {entry(R"({"status":"affected","version":"2.0-rc1","lessThan":"2.0"})"), "2.0-rc2", "affected"},
      {entry(R"({"status":"affected","version":"1.0","lessThan":"3.0","changes":[{"at":"1.5","status":"unaffected"},
          {"at":"2.0","status":"affected"}]})"),
       "1.7", "none"},
      {entry(R"({"status":"affected","version":"1.0","lessThan":"3.0","changes":[{"at":"1.5","status":"unaffected"},
          {"at":"2.0","status":"affected"}]})"),
       "2.5", "affected"},
      {entry(R"({"status":"unaffected","version":"5.4.189","lessThanOrEqual":"5.4.*"})", k_default), "5.4.200", "none"},
      {entry(R"({"status":"unaffected","version":"5.4.189","lessThanOrEqual":"5.4.*"})", k_default), "5.4.188",
       "affected"},
      {entry(R"({"status":"unaffected","version":"5.4.189","lessThanOrEqual":"5.4.*"})", k_default), "5.10",
       "affected"},
      {entry(R"({"status":"affected","version":"a1","lessThan":"b2","versionType":"git"})"), "1.0", "unknown"},
      {entry(R"({"status":"affected","version":"n/a"})"), "1.0", "unknown"},
      {entry(R"({"status":"affected","version":"1.0"})", R"(,"defaultStatus":"unknown")"), "2.0", "unknown"},
      {entry(R"({"status":"affected","version":"some early ones"})"), "2.0", "unknown"},
      {entry(R"({"status":"affected","version":"< 3.0"})"), "2.0", "affected"},
  };
  for (const Row& row : k_table) {
    sbom::Component component;
    component.name = "curl";
    component.version = row.version;
    const Index index = index_of({cve(row.affected)});
    const std::string got = verdict(match(bill(component), index));
    EXPECT_EQ(got.substr(0, got.find(' ')), row.wanted) << row.affected << " with " << row.version;
  }
}

TEST(Match, P_VULN_019_the_distribution_knows_what_it_repaired) {
  const auto tracker = [](const std::string& release) {
    return R"({"curl":{"CVE-2024-0001":{"releases":{)" + release + "}}}}";
  };
  const std::string record = cve(k_upstream);
  EXPECT_EQ(verdict(match(bill(curl()), index_of({record}))), "affected guess");
  const std::pair<std::string, std::string> k_table[] = {
      {R"("bookworm":{"status":"resolved","fixed_version":"7.88.1-10+deb12u4"})", "fixed distribution"},
      {R"("bookworm":{"status":"resolved","fixed_version":"7.88.1-10+deb12u6"})", "affected distribution"},
      {R"("bookworm":{"status":"resolved","fixed_version":"0"})", "not_affected distribution"},
      {R"("bookworm":{"status":"open"})", "affected distribution"},
      {R"("bookworm":{"status":"undetermined"})", "unknown distribution"},
      {R"("trixie":{"status":"resolved","fixed_version":"0"})", "affected guess"},  // another release says nothing
  };
  for (const auto& [release, wanted] : k_table) {
    EXPECT_EQ(verdict(match(bill(curl()), index_of({record, tracker(release)}))), wanted) << release;
  }
  const std::string other = R"({"curl":{"CVE-2024-0002":{"releases":{"bookworm":{"status":"open"}}}}})";
  const MatchReport silent = match(bill(curl()), index_of({record, other}));
  ASSERT_EQ(silent.open.size(), 2U);
  for (const Finding& finding : silent.open) {
    EXPECT_EQ(finding.status, finding.vulnerability == "CVE-2024-0001" ? unknown : affected);
  }
}

TEST(Match, P_VULN_020_the_changelog_of_the_root_is_evidence) {
  const test::TempDir root;
  std::filesystem::create_directories(root / "usr/share/doc/curl");
  const std::string text =
      "curl (7.88.1-10+deb12u5) bookworm-security; urgency=high\n\n  * Fix CVE-2024-0001\n\n -- A\n";
  root.write("usr/share/doc/curl/changelog.Debian", as_bytes(text));
  ASSERT_OK(os::run({"gzip", "-n", (root / "usr/share/doc/curl/changelog.Debian").string()}));
  const auto history = PackageHistory::open(root.path());
  ASSERT_OK(history);
  const Index index = index_of({cve(k_upstream)});
  EXPECT_EQ(verdict(match(bill(curl()), index, {.product = {}, .vex = nullptr, .history = &*history})),
            "fixed changelog");
  sbom::Component older = curl();
  older.source = "curl@7.88.1-10+deb12u4";  // the changelog is of a later version than what is installed
  EXPECT_EQ(verdict(match(bill(older), index, {.product = {}, .vex = nullptr, .history = &*history})),
            "affected guess");
}

TEST(Match, P_VULN_020_changelogs_are_read_entry_by_entry) {
  const auto fixes = read_changelog(
      "a (1.2-3) unstable; urgency=low\n\n  * Fix CVE-2020-0001 and CVE-2020-0002.\n  * Revert the fix of "
      "CVE-2020-0003\n"
      " -- X\n\na (1.2-2) unstable; urgency=low\n\n  * CVE-2020-0001, CVE-2020-1, CVE-2020-12345-\n");
  EXPECT_EQ(fixes, (std::vector<ChangelogFix>{{"CVE-2020-0001", "1.2-3"},
                                              {"CVE-2020-0002", "1.2-3"},
                                              {"CVE-2020-0001", "1.2-2"},
                                              {"CVE-2020-12345", "1.2-2"}}));
}

TEST(Match, P_VULN_021_vex_is_applied_by_its_precedence) {
  const std::string plain = R"({"@id":"pkg:deb/debian/curl"})";
  const std::string versioned = R"({"@id":"pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5"})";
  const std::string other_version = R"({"@id":"pkg:deb/debian/curl@7.0"})";
  const std::string part = R"({"@id":"pkg:generic/cam-a@5.2.0","subcomponents":[{"@id":"pkg:deb/debian/curl"}]})";
  const std::string other_part = R"({"@id":"pkg:generic/cam-b","subcomponents":[{"@id":"pkg:deb/debian/curl"}]})";
  const std::string whole = R"({"@id":"pkg:generic/cam-a"})";
  struct Row {
    std::vector<std::string> documents;
    std::string wanted;
  };
  const Row k_table[] = {
      {{vex(plain, "not_affected")}, "not_affected given"},
      {{vex(plain, "fixed")}, "fixed given"},
      {{vex(plain, "under_investigation")}, "under_investigation given"},
      {{vex(plain, "affected")}, "affected given"},
      {{vex(other_version, "not_affected")}, "affected guess"},
      {{vex(other_part, "not_affected")}, "affected guess"},
      {{vex(part, "not_affected")}, "not_affected given"},
      {{vex(whole, "not_affected")}, "not_affected given"},
      // The later document wins,
      {{vex(plain, "affected", "2024-03-01"), vex(plain, "not_affected", "2024-02-01", "author", "urn:vex:2")},
       "affected given"},
      // the narrower product before the later document,
      {{vex(plain, "affected", "2024-03-01"), vex(versioned, "not_affected", "2024-02-01", "author", "urn:vex:2")},
       "not_affected given"},
      // the vendor before both,
      {{vex(versioned, "not_affected", "2024-03-01"), vex(plain, "affected", "2024-02-01", "vendor", "urn:vex:2")},
       "affected given"},
      // and where nothing decides, the careful word.
      {{vex(plain, "not_affected"), vex(plain, "affected", "2024-02-01", "author", "urn:vex:2")}, "affected given"},
  };
  const Index index = index_of({cve(k_upstream)});
  for (std::size_t i = 0; i < std::size(k_table); ++i) {
    const Index given = index_of(k_table[i].documents);
    const MatchOptions options{.product = "pkg:generic/cam-a@5.2.0", .vex = &given};
    EXPECT_EQ(verdict(match(bill(curl()), index, options)), k_table[i].wanted) << "row " << i;
  }
}

TEST(Match, P_VULN_022_a_name_alone_is_a_guess_and_says_so) {
  const Index index = index_of({cve(k_upstream)});
  EXPECT_EQ(
      match(bill(curl()), index, {.product = {}, .vex = nullptr, .history = nullptr, .with_names = false}).open.size(),
      0U);
  const MatchReport report = match(bill(curl()), index);
  ASSERT_EQ(report.open.size(), 1U);
  EXPECT_EQ(report.open[0].evidence[0].identity, Identity::name);
  EXPECT_EQ(report.open[0].fixed_in, "8.4.0");
  EXPECT_NE(report.open[0].evidence[0].because.find("from 7.69.0 before 8.4.0"), std::string::npos);
  sbom::Component npm;
  npm.name = "curl";
  npm.version = "7.70.0";
  npm.purl = "pkg:npm/curl@7.70.0";
  EXPECT_EQ(verdict(match(bill(npm), index)), "none");
  sbom::Component by_cpe;
  by_cpe.name = "something";
  by_cpe.version = "7.70.0";
  by_cpe.cpe = "cpe:2.3:a:haxx:curl:7.70.0:*:*:*:*:*:*:*";
  const Index with_cpe = index_of({cve(R"({"product":"x","cpes":["cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"],"versions":[
      {"status":"affected","version":"7.0","lessThan":"8.0"}]})")});
  EXPECT_EQ(verdict(match(bill(by_cpe), with_cpe)), "affected third_party");
  const Index plugin = index_of({cve(R"({"product":"x","cpes":["cpe:2.3:a:v:curl:*:*:*:*:*:wordpress:*:*"],"versions":[
      {"status":"affected","version":"7.0","lessThan":"8.0"}]})")});
  EXPECT_EQ(verdict(match(bill(curl()), plugin)), "none");
}

TEST(Match, P_VULN_018_upstream_versions_are_taken_out_of_packages) {
  const std::pair<std::string, std::string> k_table[] = {
      {"7.88.1-10+deb12u5", "7.88.1"}, {"2:4.17.12+dfsg-0+deb12u1", "4.17.12"},
      {"1:9.18.24-1", "9.18.24"},      {"1.2.13.dfsg-1", "1.2.13"},
      {"2.0+really1.9-3", "1.9"},      {"6.1.90", "6.1.90"}};
  for (const auto& [version, wanted] : k_table) EXPECT_EQ(upstream_version("deb", version), wanted);
  EXPECT_EQ(upstream_version("npm", "1.0-2"), "1.0-2");
}

}  // namespace
}  // namespace signet::vuln
