// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/key_attestation.hpp"

#include "signet/test/expect.hpp"
#include "signet/tpm_policy.hpp"

#include "factory_for_test.hpp"
#include "unit_for_test.hpp"

#include <gtest/gtest.h>

#include <functional>

using namespace signet;
using namespace signet::attest;
using crypto::KeyAlgorithm;
using unit::Factory;
using unit::must;
using unit::Unit;

namespace {

const Bytes k_asked = to_bytes("a nonce of the one who asks .....");
const auto k_strong = [](const auto&, const auto&) { return Result<std::optional<Strength>>(Strength::strong); };

/// A device, the keys below its storage primary, and what it says of them.
struct World {
  Unit unit;
  Factory factory;
  tpm::Object parent;

  explicit World(test::SwtpmOptions options = {})
      : unit(options), parent(must(unit.tpm().create_storage_primary(tpm::Hierarchy::owner, Secret(), "test keys"))) {}

  [[nodiscard]] IdentityStatement identity(const std::string& serial = "SN-0042") {
    IdentityStatement made;
    made.idevid_evidence = unit.idevid();
    made.idevid = factory.issue("idevid", *must(tpm::Public::parse(made.idevid_evidence.public_area)).key, serial);
    made.iak = factory.issue("iak", *unit.iak_area().key, serial);
    made.birth_nonce = unit::k_nonce;
    made.iak_area = unit.iak_area().wire;
    return made;
  }
  [[nodiscard]] KeyStatement certify(const tpm::Blob& blob, ByteView nonce = k_asked) {
    ResidencyProof proof{.evidence = unit.certified(parent, blob, residency_challenge(nonce)), .identity = {}};
    proof.identity = identity();
    auto key = *must(tpm::Public::parse(proof.evidence.public_area)).key;
    return {.key = std::move(key), .nonce = to_bytes(nonce), .proof = std::move(proof)};
  }
  [[nodiscard]] KeyStatement statement(KeyAlgorithm algorithm = KeyAlgorithm::ec_p256,
                                       tpm::KeyUse use = tpm::KeyUse::sign) {
    return certify(must(unit.tpm().create_key(parent, algorithm, use, Secret())));
  }
  [[nodiscard]] KeyPolicy policy() const {
    return {.validation = factory.policy().validation, .nonce = k_asked, .key = {}, .strength = k_strong};
  }
};

KeyStatement own_word(crypto::Signer& signer, KeyClaims claims) {
  KeyStatement made{.key = signer.public_key(), .nonce = k_asked, .proof = PossessionProof{std::move(claims), {}}};
  const auto scheme = crypto::default_scheme(signer.public_key().algorithm());
  std::get<PossessionProof>(made.proof).signature = must(signer.sign(scheme, made.possession_message()));
  return made;
}

KeyClaims grand_claims() {
  return {.backend = "tpm",
          .model = "IFX SLB9672",
          .serial = "1",
          .protection = "hardware",
          .extractable = "never",
          .attributes = {{"CKA_LOCAL", true}, {"CKA_NEVER_EXTRACTABLE", true}}};
}

ResidencyProof& tpm_part(KeyStatement& statement) { return std::get<ResidencyProof>(statement.proof); }

}  // namespace

TEST(KeyAttestation, P_ATTEST_020_AKeyOfATpmIsProvenWithTheVendorsRootAlone) {
  NEEDS_SWTPM();
  World world;
  for (const auto& [algorithm, use] :
       {std::pair{KeyAlgorithm::ec_p256, tpm::KeyUse::sign}, std::pair{KeyAlgorithm::rsa_2048, tpm::KeyUse::decrypt},
        std::pair{KeyAlgorithm::ec_p384, tpm::KeyUse::derive}}) {
    const KeyStatement made = world.statement(algorithm, use);
    const Bytes text = made.encode();
    const auto read = KeyStatement::parse(text);
    ASSERT_OK(read);
    EXPECT_EQ(read->encode(), text);
    const auto verdict = verify_key(*read, world.policy());
    ASSERT_OK(verdict);
    EXPECT_EQ(verdict->basis(), Basis::certified);
    EXPECT_EQ(verdict->strength(), Strength::strong);
    EXPECT_EQ(verdict->freshness(), Presence::proven);
    EXPECT_EQ(verdict->key(), made.key);
    ASSERT_TRUE(verdict->device().has_value());
    EXPECT_EQ(verdict->device()->serial(), "SN-0042");
    EXPECT_FALSE(verdict->claims().has_value());
  }
}

