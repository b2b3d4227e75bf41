// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "tpm_test.hpp"

#include <fstream>
#include <variant>

namespace signet::tpm {

namespace {

using test::run_command;
using test::Swtpm;

constexpr auto k_p256 = crypto::KeyAlgorithm::ec_p256;

class Proofs : public TpmTest {
 protected:
  Object make(const Object& parent, KeyUse use) {
    const auto blob = tpm_->create_key(parent, k_p256, use, secret("k"));
    ensure(blob.has_value(), "a key is made");
    auto object = tpm_->load(parent, *blob, secret("k"));
    ensure(object.has_value(), "a key is loaded");
    return *std::move(object);
  }
  /// Runs a program of tpm2-tools with the TPM in hand.
  test::CommandResult tools(std::vector<std::string> words) {
    words.insert(words.begin(), {"env", "TPM2TOOLS_TCTI=" + swtpm_->tcti()});
    return run_command(words);
  }
};

TEST_F(Proofs, P_TPM_010_EachStatementIsVerifiedAndNoneThatWasChanged) {
  for (const auto which : {DevidTemplate::h1_rsa2048, DevidTemplate::h2_p256, DevidTemplate::h3_p384}) {
    SCOPED_TRACE(name_of(which));
    const Bytes nonce = digest32("nonce");
    const auto iak = tpm_->create_iak(which, none(), secret("iak"));
    ASSERT_OK(iak);
    const Public& signer = iak->object.public_area();
    const auto creation = tpm_->certify_creation(*iak, iak->object, nonce);
    ASSERT_OK(creation);
    const auto created = verify(signer, *creation);
    ASSERT_OK(created);
    EXPECT_EQ(std::get<CertifiedCreation>(created->body()).name, iak->object.name());
    EXPECT_EQ(created->qualifying_data(), nonce);
    const auto quote = tpm_->quote(iak->object, {0, 7, 16}, nonce);
    ASSERT_OK(quote);
    const auto quoted = verify(signer, quote->first);
    ASSERT_OK(quoted);
    const auto& body = std::get<Quoted>(quoted->body());
    ASSERT_EQ(body.selection.size(), 1U);
    EXPECT_EQ(body.selection[0].second, (std::vector<unsigned>{0, 7, 16}));
    EXPECT_EQ(quote->second.size(), 3U);
    for (std::size_t i = 0; i < quote->first.statement.size(); i += 5) {
      Attestation changed = quote->first;
      changed.statement[i] ^= std::byte{1};
      EXPECT_REASON(verify(signer, changed), "tpm.bad-signature");
    }
    const auto other = tpm_->create_idevid(which, none(), none());
    ASSERT_OK(other);
    EXPECT_REASON(verify(other->object.public_area(), quote->first), "tpm.not-restricted");
  }
}

TEST_F(Proofs, P_TPM_011_ResidentKeysAreCertified) {
  const Object parent = storage();
  const Object ak = make(parent, KeyUse::attest);
  const Object key = make(parent, KeyUse::sign);
  const auto said = tpm_->certify(key, ak, as_bytes("n"));
  ASSERT_OK(said);
  const auto verified = verify(ak.public_area(), *said);
  ASSERT_OK(verified);
  EXPECT_EQ(std::get<CertifiedObject>(verified->body()).name, key.name());
  EXPECT_FALSE(std::holds_alternative<Quoted>(verified->body()));
}

TEST_F(Proofs, P_TPM_012_TheStateOfTheHierarchiesIsProven) {
  const auto check = [&](const Secret& endorsement, bool closed) {
    const auto iak = tpm_->create_iak(DevidTemplate::h2_p256, endorsement, secret("iak"));
    ASSERT_OK(iak);
    const auto said = tpm_->certify_state(iak->object, endorsement, as_bytes("nonce"));
    ASSERT_OK(said);
    const auto verified = verify(iak->object.public_area(), said->second);
    ASSERT_OK(verified);
    EXPECT_EQ(std::get<AuditedSession>(verified->body()).session_digest, state_audit_digest(said->first));
    const auto state = parse_hierarchy_state(said->first);
    ASSERT_OK(state);
    EXPECT_EQ(state->owner_auth_set, closed);
    EXPECT_EQ(state->endorsement_auth_set, closed);
    EXPECT_EQ(state->lockout_auth_set, closed);
    EXPECT_EQ(state->clear_disabled, closed);
    EXPECT_EQ(state->platform_enabled, !closed);
    Bytes lie = said->first;
    lie[12] ^= std::byte{1};
    EXPECT_NE(std::get<AuditedSession>(verified->body()).session_digest, state_audit_digest(lie));
  };
  check(none(), false);
  ASSERT_OK(tpm_->disable_platform());
  ASSERT_OK(tpm_->disable_platform());
  ASSERT_OK(tpm_->set_auth(Hierarchy::owner, none(), secret("owner")));
  ASSERT_OK(tpm_->set_auth(Hierarchy::endorsement, none(), secret("endorsement")));
  ASSERT_OK(tpm_->disable_clear(none()));
  ASSERT_OK(tpm_->set_auth(Hierarchy::lockout, none(), secret("lockout")));
  check(secret("endorsement"), true);
  EXPECT_REASON(tpm_->create_iak(DevidTemplate::h2_p256, none(), none()), "tpm.auth");
  EXPECT_REASON(tpm_->create_storage_primary(Hierarchy::owner, none(), "x"), "tpm.auth");
  EXPECT_NE(tools({"tpm2_clear", "-c", "l", "lockout"}).exit_code, 0);
  EXPECT_NE(tools({"tpm2_clear", "-c", "p"}).exit_code, 0);
}

TEST_F(Proofs, P_TPM_013_CredentialsOpenOnTheirTpmOnly) {
  std::optional<Object> parent = storage();
  const Object ak = make(*parent, KeyUse::attest);
  const Object other = make(*parent, KeyUse::attest);
  parent.reset();
  const auto ek = tpm_->endorsement_key(none());
  ASSERT_OK(ek);
  const auto credential = make_credential(ek->public_area(), ak.name(), secret("a secret of 32 bytes at the most"));
  ASSERT_OK(credential);
  const auto opened = tpm_->activate_credential(ak, *ek, none(), *credential);
  ASSERT_OK(opened);
  EXPECT_EQ(as_text(open_secret(*opened)), "a secret of 32 bytes at the most");

  EXPECT_REASON(tpm_->activate_credential(other, *ek, none(), *credential), "tpm.foreign");
  Credential changed = *credential;
  changed.blob.back() ^= std::byte{1};
  EXPECT_REASON(tpm_->activate_credential(ak, *ek, none(), changed), "tpm.foreign");
  EXPECT_REASON(make_credential(ak.public_area(), ak.name(), secret("x")), "tpm.ek-unsupported");
  EXPECT_REASON(make_credential(ek->public_area(), ak.name(), Secret(33)), "tpm.too-long");
}

TEST_F(Proofs, P_TPM_013_ACredentialForAnotherTpmDoesNotOpen) {
  Swtpm elsewhere({.fresh_ek = true});
  const auto theirs = Tpm::connect(elsewhere.tcti());
  ASSERT_OK(theirs);
  const auto their_ek = (*theirs)->endorsement_key(none());
  ASSERT_OK(their_ek);
  const Object parent = storage();
  const Object ak = make(parent, KeyUse::attest);
  const auto credential = make_credential(their_ek->public_area(), ak.name(), secret("x"));
  ASSERT_OK(credential);
  const auto ek = tpm_->endorsement_key(none());
  ASSERT_OK(ek);
  EXPECT_FALSE(tpm_->activate_credential(ak, *ek, none(), *credential).has_value());
  EXPECT_NE(ek->name(), their_ek->name());
}

TEST_F(Proofs, P_TPM_014_TheIakIsProvenByAKeyThatOpenedACredential) {
  const auto iak = tpm_->create_iak(DevidTemplate::h2_p256, none(), secret("iak"));
  ASSERT_OK(iak);
  {
    const auto ek = tpm_->endorsement_key(none());
    ASSERT_OK(ek);
    const auto credential = make_credential(ek->public_area(), iak->object.name(), secret("x"));
    ASSERT_OK(credential);
    EXPECT_REASON(tpm_->activate_credential(iak->object, *ek, none(), *credential), "tpm.admin-policy");
  }
  const Object parent = storage();
  const Object ak = make(parent, KeyUse::attest);
  const auto said = tpm_->certify_creation(*iak, ak, as_bytes("nonce"));
  ASSERT_OK(said);
  const auto verified = verify(ak.public_area(), *said);
  ASSERT_OK(verified);
  EXPECT_EQ(std::get<CertifiedCreation>(verified->body()).name, iak->object.name());
}

TEST_F(Proofs, TheEndorsementCertificateIsTheKeys) {
  const auto certificates = tpm_->endorsement_certificates();
  ASSERT_OK(certificates);
  ASSERT_EQ(certificates->size(), 1U);
  const std::string certificate = folder_.write("ek.der", certificates->front());
  const std::string root = folder_.write("root.pem", as_bytes(swtpm_->ek_root_pem()));
  const std::string issuer = folder_.write("issuer.pem", as_bytes(swtpm_->ek_issuer_pem()));
  const auto judged = run_command({"openssl", "verify", "-CAfile", root, "-untrusted", issuer, certificate});
  EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
  const auto ek = tpm_->endorsement_key(none());
  ASSERT_OK(ek);
  const auto key = run_command({"openssl", "x509", "-inform", "DER", "-in", certificate, "-noout", "-pubkey"});
  EXPECT_EQ(*crypto::PublicKey::from_pem(key.out), *ek->public_area().key);
}

TEST_F(Proofs, P_TPM_024_OfSeveralEndorsementKeysTheOneThatIsAskedForIsFound) {
  // swtpm_setup certifies P-384 and RSA-2048.
  using crypto::KeyAlgorithm;
  const std::vector<std::pair<std::optional<KeyAlgorithm>, KeyAlgorithm>> rows{
      {std::nullopt, KeyAlgorithm::ec_p384},
      {KeyAlgorithm::ec_p384, KeyAlgorithm::ec_p384},
      {KeyAlgorithm::rsa_2048, KeyAlgorithm::rsa_2048},
      {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384},
      {KeyAlgorithm::rsa_3072, KeyAlgorithm::ec_p384}};
  for (const auto& [asked, found] : rows) {
    const auto ek = tpm_->endorsement_key(none(), asked);
    ASSERT_OK(ek);
    EXPECT_EQ(ek->public_area().key->algorithm(), found);
    const auto certificates = tpm_->endorsement_certificates(asked);
    ASSERT_OK(certificates);
    const std::string file = folder_.write("ek.der", certificates->front());
    const auto key = run_command({"openssl", "x509", "-inform", "DER", "-in", file, "-noout", "-pubkey"});
    EXPECT_EQ(*crypto::PublicKey::from_pem(key.out), *ek->public_area().key);
  }
}

namespace {

/// An attestation key at a persistent handle, where tpm2-tools find it, and files to hand things over.
class PeerTools : public Proofs {
 protected:
  void SetUp() override {
    Proofs::SetUp();
    if (tpm_ == nullptr) return;
    const Object parent = storage();
    const Blob blob = *tpm_->create_key(parent, k_p256, KeyUse::attest, none());
    const auto ak = tpm_->load(parent, blob, none());
    ASSERT_OK(ak);
    ak_area_ = ak->public_area();
    ASSERT_OK(tpm_->persist(*ak, 0x81020001, none()));
    ek_area_ = tpm_->endorsement_key(none())->public_area();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Public ek_area_;
  Public ak_area_;
};

/// A part with its size in two bytes before it.
void append_sized(Bytes& out, const Bytes& part) {
  out.push_back(static_cast<std::byte>(part.size() >> 8U));
  out.push_back(static_cast<std::byte>(part.size()));
  append(out, part);
}

}  // namespace

TEST_F(PeerTools, P_TPM_015_NamesAndQuotesAgree) {
  tpm_.reset();
  ASSERT_EQ(tools({"tpm2_readpublic", "-Q", "-c", "0x81020001", "-n", path("name"), "-f", "pem", "-o", path("ak.pem")})
                .exit_code,
            0);
  EXPECT_EQ(to_bytes(read("name")), ak_area_.name);
  EXPECT_EQ(*crypto::PublicKey::from_pem(read("ak.pem")), *ak_area_.key);
  const auto quoted = tools({"tpm2_quote", "-Q", "-c", "0x81020001", "-l", "sha256:0,7", "-q", "abcd", "-m",
                             path("msg"), "-s", path("sig"), "-g", "sha256"});
  ASSERT_EQ(quoted.exit_code, 0) << quoted.err;
  const auto theirs = verify(ak_area_, {to_bytes(read("msg")), to_bytes(read("sig"))});
  ASSERT_OK(theirs);
  EXPECT_EQ(to_hex(theirs->qualifying_data()), "abcd");

  connect();  // and ours, checked by them
  Bytes statement;
  Bytes signed_by_us;
  {
    const auto key = tpm_->open_persistent(0x81020001, none());
    ASSERT_OK(key);
    const auto quote = tpm_->quote(*key, {0, 7}, *from_hex("abcd"));
    ASSERT_OK(quote);
    statement = quote->first.statement;
    signed_by_us = quote->first.signature;
  }
  const std::string message = folder_.write("our.msg", statement);
  const std::string signature = folder_.write("our.sig", signed_by_us);
  const auto checked = run_command(
      {"tpm2_checkquote", "-u", path("ak.pem"), "-m", message, "-s", signature, "-q", "abcd", "-g", "sha256"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
}

TEST_F(PeerTools, P_TPM_015_CredentialsOpenBothWays) {
  tpm_.reset();
  (void)folder_.write("secret", as_bytes("from the tools"));
  const auto ek = tools({"tpm2_readpublic", "-Q", "-c", "0x81010016", "-o", path("ek.pub")});
  ASSERT_EQ(ek.exit_code, 0) << ek.err;
  const auto made = tools({"tpm2_makecredential", "-Q", "-u", path("ek.pub"), "-s", path("secret"), "-n",
                           to_hex(ak_area_.name), "-o", path("cred")});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Bytes file = to_bytes(read("cred"));  // magic (4), version (4), TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET
  const std::size_t blob_size = get_be16(ByteView(file).subspan(8));
  const Credential credential{to_bytes(ByteView(file).subspan(10, blob_size)),
                              to_bytes(ByteView(file).subspan(12 + blob_size))};
  connect();
  const auto key = tpm_->open_persistent(0x81020001, none());
  ASSERT_OK(key);
  const auto endorsement = tpm_->endorsement_key(none());
  ASSERT_OK(endorsement);
  const auto opened = tpm_->activate_credential(*key, *endorsement, none(), credential);
  ASSERT_OK(opened);
  EXPECT_EQ(as_text(open_secret(*opened)), "from the tools");

  // Our credential, opened by them.
  const auto ours = make_credential(ek_area_, ak_area_.name, secret("from us"));
  ASSERT_OK(ours);
  Bytes out = to_bytes(ByteView(file).first(8));
  append_sized(out, ours->blob);
  append_sized(out, ours->secret);
  const std::string our_file = folder_.write("our.cred", out);
  swtpm_->restart();  // the objects above still hold their connection, and its sessions
  const auto activated = tools(
      {"tpm2_activatecredential", "-Q", "-c", "0x81020001", "-C", "0x81010016", "-i", our_file, "-o", path("opened")});
  EXPECT_EQ(activated.exit_code, 0) << activated.err;
  EXPECT_EQ(read("opened"), "from us");
}

}  // namespace

}  // namespace signet::tpm
