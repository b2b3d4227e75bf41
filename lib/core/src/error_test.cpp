// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace signet {
namespace {

TEST(Error, P_CORE_002_each_code_has_one_exit_code_and_name) {
  std::set<int> exit_codes;
  std::set<std::string_view> names;
  for (const ErrcInfo& info : errc_table()) {
    EXPECT_EQ(&errc_info(info.code), &info);
    EXPECT_TRUE(exit_codes.insert(info.exit_code).second) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GE(info.exit_code, 1);
    EXPECT_LE(info.exit_code, 63);  // 64 and more mean other things to shells and init systems
    EXPECT_GE(info.http_status, 400);
    EXPECT_LE(info.http_status, 599);
    EXPECT_FALSE(info.meaning.empty());
  }
}

// Scripts rely on these numbers: a change here is a change of the command line's contract.
TEST(Error, P_CORE_002_exit_codes_stay_as_published) {
  const std::pair<const char*, int> k_published[] = {
      {"internal", 1},     {"usage", 2},        {"invalid_input", 3}, {"untrusted", 4}, {"expired", 5},
      {"rollback", 6},     {"incompatible", 7}, {"not_found", 8},     {"conflict", 9},  {"denied", 10},
      {"unsupported", 11}, {"unavailable", 12}, {"io", 13},           {"exhausted", 14}};
  ASSERT_EQ(errc_table().size(), std::size(k_published));
  for (std::size_t i = 0; i < std::size(k_published); ++i) {
    EXPECT_EQ(errc_table()[i].name, k_published[i].first);
    EXPECT_EQ(errc_table()[i].exit_code, k_published[i].second);
  }
}

struct ErrnoCase {
  int value;
  Errc code;
  const char* reason;
};

TEST(Error, errno_values_become_what_the_user_can_act_on) {
  const ErrnoCase k_table[] = {
      {ENOENT, Errc::not_found, "os.not-found"},
      {EACCES, Errc::denied, "os.denied"},
      {EPERM, Errc::denied, "os.denied"},
      {ENOSPC, Errc::exhausted, "os.disk-full"},
      {EDQUOT, Errc::exhausted, "os.disk-full"},
      {EEXIST, Errc::conflict, "os.exists"},
      {EISDIR, Errc::invalid_input, "os.is-a-folder"},
      {EROFS, Errc::denied, "os.read-only"},
      {EIO, Errc::io, "os.io"},
  };
  for (const ErrnoCase& row : k_table) {
    const Error error = errno_error(row.value, "open 'x'");
    EXPECT_EQ(error.code(), row.code) << row.value;
    EXPECT_EQ(error.reason(), row.reason);
    EXPECT_TRUE(error.text().starts_with("cannot open 'x': ")) << error.text();
    EXPECT_FALSE(error.hint().empty());
  }
}

}  // namespace
}  // namespace signet
