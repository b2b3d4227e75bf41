// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace signet {
namespace {

Result<Json> parse(std::string_view text, const JsonLimits& limits = {}) { return Json::parse(as_bytes(text), limits); }

TEST(Json, golden_texts_come_back) {
  const char* k_golden[] = {"null",
                            "true",
                            "-9223372036854775808",
                            "9223372036854775807",
                            "1.5",
                            "\"\"",
                            "[]",
                            "{}",
                            R"({"z":1,"a":[true,null,"x"],"m":{"k":""}})",
                            R"(["ü","\u0000","\"\\\n"])"};
  for (const char* text : k_golden) {
    const auto json = parse(text);
    ASSERT_OK(json) << text;
    EXPECT_EQ(json->dump(), text);
  }
}

struct Refused {
  std::string text;
  const char* reason;
};

TEST(Json, P_CORE_008_refuses_what_two_readers_would_read_differently) {
  const Refused k_table[] = {
      {R"({"a":1,"a":2})", "json.duplicate"},
      {R"({"a":1,"\u0061":2})", "json.duplicate"},
      {R"([{"x":{"b":1,"b":1}}])", "json.duplicate"},
      {"9223372036854775808", "json.number"},
      {"18446744073709551615", "json.number"},
      {"18446744073709551616", "json.number"},
      {"-9223372036854775809", "json.number"},
      {"1e999", "json.syntax"},
      {"NaN", "json.syntax"},
      {"[1,]", "json.syntax"},
      {"// comment\n1", "json.syntax"},
      {"{} {}", "json.syntax"},
      {"", "json.syntax"},
      {" ", "json.syntax"},
      {"\"\xff\"", "json.syntax"},
      {"\"\xed\xa0\x80\"", "json.syntax"},
      {R"("\ud800")", "json.syntax"},
      {"\"\n\"", "json.syntax"},
      {"01", "json.syntax"},
      {"'a'", "json.syntax"},
      {"{a:1}", "json.syntax"},
      {std::string("1\0", 2), "json.syntax"},
      {std::string("{}\0{\"unseen\":1}", 15), "json.syntax"},
      {R"({"a":1)", "json.syntax"},
  };
  for (const Refused& row : k_table) EXPECT_REASON(parse(row.text), row.reason) << row.text;
}

TEST(Json, P_CORE_009_limits_hold_and_their_edge_is_allowed) {
  const JsonLimits limits{.size_bytes_max = 20, .depth_max = 3, .values_max = 5};
  EXPECT_OK(parse("[[[]]]", limits));
  EXPECT_REASON(parse("[[[[]]]]", limits), "json.too-deep");
  EXPECT_REASON(parse("[[[{}]]]", limits), "json.too-deep");
  EXPECT_OK(parse("[1,2,3,4]", limits));
  EXPECT_REASON(parse("[1,2,3,4,5]", limits), "json.too-many");
  EXPECT_OK(parse("\"345678901234567890\"", limits));
  EXPECT_REASON(parse("\"3456789012345678901\"", limits), "json.too-big");
  EXPECT_REASON(parse(std::string(100'000, '['), {.size_bytes_max = 200'000}), "json.too-deep");
}

TEST(Json, typed_access_names_what_is_wrong) {
  const Json json = *parse(R"({"s":"x","i":-1,"u":7,"d":1.5,"b":true,"l":[1],"o":{},"n":null})");
  EXPECT_EQ(*json.string_at("s"), "x");
  EXPECT_EQ(*json.int_at("i"), -1);
  EXPECT_EQ(*json.uint_at("u"), 7U);
  EXPECT_EQ(json.array_at("l")->size(), 1U);
  EXPECT_TRUE(json.object_at("o")->is_object());
  EXPECT_EQ(*json.find("d")->as_number(), 1.5);
  bool flag = false;
  EXPECT_OK(json.find("b")->as_bool(flag));
  EXPECT_TRUE(flag);
  EXPECT_REASON(json.uint_at("i"), "json.wrong-type");
  EXPECT_REASON(json.int_at("d"), "json.wrong-type");
  EXPECT_REASON(json.string_at("n"), "json.wrong-type");
  EXPECT_REASON(json.array_at("o"), "json.wrong-type");
  EXPECT_REASON(json.object_at("l"), "json.wrong-type");
  EXPECT_REASON(json.find("s")->as_bool(flag), "json.wrong-type");
  const auto missing = json.string_at("absent");
  EXPECT_REASON(missing, "json.missing");
  EXPECT_NE(missing.error().text().find("absent"), std::string::npos);
}

TEST(Json, P_CORE_010_an_unknown_member_can_be_refused) {
  const Json json = *parse(R"({"a":1,"b":2})");
  EXPECT_OK(json.only_members({"a", "b", "c"}));
  EXPECT_REASON(json.only_members({"a"}), "json.unknown-member");
  EXPECT_REASON(Json(1).only_members({}), "json.wrong-type");
}

TEST(Json, building_keeps_order_and_replaces) {
  Json json;
  json.set("b", 1).set("a", Json::array({1, "x"})).set("b", nullptr);
  EXPECT_EQ(json.dump(), R"({"b":null,"a":[1,"x"]})");
  EXPECT_EQ(json.dump(2), "{\n  \"b\": null,\n  \"a\": [\n    1,\n    \"x\"\n  ]\n}");
  EXPECT_EQ(Json("\xff").dump(), "\"\xef\xbf\xbd\"");  // U+FFFD
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
}

TEST(JsonDeathTest, integers_beyond_63_bits_are_a_fault_of_the_caller) {
  EXPECT_DEATH(Json(std::uint64_t{1} << 63U), "broken invariant");
  EXPECT_DEATH(Json(1).set("a", 1), "broken invariant");
}

}  // namespace
}  // namespace signet
