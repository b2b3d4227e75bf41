// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace signet::cli {
namespace {

os::ProcessResult answers(std::vector<std::string> words, std::string_view input) {
  words.insert(words.begin(), SIGNET_PROGRAM);
  auto result = os::run(words, as_bytes(input));
  EXPECT_OK(result);
  return result ? *std::move(result) : os::ProcessResult();
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto json = Json::parse(as_bytes(line));
    EXPECT_OK(json) << line;
    all.push_back(json ? *std::move(json) : Json());
  }
  return all;
}

TEST(Lines, P_VULN_006_each_line_is_answered_by_one_line_whatever_the_others_are) {
  const std::string input =
      "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\r\n"
      "\n"
      "rubbish \xff \"\\\n" +
      std::string(2'000'000, 'x') +
      "\n"
      "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H\n"
      "AV:N/AC:L/Au:N/C:C/I:C/A:C/E:U";
  const os::ProcessResult result = answers({"cvss", "score"}, input);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0].dump(), R"({"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","version":"3.1","score":9.8,)"
                             R"("severity":"CRITICAL","base":9.8})");
  EXPECT_EQ(lines[1].string_at("error").value_or(""), "cvss.version");
  EXPECT_EQ(lines[2].string_at("error").value_or(""), "cvss.version");
  EXPECT_EQ(lines[3].string_at("error").value_or(""), "lines.too-long");
  EXPECT_EQ(lines[4].string_at("severity").value_or(""), "CRITICAL");
  EXPECT_EQ(lines[4].find("score")->as_number().value_or(0), 10.0);
  EXPECT_EQ(lines[5].find("score")->as_number().value_or(0), 8.5);
  EXPECT_EQ(lines[5].find("base")->as_number().value_or(0), 10.0);
}

TEST(Lines, P_VULN_006_versions_ranges_and_names_are_answered) {
  const os::ProcessResult order =
      answers({"vuln", "compare-versions"}, "deb 1.0 1.1\nRed Hat 2-1 2-1\nnpm 1.0.0 1.0.0-rc\nnpm 1\n");
  EXPECT_EQ(order.out.substr(0, 6), "<\n=\n>\n");
  EXPECT_EQ(order.exit_code, 1);
  EXPECT_EQ(json_lines(order.out.substr(6)).at(0).string_at("error").value_or(""), "lines.fields");
  const os::ProcessResult details = answers({"vuln", "compare-versions", "--details"}, "pypi 1.0rc1 1.0\n");
  EXPECT_EQ(details.out, "{\"ecosystem\":\"pypi\",\"a\":\"1.0rc1\",\"b\":\"1.0\",\"order\":\"<\"}\n");
  EXPECT_EQ(details.exit_code, 0);
  EXPECT_EQ(answers({"vuln", "compare-versions", "deb", "1", "2"}, "").out, "<\n");
  const os::ProcessResult range =
      answers({"vuln", "in-range"}, "vers:npm/>=1.0.0|<2.0.0 1.5.0\nnpm ^1.0.0 || ^3.0.0 2.5.0\n");
  const std::vector<Json> held = json_lines(range.out);
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].find("in_range")->dump(), "true");
  EXPECT_EQ(held[1].find("in_range")->dump(), "false");
  const os::ProcessResult purl = answers({"vuln", "purl"}, "pkg:PYPI/Django_package@1.0?b=2&A=1#/x/\n");
  EXPECT_EQ(
      purl.out,
      "{\"purl\":\"pkg:PYPI/Django_package@1.0?b=2&A=1#/x/\",\"canonical\":\"pkg:pypi/django-package@1.0?a=1&b=2#x\","
      "\"type\":\"pypi\",\"name\":\"django-package\",\"version\":\"1.0\",\"qualifiers\":{\"a\":\"1\",\"b\":\"2\"},"
      "\"subpath\":\"x\"}\n");
}

TEST(Lines, answers_to_standard_input_are_refused_under_json) {
  const os::ProcessResult result = answers({"cvss", "score", "--json"}, "x\n");
  EXPECT_EQ(result.exit_code, 64) << result.out;
  EXPECT_NE(result.out.find("lines.json"), std::string::npos);
}

}  // namespace
}  // namespace signet::cli
