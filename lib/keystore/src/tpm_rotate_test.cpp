// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "tpm_record.hpp"
#include "tpm_store_test.hpp"

#include <filesystem>

namespace signet::keystore {

namespace {

class TpmRotate : public TpmStoreTest {
 protected:
  Bytes record(const std::string& label) {
    const auto text = os::read_file(file(label), k_record_bytes_max);
    return text ? *text : Bytes();
  }
  /// Puts a key under another label, as a rotation does on its way.
  void put(ByteView text, const std::string& label) {
    auto parsed = TpmRecord::parse(text);
    ASSERT_OK(parsed);
    parsed->label = label;
    ASSERT_OK(os::replace_file(file(label), parsed->text().read(SecretAccess::for_export()), 0600));
  }
  crypto::PublicKey public_key(const std::string& label) { return store_->info(label)->public_key; }
};

}  // namespace

TEST_F(TpmRotate, P_KEYSTORED_037_a_new_key_of_the_same_kind_takes_the_name) {
  struct Kind {
    Purpose purpose;
    crypto::KeyAlgorithm algorithm;
  };
  for (const Kind& kind :
       {Kind{Purpose::tls, crypto::KeyAlgorithm::ec_p384}, Kind{Purpose::storage, crypto::KeyAlgorithm::rsa_2048},
        Kind{Purpose::storage, crypto::KeyAlgorithm::ec_p256}}) {
    const std::string label = std::string(name_of(kind.purpose)) + "-" + std::string(name_of(kind.algorithm));
    const TpmKeyInfo before = make(label, kind.purpose, kind.algorithm);
    const auto after = store_->rotate(label, kind.purpose);
    ASSERT_OK(after);
    EXPECT_EQ(after->label, label);
    EXPECT_EQ(after->purpose, before.purpose);
    EXPECT_EQ(after->use, before.use);
    EXPECT_EQ(after->public_key.algorithm(), kind.algorithm);
    EXPECT_EQ(after->extractable, Extractable::never);
    EXPECT_FALSE(after->public_key == before.public_key);
    EXPECT_TRUE(public_key(label + ".old") == before.public_key);
    EXPECT_FALSE(std::filesystem::exists(file(label + ".next")));
  }
}

TEST_F(TpmRotate, both_keys_sign_also_when_the_old_one_was_in_the_tpm) {
  const TpmKeyInfo before = make("web");
  ASSERT_OK(sign("web"));
  const auto after = store_->rotate("web", Purpose::tls);
  ASSERT_OK(after);
  const auto digest = crypto::digest(crypto::HashAlgorithm::sha256, {});
  const auto scheme = crypto::SignatureScheme::ecdsa_sha256;
  const auto fresh = store_->sign("web", Purpose::tls, scheme, digest);
  const auto old = store_->sign("web.old", Purpose::tls, scheme, digest);
  ASSERT_OK(fresh);
  ASSERT_OK(old);
  EXPECT_OK(after->public_key.verify(scheme, {}, *fresh));
  EXPECT_OK(before.public_key.verify(scheme, {}, *old));
  EXPECT_FALSE(before.public_key.verify(scheme, {}, *fresh));
}

TEST_F(TpmRotate, P_KEYSTORED_037_a_rotation_that_was_cut_off_anywhere_is_completed) {
  const TpmKeyInfo before = make("web");
  const Bytes old = record("web");
  const auto after = store_->rotate("web", Purpose::tls);
  ASSERT_OK(after);
  const Bytes fresh = record("web");
  enum class Cut { next_made, old_kept, name_moved };
  for (const Cut cut : {Cut::next_made, Cut::old_kept, Cut::name_moved}) {
    std::filesystem::remove(file("web.old"));
    put(cut == Cut::name_moved ? fresh : old, "web");
    put(fresh, "web.next");
    if (cut != Cut::next_made) put(old, "web.old");
    reopen();
    const auto again = store_->rotate("web", Purpose::tls);
    ASSERT_OK(again) << static_cast<int>(cut);
    EXPECT_TRUE(again->public_key == after->public_key) << static_cast<int>(cut);
    EXPECT_TRUE(public_key("web") == after->public_key);
    EXPECT_TRUE(public_key("web.old") == before.public_key);
    EXPECT_FALSE(std::filesystem::exists(file("web.next")));
  }
}

TEST_F(TpmRotate, P_KEYSTORED_037_no_key_is_lost_and_none_that_somebody_planted_takes_a_name) {
  const TpmKeyInfo before = make("web");
  make("web.old");
  EXPECT_REASON(store_->rotate("web", Purpose::tls), "keystore.label-taken");
  ASSERT_OK(store_->destroy("web.old", Purpose::tls));
  make("web.next", Purpose::video);
  EXPECT_REASON(store_->rotate("web", Purpose::tls), "keystore.label-taken");
  ASSERT_OK(store_->destroy("web.next", Purpose::video));
  make("web.next", Purpose::tls, crypto::KeyAlgorithm::ec_p384);
  EXPECT_REASON(store_->rotate("web", Purpose::tls), "keystore.label-taken");
  ASSERT_OK(store_->destroy("web.next", Purpose::tls));
  EXPECT_REASON(store_->rotate("web", Purpose::video), "keystore.purpose");
  EXPECT_REASON(store_->rotate("nothing", Purpose::tls), "keystore.no-key");
  EXPECT_REASON(store_->rotate(std::string(62, 'a'), Purpose::tls), "keystore.no-key");
  const std::string long_label(62, 'b');
  make(long_label);
  EXPECT_REASON(store_->rotate(long_label, Purpose::tls), "keystore.label");
  EXPECT_TRUE(public_key("web") == before.public_key);
}

}  // namespace signet::keystore
