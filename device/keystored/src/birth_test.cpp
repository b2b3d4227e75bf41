// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"

#include "root.hpp"
#include "unit_test.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signet::keystored {
namespace {

using fake::Station;
using fake::Unit;

class Birth : public ::testing::Test {
 protected:
  void SetUp() override { NEEDS_SWTPM(); }
};

std::string phase_of(Unit& unit) {
  const auto answer = unit.describe();
  return answer ? answer->string_at("birth").value_or("?") : answer.error().message();
}

TEST_F(Birth, P_KEYSTORED_002_a_unit_is_born_and_proves_it) {
  Unit unit;
  Station station;
  EXPECT_EQ(phase_of(unit), "factory");
  const auto claim = fake::give_birth(station, unit.caller());
  ASSERT_OK(claim) << unit.log();
  EXPECT_EQ(phase_of(unit), "born");
  EXPECT_FALSE(std::filesystem::exists(unit.state() / "birth" / "auths"));

  const Bytes nonce = crypto::random_bytes(32);
  const auto answer = unit.call("identity", Json::object({{"nonce", to_base64(nonce)}}));
  ASSERT_OK(answer);
  const auto statement = attest::IdentityStatement::parse(to_bytes(answer->object_at("statement")->dump()));
  ASSERT_OK(statement);
  const auto iak = tpm::Public::parse(statement->iak_area);
  ASSERT_OK(iak);
  EXPECT_OK(attest::verify_resident(*iak, statement->idevid_evidence, statement->birth_nonce));
  const auto key = statement->idevid.front().public_key();
  ASSERT_OK(key);
  EXPECT_OK(key->verify(crypto::SignatureScheme::ecdsa_sha256, attest::challenge_message(nonce),
                        *statement->fresh_signature));
  EXPECT_EQ(unit.call("floor-read")->uint_at("floor").value_or(0), fake::k_first_floor);
}

TEST_F(Birth, P_KEYSTORED_002_each_key_that_a_birth_certified_has_its_certificates) {
  Unit unit;
  Station station;
  const auto ask = [&unit](const std::string& label) {
    return unit.call("certificates", Json::object({{"label", label}}));
  };
  EXPECT_REASON(ask("video"), "keystored.unborn");
  ASSERT_OK(fake::give_birth(station, unit.caller())) << unit.log();
  EXPECT_REASON(ask("attester"), "keystored.no-certificate");
  for (const std::string label : {"idevid", "iak", "video"}) {
    const auto answer = ask(label);
    ASSERT_OK(answer);
    const auto chain = *answer->array_at("certificates");
    ASSERT_EQ(chain.size(), 2U) << label;
    const auto certificate = pki::Certificate::from_der(*from_base64(*chain.front().as_string()));
    const auto key = keystore::KeystoredKey::parse(*unit.call("public", Json::object({{"label", label}})));
    ASSERT_OK(certificate);
    ASSERT_OK(key);
    EXPECT_EQ(*certificate->public_key(), key->public_key) << label;
    EXPECT_EQ(certificate->device_serial(), "A4711") << label;
  }
}

TEST_F(Birth, P_KEYSTORED_002_a_unit_shows_the_endorsement_key_that_the_line_asks_for) {
  Unit unit;
  Station station;
  birth::Begin begin = station.begin();
  const auto kind_of = [](const birth::Claim& claim) { return tpm::Public::parse(claim.ek_area)->key->algorithm(); };
  const auto claim_of = [&](const birth::Begin& said) {
    return fake::told<birth::Claim>(unit.call("birth-begin", fake::begin_arguments(station, said, "A4711")));
  };
  const auto usual = claim_of(begin);
  ASSERT_OK(usual);
  EXPECT_EQ(kind_of(*usual), crypto::KeyAlgorithm::ec_p384);
  begin.endorsement_key = crypto::KeyAlgorithm::rsa_2048;
  const auto claim = claim_of(begin);
  ASSERT_OK(claim);
  EXPECT_EQ(kind_of(*claim), crypto::KeyAlgorithm::rsa_2048);
  const auto proof = fake::told<birth::Proof>(unit.call("birth-prove", fake::text_of_message(station.ask(*claim))));
  ASSERT_OK(proof) << unit.log();
  EXPECT_OK(station.check(*claim, *proof));
  // The escrow is bound to that key by now.
  begin.endorsement_key = crypto::KeyAlgorithm::ec_p384;
  const auto again = claim_of(begin);
  ASSERT_OK(again);
  EXPECT_EQ(kind_of(*again), crypto::KeyAlgorithm::rsa_2048);
  EXPECT_OK(unit.call("birth-install", fake::text_of_message(station.identity(*claim))));
}

class BirthOfTemplate : public ::testing::TestWithParam<tpm::DevidTemplate> {};
TEST_P(BirthOfTemplate, P_KEYSTORED_002_each_template_gives_an_identity) {
  NEEDS_SWTPM();
  Unit unit;
  Station station(GetParam());
  ASSERT_OK(fake::give_birth(station, unit.caller())) << unit.log();
  EXPECT_OK(unit.call("identity", Json::object({{"nonce", to_base64(crypto::random_bytes(32))}})));
}
INSTANTIATE_TEST_SUITE_P(Templates, BirthOfTemplate,
                         ::testing::Values(tpm::DevidTemplate::h1_rsa2048, tpm::DevidTemplate::h3_p384));

TEST_F(Birth, P_KEYSTORED_001_a_born_unit_refuses_another_birth_and_answers_its_own_again) {
  Unit unit;
  Station station;
  const auto claim = fake::give_birth(station, unit.caller());
  ASSERT_OK(claim) << unit.log();
  EXPECT_REASON(unit.call("birth-begin", fake::begin_arguments(station, station.begin(), "B0001")), "keystored.born");
  EXPECT_OK(unit.call("birth-begin", fake::begin_arguments(station, station.begin(), "A4711")));
  EXPECT_REASON(unit.call("birth-prove", fake::text_of_message(station.ask(*claim))), "keystored.born");
  EXPECT_REASON(unit.call("birth-install", fake::text_of_message(station.identity(*claim))), "keystored.born");

  Unit other;
  Station factory;
  const auto again = fake::give_birth(factory, other.caller());
  ASSERT_OK(again);
}

TEST_F(Birth, P_KEYSTORED_001_the_same_identity_is_answered_the_same) {
  Unit unit;
  Station station;
  const auto claim =
      fake::told<birth::Claim>(unit.call("birth-begin", fake::begin_arguments(station, station.begin(), "A4711")));
  ASSERT_OK(claim);
  ASSERT_OK(unit.call("birth-prove", fake::text_of_message(station.ask(*claim)))) << unit.log();
  const birth::Identity identity = station.identity(*claim);
  const auto first = unit.call("birth-install", fake::text_of_message(identity));
  ASSERT_OK(first);
  unit.power_cycle();
  const auto second = unit.call("birth-install", fake::text_of_message(identity));
  ASSERT_OK(second);
  EXPECT_EQ(first->dump(), second->dump());
}

TEST_F(Birth, P_KEYSTORED_003_nothing_is_closed_without_the_vendors_word) {
  Unit unit;
  Station station;
  EXPECT_REASON(unit.call("birth-begin", fake::begin_arguments(station, station.forged_begin(), "A4711")),
                "documents.wrong-signer");
  Station stranger;
  const auto claim =
      fake::told<birth::Claim>(unit.call("birth-begin", fake::begin_arguments(station, station.begin(), "A4711")));
  ASSERT_OK(claim);
  // A credential for another TPM's keys: the station that asks has not seen this unit.
  birth::Claim twisted = *claim;
  twisted.key_areas["attester"] = claim->key_areas.at("video");
  EXPECT_FALSE(unit.call("birth-prove", fake::text_of_message(stranger.ask(twisted))).has_value());
  EXPECT_EQ(phase_of(unit), "begun");
  unit.stop();
  const auto tpm = tpm::Tpm::connect(unit.tpm().tcti());
  ASSERT_OK(tpm);
  const auto state = (*tpm)->hierarchies();
  ASSERT_OK(state);
  EXPECT_FALSE(state->owner_auth_set || state->endorsement_auth_set || state->lockout_auth_set);
}

TEST_F(Birth, P_KEYSTORED_004_certificates_of_other_keys_are_not_installed) {
  Unit unit;
  Station station;
  const auto claim =
      fake::told<birth::Claim>(unit.call("birth-begin", fake::begin_arguments(station, station.begin(), "A4711")));
  ASSERT_OK(claim);
  ASSERT_OK(unit.call("birth-prove", fake::text_of_message(station.ask(*claim)))) << unit.log();
  birth::Claim swapped = *claim;
  swapped.idevid_area = claim->iak_area;
  EXPECT_REASON(unit.call("birth-install", fake::text_of_message(station.identity(swapped))),
                "keystored.birth-certificate");
  Station stranger;
  EXPECT_FALSE(unit.call("birth-install", fake::text_of_message(stranger.identity(*claim))).has_value());
  EXPECT_EQ(phase_of(unit), "closed");
  EXPECT_OK(unit.call("birth-install", fake::text_of_message(station.identity(*claim))));
}

TEST_F(Birth, P_KEYSTORED_004_the_stations_certificates_are_kept_if_they_are_the_records) {
  Unit unit;
  Station station;
  const auto claim =
      fake::told<birth::Claim>(unit.call("birth-begin", fake::begin_arguments(station, station.begin(), "A4711")));
  ASSERT_OK(claim);
  ASSERT_OK(unit.call("birth-prove", fake::text_of_message(station.ask(*claim)))) << unit.log();
  const birth::Identity good = station.identity_with_station(*claim);
  birth::Identity other_record = good;
  other_record.record_envelope = Station().identity_with_station(*claim).record_envelope;
  EXPECT_REASON(unit.call("birth-install", fake::text_of_message(other_record)), "keystored.birth-certificate");
  birth::Identity foreign = good;
  foreign.station = Station().identity_with_station(*claim).station;
  EXPECT_REASON(unit.call("birth-install", fake::text_of_message(foreign)), "pki.no-anchor");
  birth::Identity device = good;
  device.station = good.iak;
  EXPECT_REASON(unit.call("birth-install", fake::text_of_message(device)), "pki.wrong-usage");
  ASSERT_OK(unit.call("birth-install", fake::text_of_message(good)));
  unit.stop();
  unit.start();
  const auto told = unit.call("certificates", Json::object({{"label", "station"}}));
  ASSERT_OK(told);
  EXPECT_EQ(told->array_at("certificates")->size(), 2U);
}

TEST_F(Birth, P_KEYSTORED_005_keys_work_after_a_kill_and_after_a_power_cycle) {
  Unit unit;
  Station station;
  ASSERT_OK(fake::give_birth(station, unit.caller())) << unit.log();
  const Json sign = Json::object({{"label", "video"},
                                  {"purpose", "video"},
                                  {"scheme", "ecdsa-sha256"},
                                  {"input", to_base64(crypto::random_bytes(32))}});
  for (int round = 0; round < 2; ++round) {
    unit.stop();
    unit.start();
    EXPECT_OK(unit.call("sign", sign)) << unit.log();
    EXPECT_OK(unit.call("identity", Json::object({{"nonce", to_base64(crypto::random_bytes(32))}})));
    EXPECT_OK(unit.call("quote", Json::object({{"nonce", to_base64(crypto::random_bytes(20))},
                                               {"pcrs", Json::array({std::uint64_t{0}, std::uint64_t{7}})}})));
    unit.power_cycle();
    EXPECT_OK(unit.call("sign", sign)) << unit.log();
    EXPECT_EQ(unit.describe()->string_at("seal").value_or("?"), "dropped");
  }
}

}  // namespace
}  // namespace signet::keystored
