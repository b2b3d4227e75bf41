// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "note.hpp"
#include "tree_test.hpp"

#include <algorithm>

using namespace signet;
using namespace signet::ledger;
using namespace signet::ledger::test;

namespace {

// The example of C2SP signed-note.
constexpr std::string_view k_spec_vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr std::string_view k_spec_note =
    "This is an example message.\n\n"
    "\xE2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
// The example of C2SP tlog-cosignature.
constexpr std::string_view k_spec_cosigned =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\xE2\x80\x94 example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\xE2\x80\x94 witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
// The ECDSA log of Sigstore, as github.com/transparency-dev/witness writes such keys; the hash is 12345678 there, a
// placeholder.
constexpr std::string_view k_ecdsa_material =
    "AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/"
    "4sueRoVj//QP22Ni4Qt9DPfkWLc=";

Result<VerifiedCheckpoint> open_text(std::string_view note, const Policy& policy) {
  return open_checkpoint(Untrusted(as_bytes(note)), policy);
}

}  // namespace

TEST(VerifierKey, P_LEDGER_002_ReadsTheSpecsOwnKeyAndVerifiesItsNote) {
  const auto key = VerifierKey::parse(k_spec_vkey);
  ASSERT_OK(key);
  EXPECT_EQ(key->name(), "example.com/foo");
  EXPECT_EQ(key->id(), 0x530d903aU);
  EXPECT_EQ(key->str(), k_spec_vkey);
  const auto note = Note::decode(as_bytes(k_spec_note));
  ASSERT_OK(note);
  EXPECT_EQ(note->encode(), k_spec_note);
  ASSERT_EQ(note->signatures.size(), 1U);
  EXPECT_EQ(note->signatures[0].key_id, key->id());
  EXPECT_OK(key->key().verify(crypto::SignatureScheme::ed25519, as_bytes(note->text), note->signatures[0].signature));
}

TEST(VerifierKey, EcdsaKeyIdIsTheHashOfTheSpki) {
  const auto bytes = from_base64(k_ecdsa_material);
  ASSERT_OK(bytes);
  const auto spki = crypto::PublicKey::from_spki_der(ByteView(*bytes).subspan(1));
  ASSERT_OK(spki);
  const auto key = VerifierKey::for_log("rekor.sigstore.dev", *spki);
  ASSERT_OK(key);
  EXPECT_EQ(key->type(), NoteKeyType::ecdsa_p256);
  EXPECT_EQ(key->id(), get_be32(spki->fingerprint()));
  EXPECT_OK(VerifierKey::parse(key->str()));
  EXPECT_TRUE(key->str().ends_with(k_ecdsa_material));
}

