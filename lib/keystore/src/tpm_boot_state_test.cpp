// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Keys that are bound to a boot state, on a software TPM whose PCRs the tests extend.
#include "ossl.hpp"
#include "tpm_record.hpp"
#include "tpm_store_test.hpp"

#include <openssl/rsa.h>

#include <filesystem>
#include <functional>
#include <vector>

namespace signet::keystore {

namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;
using tpm::KeyUse;

constexpr unsigned k_image = 11;

class TpmBootState : public TpmStoreTest {
 protected:
  TpmKeyInfo bind(std::string_view label, Purpose purpose, KeyAlgorithm algorithm, KeyUse use,
                  const std::vector<unsigned>& pcrs = {7, k_image}) {
    auto made = store_->generate(label, algorithm, purpose, use, pcrs);
    ensure(made.has_value(), made ? "" : made.error().message());
    return *std::move(made);
  }
  /// Something is measured: the state is another one until the next power cycle.
  void extend(unsigned pcr) {
    ASSERT_OK(store_->with_room([pcr](tpm::Tpm& tpm, const tpm::Object&) {
      return tpm.extend_pcr(pcr, crypto::digest(crypto::HashAlgorithm::sha256, as_bytes("another image")));
    }));
  }
  static Bytes oaep(const crypto::PublicKey& key, ByteView message) {
    const Bytes& spki = key.spki_der();
    const unsigned char* at = as_uchar(ByteView(spki));
    const ossl::EvpPkey evp(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(evp.get(), nullptr));
    Bytes out(256);
    std::size_t size = out.size();
    ensure(EVP_PKEY_encrypt_init(ctx.get()) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), EVP_sha256()) == 1 &&
               EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(out)), &size, as_uchar(message), message.size()) == 1,
           "OpenSSL encrypts");
    return out;
  }
  static Bytes padded_block() {
    Bytes block(256, std::byte{0xff});
    block[0] = std::byte{0};
    block[1] = std::byte{1};
    block[200] = std::byte{0};
    return block;
  }
};

/// What is done with a key; its reason where it is refused.
struct Use {
  const char* label;
  std::function<std::string()> act;
};

template <typename T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : result.error().reason();
}

}  // namespace

TEST_F(TpmBootState, P_KEYSTORE_023_a_bound_key_works_in_its_boot_state_only_whatever_is_done_with_it) {
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, {});
  bind("ec", Purpose::tls, KeyAlgorithm::ec_p256, KeyUse::sign);
  bind("rsa", Purpose::tls, KeyAlgorithm::rsa_2048, KeyUse::sign_any);
  const TpmKeyInfo vault = bind("vault", Purpose::storage, KeyAlgorithm::rsa_2048, KeyUse::decrypt);
  const TpmKeyInfo shared = bind("shared", Purpose::storage, KeyAlgorithm::ec_p256, KeyUse::derive);
  const Bytes ciphertext = oaep(vault.public_key, as_bytes("data key"));
  const auto signer = store_->signer({.label = "ec"});
  ASSERT_OK(signer);
  const std::vector<Use> uses{
      {"ec", [&] { return outcome(store_->sign("ec", Purpose::tls, SignatureScheme::ecdsa_sha256, digest)); }},
      {"ec", [&] { return outcome((*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("message"))); }},
      {"rsa", [&] { return outcome(store_->sign("rsa", Purpose::tls, SignatureScheme::rsa_pss_sha256, digest)); }},
      {"rsa", [&] { return outcome(store_->sign_block("rsa", Purpose::tls, padded_block())); }},
      {"vault", [&] { return outcome(store_->decrypt("vault", Purpose::storage, ciphertext)); }},
      {"shared", [&] { return outcome(store_->derive("shared", Purpose::storage, shared.public_key)); }},
  };
  for (const Use& use : uses) EXPECT_EQ(use.act(), "ok") << use.label;
  extend(5);
  for (const Use& use : uses) EXPECT_EQ(use.act(), "ok") << use.label << " does not care for PCR 5";
  extend(k_image);
  for (const Use& use : uses) EXPECT_EQ(use.act(), "keystore.boot-state") << use.label;
  const auto refused = store_->sign("ec", Purpose::tls, SignatureScheme::ecdsa_sha256, digest);
  EXPECT_NE(refused.error().text().find("PCR 11 differs"), std::string::npos) << refused.error().text();
  EXPECT_EQ(refused.error().code(), Errc::denied);
  EXPECT_EQ(*store_->changed_pcrs("ec"), std::vector<unsigned>{k_image});
  swtpm_->restart();
  for (const Use& use : uses) EXPECT_EQ(use.act(), "ok") << use.label << " after a boot as before";
  EXPECT_TRUE(store_->changed_pcrs("ec")->empty());
}

