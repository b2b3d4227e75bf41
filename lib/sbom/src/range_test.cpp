// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/range.hpp"

#include "signet/test/expect.hpp"

#include "suites_for_test.hpp"

#include <gtest/gtest.h>

#include <map>

namespace signet::sbom {
namespace {

std::string text_of(const Json& json) { return json.as_string().value_or("?"); }

std::string run_order(const SuiteCase& one) {
  const auto scheme = version_scheme(one.input.string_at("input_scheme").value_or(""));
  if (!scheme) return "no such scheme";
  std::vector<std::string> versions;
  for (const Json& version : one.input.find("versions")->elements()) versions.push_back(text_of(version));
  if (one.type == "equality") {
    const bool same = compare_versions(*scheme, versions.at(0), versions.at(1)) == std::weak_ordering::equivalent;
    return same ? "true" : "false";
  }
  std::ranges::sort(versions, [&](const std::string& a, const std::string& b) {
    return compare_versions(*scheme, a, b) == std::weak_ordering::less;
  });
  // The suite may spell a version in another way (nuget: in small letters).
  std::size_t i = 0;
  for (const Json& wanted : one.expected.elements()) {
    if (compare_versions(*scheme, versions.at(i++), text_of(wanted)) != std::weak_ordering::equivalent)
      return "wrong order";
  }
  return one.expected.dump();
}

std::string run_parse(const SuiteCase& one) {
  const auto range = VersionRange::parse(text_of(one.input));
  if (!range) return "refused";
  Json constraints = Json::array();
  for (const VersionConstraint& each : range->constraints()) {
    constraints.push(Json::array({Json(name_of(each.comparator)), Json(each.version)}));
  }
  return Json::object({{"scheme", range->scheme()}, {"version_constraints", std::move(constraints)}}).dump();
}

/// What a case of the suite says, run, as text.
std::string run(const SuiteCase& one) {
  if (one.type == "comparison" || one.type == "equality") return run_order(one);
  if (one.type == "parse") return run_parse(one);
  if (one.type == "validate") {
    const auto range = VersionRange::canonicalise(text_of(one.input));
    return range ? Json(range->to_string()).dump() : "refused";
  }
  if (one.type == "from_native") {
    const auto range = VersionRange::from_native(one.input.string_at("scheme").value_or(""),
                                                 one.input.string_at("native_range").value_or(""));
    return range ? Json(range->to_string()).dump() : "refused: " + range.error().message();
  }
  const auto range = VersionRange::canonicalise(one.input.string_at("vers").value_or(""));
  if (!range) return "refused";
  return range->contains(one.input.string_at("version").value_or("")) ? "true" : "false";
}

TEST(Range, P_SBOM_005_passes_the_whole_suite_of_vers_spec) {
  const Suite files = suite("vers/tests", "vers");
  const std::vector<SuiteCase> cases = suite_cases(files.folder);
  EXPECT_EQ(cases.size(), files.is_whole ? 1937U : 260U);
  for (const SuiteCase& one : cases) {
    EXPECT_EQ(run(one), one.must_fail ? "refused" : one.expected.dump())
        << one.file << " " << one.type << " " << one.about;
  }
}

struct Held {
  const char* range;
  const char* version;
  bool is_in;
};

TEST(Range, P_SBOM_006_holds_what_lies_between_its_bounds) {
  const Held k_table[] = {
      {"vers:deb/<1.0", "1.0~rc1", true},
      {"vers:deb/<1.0", "1.0", false},
      {"vers:deb/<=1.0", "1.0-0", true},
      {"vers:deb/>1.0", "1.0", false},
      {"vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0", "2.5.0", false},
      {"vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0", "3.5.0", true},
      {"vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0", "0.1.0", false},
      {"vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0", "4.0.0", false},
      {"vers:npm/<2.0.0|>=3.0.0", "1.0.0", true},
      {"vers:npm/<2.0.0|>=3.0.0", "9.0.0", true},
      {"vers:npm/<2.0.0|>=3.0.0", "2.0.0", false},
      {"vers:npm/>=1.0.0|!=1.5.0|<2.0.0", "1.5.0", false},
      {"vers:npm/>=1.0.0|!=1.5.0|<2.0.0", "1.6.0", true},
      {"vers:npm/!=1.5.0", "1.6.0", true},
      {"vers:npm/!=1.5.0", "1.5.0", false},
      {"vers:npm/1.5.0|<1.0.0", "1.5.0", true},
      {"vers:npm/1.5.0|<1.0.0", "1.2.0", false},
      {"vers:npm/>=1.0.0|>=2.0.0|<3.0.0|<4.0.0", "3.5.0", true},  // overlapping: the wider one
      {"vers:npm/>=1.0.0|>=2.0.0|<3.0.0|<4.0.0", "1.5.0", true},
      {"vers:npm/", "1.0.0", false},
      {"vers:npm/*", "1.0.0", true},
  };
  for (const Held& row : k_table) {
    const auto range = VersionRange::canonicalise(row.range);
    ASSERT_OK(range) << row.range;
    EXPECT_EQ(range->contains(row.version), row.is_in) << row.range << " " << row.version;
  }
}

TEST(Range, reads_the_notations_of_ecosystems) {
  struct Row {
    const char* ecosystem;
    const char* native;
    const char* range;
  };
  const Row k_table[] = {
      {"maven", "[1.0,2.0),[3.0]", "vers:maven/>=1.0|<2.0|3.0"},
      {"maven", "(,1.0]", "vers:maven/<=1.0"},
      {"pypi", "~=1.4.2, !=1.4.9", "vers:pypi/>=1.4.2|!=1.4.9|<1.5"},
      {"pypi", "==1.4.*", "vers:pypi/>=1.4|<1.5"},
      {"gem", "~> 2", "vers:gem/>=2|<3"},
      {"cargo", "1.2.3", "vers:cargo/>=1.2.3|<2.0.0"},
      {"deb", ">= 1.2-3, < 2", "vers:deb/>=1.2-3|<2"},
      {"npm", "*", "vers:npm/*"},
      {"npm", "^0.0.3", "vers:npm/>=0.0.3|<0.0.4"},
  };
  for (const Row& row : k_table) {
    const auto range = VersionRange::from_native(row.ecosystem, row.native);
    ASSERT_OK(range) << row.native;
    EXPECT_EQ(range->to_string(), row.range) << row.native;
  }
}

TEST(Range, refuses_with_a_reason) {
  const std::map<std::string, std::string> table{
      {"", "range.syntax"},
      {"npm/1.0", "range.syntax"},
      {"vers:npm", "range.syntax"},
      {"vers:nowhere/1.0", "version.ecosystem"},
      {"vers:npm/>=", "range.syntax"},
      {"vers:npm/1.0|", "range.syntax"},
      {"vers:npm/2.0|1.0", "range.canonical"},
      {"vers:NPM/1.0", "range.canonical"},
      {"vers:npm/1.0%zz", "percent.syntax"},
      {"vers:npm/" + std::string(70'000, '1'), "range.too-long"},
      {"vers:npm/" + std::string(2000, '1'), "version.too-long"},
  };
  for (const auto& [text, reason] : table) EXPECT_REASON(VersionRange::parse(text), reason) << text.substr(0, 40);
  for (const char* text : {"[1.0", "(1.0)", "[]", "[1.0]2.0", "[1.0,\xff]", "1.0\xc0"})
    EXPECT_REASON(VersionRange::from_native("maven", text), "range.native");
  for (const char* text : {"^", "~x.y", ">=", "^a"})
    EXPECT_REASON(VersionRange::from_native("npm", text), "range.native");
}

}  // namespace
}  // namespace signet::sbom
