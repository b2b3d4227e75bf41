// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "factory_for_test.hpp"
#include "unit_for_test.hpp"

#include <gtest/gtest.h>

#include <functional>

using namespace signet;
using namespace signet::attest;
using unit::Factory;
using unit::k_nonce;
using unit::must;
using unit::Unit;

namespace {

const Bytes k_challenge = to_bytes("a challenge of 32 bytes ........");

struct World {
  Unit unit;
  Factory factory;
  IdentityStatement statement;

  World() {
    statement.idevid_evidence = unit.idevid();
    const auto area = must(tpm::Public::parse(statement.idevid_evidence.public_area));
    statement.idevid = factory.issue("idevid", *area.key);
    statement.iak = factory.issue("iak", *unit.iak_area().key);
    statement.birth_nonce = k_nonce;
    statement.iak_area = unit.iak_area().wire;
    statement.fresh_nonce = k_challenge;
    statement.fresh_signature = unit.sign(challenge_message(k_challenge));
  }
  [[nodiscard]] IdentityPolicy asking() const {
    auto policy = factory.policy();
    policy.challenge_nonce = k_challenge;
    return policy;
  }
};

}  // namespace

TEST(Identity, P_ATTEST_017_HoldsAsAFileAndAsAnAnswer) {
  NEEDS_SWTPM();
  const World world;
  const auto file = verify_identity(world.statement, world.factory.policy());
  ASSERT_OK(file);
  EXPECT_EQ(file->serial(), "SN-0042");
  EXPECT_EQ(file->presence(), Presence::not_asked);
  const auto answer = verify_identity(world.statement, world.asking());
  ASSERT_OK(answer);
  EXPECT_EQ(answer->presence(), Presence::proven);
  const Bytes text = world.statement.encode();
  const auto read = IdentityStatement::parse(text);
  ASSERT_OK(read);
  EXPECT_EQ(read->encode(), text);
  EXPECT_OK(verify_identity(*read, world.asking()));
}

namespace {

struct Lie {
  const char* name;
  const char* reason;
  std::function<void(World&, IdentityStatement&)> tell;
};
const Lie k_lies[] = {
    {"no_answer", "attest.no-answer", [](auto&, auto& s) { s.fresh_signature.reset(); }},
    {"answer_to_another", "attest.replayed", [](auto&, auto& s) { s.fresh_nonce->front() ^= std::byte{1}; }},
    {"answer_by_another", "attest.bad-answer",
     [](auto&, auto& s) {
       const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
       s.fresh_signature = *key->sign(crypto::SignatureScheme::ecdsa_sha256, challenge_message(k_challenge));
     }},
    {"answer_without_prefix", "attest.bad-answer",
     [](auto& w, auto& s) { s.fresh_signature = w.unit.sign(k_challenge); }},
    {"other_birth", "attest.replayed", [](auto&, auto& s) { s.birth_nonce.front() ^= std::byte{1}; }},
    {"iak_of_another_device", "attest.two-devices",
     [](auto& w, auto& s) { s.iak = w.factory.issue("iak", *w.unit.iak_area().key, "SN-0043"); }},
    {"iak_is_the_idevid", "pki.wrong-usage", [](auto&, auto& s) { s.iak = s.idevid; }},
    {"idevid_is_the_iak", "pki.wrong-usage", [](auto&, auto& s) { s.idevid = s.iak; }},
    {"iak_of_another_key", "attest.iak-key",
     [](auto& w, auto& s) {
       const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
       s.iak = w.factory.issue("iak", key->public_key());
     }},
    {"software_key_certified", "attest.idevid-key",
     [](auto& w, auto& s) {
       const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
       s.idevid = w.factory.issue("idevid", key->public_key());
     }},
    {"another_vendor", "pki.no-anchor",
     [](auto&, auto& s) {
       const Factory other;
       s.idevid = other.issue("idevid", *must(tpm::Public::parse(s.idevid_evidence.public_area)).key);
     }},
    {"attested_by_the_idevid", "attest.iak-key", [](auto&, auto& s) { s.iak_area = s.idevid_evidence.public_area; }},
    {"no_certificate", "attest.statement", [](auto&, auto& s) { s.iak.clear(); }},
};

}  // namespace

TEST(Identity, P_ATTEST_018_EachLieHasItsReason) {
  NEEDS_SWTPM();
  World world;
  for (const Lie& lie : k_lies) {
    auto statement = world.statement;
    lie.tell(world, statement);
    EXPECT_REASON(verify_identity(statement, world.asking()), lie.reason) << lie.name;
  }
}

TEST(Identity, P_ATTEST_019_NoByteOfAnIdentityChangesWhatItProves) {
  NEEDS_SWTPM();
  World world;
  world.statement.birth_record.reset();  // judged where births are known: lib/birth
  world.statement.receipt.reset();
  const Bytes text = world.statement.encode();
  for (std::size_t i = 0; i < text.size(); ++i) {
    Bytes altered = text;
    altered[i] ^= std::byte{0x01};
    const auto read = IdentityStatement::parse(altered);
    if (!read) {
      EXPECT_EQ(read.error().reason(), "attest.statement");
      continue;
    }
    const auto verified = verify_identity(*read, world.asking());
    // The chain may lose nothing that is needed; what still holds must be the same device.
    if (verified) {
      EXPECT_EQ(read->encode(), text) << "byte " << i;
    }
  }
}

namespace {

struct BadText {
  const char* name;
  std::string_view from;
  std::string_view to;
};
const BadText k_bad_texts[] = {
    {"another_format", "identity-v1", "identity-v2"},
    {"unknown_member", "\"birth_nonce\"", "\"extra\":1,\"birth_nonce\""},
    {"no_nonce", "\"birth_nonce\"", "\"receipt\""},
    {"no_base64", "\"birth_nonce\":\"", "\"birth_nonce\":\"*"},
    {"empty_signature", "\"answer\":{", "\"answer\":{\"signature\":\"\","},
};

}  // namespace

TEST(Identity, WhatIsNoStatementIsRefused) {
  NEEDS_SWTPM();
  const World world;
  const std::string text(as_text(world.statement.encode()));
  for (const BadText& bad : k_bad_texts) {
    std::string changed = text;
    const auto at = changed.find(bad.from);
    ASSERT_NE(at, std::string::npos) << bad.name;
    changed.replace(at, bad.from.size(), bad.to);
    EXPECT_REASON(IdentityStatement::parse(as_bytes(changed)), "attest.statement") << bad.name;
  }
  auto short_nonce = world.statement;
  short_nonce.birth_nonce.resize(15);
  EXPECT_REASON(IdentityStatement::parse(short_nonce.encode()), "attest.statement");
  auto long_chain = world.statement;
  long_chain.idevid.resize(9, long_chain.idevid.front());
  EXPECT_REASON(IdentityStatement::parse(long_chain.encode()), "attest.statement");
  EXPECT_REASON(IdentityStatement::parse(Bytes((1U << 20U) + 1, std::byte{' '})), "attest.statement");
  EXPECT_REASON(IdentityStatement::parse({}), "attest.statement");
}