TEST(KeyAttestation, P_ATTEST_025_ABoundKeyIsShownWithTheStateThatTheTpmHoldsItTo) {
  NEEDS_SWTPM();
  World world;
  const auto state = must(world.unit.tpm().read_pcrs({7, 11}));
  const Bytes policy = tpm::digest_of(tpm::boot_policy(state));
  KeyStatement made = world.certify(
      must(world.unit.tpm().create_key(world.parent, KeyAlgorithm::ec_p256, tpm::KeyUse::sign, Secret(), policy)));
  tpm_part(made).boot_state = state;
  const Bytes text = made.encode();
  const auto read = KeyStatement::parse(text);
  ASSERT_OK(read);
  EXPECT_EQ(read->encode(), text);
  EXPECT_NE(std::string(as_text(text)).find("signet-key-attestation-v2"), std::string::npos);
  const auto verdict = verify_key(*read, world.policy());
  ASSERT_OK(verdict);
  ASSERT_EQ(verdict->boot_state().size(), 2U);
  EXPECT_EQ(verdict->boot_state()[1].index, 11U);

  KeyStatement other = made;
  tpm_part(other).boot_state[0].value[0] ^= std::byte{1};
  EXPECT_REASON(verify_key(other, world.policy()), "attest.boot-state");
  KeyStatement fewer = made;
  tpm_part(fewer).boot_state.pop_back();
  EXPECT_REASON(verify_key(fewer, world.policy()), "attest.boot-state");
  KeyStatement unbound = world.statement();
  tpm_part(unbound).boot_state = state;
  EXPECT_REASON(verify_key(unbound, world.policy()), "attest.boot-state");
  KeyStatement silent = made;
  tpm_part(silent).boot_state.clear();
  EXPECT_TRUE(must(verify_key(silent, world.policy())).boot_state().empty()) << "what is not told is not claimed";
}

TEST(KeyAttestation, P_ATTEST_021_WhatNobodyVouchesForCountsAsSoftware) {
  NEEDS_SWTPM();
  World world;
  const KeyStatement made = world.statement();
  KeyPolicy policy = world.policy();
  policy.strength = {};
  EXPECT_EQ(must(verify_key(made, policy)).strength(), Strength::software);
  policy.strength = [](const auto&, const auto&) { return Result<std::optional<Strength>>(std::nullopt); };
  EXPECT_EQ(must(verify_key(made, policy)).strength(), Strength::software);
  policy.strength = [](const auto&, const auto&) {
    return Result<std::optional<Strength>>(Error(Errc::untrusted, "identity.record", "forged"));
  };
  EXPECT_REASON(verify_key(made, policy), "identity.record");
  policy.nonce.reset();
  policy.strength = k_strong;
  EXPECT_EQ(must(verify_key(made, policy)).freshness(), Presence::not_asked);
}

TEST(KeyAttestation, P_ATTEST_022_AKeyThatSpeaksForItselfIsNeverMoreThanSoftware) {
  const KeyPolicy policy{.nonce = k_asked, .strength = k_strong};
  for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::rsa_2048, KeyAlgorithm::ed25519}) {
    const auto signer = test::make_memory_signer(algorithm);
    const auto read = KeyStatement::parse(own_word(*signer, grand_claims()).encode());
    ASSERT_OK(read);
    const auto token = verify_key(*read, policy);
    ASSERT_OK(token);
    EXPECT_EQ(token->basis(), Basis::claim);
    EXPECT_EQ(token->strength(), Strength::software);
    EXPECT_EQ(token->claims(), grand_claims());
    EXPECT_FALSE(token->device().has_value());
    const auto file = verify_key(own_word(*signer, {.backend = "file"}), policy);
    ASSERT_OK(file);
    EXPECT_EQ(file->basis(), Basis::possession);
    EXPECT_EQ(file->strength(), Strength::software);
  }
}

