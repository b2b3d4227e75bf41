// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/tpm_keystore.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/tpm_proxy.hpp"

#include "ossl.hpp"
#include "software_key.hpp"
#include "tpm_record.hpp"
#include "tpm_store_test.hpp"
#include "tpm_uri.hpp"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <optional>
#include <thread>

namespace signet::keystore {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;
using tpm::KeyUse;

TEST_F(TpmStoreTest, P_KEYSTORE_001_keys_of_each_algorithm_are_made_found_and_sign) {
  store_.reset();
  const auto store = open(uri());
  ASSERT_OK(store);
  for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048}) {
    const auto info = (*store)->generate(crypto::name_of(algorithm), algorithm);
    ASSERT_OK(info);
    EXPECT_EQ(info->public_key.algorithm(), algorithm);
    EXPECT_EQ(info->extractable, Extractable::never);
    const auto signer = (*store)->signer({.label = info->label});
    ASSERT_OK(signer);
    expect_signs(**signer);
  }
  const auto listed = (*store)->list();
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 3U);
  EXPECT_REASON((*store)->generate("ed", KeyAlgorithm::ed25519), "keystore.unsupported");
  EXPECT_FALSE(std::filesystem::exists(file("ed")));
  for (const char* label : {"", "../x", "a/b", ".hidden", "a b"})
    EXPECT_REASON((*store)->generate(label, KeyAlgorithm::ec_p256), "keystore.label");
  EXPECT_REASON((*store)->generate("p256", KeyAlgorithm::ec_p256), "keystore.label-taken");
}

TEST_F(TpmStoreTest, P_KEYSTORE_001_a_key_is_found_again_by_its_uri) {
  std::string key_uri;
  {
    store_.reset();
    const auto store = open(uri());
    ASSERT_OK(store);
    const auto info = (*store)->generate("firmware", KeyAlgorithm::ec_p256);
    ASSERT_OK(info);
    key_uri = info->uri;
  }
  const auto signer = open_signer(key_uri);
  ASSERT_OK(signer);
  expect_signs(**signer);
}

TEST_F(TpmStoreTest, P_KEYSTORE_003_a_simulator_is_not_called_hardware) {
  const auto described = store_->describe();
  ASSERT_OK(described);
  EXPECT_EQ(described->protection, Protection::token);
  EXPECT_EQ(described->backend, "tpm");
  const auto of = [](const char* manufacturer, const char* vendor) {
    tpm::Description description;
    description.manufacturer = manufacturer;
    description.vendor = vendor;
    return protection_of(description);
  };
  EXPECT_EQ(of("IFX", "SLB9672"), Protection::hardware);
  EXPECT_EQ(of("IFX", "SW   TPM"), Protection::token);
  EXPECT_EQ(of("MSFT", "xCG fTPM"), Protection::token);
  EXPECT_EQ(of("WHO?", ""), Protection::token);
}

TEST_F(TpmStoreTest, P_KEYSTORE_015_more_keys_than_slots_are_used_in_turn) {
  for (int i = 0; i < 5; ++i) make("k" + std::to_string(i));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) EXPECT_OK(sign("k" + std::to_string(i)));
  }
  make("one-more");
  EXPECT_OK(store_->seal(Secret::copy_of(as_bytes("x"))));
  EXPECT_EQ(roots_made_, 1);
}

TEST_F(TpmStoreTest, P_KEYSTORE_015_a_question_that_needs_no_slot_leaves_the_keys_in_the_tpm) {
  make("a");
  store_.reset();
  test::TpmProxy proxy(*swtpm_);
  std::atomic<int> loads = 0;
  proxy.set_rule([&loads](ByteView command, const test::TpmProxy::Ask& ask) -> std::optional<Bytes> {
    constexpr std::uint32_t k_load = 0x157;
    if (test::TpmProxy::code_of(command) == k_load) ++loads;
    return ask(command);
  });
  const OpenTpmRoot root = [&proxy]() -> Result<TpmRoot> {
    TRY_ASSIGN(auto tpm, tpm::Tpm::connect(proxy.tcti()));
    TRY_ASSIGN(tpm::Object parent, tpm->create_storage_primary(tpm::Hierarchy::owner, Secret(), "signet storage 1"));
    return TpmRoot{std::move(tpm), std::make_shared<const tpm::Object>(std::move(parent))};
  };
  store_ = must(TpmKeystore::open({keys(), root}));
  const TpmKeystore::Act look = [](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY(tpm.clock());
    return {};
  };
  ASSERT_OK(sign("a"));
  ASSERT_OK(store_->with_tpm(look));
  ASSERT_OK(sign("a"));
  EXPECT_EQ(loads, 1);
  ASSERT_OK(store_->with_room(look));
  ASSERT_OK(sign("a"));
  EXPECT_EQ(loads, 2);
  store_.reset();
}

