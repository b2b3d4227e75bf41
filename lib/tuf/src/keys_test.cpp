// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "keys.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "canonical.hpp"
#include "paths.hpp"

#include <gtest/gtest.h>

namespace signet::tuf {
namespace {

TEST(TufKeys, P_TUF_010_canonical_json_is_that_of_securesystemslib) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"({ "b" : 1, "a": [true, false, null], "A": -5 })", R"({"A":-5,"a":[true,false,null],"b":1})"},
      {R"({"z":"\u00e4\n\t\"\\\/"})", "{\"z\":\"\u00e4\n\t\\\"\\\\/\"}"},
      {R"({"\ud83d\ude00":1,"\uffee":2})", "{\"\uffee\":2,\"\U0001F600\":1}"},  // by code point, not UTF-16
      {R"([])", "[]"},
      {R"({})", "{}"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(*canonical(*Json::parse(as_bytes(in))), out);
  EXPECT_REASON(canonical(*Json::parse(as_bytes(R"({"a":1.0})"))), "tuf.malformed");
}

// Made with securesystemslib 1.4.0 from the key of RFC 8032, 7.1, test 1: its keyid, and its signature over {"a":1}.
TEST(TufKeys, P_TUF_010_keyids_and_signatures_of_securesystemslib) {
  const Json object = Json::object(
      {{"keytype", "ed25519"},
       {"scheme", "ed25519"},
       {"keyval", Json::object({{"public", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}})}});
  EXPECT_EQ(key_id(object), "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916");
  const auto key = parse_key("k", object);
  ASSERT_OK(key);
  const RoleKeys role{.keys = {*key}, .threshold = 1};
  const std::string sig =
      "dc2a199ab86f27979a7e7eb3c4a890f1cf7f991531b716b03380c58a909ea23a7f6e4b347a6486178aa98908e417d6ae59e15e534610f2c6"
      "0861c7bf79b4610f";
  EXPECT_OK(check_threshold(R"({"a":1})", {{"k", sig}}, role, "role"));
  EXPECT_REASON(check_threshold(R"({"a":2})", {{"k", sig}}, role, "role"), "tuf.threshold");
}

TEST(TufKeys, P_TUF_010_keys_of_every_kind_read_back_as_written) {
  using crypto::KeyAlgorithm;
  for (const auto algorithm :
       {KeyAlgorithm::ed25519, KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048}) {
    const auto signer = test::make_memory_signer(algorithm);
    const auto key = parse_key("k", key_json(signer->public_key()));
    ASSERT_OK(key);
    EXPECT_EQ(key->key, signer->public_key());
    const Bytes signature = *signer->sign(key->scheme, as_bytes("message"));
    const RoleKeys role{.keys = {*key}, .threshold = 1};
    EXPECT_OK(check_threshold("message", {{"k", to_hex(signature)}}, role, "role"));
    for (const char* wrong : {"", "00", "no hex"}) {
      EXPECT_REASON(check_threshold("message", {{"k", wrong}}, role, "role"), "tuf.threshold");
    }
  }
}

TEST(TufKeys, P_TUF_010_older_spellings_of_ecdsa_are_read) {
  const auto signer = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const Bytes& spki = signer->public_key().spki_der();
  const Json object = Json::object({{"keytype", "ecdsa-sha2-nistp256"},
                                    {"scheme", "ecdsa-sha2-nistp256"},
                                    {"keyval", Json::object({{"public", to_hex(ByteView(spki).last(65))}})}});
  EXPECT_EQ(parse_key("k", object)->key, signer->public_key());
}

TEST(TufKeys, P_TUF_003_a_key_of_an_unknown_kind_signs_nothing_and_a_broken_one_is_refused) {
  const auto make = [](const char* type, const char* scheme, const std::string& value) {
    return parse_key(
        "k", Json::object({{"keytype", type}, {"scheme", scheme}, {"keyval", Json::object({{"public", value}})}}));
  };
  const auto unknown = make("ml-dsa", "ml-dsa-65", "00");
  ASSERT_OK(unknown);
  EXPECT_FALSE(unknown->key);
  EXPECT_REASON(check_threshold("m", {{"k", ""}}, {.keys = {*unknown}, .threshold = 1}, "role"), "tuf.threshold");
  EXPECT_FALSE(make("ed25519", "ed25519", "00"));
  EXPECT_FALSE(make("ed25519", "ed25519", "x"));
  EXPECT_FALSE(make("rsa", "rsassa-pss-sha256", "00"));
  const std::string p384 = test::make_memory_signer(crypto::KeyAlgorithm::ec_p384)->public_key().pem();
  EXPECT_REASON(make("ecdsa", "ecdsa-sha2-nistp256", p384), "tuf.malformed");
}

TEST(TufPaths, P_TUF_009_patterns_match_as_the_specification_says) {
  struct Case {
    const char* pattern;
    const char* path;
    bool matches;
  };
  for (const Case& one : std::vector<Case>{{"targets/*.tgz", "targets/foo.tgz", true},  // 4.5
                                           {"targets/*.tgz", "targets/foo.txt", false},
                                           {"foo-version-?.tgz", "foo-version-a.tgz", true},
                                           {"foo-version-?.tgz", "foo-version-alpha.tgz", false},
                                           {"*.tgz", "targets/foo.tgz", false},
                                           {"foo.tgz", "foo.tgz", true},
                                           {"foo.tgz", "bar.tgz", false},
                                           {"*", "a/b", false},
                                           {"*/*", "a/b", true},
                                           {"*/*", "a/b/c", false},
                                           {"", "a", false},
                                           {"[ab]", "a", false},
                                           {"[ab]", "[ab]", true},
                                           {"a*b*c", "aXbXbc", true}}) {
    EXPECT_EQ(path_matches(one.pattern, one.path), one.matches) << one.pattern << " " << one.path;
  }
}

TEST(TufPaths, P_TUF_008_names_survive_a_url_and_none_leaves_a_folder) {
  EXPECT_EQ(percent_encoded("../a b?#%\u00e4"), "..%2Fa%20b%3F%23%25%C3%A4");
  EXPECT_EQ(percent_encoded_path("a b/c?"), "a%20b/c%3F");
  EXPECT_EQ(*percent_decoded_path("a%20b/c%3F"), "a b/c?");
  for (const char* bad : {"..%2Fx", "%2e%2e/x", "a%2Fb", "%zz", "a%", "/x", "a%00", "a%5Cb"}) {
    EXPECT_REASON(percent_decoded_path(bad), "tuf.unsafe-path") << bad;
  }
}

}  // namespace
}  // namespace signet::tuf
