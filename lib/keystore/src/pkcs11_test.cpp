// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "ossl.hpp"
#include "softhsm_test.hpp"
#include "software_key.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace signet::keystore {

namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;
using test::SoftHsm;

std::vector<SignatureScheme> schemes_of(KeyAlgorithm algorithm) {
  std::vector<SignatureScheme> schemes;
  for (int i = 0; i <= static_cast<int>(SignatureScheme::ed25519); ++i) {
    if (crypto::fits(algorithm, static_cast<SignatureScheme>(i))) schemes.push_back(static_cast<SignatureScheme>(i));
  }
  return schemes;
}

void expect_signs(crypto::Signer& signer) {
  const Bytes message = to_bytes("what is signed");
  for (const SignatureScheme scheme : schemes_of(signer.public_key().algorithm())) {
    const auto signature = signer.sign(scheme, message);
    ASSERT_OK(signature) << name_of(scheme);
    EXPECT_OK(signer.public_key().verify(scheme, message, *signature)) << name_of(scheme);
  }
}

}  // namespace

class SoftHsmEach : public SoftHsm, public ::testing::WithParamInterface<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Pkcs11, SoftHsmEach,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                           KeyAlgorithm::rsa_3072, KeyAlgorithm::ed25519),
                         [](const auto& param) { return std::string(crypto::name_of(param.param)); });

TEST_P(SoftHsmEach, P_KEYSTORE_001_generated_key_signs_and_cannot_leave) {
  const test::SoftHsmEd25519Leaks leaks(GetParam() == KeyAlgorithm::ed25519);
  const auto store = open(uri());
  ASSERT_OK(store);
  const auto info = (*store)->generate("signing", GetParam());
  ASSERT_OK(info);
  EXPECT_EQ(info->public_key.algorithm(), GetParam());
  EXPECT_EQ(info->extractable, Extractable::never);
  EXPECT_EQ(info->protection, Protection::token);
  const auto signer = open_signer(info->uri);
  ASSERT_OK(signer);
  EXPECT_EQ((*signer)->public_key(), info->public_key);
  expect_signs(**signer);
}

TEST_P(SoftHsmEach, P_KEYSTORE_002_imported_key_signs_and_is_not_called_born_inside) {
  const test::SoftHsmEd25519Leaks leaks(GetParam() == KeyAlgorithm::ed25519);
  const auto key = ossl::generate_key(GetParam());
  ASSERT_OK(key);
  const auto pkcs8 = write_pkcs8(key->get());
  ASSERT_OK(pkcs8);
  const auto store = open(uri());
  ASSERT_OK(store);
  const auto info = (*store)->import_key("imported", *pkcs8);
  ASSERT_OK(info);
  EXPECT_EQ(info->public_key, *ossl::from_evp(key->get()));
  EXPECT_EQ(info->extractable, Extractable::no);
  const auto signer = (*store)->signer({.label = "imported"});
  ASSERT_OK(signer);
  expect_signs(**signer);
}

TEST_F(SoftHsm, P_KEYSTORE_003_a_software_token_is_not_called_hardware) {
  const auto store = open(uri());
  ASSERT_OK(store);
  const auto info = (*store)->describe();
  ASSERT_OK(info);
  EXPECT_EQ(info->protection, Protection::token);
  EXPECT_EQ(info->label, "first");
  EXPECT_EQ(info->backend, "pkcs11");
  EXPECT_FALSE(info->serial.empty());
  EXPECT_NE(info->model.find("SoftHSM"), std::string::npos);
}

TEST_F(SoftHsm, P_KEYSTORE_004_wrong_pin_is_never_tried_twice) {
  const auto store = open(uri("token=first", "wrong-pin"));
  ASSERT_OK(store);
  EXPECT_REASON((*store)->list(), "keystore.pin-wrong");
  // Had the second call asked the token again, the right PIN in the file would now be taken.
  ASSERT_OK(os::replace_file(folder_ / "wrong-pin", as_bytes(std::string(test::k_pin)), 0600));
  EXPECT_REASON((*store)->list(), "keystore.pin-wrong");
  const auto fresh = open(uri("token=first", "wrong-pin"));
  ASSERT_OK(fresh);
  EXPECT_OK((*fresh)->list());
}

TEST_F(SoftHsm, P_KEYSTORE_005_two_keys_of_one_label_are_not_guessed_between) {
  const auto store = open(uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("twin", KeyAlgorithm::ec_p256));
  EXPECT_REASON((*store)->generate("twin", KeyAlgorithm::ec_p256), "keystore.label-taken");
  const auto other =
      os::run({"pkcs11-tool", "--module", test::k_softhsm, "--token-label", "first", "--login", "--pin", test::k_pin,
               "--keypairgen", "--key-type", "EC:prime256v1", "--label", "twin", "--id", "0a0b"});
  ASSERT_TRUE(other.has_value() && other->exit_code == 0) << other->err;
  const auto again = open(uri());
  ASSERT_OK(again);
  EXPECT_REASON((*again)->find({.label = "twin"}), "keystore.ambiguous");
  EXPECT_REASON((*again)->signer({.label = "twin"}), "keystore.ambiguous");
  EXPECT_REASON((*again)->destroy({.label = "twin"}), "keystore.ambiguous");
  const auto by_id = (*again)->find({.label = "twin", .id = {std::byte{0x0a}, std::byte{0x0b}}});
  ASSERT_OK(by_id);
  EXPECT_OK(open_signer(by_id->uri));
}