TEST_F(TpmStoreTest, P_KEYSTORE_002_imported_key_is_the_same_key_and_not_made_inside) {
  const auto key = ossl::generate_key(KeyAlgorithm::ec_p256);
  ASSERT_OK(key);
  const auto pkcs8 = write_pkcs8(key->get());
  ASSERT_OK(pkcs8);
  const auto info = store_->import_key("imported", *pkcs8);
  ASSERT_OK(info);
  EXPECT_EQ(info->public_key, *ossl::from_evp(key->get()));
  EXPECT_EQ(info->extractable, Extractable::no);
  const auto signer = store_->signer({.label = "imported"});
  ASSERT_OK(signer);
  expect_signs(**signer);
  EXPECT_REASON(store_->import_key("bad", Secret::copy_of(as_bytes("nonsense"))), "keystore.import");
  EXPECT_FALSE(std::filesystem::exists(file("bad")));
}

TEST_F(TpmStoreTest, P_KEYSTORE_018_a_key_serves_its_purpose_only) {
  make("tls");
  make("data", Purpose::storage);
  EXPECT_OK(sign("tls"));
  EXPECT_REASON(sign("tls", Purpose::video), "keystore.purpose");
  EXPECT_REASON(sign("data", Purpose::storage), "keystore.purpose");
  EXPECT_REASON(store_->signer({.label = "data"}), "keystore.purpose");
  EXPECT_REASON(store_->decrypt("tls", Purpose::tls, Bytes(256)), "keystore.purpose");
  EXPECT_REASON(store_->decrypt("data", Purpose::storage, Bytes(256)), "keystore.use");
  EXPECT_REASON(store_->generate("x", KeyAlgorithm::ec_p256, Purpose::tls, KeyUse::derive), "keystore.purpose");
  EXPECT_REASON(store_->generate("x", KeyAlgorithm::ec_p256, Purpose::storage, KeyUse::decrypt),
                "keystore.unsupported");
  EXPECT_REASON(store_->destroy("tls", Purpose::storage), "keystore.purpose");
  const auto signing = store_->list();
  ASSERT_OK(signing);
  EXPECT_EQ(signing->size(), 1U);
  EXPECT_EQ(store_->keys()->size(), 2U);
}

TEST_F(TpmStoreTest, two_keys_derive_the_same_secret) {
  const TpmKeyInfo a = make("a", Purpose::storage);
  const TpmKeyInfo b = make("b", Purpose::storage);
  const auto one = store_->derive("a", Purpose::storage, b.public_key);
  const auto other = store_->derive("b", Purpose::storage, a.public_key);
  ASSERT_OK(one);
  ASSERT_OK(other);
  EXPECT_TRUE(*one == *other);
}

TEST_F(TpmStoreTest, rsa_key_of_storage_decrypts) {
  const TpmKeyInfo key = make("rsa", Purpose::storage, KeyAlgorithm::rsa_2048);
  EXPECT_EQ(key.use, KeyUse::decrypt);
  const Bytes& spki = key.public_key.spki_der();
  const unsigned char* at = as_uchar(ByteView(spki));
  const ossl::EvpPkey public_key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(public_key.get(), nullptr));
  Bytes ciphertext(256);
  std::size_t size = ciphertext.size();
  const Bytes message = to_bytes("data key");
  ASSERT_EQ(EVP_PKEY_encrypt_init(ctx.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), EVP_sha256()), 1);
  ASSERT_EQ(
      EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(ciphertext)), &size, as_uchar(ByteView(message)), message.size()),
      1);
  const auto opened = store_->decrypt("rsa", Purpose::storage, ciphertext);
  ASSERT_OK(opened);
  EXPECT_TRUE(*opened == Secret::copy_of(message));
}

TEST_F(TpmStoreTest, sealed_data_opens_here_only) {
  const auto sealed = store_->seal(Secret::copy_of(as_bytes("a secret")));
  ASSERT_OK(sealed);
  const auto opened = store_->unseal(*sealed);
  ASSERT_OK(opened);
  EXPECT_TRUE(*opened == Secret::copy_of(as_bytes("a secret")));
  EXPECT_REASON(store_->unseal(as_bytes("SSB1")), "keystore.sealed");
  EXPECT_REASON(store_->unseal(ByteView(*sealed).first(sealed->size() - 1)), "keystore.sealed");
  const test::Swtpm other({.fresh_ek = true});
  const auto elsewhere = must(TpmKeystore::open({folder_ / "other", root_of(other)}));
  EXPECT_REASON(elsewhere->unseal(*sealed), "keystore.foreign-tpm");
}

TEST_F(TpmStoreTest, P_KEYSTORE_020_works_on_after_the_tpm_was_restarted) {
  make("k");
  EXPECT_OK(sign("k"));
  const auto signer = store_->signer({.label = "k"});
  ASSERT_OK(signer);
  swtpm_->restart();
  EXPECT_OK(sign("k"));
  expect_signs(**signer);
  EXPECT_EQ(roots_made_, 2);
}