namespace {

struct Attack {
  const char* name;
  const char* reason;
  std::function<void(World&, KeyStatement&)> play;
};
const Attack k_attacks[] = {
    {"key_of_another_device", "tpm.bad-signature",
     [](World&, KeyStatement& s) {
       // Its own word, shown with this device's identity. A TPM of another maker, so that it is no clone.
       World other_world({.fresh_ek = true});
       KeyStatement theirs = other_world.statement();
       tpm_part(s).evidence = tpm_part(theirs).evidence;
       s.key = theirs.key;
     }},
    {"attestation_key_of_another_vendor", "pki.no-anchor",
     [](World& w, KeyStatement& s) {
       const Factory other;
       tpm_part(s).identity.iak = other.issue("iak", *w.unit.iak_area().key);
     }},
    {"device_of_another_vendor", "pki.no-anchor",
     [](World& w, KeyStatement& s) {
       const Factory other;
       auto& identity = tpm_part(s).identity;
       identity.idevid = other.issue("idevid", *must(tpm::Public::parse(identity.idevid_evidence.public_area)).key);
       identity.iak = other.issue("iak", *w.unit.iak_area().key);
     }},
    {"attestation_key_of_another_device", "attest.two-devices",
     [](World& w, KeyStatement& s) {
       tpm_part(s).identity.iak = w.factory.issue("iak", *w.unit.iak_area().key, "SN-0043");
     }},
    {"imported_key", "attest.not-resident",
     [](World& w, KeyStatement& s) {
       const Bytes p8 =
           must(from_hex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
                         "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
       s = w.certify(must(w.unit.tpm().import_key(w.parent, Secret::copy_of(p8), tpm::KeyUse::sign, Secret())));
     }},
    {"attributes_painted_over", "attest.other-key",
     [](World& w, KeyStatement& s) {
       const Bytes p8 =
           must(from_hex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
                         "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
       s = w.certify(must(w.unit.tpm().import_key(w.parent, Secret::copy_of(p8), tpm::KeyUse::sign, Secret())));
       tpm_part(s).evidence.public_area.at(7) |=
           std::byte{tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_sensitive_data_origin};
     }},
    {"old_answer", "attest.replayed", [](World&, KeyStatement& s) { s.nonce.front() ^= std::byte{1}; }},
    {"old_answer_relabelled", "attest.replayed",
     [](World& w, KeyStatement& s) {
       s = w.certify(must(w.unit.tpm().create_key(w.parent, KeyAlgorithm::ec_p256, tpm::KeyUse::sign, Secret())),
                     to_bytes("a nonce of another day, long gone"));
       s.nonce = k_asked;
     }},
    {"nonce_without_prefix", "attest.replayed",
     [](World& w, KeyStatement& s) {
       auto blob = must(w.unit.tpm().create_key(w.parent, KeyAlgorithm::ec_p256, tpm::KeyUse::sign, Secret()));
       tpm_part(s).evidence = w.unit.certified(w.parent, blob, ByteView(k_asked).first(32));
     }},
    {"public_key_changed", "attest.other-key",
     [](World&, KeyStatement& s) { s.key = test::make_memory_signer(KeyAlgorithm::ec_p256)->public_key(); }},
    {"evidence_of_another_key", "attest.other-key",
     [](World& w, KeyStatement& s) {
       KeyStatement other = w.statement();
       tpm_part(s).evidence = tpm_part(other).evidence;
     }},
    {"area_of_another_key", "attest.other-key",
     [](World& w, KeyStatement& s) {
       KeyStatement other = w.statement();
       tpm_part(s).evidence.public_area = tpm_part(other).evidence.public_area;
       s.key = other.key;
     }},
    {"attested_by_the_key_itself", "attest.iak-key",
     [](World&, KeyStatement& s) { tpm_part(s).identity.iak_area = tpm_part(s).evidence.public_area; }},
    {"identity_key_as_witness", "pki.wrong-usage",
     [](World&, KeyStatement& s) { tpm_part(s).identity.iak = tpm_part(s).identity.idevid; }},
    {"birth_replayed_as_proof", "attest.replayed",
     [](World&, KeyStatement& s) { tpm_part(s).evidence = tpm_part(s).identity.idevid_evidence; }},
};

}  // namespace

TEST(KeyAttestation, P_ATTEST_023_EachForgedProofHasItsReason) {
  NEEDS_SWTPM();
  World world;
  const KeyStatement good = world.statement();
  ASSERT_OK(verify_key(good, world.policy()));
  for (const Attack& attack : k_attacks) {
    KeyStatement statement = good;
    attack.play(world, statement);
    EXPECT_REASON(verify_key(statement, world.policy()), attack.reason) << attack.name;
  }
  KeyPolicy one = world.policy();
  one.key = test::make_memory_signer(KeyAlgorithm::ec_p256)->public_key();
  EXPECT_REASON(verify_key(good, one), "attest.other-key");
}

TEST(KeyAttestation, P_ATTEST_023_EachForgedClaimHasItsReason) {
  const auto signer = test::make_memory_signer(KeyAlgorithm::ec_p256);
  const auto thief = test::make_memory_signer(KeyAlgorithm::ec_p256);
  const KeyPolicy policy{.nonce = k_asked};
  KeyStatement moved = own_word(*signer, grand_claims());
  moved.key = thief->public_key();
  EXPECT_REASON(verify_key(moved, policy), "attest.no-possession");
  KeyStatement improved = own_word(*signer, {.backend = "file"});
  std::get<PossessionProof>(improved.proof).claims = grand_claims();
  EXPECT_REASON(verify_key(improved, policy), "attest.no-possession");
  KeyStatement later = own_word(*signer, grand_claims());
  later.nonce.front() ^= std::byte{1};
  EXPECT_REASON(verify_key(later, policy), "attest.replayed");
  EXPECT_REASON(verify_key(later, {}), "attest.no-possession");
}

TEST(KeyAttestation, P_ATTEST_024_NoByteOfAStatementChangesWhatItProves) {
  NEEDS_SWTPM();
  World world;
  const auto signer = test::make_memory_signer(KeyAlgorithm::ec_p256);
  for (const KeyStatement& statement : {world.statement(), own_word(*signer, grand_claims())}) {
    const Bytes text = statement.encode();
    // Each try judges two chains; a step that is prime to base64's four characters meets every member all the same.
    const std::size_t step = text.size() > 2000 ? 13 : 1;
    for (std::size_t i = 0; i < text.size(); i += step) {
      Bytes altered = text;
      altered[i] ^= std::byte{0x01};
      const auto read = KeyStatement::parse(altered);
      if (!read) {
        EXPECT_EQ(read.error().reason(), "attest.key-statement");
      } else if (verify_key(*read, world.policy())) {
        EXPECT_EQ(read->encode(), text) << "byte " << i;
      }
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
    {"another_format", "attestation-v1", "attestation-v2"},
    {"unknown_member", "\"nonce\"", "\"extra\":1,\"nonce\""},
    {"no_nonce", "\"nonce\":", "\"claims2\":"},
    {"short_nonce", "\"nonce\":\"", "\"nonce\":\"AAAA\",\"x\":\""},
    {"no_signature", "\"possession\":\"", "\"possession\":\"\",\"y\":\""},
    {"two_proofs", "\"claims\"", "\"tpm\":{},\"claims\""},
    {"no_attribute", "CKA_LOCAL", "cka_local"},
    {"attribute_no_truth", "\"CKA_LOCAL\":true", "\"CKA_LOCAL\":1"},
};

}  // namespace

TEST(KeyAttestation, WhatIsNoStatementIsRefused) {
  const auto signer = test::make_memory_signer(KeyAlgorithm::ec_p256);
  const KeyStatement good = own_word(*signer, grand_claims());
  const std::string text(as_text(good.encode()));
  ASSERT_OK(KeyStatement::parse(as_bytes(text)));
  for (const BadText& bad : k_bad_texts) {
    std::string changed = text;
    const auto at = changed.find(bad.from);
    ASSERT_NE(at, std::string::npos) << bad.name;
    changed.replace(at, bad.from.size(), bad.to);
    EXPECT_REASON(KeyStatement::parse(as_bytes(changed)), "attest.key-statement") << bad.name;
  }
  KeyStatement loud = good;
  std::get<PossessionProof>(loud.proof).claims.model.assign(257, 'x');
  EXPECT_REASON(KeyStatement::parse(loud.encode()), "attest.key-statement");
  EXPECT_REASON(KeyStatement::parse(Bytes((1U << 20U) + 1, std::byte{' '})), "attest.key-statement");
  EXPECT_REASON(KeyStatement::parse({}), "attest.key-statement");
}
