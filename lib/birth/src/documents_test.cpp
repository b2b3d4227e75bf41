// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "sample_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
namespace sample = signet::birth::sample;

namespace {

/// A document with one member changed, or with one more.
Bytes with(const Bytes& document, std::string_view name, Json value) {
  Json json = *Json::parse(document);
  json.set(name, std::move(value));
  return to_bytes(json.dump());
}
Bytes without(const Bytes& document, std::string_view name) {
  Json less = Json::object();
  const auto whole = Json::parse(document);
  for (const auto& [each, value] : whole->members()) {
    if (each != name) less.set(each, value);
  }
  return to_bytes(less.dump());
}

}  // namespace

TEST(BirthMessages, P_BIRTH_001_AreReadAsTheyWereWritten) {
  for (const birth::Message& message : sample::messages()) {
    const Bytes bytes = birth::encode(message);
    EXPECT_LE(bytes.size(), birth::k_message_bytes_max);
    const auto parsed = birth::parse_message(bytes);
    ASSERT_OK(parsed);
    EXPECT_EQ(birth::name_of(*parsed), birth::name_of(message));
    EXPECT_EQ(parsed->index(), message.index());
    EXPECT_EQ(as_text(birth::encode(*parsed)), as_text(bytes));
  }
}

TEST(BirthMessages, P_BIRTH_001_AnyMemberMissingUnknownOrOfAnotherTypeIsRefused) {
  for (const birth::Message& message : sample::messages()) {
    const Bytes bytes = birth::encode(message);
    EXPECT_REASON(birth::parse_message(with(bytes, "extra", 1)), "birth.message");
    const auto whole = Json::parse(bytes);
    for (const auto& [name, value] : whole->members()) {
      EXPECT_REASON(birth::parse_message(without(bytes, name)), "birth.message");
      EXPECT_REASON(birth::parse_message(with(bytes, name, Json())), "birth.message");
      EXPECT_REASON(birth::parse_message(with(bytes, name, Json::array({Json::object()}))), "birth.message");
    }
  }
}

TEST(BirthMessages, P_BIRTH_001_TheUsualEndorsementKeyGoesWithoutSaying) {
  birth::Begin begin = std::get<birth::Begin>(sample::messages().front());
  const Bytes usual = birth::encode(begin);
  EXPECT_EQ(as_text(usual).find("endorsement_key"), std::string_view::npos);
  EXPECT_EQ(std::get<birth::Begin>(*birth::parse_message(usual)).endorsement_key, crypto::KeyAlgorithm::ec_p384);
  begin.endorsement_key = crypto::KeyAlgorithm::rsa_2048;
  const Bytes other = birth::encode(begin);
  const auto parsed = birth::parse_message(other);
  ASSERT_OK(parsed);
  EXPECT_EQ(std::get<birth::Begin>(*parsed).endorsement_key, crypto::KeyAlgorithm::rsa_2048);
  EXPECT_EQ(as_text(birth::encode(*parsed)), as_text(other));
  for (const char* name : {"p384", "P256", "ed448", ""}) {
    EXPECT_REASON(birth::parse_message(with(usual, "endorsement_key", name)), "birth.message") << name;
  }
  EXPECT_REASON(birth::parse_message(with(usual, "endorsement_key", Json())), "birth.message");
}

TEST(BirthMessages, OtherVersionsKindsAndSizesAreRefused) {
  const Bytes begin = birth::encode(sample::messages().front());
  EXPECT_REASON(birth::parse_message(with(begin, "birth", 2)), "birth.message");
  EXPECT_REASON(birth::parse_message(with(begin, "message", "hello")), "birth.message");
  EXPECT_REASON(birth::parse_message(with(begin, "nonce", to_base64(sample::filled(31, 1)))), "birth.message");
  EXPECT_REASON(birth::parse_message(with(begin, "station", "../x")), "birth.message");
  EXPECT_REASON(birth::parse_message(Bytes(birth::k_message_bytes_max + 1, std::byte{' '})), "birth.message");
  EXPECT_REASON(birth::parse_message({}), "birth.message");
}

TEST(BirthPolicy, P_BIRTH_002_IsReadAsItWasWritten) {
  const birth::Policy policy = sample::policy();
  const auto parsed = birth::Policy::parse(policy.encode());
  ASSERT_OK(parsed);
  EXPECT_EQ(as_text(parsed->encode()), as_text(policy.encode()));
  EXPECT_EQ(parsed->minimum_strength, attest::Strength::trusted_environment);
  EXPECT_EQ(parsed->first_floor.value, 7U);
  EXPECT_EQ(parsed->keys, std::vector<std::string>{"video"});
}