TEST_F(TpmBootState, P_KEYSTORE_023_it_is_the_tpm_that_refuses_also_to_who_has_the_keys_auth) {
  bind("ec", Purpose::tls, KeyAlgorithm::ec_p256, KeyUse::sign);
  const auto record = TpmRecord::parse(*os::read_file(file("ec"), k_record_bytes_max));
  ASSERT_OK(record);
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, {});
  const auto raw = [&](tpm::Policy policy, const Secret& auth) {
    std::string reason;
    EXPECT_OK(store_->with_room([&](tpm::Tpm& tpm, const tpm::Object& parent) -> Result<void> {
      TRY_ASSIGN(const tpm::Object key, tpm.load(parent, {record->area.wire, record->private_area}, auth, policy));
      reason = outcome(tpm.sign(key, SignatureScheme::ecdsa_sha256, digest));
      return {};
    }));
    return reason;
  };
  EXPECT_EQ(raw(record->policy(), record->auth), "ok");
  EXPECT_EQ(raw({}, record->auth), "tpm.auth") << "the auth alone opens nothing";
  EXPECT_EQ(raw({tpm::PolicyPcr{record->boot_state}}, record->auth), "tpm.policy") << "nor the state alone";
  EXPECT_EQ(raw(record->policy(), Secret::copy_of(Bytes(32, std::byte{7}))), "tpm.auth");
  extend(k_image);
  EXPECT_EQ(raw(record->policy(), record->auth), "tpm.policy");
  std::vector<tpm::PcrValue> now = record->boot_state;
  ASSERT_OK(store_->with_room([&](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY_ASSIGN(now, tpm.read_pcrs({7, k_image}));
    return {};
  }));
  EXPECT_EQ(raw(tpm::boot_policy(now), record->auth), "tpm.policy") << "another state's policy is not this key's";
}

TEST_F(TpmBootState, a_rotation_binds_the_new_key_to_the_state_of_now) {
  const TpmKeyInfo before = bind("web", Purpose::tls, KeyAlgorithm::ec_p256, KeyUse::sign);
  extend(k_image);
  EXPECT_REASON(sign("web"), "keystore.boot-state");
  const auto after = store_->rotate("web", Purpose::tls);
  ASSERT_OK(after);
  ASSERT_EQ(after->boot_state.size(), 2U);
  EXPECT_EQ(after->boot_state[0].index, 7U);
  EXPECT_FALSE(equal(after->boot_state[1].value, before.boot_state[1].value));
  EXPECT_OK(sign("web"));
  swtpm_->restart();
  EXPECT_REASON(sign("web"), "keystore.boot-state");
  EXPECT_OK(sign("web.old"));
}

TEST_F(TpmBootState, a_record_tells_the_policy_that_its_key_has_or_is_damaged) {
  const TpmKeyInfo key = bind("web", Purpose::tls, KeyAlgorithm::ec_p256, KeyUse::sign);
  make("free");
  const auto text = os::read_file(file("web"), k_record_bytes_max);
  const auto record = TpmRecord::parse(*text);
  ASSERT_OK(record);
  EXPECT_EQ(record->version, k_record_version_bound);
  EXPECT_TRUE(record->text() == Secret::copy_of(*text));
  EXPECT_EQ(TpmRecord::parse(*os::read_file(file("free"), k_record_bytes_max))->version, k_record_version)
      << "an older Signet reads the keys that it could have made";
  const auto altered = [&](const std::function<void(TpmRecord&)>& change) {
    auto other = TpmRecord::parse(*text);
    change(*other);
    return outcome(TpmRecord::parse(other->text().read(SecretAccess::for_export())));
  };
  EXPECT_EQ(altered([](TpmRecord&) {}), "ok");
  EXPECT_EQ(altered([](TpmRecord& r) { r.boot_state[0].value[0] ^= std::byte{1}; }), "keystore.record");
  EXPECT_EQ(altered([](TpmRecord& r) { r.boot_state.pop_back(); }), "keystore.record");
  EXPECT_EQ(altered([](TpmRecord& r) { r.boot_state.clear(); }), "keystore.record");
  reopen();
  EXPECT_EQ(store_->info("web")->boot_state.size(), 2U);
  EXPECT_OK(sign("web"));
}

TEST_F(TpmBootState, what_cannot_be_bound_is_refused) {
  const auto generate = [&](const std::vector<unsigned>& pcrs) {
    return outcome(store_->generate("k", KeyAlgorithm::ec_p256, Purpose::tls, KeyUse::sign, pcrs));
  };
  EXPECT_EQ(generate({24}), "keystore.pcrs");
  EXPECT_EQ(generate({7, 7}), "keystore.pcrs");
  EXPECT_FALSE(std::filesystem::exists(file("k")));
  const auto files = open("file:" + (folder_ / "soft").string() + "?passphrase=none");
  ASSERT_OK(files);
  EXPECT_REASON((*files)->generate_bound("k", KeyAlgorithm::ec_p256, {7}), "keystore.unsupported");
}

TEST_F(TpmBootState, a_prepared_rotation_waits_beside_the_key) {
  const TpmKeyInfo before = make("web");
  const auto next = store_->prepare_rotation("web", Purpose::tls);
  ASSERT_OK(next);
  EXPECT_EQ(next->label, "web.next");
  EXPECT_TRUE(store_->prepare_rotation("web", Purpose::tls)->public_key == next->public_key) << "asked again";
  EXPECT_TRUE(store_->info("web")->public_key == before.public_key);
  const auto after = store_->rotate("web", Purpose::tls);
  ASSERT_OK(after);
  EXPECT_TRUE(after->public_key == next->public_key);
  EXPECT_TRUE(store_->info("web.old")->public_key == before.public_key);
  make("taken");
  make("taken.next", Purpose::video);
  EXPECT_REASON(store_->prepare_rotation("taken", Purpose::tls), "keystore.label-taken");
}

}  // namespace signet::keystore
