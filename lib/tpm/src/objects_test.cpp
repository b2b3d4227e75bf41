// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ossl.hpp"
#include "tpm_test.hpp"

#include <openssl/rsa.h>
#include <signal.h>

#include <chrono>
#include <thread>

namespace signet::tpm {

namespace {

using crypto::KeyAlgorithm;
using test::Swtpm;
constexpr auto ec_p256 = KeyAlgorithm::ec_p256;
constexpr auto ec_p384 = KeyAlgorithm::ec_p384;
constexpr auto rsa_2048 = KeyAlgorithm::rsa_2048;
constexpr auto rsa_3072 = KeyAlgorithm::rsa_3072;
using enum crypto::SignatureScheme;

Secret pkcs8_of(const ossl::EvpPkey& key) {
  const ossl::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key.get()));
  unsigned char* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  Secret out = Secret::copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return out;
}

TEST_F(TpmTest, DescribesItself) {
  const auto said = tpm_->describe();
  ASSERT_OK(said);
  EXPECT_EQ(said->manufacturer, "IBM");
  EXPECT_EQ(said->vendor, "SWTPM");
  EXPECT_EQ(said->revision, "1.64");
  EXPECT_EQ(said->transient_slots, 3U);
  EXPECT_EQ(said->algorithms, (std::vector{ec_p256, ec_p384, rsa_2048, rsa_3072}));
  const auto a = tpm_->random(100);
  const auto b = tpm_->random(100);
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(a->size(), 100U);
  EXPECT_NE(*a, *b);
}

TEST(Connect, SaysWhereNoTpmIs) {
  EXPECT_REASON(Tpm::connect("swtpm:path=/nonexistent/tpm"), "tpm.connect");
  EXPECT_REASON(Tpm::connect("device:/nonexistent"), "tpm.connect");
  EXPECT_REASON(Tpm::connect("no-such-transport:x"), "tpm.connect");
}

TEST(Connect, StartsATpmThatNobodyStarted) {
  NEEDS_SWTPM();
  Swtpm swtpm({.started = false});
  const auto tpm = Tpm::connect(swtpm.tcti());
  ASSERT_OK(tpm);
  EXPECT_OK((*tpm)->random(8));
}

TEST_F(TpmTest, P_TPM_001_SignsWithEveryAlgorithmThatItOffers) {
  const struct {
    crypto::KeyAlgorithm algorithm;
    std::vector<crypto::SignatureScheme> schemes;
  } rows[] = {{ec_p256, {ecdsa_sha256}},
              {ec_p384, {ecdsa_sha384, ecdsa_sha256}},
              {rsa_2048, {rsa_pkcs1_sha256, rsa_pss_sha256}},
              {rsa_3072, {rsa_pkcs1_sha384}}};
  const Object parent = storage();
  for (const auto& row : rows) {
    SCOPED_TRACE(crypto::name_of(row.algorithm));
    const auto blob = tpm_->create_key(parent, row.algorithm, KeyUse::sign, secret("key auth"));
    ASSERT_OK(blob);
    const auto key = tpm_->load(parent, *blob, secret("key auth"));
    ASSERT_OK(key);
    EXPECT_TRUE(key->public_area().has(k_fixed_tpm | k_fixed_parent | k_sensitive_data_origin | k_no_da));
    for (const auto scheme : row.schemes) {
      const Bytes digest = crypto::digest(*crypto::hash_of(scheme), as_bytes("a message"));
      const auto signature = tpm_->sign(*key, scheme, digest);
      ASSERT_OK(signature);
      EXPECT_OK(key->public_area().key->verify(scheme, as_bytes("a message"), *signature)) << crypto::name_of(scheme);
    }
    EXPECT_REASON(tpm_->sign(*key, ed25519, Bytes(32)), "crypto.scheme");
    EXPECT_REASON(tpm_->sign(*key, row.schemes.front(), Bytes(31)), "crypto.digest-size");
  }
  EXPECT_REASON(tpm_->create_key(parent, crypto::KeyAlgorithm::ed25519, KeyUse::sign, none()), "tpm.key-unsupported");
}

