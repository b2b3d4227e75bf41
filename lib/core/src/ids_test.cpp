// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ids.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

namespace signet {
namespace {

TEST(Ids, P_CORE_006_a_name_can_stand_in_files_uris_and_logs) {
  for (const char* good : {"a", "cam-7", "1.2.3+build_4", "A", "_x"}) EXPECT_OK(ProductId::parse(good)) << good;
  const std::string k_refused[] = {"",
                                   ".",
                                   "..",
                                   ".hidden",
                                   "-rf",
                                   "a/b",
                                   "a b",
                                   "a\nb",
                                   "ä",
                                   "a%",
                                   "a\\b",
                                   "a:b",
                                   "a*",
                                   std::string("a\0b", 3),
                                   std::string(65, 'a')};
  for (const std::string& bad : k_refused) EXPECT_REASON(ProductId::parse(bad), "core.bad-name") << bad;
  EXPECT_OK(ProductId::parse(std::string(64, 'a')));
}

TEST(Ids, compare_as_their_text) {
  EXPECT_EQ(*ProductId::parse("a"), *ProductId::parse("a"));
  EXPECT_LT(*ProductId::parse("a"), *ProductId::parse("b"));
  EXPECT_EQ(ProductId::parse("cam")->str(), "cam");
}

}  // namespace
}  // namespace signet