TEST_F(TpmStoreTest, P_KEYSTORE_006_destroyed_key_is_gone_for_signers_as_well) {
  make("k");
  const auto signer = store_->signer({.label = "k"});
  ASSERT_OK(signer);
  expect_signs(**signer);
  std::filesystem::remove(file("k"));  // as another process does it
  EXPECT_REASON((*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("x")), "keystore.no-key");
  make("k");
  EXPECT_REASON((*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("x")), "keystore.no-key");
  EXPECT_OK(sign("k"));
  ASSERT_OK(store_->destroy({.label = "k"}));
  EXPECT_REASON(sign("k"), "keystore.no-key");
  EXPECT_REASON(store_->destroy({.label = "k"}), "keystore.no-key");
}

TEST_F(TpmStoreTest, P_KEYSTORE_008_a_signer_outlives_its_store) {
  make("k");
  const auto signer = store_->signer({.label = "k"});
  ASSERT_OK(signer);
  store_.reset();
  expect_signs(**signer);
}

TEST_F(TpmStoreTest, P_KEYSTORE_007_threads_share_a_store) {
  for (int i = 0; i < 3; ++i) make("k" + std::to_string(i));
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 5; ++i) {
          if (!sign("k" + std::to_string((t + i) % 3))) ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 0);
}

TEST_F(TpmStoreTest, outside_keys_are_served_and_certify_the_others) {
  make("k");
  std::optional<TpmKeyInfo> iak;
  ASSERT_OK(store_->with_room([&](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY_ASSIGN(const tpm::Primary made, tpm.create_iak(tpm::DevidTemplate::h2_p256, Secret(), Secret()));
    iak = TpmKeyInfo{.label = "iak",
                     .purpose = Purpose::device_id,
                     .use = KeyUse::sign,
                     .public_key = *made.object.public_area().key,
                     .extractable = Extractable::never,
                     .public_area = made.object.public_area().wire};
    return {};
  }));
  ASSERT_TRUE(iak.has_value());
  ASSERT_OK(store_->adopt({*iak, [](tpm::Tpm& tpm) -> Result<tpm::Object> {
                             TRY_ASSIGN(tpm::Primary made,
                                        tpm.create_iak(tpm::DevidTemplate::h2_p256, Secret(), Secret()));
                             return std::move(made.object);
                           }}));
  const auto evidence = store_->certify("k", "iak", as_bytes("nonce"));
  ASSERT_OK(evidence);
  const auto signer = tpm::Public::parse(iak->public_area);
  const auto area = tpm::Public::parse(evidence->public_area);
  ASSERT_OK(signer);
  ASSERT_OK(area);
  const auto verified = tpm::verify(*signer, evidence->attestation);
  ASSERT_OK(verified);
  EXPECT_TRUE(equal(verified->qualifying_data(), as_bytes("nonce")));
  EXPECT_EQ(std::get<tpm::CertifiedObject>(verified->body()).name, area->name);
  EXPECT_REASON(store_->adopt({*iak, {}}), "keystore.label-taken");
  EXPECT_REASON(store_->generate("iak", KeyAlgorithm::ec_p256), "keystore.label-taken");
  EXPECT_REASON(store_->destroy({.label = "iak"}), "keystore.reserved");
  EXPECT_EQ(store_->keys()->size(), 2U);
}

TEST_F(TpmStoreTest, missing_store_tpm_and_auth_file) {
  EXPECT_REASON(store_->keys(), "keystore.no-store");
  EXPECT_EQ(store_->random(16)->size(), 16U);
  store_.reset();
  const auto gone = open("tpm:" + keys().string() + "?tcti=swtpm:path=" + (folder_ / "none").string());
  ASSERT_OK(gone);
  EXPECT_REASON((*gone)->describe(), "tpm.connect");
  const auto no_auth = open(uri("&owner-auth-file=" + (folder_ / "none").string()));
  ASSERT_OK(no_auth);
  EXPECT_FALSE((*no_auth)->describe().has_value());
  ::setenv("SIGNET_TCTI", swtpm_->tcti().c_str(), 1);
  const auto by_variable = open("tpm:" + keys().string());
  ASSERT_OK(by_variable);
  EXPECT_OK((*by_variable)->describe());
  ::unsetenv("SIGNET_TCTI");
}

TEST(TpmUriTest, tcti_is_percent_encoded_and_comes_back) {
  const auto uri = TpmUri::parse("/keys?tcti=swtpm:host=127.0.0.1,port=2321&label=a&purpose=video");
  ASSERT_OK(uri);
  EXPECT_EQ(uri->tcti, "swtpm:host=127.0.0.1,port=2321");
  EXPECT_EQ(uri->of_key("a"), "tpm:/keys?label=a&tcti=swtpm:host%3d127.0.0.1%2cport%3d2321&purpose=video");
  EXPECT_EQ(*TpmUri::parse(uri->of_key("a").substr(4)), *uri);
}

}  // namespace signet::keystore
