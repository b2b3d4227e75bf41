// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every row of expected.tsv: the streams of both reference projects and those made with their signers, genuine and
// tampered with. tests/vectors/video/README.md names the sources.
#include "signet/test/expect.hpp"

#include "vector_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace signet::video {

namespace {

/// The findings of a verdict as text, for a failure's message.
std::string describe(const Verdict& verdict) {
  std::string text = std::string(name_of(verdict.authenticity())) + ", " + std::string(name_of(verdict.provenance())) +
                     " (" + verdict.provenance_report().reason + "), tail " +
                     std::to_string(verdict.coverage().tail_frames);
  for (const Finding& finding : verdict.findings()) {
    text += "\n    " + std::string(name_of(finding.kind)) + " gop " + std::to_string(finding.gop) + " unit " +
            (finding.unit ? std::to_string(*finding.unit) : "-") + " x" + std::to_string(finding.count) + ": " +
            finding.text;
    if (text.size() > 2000) break;
  }
  return text;
}

bool agrees(const std::string& expected, std::string_view found, const std::string& also) {
  return expected == "?" || expected == found || (!also.empty() && also == found);
}

/// A finding at the unit, or up to two behind it: where a unit is missing, the next signed one may stand behind a
/// delimiter or a SEI.
bool has_finding_at(const Verdict& verdict, const std::string& unit) {
  const std::uint64_t wanted = std::stoull(unit);
  return std::ranges::any_of(verdict.findings(), [&](const Finding& finding) {
    return finding.unit && *finding.unit >= wanted && *finding.unit <= wanted + 2;
  });
}

class ExpectedVerdicts : public testing::TestWithParam<VectorRow> {};

TEST_P(ExpectedVerdicts, P_VIDEO_001_verdict_of_each_vector) {
  const VectorRow& row = GetParam();
  std::vector<pki::Certificate> anchors;
  if (row.anchor != "-") {
    auto read = pki::Certificate::all_from_pem(as_text(read_whole(row.folder / row.anchor)));
    ASSERT_OK(read);
    anchors = *read;
  }
  const auto verdict = judge_bytes(read_whole(row.path()), anchors);
  ASSERT_OK(verdict);
  const std::string what = describe(*verdict);
  EXPECT_TRUE(agrees(row.authenticity, name_of(verdict->authenticity()), row.item("also_ok"))) << what;
  EXPECT_TRUE(agrees(row.provenance, name_of(verdict->provenance()), "")) << what;
  const auto bad = verdict->first_bad_gop();
  const std::string first_bad = bad ? std::to_string(*bad) : "-";
  EXPECT_TRUE(agrees(row.first_bad_gop, first_bad, row.item("first_bad_gop_also_ok"))) << first_bad << " " << what;
  if (row.profile != "-" && row.authenticity != "not_signed" && row.authenticity != "?") {
    ASSERT_FALSE(verdict->profiles().empty()) << what;
    EXPECT_EQ(name_of(verdict->profiles().front()), row.profile);
  }
  if (const auto tail = row.item("uncovered_tail_frames"); !tail.empty() && row.authenticity != "?") {
    EXPECT_EQ(std::to_string(verdict->coverage().tail_frames), tail) << what;
  }
  if (const auto slices = row.item("unprotected_slices"); !slices.empty()) {
    EXPECT_EQ(std::to_string(verdict->coverage().slices_unprotected), slices) << what;
  }
  if (const auto unit = row.item("missing_before_nal"); !unit.empty()) {
    EXPECT_TRUE(has_finding_at(*verdict, unit)) << unit << " " << what;
  }
  const bool foreign = row.note.find("foreign SEI") != std::string::npos;
  const bool lost_sei = row.file.find("drop_sei") != std::string::npos;
  if (const auto unit = row.item("edit_nal"); !unit.empty() && !foreign && !lost_sei) {
    EXPECT_TRUE(has_finding_at(*verdict, unit)) << unit << " " << what;
  }
  EXPECT_TRUE(!foreign || verdict->coverage().foreign_sei > 0);
}

std::vector<VectorRow> all_rows() {
  std::vector<VectorRow> rows;
  for (const auto& folder : vector_folders()) {
    for (VectorRow& row : vector_rows(folder)) rows.push_back(std::move(row));
  }
  return rows;
}

std::string name_of_row(const testing::TestParamInfo<VectorRow>& info) {
  std::string name = info.param.file + "_" + std::to_string(info.index);
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Vectors, ExpectedVerdicts, testing::ValuesIn(all_rows()), name_of_row);

}  // namespace

}  // namespace signet::video