TEST_F(TpmTest, DecryptsAndDerives) {
  const Object parent = storage();
  const auto rsa_blob = tpm_->create_key(parent, rsa_2048, KeyUse::decrypt, none());
  ASSERT_OK(rsa_blob);
  const auto rsa = tpm_->load(parent, *rsa_blob, none());
  ASSERT_OK(rsa);
  const auto evp = ossl::to_evp(*rsa->public_area().key);
  ASSERT_OK(evp);
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(evp->get(), nullptr));
  Bytes ciphertext(256);
  std::size_t size = ciphertext.size();
  ASSERT_EQ(EVP_PKEY_encrypt_init(ctx.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), EVP_sha256()), 1);
  ASSERT_EQ(EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(ciphertext)), &size, as_uchar(as_bytes("plain")), 5), 1);
  const auto plain = tpm_->decrypt(*rsa, ciphertext);
  ASSERT_OK(plain);
  EXPECT_EQ(as_text(open_secret(*plain)), "plain");
  ciphertext[7] ^= std::byte{1};
  EXPECT_FALSE(tpm_->decrypt(*rsa, ciphertext).has_value());

  const auto ec_blob = tpm_->create_key(parent, ec_p384, KeyUse::derive, none());
  ASSERT_OK(ec_blob);
  const auto ec = tpm_->load(parent, *ec_blob, none());
  ASSERT_OK(ec);
  const auto peer = ossl::generate_key(ec_p384);
  ASSERT_OK(peer);
  const auto shared = tpm_->derive(*ec, *ossl::from_evp(peer->get()));
  ASSERT_OK(shared);
  const auto other = ossl::to_evp(*ec->public_area().key);
  const ossl::EvpPkeyCtx derive(EVP_PKEY_CTX_new(peer->get(), nullptr));
  Bytes expected(48);
  size = expected.size();
  ASSERT_TRUE(EVP_PKEY_derive_init(derive.get()) == 1 && EVP_PKEY_derive_set_peer(derive.get(), other->get()) == 1 &&
              EVP_PKEY_derive(derive.get(), as_uchar(ByteSpan(expected)), &size) == 1);
  EXPECT_EQ(open_secret(*shared), expected);
  EXPECT_REASON(tpm_->derive(*ec, test::make_memory_signer(ec_p256)->public_key()), "tpm.key-unsupported");
  EXPECT_REASON(tpm_->create_key(parent, ec_p256, KeyUse::decrypt, none()), "tpm.key-unsupported");
  EXPECT_REASON(tpm_->create_key(parent, rsa_2048, KeyUse::derive, none()), "tpm.key-unsupported");
}

TEST_F(TpmTest, P_TPM_002_ImportedKeysSignAndAreNotOfTheTpmsMaking) {
  const Object parent = storage();
  for (const auto algorithm : {ec_p256, ec_p384, rsa_2048}) {
    SCOPED_TRACE(crypto::name_of(algorithm));
    const auto software = ossl::generate_key(algorithm);
    ASSERT_OK(software);
    const auto blob = tpm_->import_key(parent, pkcs8_of(*software), KeyUse::sign, secret("imported"));
    ASSERT_OK(blob);
    const auto key = tpm_->load(parent, *blob, secret("imported"));
    ASSERT_OK(key);
    EXPECT_EQ(*key->public_area().key, *ossl::from_evp(software->get()));
    EXPECT_FALSE(key->public_area().has(k_sensitive_data_origin));
    EXPECT_FALSE(key->public_area().has(k_fixed_tpm));
    const auto scheme = crypto::default_scheme(algorithm);
    const auto signature = tpm_->sign(*key, scheme, crypto::digest(*crypto::hash_of(scheme), as_bytes("m")));
    ASSERT_OK(signature);
    EXPECT_OK(key->public_area().key->verify(scheme, as_bytes("m"), *signature));
  }
  EXPECT_REASON(tpm_->import_key(parent, secret("no key"), KeyUse::sign, none()), "tpm.key-unsupported");
}

