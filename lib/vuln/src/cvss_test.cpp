// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/cvss.hpp"

#include "signet/crypto.hpp"
#include "signet/test/command.hpp"
#include "signet/test/expect.hpp"

#include "cvss_tables.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace signet::vuln {
namespace {

const std::filesystem::path k_vectors = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/psirt/cvss";

std::string score_of(std::string_view text) {
  const auto vector = CvssVector::parse(text);
  return vector ? score_text(vector->scores().overall_tenths) : vector.error().reason();
}

/// Calls `take` with every base vector of an edition, the last metric changing fastest.
template <typename Take>
void for_each_base_vector(CvssVersion version, const std::string& prefix, std::size_t metric, Take take) {
  const std::span<const MetricInfo> metrics = metrics_of(version);
  if (metrics[metric].group != MetricGroup::base) {
    take(prefix);
    return;
  }
  for (const ValueInfo& value : metrics[metric].values) {
    const std::string separator = prefix.empty() || prefix.ends_with('/') ? "" : "/";
    for_each_base_vector(version, prefix + separator + std::string(metrics[metric].key) + ":" + std::string(value.code),
                         metric + 1, take);
  }
}

TEST(Cvss, P_VULN_001_scores_the_whole_base_space_of_every_edition_exactly) {
  std::ifstream table(k_vectors / "base_spaces.tsv");
  std::size_t rows = 0;
  for (std::string edition, count, sha256; table >> edition >> count >> sha256; ++rows) {
    const auto version = static_cast<CvssVersion>(rows);
    ASSERT_EQ(name_of(version), edition);
    crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
    std::size_t seen = 0;
    const std::string prefix = version == CvssVersion::v2 ? "" : "CVSS:" + edition + "/";
    for_each_base_vector(version, prefix, 0, [&](const std::string& text) {
      hasher.update(as_bytes(text + " " + score_of(text) + "\n"));
      ++seen;
    });
    EXPECT_EQ(std::to_string(seen), count) << edition;
    EXPECT_EQ(to_hex(hasher.finish()), sha256) << edition;
  }
  EXPECT_EQ(rows, 4U);
}

TEST(Cvss, P_VULN_001_scores_all_104976_base_vectors_of_v4_as_published) {
  const char* all = std::getenv("SIGNET_VECTORS");
  if (all == nullptr) GTEST_SKIP() << "SIGNET_VECTORS does not name the folder that holds psirt/cvss";
  const std::string file = std::filesystem::path(all) / "psirt/cvss/cvss4_base.txt.xz";
  const test::CommandResult xz = test::run_command({"xz", "-dc", file});
  ASSERT_EQ(xz.exit_code, 0) << xz.err;
  std::istringstream lines(xz.out);
  std::size_t count = 0;
  std::size_t wrong = 0;
  for (std::string vector, score; lines >> vector >> score; ++count) {
    if (score_of(vector) != score && ++wrong < 10) ADD_FAILURE() << vector << " " << score << " " << score_of(vector);
  }
  EXPECT_EQ(count, 104'976U);
  EXPECT_EQ(wrong, 0U);
}

TEST(Cvss, P_VULN_002_scores_threat_and_environmental_metrics_as_other_implementations_do) {
  std::ifstream table(k_vectors / "examples.tsv");
  std::size_t rows = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string vector, base, temporal, environmental;
    words >> vector >> base >> temporal >> environmental;
    const auto parsed = CvssVector::parse(vector);
    ASSERT_OK(parsed) << vector;
    const CvssScores scores = parsed->scores();
    const auto text = [](const std::optional<unsigned>& tenths) { return tenths ? score_text(*tenths) : "-"; };
    if (parsed->version() == CvssVersion::v4_0) {
      EXPECT_EQ(score_text(scores.overall_tenths), base) << vector;
    } else {
      EXPECT_EQ(score_text(scores.base_tenths), base) << vector;
      EXPECT_EQ(text(scores.temporal_tenths), temporal) << vector;
      EXPECT_EQ(text(scores.environmental_tenths), environmental) << vector;
    }
    ++rows;
  }
  EXPECT_GT(rows, 40U);
}

TEST(Cvss, P_VULN_003_refuses_what_is_no_vector_with_the_reason) {
  const std::map<std::string, std::string> table{
      {"", "cvss.version"},
      {"nonsense", "cvss.version"},
      {"CVSS:5.0/AV:N", "cvss.version"},
      {"cvss:3.1/AV:N", "cvss.metric"},
      {"CVSS:3.1/", "cvss.syntax"},
      {"CVSS:3.1/AV:N/", "cvss.syntax"},
      {"CVSS:3.1/AV:N//AC:L", "cvss.syntax"},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", "cvss.missing"},
      {"CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "cvss.duplicate"},
      {"CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "cvss.value"},
      {"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "cvss.value"},
      {"CVSS:3.1/av:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "cvss.metric"},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/AT:N", "cvss.metric"},
      {"CVSS:4.0/AV:N/AC:L/PR:N/AT:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "cvss.order"},
      {"AV:N/AC:L/Au:N/C:C/I:C", "cvss.missing"},
      {"AV:N/AC:L/Au:N/C:C/I:C/A:C ", "cvss.value"},
      {"AV:N/" + std::string(600, 'A'), "cvss.too-long"},
  };
  for (const auto& [text, reason] : table) EXPECT_REASON(CvssVector::parse(text), reason) << text;
}

TEST(Cvss, metrics_of_v2_and_v3_come_in_any_order) {
  EXPECT_EQ(score_of("CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N"), "9.8");
  EXPECT_EQ(score_of("A:C/I:C/C:C/Au:N/AC:L/AV:N"), "10.0");
}

TEST(Cvss, ratings_are_those_of_the_edition) {
  EXPECT_EQ(severity_of(CvssVersion::v3_1, 0), Severity::none);
  EXPECT_EQ(severity_of(CvssVersion::v3_1, 39), Severity::low);
  EXPECT_EQ(severity_of(CvssVersion::v3_1, 40), Severity::medium);
  EXPECT_EQ(severity_of(CvssVersion::v4_0, 89), Severity::high);
  EXPECT_EQ(severity_of(CvssVersion::v4_0, 90), Severity::critical);
  EXPECT_EQ(severity_of(CvssVersion::v2, 100), Severity::high);
  EXPECT_EQ(severity_of(CvssVersion::v2, 0), Severity::low);
}

TEST(Cvss, a_vector_is_explained_and_written_in_the_order_of_the_standard) {
  const auto vector = CvssVector::parse("CVSS:3.1/E:X/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N/RL:O");
  ASSERT_OK(vector);
  EXPECT_EQ(vector->canonical(), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/RL:O");
  EXPECT_EQ(vector->code_of("AV"), "N");
  EXPECT_EQ(vector->code_of("E"), "X");
  EXPECT_EQ(vector->code_of("AT"), "");
  EXPECT_EQ(vector->explain().back().value, "Official Fix");
  const auto v4 = CvssVector::parse("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H");
  ASSERT_OK(v4);
  EXPECT_EQ(v4->macro_vector(), "000100");
}

}  // namespace
}  // namespace signet::vuln
