// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Suites of CVE, CycloneDX and OpenVEX, and real records: tests/vectors/psirt/advisory/README.md.
#include "signet/advisory/validate.hpp"
#include "signet/test/temp_dir.hpp"

#include "suites_for_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace signet::advisory {
namespace {

using Row = std::vector<std::string>;

std::vector<Row> rows_of(const std::filesystem::path& table) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the head
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    Row& row = rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '\t');) row.push_back(cell);
  }
  return rows;
}

bool has_schema_error(const Report& report) {
  return std::ranges::any_of(report.findings, [](const Finding& one) { return one.test == "schema"; });
}

bool has(const Report& report, std::string_view test) {
  return std::ranges::any_of(report.findings, [&](const Finding& one) { return one.test == test; });
}

std::string text_of(const Report& report) {
  std::string text;
  for (const Finding& one : report.findings) text += "\n  " + one.test + " " + one.path + ": " + one.text;
  return text;
}

TEST(CycloneDxSuite, P_ADVISORY_002_valid_bills_are_accepted_and_invalid_ones_refused) {
  test::TempDir folder;
  const auto root = suite("cyclonedx", "other-suites.tar.xz", folder.path());
  Validator validator(Preset::schema);
  const std::map<std::string, std::pair<int, int>> expected{
      {"1.4", {29, 22}}, {"1.5", {36, 22}}, {"1.6", {45, 25}}, {"1.7", {61, 29}}};
  for (const auto& [version, wanted] : expected) {
    int valid = 0;
    int invalid = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root / version)) {
      const std::string name = entry.path().filename();
      if (!name.ends_with(".json")) continue;
      const bool must_pass = name.starts_with("valid");
      const std::string text = read_all(entry.path());
      const auto report = validator.validate(as_bytes(text), Kind::cyclonedx);
      const bool passed = report.has_value() && report->is_valid();
      EXPECT_EQ(passed, must_pass) << name << (report ? text_of(*report) : report.error().message());
      ++(must_pass ? valid : invalid);
    }
    EXPECT_EQ(std::pair(valid, invalid), wanted) << version;
  }
}

TEST(OpenVexSuite, P_ADVISORY_003_documents_are_judged_as_the_schema_says) {
  test::TempDir folder;
  const auto root = suite("openvex", "other-suites.tar.xz", folder.path());
  Validator validator(Preset::schema);
  std::size_t count = 0;
  for (const Row& row : rows_of(root / "expected.tsv")) {
    const std::string text = read_all(root / row.at(0));
    const auto report = validator.validate(as_bytes(text), Kind::openvex);
    EXPECT_EQ(report.has_value() && report->is_valid(), row.at(1) == "yes")
        << row[0] << (report ? text_of(*report) : "");
    ++count;
  }
  EXPECT_EQ(count, 22U);
}

TEST(CveSuite, P_ADVISORY_004_records_are_judged_as_the_schema_says) {
  test::TempDir folder;
  const auto root = suite("cve-services", "other-suites.tar.xz", folder.path());
  Validator validator(Preset::schema);
  std::size_t count = 0;
  for (const Row& row : rows_of(root / "expected.tsv")) {
    if (!row.at(0).starts_with("records/")) continue;
    const std::string text = read_all(root / row[0]);
    const auto report = validator.validate(as_bytes(text), Kind::cve);
    EXPECT_EQ(report.has_value() && report->is_valid(), row.at(1) == "yes")
        << row[0] << (report ? text_of(*report) : "");
    ++count;
  }
  EXPECT_GE(count, 30U);
}

/// Real records, of the whole set alone: it is not copied.
TEST(CveRecords, P_ADVISORY_005_real_records_are_valid_and_wrong_scores_are_found) {
  const char* all = std::getenv("SIGNET_VECTORS");
  if (all == nullptr) GTEST_SKIP() << "SIGNET_VECTORS is not set: the 1,500 records are not here";
  const std::filesystem::path psirt = std::filesystem::path(all) / "psirt";
  test::TempDir folder;
  ASSERT_TRUE(unpack(psirt / "vulnrichment-1500.tar.xz", folder.path()));
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.path().extension() == ".json") files[entry.path().filename()] = entry.path();
  }
  Validator validator;
  std::size_t differing = 0;
  for (const Row& row : rows_of(psirt / "vulnrichment-1500.tsv")) {
    const std::string name = std::filesystem::path(row.at(0)).filename();
    const std::string text = read_all(files.at(name));
    const auto report = validator.validate(as_bytes(text), Kind::cve);
    ASSERT_TRUE(report.has_value()) << name;
    EXPECT_FALSE(has_schema_error(*report)) << name << text_of(*report);
    const bool differs = std::ranges::any_of(report->findings, [](const Finding& one) {
      return one.test == "cve.score" && one.path.ends_with("/baseScore") &&
             one.path.find("cvssV2") == std::string::npos;
    });
    EXPECT_EQ(differs, row.at(6) != "-" && row.at(6) != "no") << name << " " << row.at(6) << text_of(*report);
    if (differs) ++differing;
    if (row.at(5) == "yes") {
      EXPECT_TRUE(has(*report, "cve.range-text")) << name;
    }
  }
  EXPECT_EQ(differing, 110U);
}

