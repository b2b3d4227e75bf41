// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/tpm_policy.hpp"

#include "unit_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::attest;
using unit::k_nonce;
using unit::must;
using unit::Unit;

namespace {

Secret auth() { return Secret::copy_of(as_bytes("an auth")); }

StateEvidence state_of(Unit& unit, const Secret& endorsement_auth) {
  auto [answer, attestation] = must(unit.tpm().certify_state(unit.iak(), endorsement_auth, k_nonce));
  return {std::move(answer), std::move(attestation)};
}

void close(Unit& unit) {
  must(unit.tpm().set_auth(tpm::Hierarchy::owner, Secret(), auth()));
  must(unit.tpm().set_auth(tpm::Hierarchy::lockout, Secret(), auth()));
  must(unit.tpm().disable_clear(auth()));
  must(unit.tpm().disable_platform());
}

// A floor at `value` that `key` rules, with the TPM's word for it.
FloorEvidence floor_of(Unit& unit, crypto::Signer& key, std::uint64_t value) {
  must(unit.tpm().define_nv(must(tpm::floor_public(key.public_key(), false)), Secret(), Secret()));
  const auto approval = must(tpm::approve_floor(key, tpm::FloorApproval::Kind::first, value));
  Bytes bytes(8);
  put_be64(bytes, value);
  must(unit.tpm().write_nv(tpm::k_floor_index, bytes, must(approval.policy(0))));
  return {must(unit.tpm().nv_public(tpm::k_floor_index)).wire,
          must(unit.tpm().certify_nv(tpm::k_floor_index, unit.iak(), k_nonce))};
}

}  // namespace

TEST(State, P_ATTEST_013_AClosedTpmIsKnownAndAnOpenOneIsNot) {
  NEEDS_SWTPM();
  Unit unit;
  EXPECT_REASON(verify_closed(unit.iak_area(), state_of(unit, Secret()), k_nonce), "attest.open-hierarchy");
  close(unit);
  const auto nearly = verify_closed(unit.iak_area(), state_of(unit, Secret()), k_nonce);
  EXPECT_REASON(nearly, "attest.open-hierarchy");
  EXPECT_NE(nearly.error().message().find("the endorsement hierarchy has no auth"), std::string::npos);
  EXPECT_EQ(nearly.error().message().find("owner"), std::string::npos);
  must(unit.tpm().set_auth(tpm::Hierarchy::endorsement, Secret(), auth()));
  const auto evidence = state_of(unit, auth());
  EXPECT_OK(verify_closed(unit.iak_area(), evidence, k_nonce));
  EXPECT_REASON(verify_closed(unit.iak_area(), evidence, to_bytes("another")), "attest.replayed");
}

TEST(State, P_ATTEST_014_AnAnswerThatTheTpmDidNotGiveIsFound) {
  NEEDS_SWTPM();
  Unit closed;
  close(closed);
  must(closed.tpm().set_auth(tpm::Hierarchy::endorsement, Secret(), auth()));
  const auto good = state_of(closed, auth());
  Unit open;
  auto lying = state_of(open, Secret());
  lying.answer = good.answer;
  EXPECT_REASON(verify_closed(open.iak_area(), lying, k_nonce), "attest.state-digest");
  for (std::size_t i = 0; i < good.answer.size(); ++i) {
    auto altered = good;
    altered.answer[i] ^= std::byte{0x01};
    EXPECT_FALSE(verify_closed(closed.iak_area(), altered, k_nonce).has_value()) << "byte " << i;
  }
  const auto quote = must(open.tpm().quote(open.iak(), {0}, k_nonce));
  EXPECT_REASON(verify_closed(open.iak_area(), {good.answer, quote.first}, k_nonce), "attest.other-kind");
}

TEST(State, P_ATTEST_015_AFloorIsTheOneOfItsKey) {
  NEEDS_SWTPM();
  Unit unit;
  const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto other = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  auto evidence = floor_of(unit, *key, 7);
  const auto floor = verify_floor(unit.iak_area(), evidence, key->public_key(), k_nonce);
  ASSERT_OK(floor);
  EXPECT_EQ(floor->value(), 7U);
  EXPECT_REASON(verify_floor(unit.iak_area(), evidence, other->public_key(), k_nonce), "attest.other-floor");
  EXPECT_REASON(verify_floor(unit.iak_area(), evidence, key->public_key(), to_bytes("x")), "attest.replayed");
  auto clothed = evidence;
  clothed.nv_public = must(tpm::floor_public(other->public_key(), true)).wire;
  EXPECT_REASON(verify_floor(unit.iak_area(), clothed, other->public_key(), k_nonce), "attest.other-floor");
  EXPECT_REASON(
      verify_floor(unit.iak_area(), {evidence.nv_public, unit.idevid().attestation}, key->public_key(), k_nonce),
      "attest.other-kind");
}

TEST(State, P_ATTEST_016_PcrsAreThoseThatWereQuoted) {
  NEEDS_SWTPM();
  Unit unit;
  must(unit.tpm().extend_pcr(11, crypto::digest(crypto::HashAlgorithm::sha256, as_bytes("firmware"))));
  const auto [quote, values] = must(unit.tpm().quote(unit.iak(), {0, 7, 11}, k_nonce));
  const auto pcrs = verify_quote(unit.iak_area(), quote, values, k_nonce);
  ASSERT_OK(pcrs);
  EXPECT_EQ(pcrs->values().size(), 3U);
  auto altered = values;
  altered.back().value.back() ^= std::byte{0x01};
  EXPECT_REASON(verify_quote(unit.iak_area(), quote, altered, k_nonce), "attest.pcr-digest");
  auto fewer = values;
  fewer.pop_back();
  EXPECT_REASON(verify_quote(unit.iak_area(), quote, fewer, k_nonce), "attest.pcr-digest");
  auto more = values;
  more.push_back({.index = 12, .value = Bytes(32)});
  EXPECT_REASON(verify_quote(unit.iak_area(), quote, more, k_nonce), "attest.pcr-digest");
  EXPECT_REASON(verify_quote(unit.iak_area(), quote, values, to_bytes("x")), "attest.replayed");
}
