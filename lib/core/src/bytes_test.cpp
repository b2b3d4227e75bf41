// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/bytes.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

namespace signet {
namespace {

// RFC 4648 section 10.
const std::pair<const char*, const char*> k_rfc4648_base64[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
const std::pair<const char*, const char*> k_rfc4648_hex[] = {
    {"", ""}, {"f", "66"}, {"fo", "666f"}, {"foobar", "666f6f626172"}};

TEST(Bytes, base64_vectors_of_RFC_4648) {
  for (const auto& [plain, coded] : k_rfc4648_base64) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    const auto back = from_base64(coded);
    ASSERT_OK(back);
    EXPECT_EQ(as_text(*back), plain);
  }
}

TEST(Bytes, P_CORE_003_base64_has_one_spelling_for_one_value) {
  const char* k_refused[] = {"Zg",       "Zg=",  "Zg==\n", "Zh==",  "Zm9=", "Zm9v=", "====", "=",           "Z===",
                             "Zg==Zg==", "Zm 9", "Zm-_",   "Zm9vZ", " ",    "Zg=a",  "Z=g=", "Zm9v\r\nYmFy"};
  for (const char* text : k_refused) EXPECT_REASON(from_base64(text), "core.bad-base64") << text;
}

TEST(Bytes, hexadecimal_vectors_of_RFC_4648_and_strictness) {
  for (const auto& [plain, coded] : k_rfc4648_hex) {
    EXPECT_EQ(to_hex(as_bytes(plain)), coded);
    EXPECT_EQ(as_text(*from_hex(coded)), plain);
  }
  EXPECT_EQ(to_hex(*from_hex("00fFaB")), "00ffab");
  for (const char* text : {"0", "0g", "0x00", "00 ", " 00", "-1", "00\n1"})
    EXPECT_REASON(from_hex(text), "core.bad-hexadecimal") << text;
}

TEST(Bytes, big_endian_integers_come_back) {
  Bytes room(8);
  put_be16(room, 0x0102);
  EXPECT_EQ(to_hex(ByteView(room).first(2)), "0102");
  EXPECT_EQ(get_be16(room), 0x0102);
  put_be32(room, 0xfffefdfcU);
  EXPECT_EQ(get_be32(room), 0xfffefdfcU);
  put_be64(room, 0x8000000000000001U);
  EXPECT_EQ(to_hex(room), "8000000000000001");
  EXPECT_EQ(get_be64(room), 0x8000000000000001U);
}

TEST(BytesDeathTest, big_endian_integer_without_room) {
  Bytes room(3);
  EXPECT_DEATH(put_be32(room, 1), "broken invariant");
  EXPECT_DEATH((void)get_be32(room), "broken invariant");
}

struct Printed {
  std::string foreign;
  std::string safe;
};

TEST(Bytes, P_CORE_004_foreign_text_never_steers_a_terminal) {
  const Printed k_table[] = {
      {"plain text, ü, 漢, 🔑", "plain text, ü, 漢, 🔑"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"a\rb\nc\td\x7f", "a\\x0db\\x0ac\\x09d\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},  // U+009B, the one-character escape sequence
      {"\xe2\x80\xae"
       "gpj",
       "\\xe2\\x80\\xaegpj"},                        // U+202E, right-to-left override
      {"\xe2\x81\xa6x", "\\xe2\\x81\\xa6x"},         // U+2066, isolate
      {"\xd8\x9cx", "\\xd8\\x9cx"},                  // U+061C, Arabic letter mark
      {"\xc0\xaf", "\\xc0\\xaf"},                    // overlong '/'
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},           // overlong in three bytes
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // a surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond U+10FFFF
      {"ab\xc3", "ab\\xc3"},                         // cut in the middle
      {std::string("a\0b", 3), "a\\x00b"},
  };
  for (const Printed& row : k_table) EXPECT_EQ(printable(row.foreign), row.safe);
}

TEST(Bytes, printable_cuts_by_characters) {
  EXPECT_EQ(printable("üüü", 2), "üü…");
  EXPECT_EQ(printable("üü", 2), "üü");
  EXPECT_EQ(printable(std::string(1000, 'a')).size(), 200 + std::string_view("…").size());
}

TEST(Bytes, equal_and_append) {
  Bytes bytes = to_bytes("ab");
  append(bytes, as_bytes("c"));
  EXPECT_TRUE(equal(bytes, as_bytes("abc")));
  EXPECT_FALSE(equal(bytes, as_bytes("ab")));
  EXPECT_FALSE(equal(bytes, as_bytes("abd")));
}

}  // namespace
}  // namespace signet