/// Real advisories: a finding of the mandatory tests is a false alarm.
TEST(CisaAdvisories, P_ADVISORY_006_real_advisories_pass_the_mandatory_tests) {
  const char* all = std::getenv("SIGNET_VECTORS");
  if (all == nullptr) GTEST_SKIP() << "SIGNET_VECTORS is not set: the 150 advisories are not here";
  test::TempDir folder;
  ASSERT_TRUE(unpack(std::string(all) + "/psirt/cisa-csaf-150.tar.xz", folder.path()));
  Validator validator(Preset::basic);
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = read_all(entry.path());
    const auto report = validator.validate(as_bytes(text));
    ASSERT_TRUE(report.has_value()) << entry.path();
    EXPECT_TRUE(report->is_valid()) << entry.path() << text_of(*report);
    ++count;
  }
  EXPECT_EQ(count, 150U);
}

std::string record(const std::string& affected, const std::string& metrics) {
  return R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-12345",)"
         R"("assignerOrgId":"8254265b-2729-46b6-b9e3-3dfca2d5bfca","state":"PUBLISHED",)"
         R"("datePublished":"2026-02-01T00:00:00Z","dateUpdated":"2026-02-02T00:00:00Z"},"containers":{"cna":{)"
         R"("providerMetadata":{"orgId":"8254265b-2729-46b6-b9e3-3dfca2d5bfca"},)"
         R"("descriptions":[{"lang":"en","value":"A flaw in the example camera lets anyone restart it."}],)"
         R"("problemTypes":[{"descriptions":[{"lang":"en","description":"CWE-287","cweId":"CWE-287"}]}],)"
         R"("references":[{"url":"https://example.com/1"}],"affected":[)" +
         affected + R"(],"metrics":[)" + metrics + "]}}}";
}

struct LintCase {
  const char* name;
  const char* affected;
  const char* metrics;
  const char* finding;  ///< empty: none but those that weigh little
};

constexpr const char* k_good_product =
    R"({"vendor":"Example","product":"Camera","cpes":["cpe:2.3:o:example:camera:*:*:*:*:*:*:*:*"],)"
    R"("versions":[{"version":"1.0","lessThan":"1.2","status":"affected","versionType":"semver"}]})";
constexpr const char* k_good_score =
    R"({"cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",)"
    R"("baseScore":7.5,"baseSeverity":"HIGH"}})";

const LintCase k_lint_cases[] = {
    {"a good record", k_good_product, k_good_score, ""},
    {"a range in words",
     R"({"vendor":"Example","product":"Camera","versions":[{"version":"<6.9","status":"affected"}]})", k_good_score,
     "cve.range-text"},
    {"a range that ends before it begins",
     R"({"vendor":"E","product":"C","versions":[{"version":"2.0","lessThan":"1.0","status":"affected",)"
     R"("versionType":"semver"}]})",
     k_good_score, "cve.range-order"},
    {"nothing affected", R"({"vendor":"E","product":"C","versions":[{"version":"2.0","status":"unaffected"}]})",
     k_good_score, "cve.nothing-affected"},
    {"a wrong score", k_good_product,
     R"({"cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",)"
     R"("baseScore":9.8,"baseSeverity":"CRITICAL"}})",
     "cve.score"},
    {"a metric that is not that of the vector", k_good_product,
     R"({"cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",)"
     R"("baseScore":7.5,"baseSeverity":"HIGH","attackVector":"LOCAL"}})",
     "cve.metric"},
};

TEST(CveLinter, P_ADVISORY_004_says_what_matchers_cannot_use) {
  Validator validator;
  for (const LintCase& one : k_lint_cases) {
    const std::string text = record(one.affected, one.metrics);
    const auto report = validator.validate(as_bytes(text));
    ASSERT_TRUE(report.has_value()) << one.name << ": " << report.error().message();
    EXPECT_FALSE(has_schema_error(*report)) << one.name << text_of(*report);
    const std::string wanted = one.finding;
    if (wanted.empty()) {
      EXPECT_TRUE(std::ranges::all_of(report->findings, [](const Finding& f) { return f.weight == Weight::note; }))
          << text_of(*report);
    } else {
      EXPECT_TRUE(has(*report, wanted)) << one.name << text_of(*report);
    }
  }
}

struct BadInput {
  const char* text;
  const char* reason;
};

const BadInput k_bad_inputs[] = {
    {"", "json.syntax"},
    {"[", "json.syntax"},
    {"{\"a\":1,\"a\":2}", "json.duplicate"},
    {"{\"a\":1} x", "json.syntax"},
    {"\"\xff\"", "json.syntax"},
    {"{}", "advisory.kind"},
    {"[]", "advisory.kind"},
    {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"0.9\"}", "advisory.version"},
};

TEST(Validator, P_ADVISORY_007_bad_input_is_an_error_with_a_reason) {
  Validator validator;
  for (const BadInput& one : k_bad_inputs) {
    const auto report = validator.validate(as_bytes(std::string_view(one.text)));
    ASSERT_FALSE(report.has_value()) << one.text;
    EXPECT_EQ(report.error().reason(), one.reason) << one.text;
  }
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_EQ(validator.validate(as_bytes(deep)).error().reason(), "json.deep");
}

TEST(Validator, P_ADVISORY_007_findings_are_bounded) {
  std::string text = R"({"document":{"csaf_version":"2.0"},"vulnerabilities":[)";
  for (int i = 0; i < 5000; ++i) text += R"({"cve":"x"},)";
  text += "{}]}";
  Validator validator;
  const auto report = validator.validate(as_bytes(text));
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->is_cut);
  EXPECT_EQ(report->findings.size(), k_findings_max);
  EXPECT_FALSE(report->is_valid());
}

}  // namespace
}  // namespace signet::advisory
