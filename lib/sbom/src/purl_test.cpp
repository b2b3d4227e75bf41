// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/purl.hpp"

#include "signet/test/expect.hpp"

#include "suites_for_test.hpp"

#include <gtest/gtest.h>

#include <map>

namespace signet::sbom {
namespace {

std::string text_at(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member == nullptr || member->is_null() ? std::string() : member->as_string().value_or("?");
}

PurlParts parts_of(const Json& json) {
  PurlParts parts{.type = text_at(json, "type"),
                  .name_space = text_at(json, "namespace"),
                  .name = text_at(json, "name"),
                  .version = text_at(json, "version"),
                  .qualifiers = {},
                  .subpath = text_at(json, "subpath")};
  if (const Json* qualifiers = json.find("qualifiers")) {
    for (const auto& [key, value] : qualifiers->members())
      parts.qualifiers.emplace_back(key, value.as_string().value_or("?"));
  }
  std::ranges::sort(parts.qualifiers);
  return parts;
}

/// What a case of the suite says, run: what came out as text, or "refused".
std::string run(const SuiteCase& one) {
  if (one.type == "build") {
    const auto built = Purl::build(parts_of(one.input));
    return built ? built->to_string() : "refused";
  }
  const std::string text = one.input.as_string().value_or("?");
  const auto purl = one.type == "parse" ? Purl::parse(text) : Purl::canonicalise(text);
  if (!purl) return "refused";
  if (one.type == "validate") return purl->to_string();
  return purl->parts() == parts_of(one.expected) ? "as expected" : purl->to_string();
}

TEST(Purl, P_SBOM_001_passes_the_whole_suite_of_purl_spec) {
  const std::vector<SuiteCase> cases = suite_cases(suite("purl/tests", "purl/tests").folder);
  EXPECT_EQ(cases.size(), 586U);
  for (const SuiteCase& one : cases) {
    const std::string wanted = one.must_fail         ? "refused"
                               : one.type == "parse" ? "as expected"
                                                     : one.expected.as_string().value_or("?");
    EXPECT_EQ(run(one), wanted) << one.file << " " << one.type << " " << one.about;
  }
}

TEST(Purl, refuses_with_a_reason) {
  const std::map<std::string, std::string> table{
      {"", "purl.scheme"},
      {"deb/debian/curl", "purl.scheme"},
      {"pkg:", "purl.type"},
      {"pkg:a b/c", "purl.type"},
      {"pkg:deb/debian/", "purl.namespace"},
      {"pkg:npm/", "purl.name"},
      {"pkg:deb/curl@1", "purl.namespace"},
      {"pkg:cargo/a/b", "purl.namespace"},
      {"pkg:npm/a@%zz", "percent.syntax"},
      {"pkg:npm/a@%ff", "percent.syntax"},
      {"pkg:npm/a@%00", "percent.syntax"},
      {"pkg:npm/a@%ED%A0%80", "percent.syntax"},
      {"pkg:npm/a?=x", "purl.qualifier"},
      {"pkg:npm/a?k=1&K=2", "purl.qualifier"},
      {"pkg:deb/debian/x?ARCH=amd64", "purl.qualifier"},
      {"pkg:julia/Dates", "purl.qualifier"},
      {"pkg:npm/a%2Fb/c", "purl.namespace"},
      {"pkg:npm/" + std::string(9000, 'a'), "purl.too-long"},
  };
  for (const auto& [text, reason] : table) EXPECT_REASON(Purl::parse(text), reason) << text;
}

TEST(Purl, P_SBOM_002_a_canonical_form_is_its_own_canonical_form) {
  for (const SuiteCase& one : suite_cases(suite("purl/tests", "purl/tests").folder)) {
    if (one.type == "build") continue;
    const auto purl = Purl::canonicalise(one.input.as_string().value_or(""));
    if (!purl) continue;
    const auto again = Purl::parse(purl->to_string());
    ASSERT_OK(again) << one.about;
    EXPECT_EQ(*again, *purl) << one.about;
  }
}

}  // namespace
}  // namespace signet::sbom