TEST_F(SoftHsm, P_KEYSTORE_006_destroyed_key_is_gone_for_everybody) {
  const auto store = open(uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("old", KeyAlgorithm::ec_p256));
  ASSERT_OK((*store)->generate("new", KeyAlgorithm::ec_p256));
  const auto signer = (*store)->signer({.label = "old"});
  ASSERT_OK(signer);
  ASSERT_OK((*store)->destroy({.label = "old"}));
  EXPECT_REASON((*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("late")), "keystore.no-key");
  EXPECT_REASON((*store)->find({.label = "old"}), "keystore.no-key");
  EXPECT_REASON((*store)->destroy({.label = "old"}), "keystore.no-key");
  const auto left = (*store)->list();
  ASSERT_OK(left);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().label, "new");
  const auto objects =
      os::run({"pkcs11-tool", "--module", test::k_softhsm, "--token-label", "first", "--list-objects"});
  ASSERT_OK(objects);
  EXPECT_EQ(objects->out.find("old"), std::string::npos) << objects->out;
}

TEST_F(SoftHsm, P_KEYSTORE_007_many_threads_share_one_signer) {
  const auto store = open(uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("shared", KeyAlgorithm::ec_p256));
  const auto signer = (*store)->signer({.label = "shared"});
  ASSERT_OK(signer);
  std::atomic<int> good = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string message = std::to_string(t) + "/" + std::to_string(i);
        const auto signature = (*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes(message));
        if (signature && (*signer)->public_key().verify(SignatureScheme::ecdsa_sha256, as_bytes(message), *signature))
          ++good;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 80);
}

TEST_F(SoftHsm, P_KEYSTORE_008_signer_outlives_its_store) {
  std::shared_ptr<crypto::Signer> signer;
  {
    const auto store = open(uri());
    ASSERT_OK(store);
    ASSERT_OK((*store)->generate("kept", KeyAlgorithm::ec_p256));
    signer = *(*store)->signer({.label = "kept"});
  }
  expect_signs(*signer);
}

TEST_F(SoftHsm, P_KEYSTORE_009_signer_works_in_a_child_process) {
  const auto store = open(uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("forked", KeyAlgorithm::ec_p256));
  const auto signer = (*store)->signer({.label = "forked"});
  ASSERT_OK(signer);
  ASSERT_OK((*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("parent")));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto signature = (*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("child"));
    const bool good =
        signature && (*signer)->public_key().verify(SignatureScheme::ecdsa_sha256, as_bytes("child"), *signature);
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_OK((*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("parent again")));
}

TEST_F(SoftHsm, refuses_tokens_and_modules_that_are_not_there) {
  EXPECT_REASON(open(uri("token=second")), "keystore.no-store");
  make_token("second");
  EXPECT_OK(open(uri("token=second")));
  EXPECT_REASON(open(uri("manufacturer=SoftHSM%20project")), "keystore.ambiguous-token");
  EXPECT_REASON(open("pkcs11:token=first?module-path=/nowhere/module.so"), "keystore.module");
  EXPECT_REASON(open("pkcs11:token=first?module-path=/etc/passwd"), "keystore.module");
  EXPECT_REASON(open("pkcs11:token=first?module-path=libdl.so.2"), "keystore.module");
}

TEST_F(SoftHsm, asks_for_the_pin_where_the_uri_has_none) {
  int asked = 0;
  const Options options{.ask = [&](std::string_view prompt) -> Result<Secret> {
    ++asked;
    EXPECT_NE(prompt.find("first"), std::string_view::npos);
    return Secret::copy_of(as_bytes(std::string_view(test::k_pin)));
  }};
  const auto store = open("pkcs11:token=first?module-path=" + std::string(test::k_softhsm), options);
  ASSERT_OK(store);
  EXPECT_OK((*store)->list());
  EXPECT_OK((*store)->list());
  EXPECT_EQ(asked, 1);
}

TEST_F(SoftHsm, labels_with_odd_characters) {
  const auto store = open(uri());
  ASSERT_OK(store);
  const auto odd = (*store)->generate("Gerät 7; pin=x?&%", KeyAlgorithm::ec_p256);
  ASSERT_OK(odd);
  EXPECT_OK(open_signer(odd->uri)) << odd->uri;
  EXPECT_EQ(odd->uri.find("pin-value"), std::string::npos);
  for (const std::string& label :
       {std::string(), std::string("a\nb"), std::string("a\0b", 3), std::string(65, 'a'), std::string("\xff")}) {
    EXPECT_REASON((*store)->generate(label, KeyAlgorithm::ec_p256), "keystore.label");
  }
}

TEST_F(SoftHsm, uri_that_names_no_key) {
  EXPECT_REASON(open_signer(uri()), "keystore.uri-names-no-key");
  EXPECT_REASON(open_signer(uri("token=first;object=nobody")), "keystore.no-key");
}

TEST_F(SoftHsm, import_of_nonsense_leaves_nothing_behind) {
  const auto store = open(uri());
  ASSERT_OK(store);
  EXPECT_REASON((*store)->import_key("bad", Secret::copy_of(as_bytes("not a key"))), "keystore.import");
  EXPECT_REASON((*store)->import_key("bad", Secret()), "keystore.import");
  EXPECT_EQ((*store)->list()->size(), 0U);
}

}  // namespace signet::keystore