TEST(BirthPolicy, P_BIRTH_002_WhatDoesNotFitTogetherIsRefused) {
  const birth::Policy policy = sample::policy();
  const Bytes bytes = policy.encode();
  const auto whole = Json::parse(bytes);
  for (const auto& [name, value] : whole->members()) {
    EXPECT_REASON(birth::Policy::parse(without(bytes, name)), "birth.policy");
  }
  EXPECT_REASON(birth::Policy::parse(with(bytes, "extra", 1)), "birth.policy");
  EXPECT_REASON(birth::Policy::parse(with(bytes, "template", "H-9")), "birth.policy");
  EXPECT_REASON(birth::Policy::parse(with(bytes, "minimum_strength", "GOOD")), "birth.policy");
  EXPECT_REASON(birth::Policy::parse(with(bytes, "keys", Json::array({"video", "video"}))), "birth.policy");
  EXPECT_REASON(birth::Policy::parse(with(bytes, "keys", Json::array({"idevid"}))), "birth.policy");
  EXPECT_REASON(birth::Policy::parse(with(bytes, "anchors", Json::array())), "birth.policy");
  // The floor of another key, and one that is not for the first write.
  birth::Policy other = sample::policy();
  other.first_floor = policy.first_floor;
  EXPECT_REASON(birth::Policy::parse(other.encode()), "birth.policy");
  birth::Policy raise = sample::policy();
  raise.first_floor.kind = tpm::FloorApproval::Kind::raise;
  EXPECT_REASON(birth::Policy::parse(raise.encode()), "birth.policy");
  birth::Policy higher = sample::policy();
  higher.first_floor.value += 1;  // no longer what was signed
  EXPECT_REASON(birth::Policy::parse(higher.encode()), "birth.policy");
}

TEST(BirthRecord, P_BIRTH_003_IsReadAsItWasWritten) {
  const birth::Record record = sample::record();
  const auto parsed = birth::Record::parse(record.encode());
  ASSERT_OK(parsed);
  EXPECT_EQ(as_text(parsed->encode()), as_text(record.encode()));
  EXPECT_EQ(parsed->certificates, record.certificates);
  EXPECT_EQ(parsed->issuer_serials, record.issuer_serials);
  EXPECT_EQ(parsed->tests, record.tests);
}

TEST(BirthRecord, P_BIRTH_003_AnythingElseIsRefused) {
  const Bytes bytes = sample::record().encode();
  const auto whole = Json::parse(bytes);
  for (const auto& [name, value] : whole->members()) {
    EXPECT_REASON(birth::Record::parse(without(bytes, name)), "birth.record");
    EXPECT_REASON(birth::Record::parse(with(bytes, name, Json::array({Json::object()}))), "birth.record");
  }
  EXPECT_REASON(birth::Record::parse(with(bytes, "extra", 1)), "birth.record");
  EXPECT_REASON(birth::Record::parse(with(bytes, "ek_sha256", "00")), "birth.record");
  birth::Record upper = sample::record();
  upper.issuer_serials["iak"] = "4A02";
  EXPECT_REASON(birth::Record::parse(upper.encode()), "birth.record");
  birth::Record bare = sample::record();
  bare.certificates.erase("iak");
  EXPECT_REASON(birth::Record::parse(bare.encode()), "birth.record");
}

TEST(BirthTests, AreShortAndFlat) {
  EXPECT_OK(birth::check_tests(Json::object({{"a", 1}, {"b", 1.5}, {"c", "text"}, {"d", false}})));
  EXPECT_REASON(birth::check_tests(Json::array()), "birth.tests");
  EXPECT_REASON(birth::check_tests(Json::object({{"a", Json::object()}})), "birth.tests");
  EXPECT_REASON(birth::check_tests(Json::object({{"a", Json()}})), "birth.tests");
  EXPECT_REASON(birth::check_tests(Json::object({{"a b", 1}})), "birth.tests");
  EXPECT_REASON(birth::check_tests(Json::object({{"a", std::string(257, 'x')}})), "birth.tests");
  Json many = Json::object();
  for (int i = 0; i < 65; ++i) many.set("t" + std::to_string(i), i);
  EXPECT_REASON(birth::check_tests(many), "birth.tests");
}
