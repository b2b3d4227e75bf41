// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "suggest.hpp"

#include <gtest/gtest.h>

namespace signet::cli {
namespace {

struct Distance {
  const char* a;
  const char* b;
  std::size_t steps;
};

TEST(Suggest, edit_distance_counts_single_slips) {
  const Distance k_table[] = {
      {"", "", 0},         {"", "abc", 3},         {"sign", "sign", 0}, {"sign", "sing", 1},
      {"sign", "sig", 1},  {"sign", "signn", 1},   {"sign", "sigm", 1}, {"kitten", "sitting", 3},
      {"list", "show", 4}, {"verify", "vreify", 1}};
  for (const Distance& row : k_table) {
    EXPECT_EQ(edit_distance(row.a, row.b), row.steps) << row.a << " " << row.b;
    EXPECT_EQ(edit_distance(row.b, row.a), row.steps) << row.b << " " << row.a;
  }
}

TEST(Suggest, P_CLI_003_misspelt_word_gets_its_nearest) {
  const std::vector<std::string> known{"generate", "list", "show", "retire"};
  EXPECT_EQ(did_you_mean("gnerate", known, ""), "Did you mean generate?");
  EXPECT_EQ(did_you_mean("gen", known, ""), "Did you mean generate?");
  EXPECT_EQ(did_you_mean("lsit", known, ""), "Did you mean list?");
  EXPECT_EQ(did_you_mean("explode", known, "otherwise"), "otherwise");
  EXPECT_EQ(any_of({"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace signet::cli
