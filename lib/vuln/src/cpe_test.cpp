// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/cpe.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <map>

namespace signet::vuln {
namespace {

const std::string k_rest = ":*:*:*:*:*:*:*";

TEST(Cpe, P_VULN_004_reads_both_bindings_of_nistir_7695) {
  // Examples of NISTIR 7695 sections 6.1.2.4 and 6.2.2.3
  const std::map<std::string, std::string> table{
      {"cpe:/a:microsoft:internet_explorer:8.0.6001:beta",
       "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*"},
      {"cpe:/a:microsoft:internet_explorer:8.%2a:sp%3f",
       "cpe:2.3:a:microsoft:internet_explorer:8.\\*:sp\\?:*:*:*:*:*:*"},
      {"cpe:/a:microsoft:internet_explorer:8.%02:sp%01", "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*"},
      {"cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~",
       "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*"},
      {"cpe:/a:foo%5cbar:big%24money_2010%07:::~~special~ipod_touch~80gb~", ""},
      {"cpe:/a:foo~bar:big%7emoney_2010", "cpe:2.3:a:foo\\~bar:big\\~money_2010:*:*:*:*:*:*:*:*"},
      {"cpe:2.3:a:hp:openview_network_manager:7.51:-:*:*:*:linux:*:*",
       "cpe:2.3:a:hp:openview_network_manager:7.51:-:*:*:*:linux:*:*"},
      {"cpe:2.3:A:Foo\\\\Bar:big\\$money:2010:*:*:*:*:*:*:*", "cpe:2.3:a:foo\\\\bar:big\\$money:2010:*:*:*:*:*:*:*"},
  };
  for (const auto& [text, wanted] : table) {
    const auto cpe = Cpe::parse(text);
    if (wanted.empty()) {
      EXPECT_FALSE(cpe) << text;
      continue;
    }
    ASSERT_OK(cpe) << text;
    EXPECT_EQ(cpe->to_string(), wanted);
  }
}

struct Pair {
  std::string source;
  std::string target;
  CpeRelation relation;
};

TEST(Cpe, P_VULN_005_matches_as_the_tables_of_nistir_7696_say) {
  using enum CpeRelation;
  const Pair k_table[] = {
      {"cpe:2.3:a:v:p:1" + k_rest, "cpe:2.3:a:v:p:1" + k_rest, equal},
      {"cpe:2.3:a:v:p:*" + k_rest, "cpe:2.3:a:v:p:1" + k_rest, superset},
      {"cpe:2.3:a:v:p:1" + k_rest, "cpe:2.3:a:v:p:*" + k_rest, subset},
      {"cpe:2.3:a:v:p:-" + k_rest, "cpe:2.3:a:v:p:1" + k_rest, disjoint},
      {"cpe:2.3:a:v:p:1" + k_rest, "cpe:2.3:a:v:p:-" + k_rest, disjoint},
      {"cpe:2.3:a:v:p:-" + k_rest, "cpe:2.3:a:v:p:-" + k_rest, equal},
      {"cpe:2.3:a:v:p:8.*" + k_rest, "cpe:2.3:a:v:p:8.0.1" + k_rest, superset},
      {"cpe:2.3:a:v:p:8.*" + k_rest, "cpe:2.3:a:v:p:9.0.1" + k_rest, disjoint},
      {"cpe:2.3:a:v:p:8.?" + k_rest, "cpe:2.3:a:v:p:8.1" + k_rest, superset},
      {"cpe:2.3:a:v:p:8.?" + k_rest, "cpe:2.3:a:v:p:8.12" + k_rest, disjoint},
      {"cpe:2.3:a:v:p:*8*" + k_rest, "cpe:2.3:a:v:p:1.8.2" + k_rest, superset},
      {"cpe:2.3:a:v:p:8.\\*" + k_rest, "cpe:2.3:a:v:p:8.1" + k_rest, disjoint},
      {"cpe:2.3:a:v:p:1" + k_rest, "cpe:2.3:a:v:p:1*" + k_rest, undefined},
      {"cpe:2.3:a:v:*:1" + k_rest, "cpe:2.3:a:v:p:*" + k_rest, undefined},
      {"cpe:2.3:a:V:P:1" + k_rest, "cpe:2.3:a:v:p:1" + k_rest, equal},
      {"cpe:2.3:o:v:p:1" + k_rest, "cpe:2.3:a:v:p:1" + k_rest, disjoint},
  };
  for (const Pair& pair : k_table) {
    const auto source = Cpe::parse(pair.source);
    const auto target = Cpe::parse(pair.target);
    ASSERT_OK(source) << pair.source;
    ASSERT_OK(target) << pair.target;
    EXPECT_EQ(source->relation_to(*target), pair.relation) << pair.source << " " << pair.target;
    EXPECT_EQ(source->matches(*target), pair.relation == equal || pair.relation == superset) << pair.source;
  }
}

TEST(Cpe, refuses_with_a_reason) {
  const std::map<std::string, std::string> table{
      {"", "cpe.prefix"},
      {"cpe:2.2:a", "cpe.prefix"},
      {"cpe:2.3:a:v:p", "cpe.attributes"},
      {"cpe:2.3:a:v:p:1" + k_rest + ":*", "cpe.attributes"},
      {"cpe:2.3:x:v:p:1" + k_rest, "cpe.part"},
      {"cpe:2.3:a:v:p:1*2" + k_rest, "cpe.value"},
      {"cpe:2.3:a:v:p:" + k_rest, "cpe.value"},
      {"cpe:2.3:a:v:p:a b" + k_rest, "cpe.value"},
      {"cpe:/a:v:p:%zz", "cpe.value"},
      {"cpe:/a:v:p:1:2:3:4:5", "cpe.attributes"},
      {"cpe:2.3:a:" + std::string(3000, 'v'), "cpe.too-long"},
  };
  for (const auto& [text, reason] : table) EXPECT_REASON(Cpe::parse(text), reason) << text.substr(0, 40);
}

}  // namespace
}  // namespace signet::vuln
