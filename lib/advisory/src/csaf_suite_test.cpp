// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The test suite of OASIS for CSAF 2.0 and 2.1: tests/vectors/psirt/advisory/README.md.
#include "signet/advisory/validate.hpp"
#include "signet/test/temp_dir.hpp"

#include "suites_for_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace signet::advisory {
namespace {

/// What the links of the suite's documents answered, and who could say what of its texts.
Outside recorded() {
  Outside outside;
  outside.resolve = [](std::string_view url) {
    if (url == "https://github.com/oasis-tcs/csaf/not-available") return 404;
    return url == "https://example.invalid" ? 0 : 200;  // RFC 6761: the name exists nowhere
  };
  outside.misspelt = hunspell();
  outside.ungrammatical = english_grammar();
  outside.now = from_rfc3339("2026-11-22T12:00:00Z").value();
  return outside;
}

struct Expected {
  std::string test;
  std::string group;
  std::filesystem::path document;
  std::filesystem::path result;
  bool fails = false;     ///< that test
  bool is_valid = false;  ///< as a whole
};

std::vector<Expected> cases_of(const std::filesystem::path& data) {
  std::vector<Expected> cases;
  const Json list = read_json(data / "testcases.json");
  for (const Json& test : list.find("tests")->elements()) {
    for (const char* kind : {"failures", "valid"}) {
      const Json* documents = test.find(kind);
      if (documents == nullptr) continue;
      for (const Json& one : documents->elements()) {
        Expected expected{.test = test.string_at("id").value(),
                          .group = test.string_at("group").value(),
                          .document = data / one.string_at("name").value(),
                          .result = {},
                          .fails = std::string(kind) == "failures"};
        EXPECT_TRUE(one.find("valid")->as_bool(expected.is_valid).has_value());
        if (const Json* result = one.find("result")) expected.result = data / result->as_string().value();
        cases.push_back(std::move(expected));
      }
    }
  }
  return cases;
}

std::string summary(const Report& report) {
  std::string text;
  for (const Finding& one : report.findings) text += "\n  " + one.test + " " + one.path + ": " + one.text;
  return text;
}

/// The paths of a test's findings against those that the suite expects.
void expect_paths(const Expected& expected, const Report& report) {
  const Json result = read_json(expected.result);
  const Json& primary = *result.find("primary_result");
  std::vector<std::string> wanted;
  for (const char* list : {"errors", "warnings", "infos"}) {
    if (const Json* found = primary.find(list)) {
      for (const Json& one : found->elements()) wanted.push_back(one.string_at("instance_path").value());
    }
  }
  std::vector<std::string> got;
  for (const Finding& one : report.findings) {
    if (one.test == expected.test) got.push_back(one.path);
  }
  std::ranges::sort(wanted);
  std::ranges::sort(got);
  EXPECT_EQ(wanted, got) << expected.result;
}

/// Documents that the suite calls valid as a whole, and that break another mandatory test than the one they are for.
const std::set<std::string> k_flawed = {
    "csaf_2_0-2021-6-2-08-02",     // one hash algorithm twice (6.1.25)
    "csaf_2_0-2021-6-2-09-02",     // the same
    "csaf_2_1-2024-6-1-10-13",     // base score 9.0 of a vector whose base score is 10.0 (6.1.9)
    "csaf_2_1-2024-6-1-27-13-16",  // one product id twice, one missing (6.1.1, 6.1.2)
    "csaf_2_1-2024-6-1-50-14",     // one product id twice (6.1.2)
    "csaf_2_1-2024-6-1-50-15",     // the same
    "csaf_2_1-2024-6-2-08-02",     // one hash algorithm twice (6.1.25)
    "csaf_2_1-2024-6-2-09-02",     // the same
    "csaf_2_1-2024-6-2-21-02",     // the history is not sorted (6.1.14)
    "csaf_2_1-2024-6-2-34-03",     // the namespace "invalid", which 6.1.48 refuses in 6-1-48-21
    "csaf_2_1-2024-6-2-39-02-01",  // no note of the category "description" (6.1.27.14)
    "csaf_2_1-2024-6-2-39-03-01",  // the same
    "csaf_2_1-2024-6-2-42-02",     // package URLs of deb without a vendor (6.1.13)
    "csaf_2_1-2024-6-2-54-03-01",  // a member that the extension's own schema does not allow (6.1.60.2)
    "csaf_2_1-2024-6-3-21-01-02",  // the same
    "csaf_2_1-2024-6-3-21-01-12",  // the same
};
/// A result that expects the one product which has an id, and not the two that have none.
constexpr std::string_view k_flawed_result = "csaf_2_1-2024-6-1-27-08-02";

std::string short_name(const std::filesystem::path& document) {
  const std::string name = document.stem();
  return name.substr(std::min(name.size(), std::string("oasis_csaf_tc-").size()));
}

struct Counts {
  std::size_t failing = 0;
  std::size_t valid = 0;
  std::size_t results = 0;
};

Counts run_suite(const std::filesystem::path& data, const std::filesystem::path& extensions) {
  Outside outside = recorded();
  if (!extensions.empty()) outside.extensions.push_back(extensions);
  Validator validator(Preset::full, outside);
  Counts counts;
  for (const Expected& expected : cases_of(data)) {
    const std::string text = read_all(expected.document);
    const auto report = validator.validate(as_bytes(text));
    EXPECT_TRUE(report.has_value()) << expected.document << ": " << report.error().message();
    if (!report) continue;
    const bool failed =
        std::ranges::any_of(report->findings, [&](const Finding& one) { return one.test == expected.test; });
    EXPECT_EQ(failed, expected.fails) << expected.test << " " << expected.document << summary(*report);
    const std::string name = short_name(expected.document);
    EXPECT_EQ(report->is_valid(), expected.is_valid && !k_flawed.contains(name))
        << expected.document << summary(*report);
    if (!expected.result.empty() && name != k_flawed_result) expect_paths(expected, *report);
    ++(expected.fails ? counts.failing : counts.valid);
    if (!expected.result.empty()) ++counts.results;
  }
  return counts;
}

TEST(CsafSuite, P_ADVISORY_001_all_documents_of_csaf_2_0_are_judged_as_oasis_says) {
  test::TempDir folder;
  const auto data = suite("csaf", "csaf-suite.tar.xz", folder.path()) / "csaf_2.0/test/validator/data";
  ASSERT_TRUE(std::filesystem::exists(data));
  const Counts counts = run_suite(data, {});
  EXPECT_EQ(counts.failing, 145U);
  EXPECT_EQ(counts.valid, 94U);
}

TEST(CsafSuite, P_ADVISORY_001_all_documents_of_csaf_2_1_are_judged_as_oasis_says) {
  test::TempDir folder;
  const auto data = suite("csaf", "csaf-suite.tar.xz", folder.path()) / "csaf_2.1/test/validator/data";
  ASSERT_TRUE(std::filesystem::exists(data));
  const Counts counts = run_suite(data, data / "../../extension/data/valid");
  EXPECT_EQ(counts.failing, 448U);
  EXPECT_EQ(counts.valid, 408U);
  EXPECT_EQ(counts.results, 53U);
}

}  // namespace
}  // namespace signet::advisory