TEST_F(TpmTest, P_TPM_003_RefusesAWrongAuthAndAnotherTpmsBlob) {
  const Object parent = storage();
  const auto blob = tpm_->create_key(parent, ec_p256, KeyUse::sign, secret("right"));
  ASSERT_OK(blob);
  {
    const auto key = tpm_->load(parent, *blob, secret("wrong"));
    ASSERT_OK(key);
    EXPECT_REASON(tpm_->sign(*key, ecdsa_sha256, digest32("m")), "tpm.auth");
    const auto nothing = tpm_->load(parent, *blob, none());
    ASSERT_OK(nothing);
    EXPECT_REASON(tpm_->sign(*nothing, ecdsa_sha256, digest32("m")), "tpm.auth");
  }
  const auto key = tpm_->load(parent, *blob, secret("right"));
  ASSERT_OK(key);
  EXPECT_OK(tpm_->sign(*key, ecdsa_sha256, digest32("m")));

  Swtpm other({.fresh_ek = true});
  const auto foreign = Tpm::connect(other.tcti());
  ASSERT_OK(foreign);
  const auto same_label = (*foreign)->create_storage_primary(Hierarchy::owner, none(), "test storage");
  ASSERT_OK(same_label);
  EXPECT_REASON((*foreign)->load(*same_label, *blob, secret("right")), "tpm.foreign");
  const auto context = tpm_->save_context(*key);
  ASSERT_OK(context);
  EXPECT_REASON((*foreign)->load_context(*context, secret("right")), "tpm.foreign");
  Blob changed = *blob;
  changed.private_area.back() ^= std::byte{1};
  EXPECT_REASON(tpm_->load(parent, changed, secret("right")), "tpm.foreign");
}

TEST_F(TpmTest, ContextsOutliveTheProcessButNotThePower) {
  Bytes context;
  {
    const Object parent = storage();
    const auto blob = tpm_->create_key(parent, ec_p256, KeyUse::sign, secret("auth"));
    ASSERT_OK(blob);
    const auto key = tpm_->load(parent, *blob, secret("auth"));
    ASSERT_OK(key);
    context = *tpm_->save_context(*key);
  }
  connect();
  {
    const auto key = tpm_->load_context(context, secret("auth"));
    ASSERT_OK(key);
    EXPECT_OK(tpm_->sign(*key, ecdsa_sha256, digest32("m")));
  }
  swtpm_->restart();
  connect();
  EXPECT_REASON(tpm_->load_context(context, secret("auth")), "tpm.foreign");
  EXPECT_REASON(tpm_->load_context(Bytes(100), none()), "tpm.malformed");
}

TEST_F(TpmTest, PersistentObjectsAreFoundAndEvicted) {
  const Object parent = storage();
  EXPECT_REASON(tpm_->open_persistent(0x81020000, none()), "tpm.handle");
  ASSERT_OK(tpm_->persist(parent, 0x81020000, none()));
  const auto found = tpm_->open_persistent(0x81020000, none());
  ASSERT_OK(found);
  EXPECT_EQ(found->name(), parent.name());
  EXPECT_REASON(tpm_->persist(parent, 0x81020000, none()), "tpm.exists");
  ASSERT_OK(tpm_->evict(0x81020000, none()));
  EXPECT_REASON(tpm_->evict(0x81020000, none()), "tpm.handle");
}