TEST(VerifierKey, RefusesEverythingElse) {
  const std::string good(k_spec_vkey);
  const std::vector<std::string> bad = {"",
                                        "+",
                                        "a+b+c",
                                        "example.com/foo",
                                        good + "=",
                                        good + "\n",
                                        " " + good,
                                        "x" + good,
                                        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                                        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                                        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k+",
                                        "example.com/foo+530d903a+AQ=="};
  for (const std::string& text : bad) EXPECT_FALSE(VerifierKey::parse(text)) << text;
  EXPECT_REASON(VerifierKey::parse("example.com/foo+530d903a+CukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
                "ledger.key-unsupported");
}

TEST(Note, SpecExampleOfACosignedCheckpointRoundTrips) {
  const auto note = Note::decode(as_bytes(k_spec_cosigned));
  ASSERT_OK(note);
  EXPECT_EQ(note->encode(), k_spec_cosigned);
  EXPECT_EQ(note->signatures.size(), 2U);
  const auto text = CheckpointText::decode(note->text);
  ASSERT_OK(text);
  EXPECT_EQ(text->size, 20852163U);
  EXPECT_EQ(get_be64(note->signatures[1].signature), 1679315147U);  // the time that the spec's text gives
  EXPECT_EQ(cosigned_message(1679315147, note->text),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
}

TEST(Note, RefusesWhatIsNotOne) {
  const std::string dash = "\xE2\x80\x94 ";
  const std::vector<std::string> bad = {"",
                                        "text\n",
                                        "text\n\n",
                                        "text\n\n\n",
                                        "text\n" + dash + "a AAAAAAA=\n",
                                        "text\n\n" + dash + "a AAAAAAA=",             // no newline at the end
                                        "text\n\n" + dash + "a AAAAAA==\n",           // no byte of signature
                                        "text\n\n" + dash + " AAAAAAA=\n",            // no name
                                        "text\n\n" + dash + "a+b AAAAAAA=\n",         // a plus in the name
                                        "text\n\n" + dash + "a\xC2\xA0z AAAAAAA=\n",  // a no-break space in the name
                                        "text\n\n" + dash + "a  AAAAAAA=\n",
                                        "text\n\n- a AAAAAAA=\n",
                                        "te\rxt\n\n" + dash + "a AAAAAAA=\n",
                                        "te\xC0\x80xt\n\n" + dash + "a AAAAAAA=\n",
                                        "te\xED\xA0\x80xt\n\n" + dash + "a AAAAAAA=\n"};
  for (const std::string& text : bad) EXPECT_REASON(Note::decode(as_bytes(text)), "ledger.bad-note") << text;
  std::string many = "text\n\n";
  for (int i = 0; i < 65; ++i) many += dash + "a AAAAAAA=\n";
  EXPECT_REASON(Note::decode(as_bytes(many)), "ledger.bad-note");
  EXPECT_OK(Note::decode(as_bytes("te\n\nxt\n\n" + dash + "a AAAAAAA=\n")));  // the text may hold empty lines
}

TEST(CheckpointText, RefusesWhatIsNotOne) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  for (const std::string text : {"", "\n1\n", "a\n01\n", "a\n-1\n", "a\n1 \n", "a\n18446744073709551616\n", "a\n0\n"}) {
    EXPECT_REASON(CheckpointText::decode(text + root), "ledger.bad-checkpoint") << text;
  }
  EXPECT_REASON(CheckpointText::decode("a\n1\nAAAA\n"), "ledger.bad-checkpoint");
  EXPECT_REASON(CheckpointText::decode("a\n1\n" + root + "\n"), "ledger.bad-checkpoint");
  const auto extended = CheckpointText::decode("a\n18446744073709551615\n" + root + "more\n");
  ASSERT_OK(extended);
  EXPECT_EQ(extended->extensions.size(), 1U);
}

TEST(OpenCheckpoint, P_LEDGER_003_AcceptsBothKindsOfLogKeyAndOnlyTheirSignature) {
  for (const auto algorithm : {crypto::KeyAlgorithm::ed25519, crypto::KeyAlgorithm::ec_p256}) {
    Keys keys;
    keys.log = make_memory_signer(algorithm);
    const auto note = sign_checkpoint(keys.origin, 5, leaf_hash({}), *keys.log);
    ASSERT_OK(note);
    const auto opened = open_text(*note, keys.policy());
    ASSERT_OK(opened);
    EXPECT_EQ(opened->origin(), keys.origin);
    EXPECT_EQ(opened->size(), 5U);
    EXPECT_EQ(opened->root(), leaf_hash({}));
    EXPECT_EQ(opened->note(), *note);
    EXPECT_FALSE(opened->witnessed_at());
    std::string changed = *note;
    changed.replace(changed.find("\n5\n"), 3, "\n6\n");
    EXPECT_REASON(open_text(changed, keys.policy()), "ledger.bad-signature");
    EXPECT_REASON(open_text(*note, Keys().policy()), "ledger.unknown-log");
  }
  EXPECT_REASON(sign_checkpoint("a", 1, leaf_hash({}), *make_memory_signer(crypto::KeyAlgorithm::ec_p384)),
                "ledger.key-unsupported");
}

TEST(OpenCheckpoint, AKeyOfAnotherOriginDoesNotCount) {
  Keys keys;
  const auto other = VerifierKey::for_log("other.example/log", keys.log->public_key());
  ASSERT_OK(other);
  Note note{.text = CheckpointText{.origin = keys.origin, .size = 1, .root = leaf_hash({})}.encode(), .signatures = {}};
  note.signatures.push_back(
      {other->name(), other->id(), *keys.log->sign(crypto::SignatureScheme::ed25519, as_bytes(note.text))});
  EXPECT_REASON(open_text(note.encode(), *Policy::make({*other})), "ledger.unknown-log");
}

TEST(OpenCheckpoint, P_LEDGER_004_APolicyThatDemandsWitnessesRefusesAnUnwitnessedCheckpoint) {
  const Keys keys;
  const VerifiedCheckpoint plain = keys.checkpoint(5, leaf_hash({}));
  EXPECT_REASON(open_text(plain.note(), keys.policy(1)), "ledger.unwitnessed");
  const auto cosigned = add_cosignature(plain, "witness.example/w1", *keys.witness, Instant{1'700'000'000});
  ASSERT_OK(cosigned);
  const auto opened = open_text(*cosigned, keys.policy(1));
  ASSERT_OK(opened);
  EXPECT_EQ(opened->witnessed_at(), Instant{1'700'000'000});
  // Neither a stranger's cosignature nor one for another tree helps.
  const auto stranger = make_memory_signer(crypto::KeyAlgorithm::ed25519);
  EXPECT_REASON(open_text(*add_cosignature(plain, "witness.example/w1", *stranger, Instant{1}), keys.policy(1)),
                "ledger.unwitnessed");
  const VerifiedCheckpoint other = keys.checkpoint(6, leaf_hash({}));
  const std::size_t line = cosigned->rfind("\xE2\x80\x94 ");
  EXPECT_REASON(open_text(other.note() + cosigned->substr(line), keys.policy(1)), "ledger.bad-signature");
}

TEST(OpenCheckpoint, P_LEDGER_005_TimeIsTheEarliestThatEnoughWitnessesAttest) {
  const Keys keys;
  std::vector<VerifierKey> witnesses;
  VerifiedCheckpoint checkpoint = keys.checkpoint(5, leaf_hash({}));
  const std::vector<VerifierKey> logs = {*VerifierKey::for_log(keys.origin, keys.log->public_key())};
  for (const std::int64_t time : {300, 100, 200}) {
    const auto signer = make_memory_signer(crypto::KeyAlgorithm::ed25519);
    const std::string name = "w" + std::to_string(time);
    witnesses.push_back(*VerifierKey::for_witness(name, signer->public_key()));
    checkpoint = *open_text(*add_cosignature(checkpoint, name, *signer, Instant{time}), *Policy::make(logs, witnesses));
  }
  for (const std::size_t required : {1U, 2U, 3U}) {
    const auto opened = open_text(checkpoint.note(), *Policy::make(logs, witnesses, required));
    ASSERT_OK(opened);
    EXPECT_EQ(opened->witnessed_at(), Instant{static_cast<std::int64_t>(100 * required)});
    EXPECT_EQ(opened->cosignatures().size(), 3U);
  }
}

TEST(Policy, OneKeyDoesNotCountTwice) {
  const Keys keys;
  const auto log = *VerifierKey::for_log(keys.origin, keys.log->public_key());
  const auto a = *VerifierKey::for_witness("a", keys.witness->public_key());
  const auto b = *VerifierKey::for_witness("b", keys.witness->public_key());
  EXPECT_REASON(Policy::make({log}, {a, b}, 2), "ledger.bad-policy");
  EXPECT_REASON(Policy::make({log}, {a}, 2), "ledger.bad-policy");
  EXPECT_REASON(Policy::make({}, {a}, 1), "ledger.bad-policy");
  EXPECT_REASON(Policy::make({a}), "ledger.bad-policy");
  EXPECT_REASON(Policy::make({log}, {log}), "ledger.bad-policy");
}

TEST(ProofFile, P_LEDGER_006_RoundTripsAndVerifiesOffline) {
  const Keys keys;
  const std::vector<Hash> leaves = numbered_leaves(11);
  ProofFile file{{4, *inclusion_path(nodes_of(leaves), 4, 11)}, keys.checkpoint_of(leaves).note(), std::nullopt};
  for (const std::optional<Bytes>& extra :
       {std::optional<Bytes>(), std::optional(Bytes()), std::optional(to_bytes("more"))}) {
    file.extra = extra;
    const std::string text = file.encode();
    const auto again = ProofFile::decode(as_bytes(text));
    ASSERT_OK(again);
    EXPECT_EQ(again->encode(), text);
    EXPECT_EQ(again->extra, extra);
    const auto verified = verify_proof_file(Untrusted(as_bytes(text)), numbered_entry(4), keys.policy());
    ASSERT_OK(verified);
    EXPECT_EQ(verified->index(), 4U);
    EXPECT_EQ(verified->checkpoint().size(), 11U);
    EXPECT_REASON(verify_proof_file(Untrusted(as_bytes(text)), numbered_entry(5), keys.policy()),
                  "ledger.bad-inclusion");
    EXPECT_REASON(verify_proof_file(Untrusted(as_bytes(text)), numbered_entry(4), keys.policy(1)),
                  "ledger.unwitnessed");
  }
}

TEST(ProofFile, RefusesWhatIsNotOne) {
  const Keys keys;
  const std::string note = keys.checkpoint(1, leaf_hash({})).note();
  const std::string first = "c2sp.org/tlog-proof@v1\n";
  EXPECT_OK(ProofFile::decode(as_bytes(first + "index 0\n\n" + note)));
  std::string many = first + "index 0\n";
  for (int i = 0; i < 65; ++i) many += "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  for (const std::string& text :
       {std::string(), first, "c2sp.org/tlog-proof@v2\nindex 0\n\n" + note, first + "index 00\n\n" + note,
        first + "index 0\n" + note, first + "index 0\nAAAA\n\n" + note, first + "extra ?\nindex 0\n\n" + note,
        first + "index 0\nextra AAAA\n\n" + note, first + "index -1\n\n" + note, many + "\n" + note}) {
    EXPECT_REASON(ProofFile::decode(as_bytes(text)), "ledger.bad-proof-file") << text;
  }
  EXPECT_REASON(ProofFile::decode(as_bytes(first + "index 0\n\nnothing\n")), "ledger.bad-note");
}