TEST_F(TpmTest, P_TPM_004_DevidTemplatesAreTakenAndGiveTheSameKeyAgain) {
  for (const auto which : {DevidTemplate::h1_rsa2048, DevidTemplate::h2_p256, DevidTemplate::h3_p384}) {
    SCOPED_TRACE(name_of(which));
    const auto idevid = tpm_->create_idevid(which, none(), secret("a"));
    ASSERT_OK(idevid);
    EXPECT_EQ(fits_idevid(which, idevid->object.public_area()), TemplateFit::fits);
    EXPECT_EQ(fits_iak(which, idevid->object.public_area()), TemplateFit::differs);
    const auto iak = tpm_->create_iak(which, none(), secret("b"));
    ASSERT_OK(iak);
    EXPECT_EQ(fits_iak(which, iak->object.public_area()), TemplateFit::fits);
    EXPECT_EQ(fits_idevid(which, iak->object.public_area()), TemplateFit::differs);
    EXPECT_NE(iak->object.name(), idevid->object.name());
    const Bytes name = iak->object.name();
    const Primary gone = *tpm_->create_iak(which, none(), secret("another auth"));
    EXPECT_EQ(gone.object.name(), name);
    EXPECT_REASON(
        tpm_->sign(iak->object, *iak->object.public_area().scheme, Bytes(which == DevidTemplate::h3_p384 ? 48 : 32)),
        "tpm.restricted");
  }
}

TEST_F(TpmTest, FullSlotsAreSaidAndFreedAgain) {
  const Object a = storage();
  std::optional<Object> b = storage();
  const Object c = storage();
  EXPECT_REASON(tpm_->create_storage_primary(Hierarchy::owner, none(), "a fourth"), "tpm.no-space");
  b.reset();
  EXPECT_OK(tpm_->create_storage_primary(Hierarchy::owner, none(), "a fourth"));
}

TEST_F(TpmTest, P_TPM_005_WhatAKilledProgramLeftBehindIsFlushed) {
  // Another client, ended without a word: its objects and sessions stay in the TPM.
  for (int i = 0; i < 4; ++i) {
    tpm_.reset();
    const auto left = test::run_command({"env", "TPM2TOOLS_TCTI=" + swtpm_->tcti(), "tpm2_createprimary", "-Q", "-C",
                                         "o", "-c", (folder_ / "left.ctx").string()});
    ASSERT_EQ(left.exit_code, 0) << left.err;
    const auto session = test::run_command(
        {"env", "TPM2TOOLS_TCTI=" + swtpm_->tcti(), "tpm2_startauthsession", "-S", (folder_ / "session.ctx").string()});
    ASSERT_EQ(session.exit_code, 0) << session.err;
    connect();
    EXPECT_OK(tpm_->random(4));
    const Object a = storage();
    const Object b = storage();
    EXPECT_OK(tpm_->create_storage_primary(Hierarchy::owner, none(), "third"));
  }
}

TEST_F(TpmTest, P_TPM_006_AVanishedTpmIsSaidAndNothingHangs) {
  const Object parent = storage();
  swtpm_->kill();
  EXPECT_REASON(tpm_->create_key(parent, ec_p256, KeyUse::sign, none()), "tpm.gone");
  EXPECT_REASON(tpm_->random(4), "tpm.gone");
  EXPECT_REASON(Tpm::connect(swtpm_->tcti()), "tpm.connect");
  swtpm_->start();
  EXPECT_REASON(tpm_->random(4), "tpm.gone");
  connect();
  EXPECT_OK(tpm_->random(4));
}

TEST_F(TpmTest, P_TPM_006_ATpmThatVanishesInMidCommandIsSaid) {
  const Object parent = storage();
  ASSERT_EQ(::kill(swtpm_->pid(), SIGSTOP), 0);
  std::jthread power_cut([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(swtpm_->pid(), SIGKILL);
  });
  EXPECT_REASON(tpm_->create_key(parent, rsa_2048, KeyUse::sign, none()), "tpm.gone");
}

}  // namespace

}  // namespace signet::tpm
