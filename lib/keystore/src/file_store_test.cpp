// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "key_file.hpp"
#include "ossl.hpp"
#include "software_key.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

namespace signet::keystore {

namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

class FileStore : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(os::replace_file(folder_ / "passphrase", as_bytes("correct horse\n"), 0600)); }
  [[nodiscard]] std::string uri(const std::string& more = {}) const {
    return "file:" + (folder_ / "keys").string() + "?passphrase-file=" + (folder_ / "passphrase").string() + more;
  }
  [[nodiscard]] std::string open_uri(const std::string& more = {}) const {
    return "file:" + (folder_ / "keys").string() + "?passphrase=none" + more;
  }
  [[nodiscard]] std::filesystem::path key_path(const std::string& label) const {
    return folder_ / ("keys/" + label + ".key");
  }

  test::TempDir folder_;
};

void expect_signs(crypto::Signer& signer) {
  const auto scheme = default_scheme(signer.public_key().algorithm());
  const auto signature = signer.sign(scheme, as_bytes("message"));
  ASSERT_OK(signature);
  EXPECT_OK(signer.public_key().verify(scheme, as_bytes("message"), *signature));
}

}  // namespace

TEST_F(FileStore, P_KEYSTORE_001_each_algorithm_is_generated_found_and_signs) {
  const auto store = open(open_uri());
  ASSERT_OK(store);
  for (const auto algorithm :
       {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048, KeyAlgorithm::ed25519}) {
    const auto info = (*store)->generate(crypto::name_of(algorithm), algorithm);
    ASSERT_OK(info);
    EXPECT_EQ(info->protection, Protection::software);
    EXPECT_EQ(info->extractable, Extractable::yes);
    const auto signer = open_signer(info->uri);
    ASSERT_OK(signer);
    EXPECT_EQ((*signer)->public_key(), info->public_key);
    expect_signs(**signer);
  }
  const auto keys = (*store)->list();
  ASSERT_OK(keys);
  EXPECT_EQ(keys->size(), 4U);
  const auto described = (*store)->describe();
  ASSERT_OK(described);
  EXPECT_EQ(described->protection, Protection::software);
  EXPECT_FALSE(described->passphrase);
}

TEST_F(FileStore, P_KEYSTORE_010_passphrase_is_needed_and_checked) {
  const auto store = open(uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("signing", KeyAlgorithm::ec_p256));
  const auto signer = open_signer(uri("&label=signing"));
  ASSERT_OK(signer);
  expect_signs(**signer);
  EXPECT_REASON(open_signer(open_uri("&label=signing")), "keystore.no-pin");
  ASSERT_OK(os::replace_file(folder_ / "passphrase", as_bytes("wrong\n"), 0600));
  EXPECT_REASON(open_signer(uri("&label=signing")), "keystore.passphrase");
  ASSERT_OK(os::replace_file(folder_ / "passphrase", as_bytes("\n"), 0600));
  EXPECT_REASON(open_signer(uri("&label=signing")), "keystore.secret-empty");
  ::unsetenv("SIGNET_TEST_PASSPHRASE");
  const std::string by_variable =
      "file:" + (folder_ / "keys").string() + "?label=signing&passphrase-env=SIGNET_TEST_PASSPHRASE";
  EXPECT_REASON(open_signer(by_variable), "keystore.no-pin");
  ::setenv("SIGNET_TEST_PASSPHRASE", "correct horse", 1);
  EXPECT_OK(open_signer(by_variable));
  ::unsetenv("SIGNET_TEST_PASSPHRASE");
}

TEST_F(FileStore, P_KEYSTORE_011_every_changed_byte_of_a_key_file_is_found) {
  const auto store = open(open_uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("k", KeyAlgorithm::ec_p256));
  const auto whole = os::read_file(key_path("k"), 65'536);
  ASSERT_OK(whole);
  for (std::size_t i = 0; i < whole->size(); ++i) {
    Bytes changed = *whole;
    changed[i] ^= std::byte{1};
    const auto file = KeyFile::parse(changed);
    EXPECT_FALSE(file.has_value() && file->unseal(Secret()).has_value()) << "byte " << i;
    const auto cut = KeyFile::parse(ByteView(*whole).first(i));
    EXPECT_FALSE(cut.has_value()) << "cut at " << i;
  }
  ASSERT_OK(os::replace_file(key_path("k"), ByteView(*whole).first(whole->size() / 2), 0600));
  EXPECT_REASON(open_signer(open_uri("&label=k")), "keystore.file-malformed");
}

TEST_F(FileStore, P_KEYSTORE_012_folders_and_files_open_to_others_are_refused) {
  const auto store = open(open_uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("k", KeyAlgorithm::ec_p256));
  struct stat status{};
  ASSERT_EQ(::stat(key_path("k").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder_ / "keys").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ::chmod((folder_ / "keys").c_str(), 0750);
  EXPECT_REASON((*store)->list(), "keystore.folder-open-to-others");
  EXPECT_REASON((*store)->generate("l", KeyAlgorithm::ec_p256), "keystore.folder-open-to-others");
  ::chmod((folder_ / "keys").c_str(), 0700);
  ::chmod(key_path("k").c_str(), 0604);
  EXPECT_REASON((*store)->signer({.label = "k"}), "keystore.folder-open-to-others");
}

TEST_F(FileStore, P_KEYSTORE_006_destroyed_key_is_gone) {
  const auto store = open(open_uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("k", KeyAlgorithm::ec_p256));
  EXPECT_REASON((*store)->generate("k", KeyAlgorithm::ec_p256), "keystore.label-taken");
  ASSERT_OK((*store)->destroy({.label = "k"}));
  EXPECT_FALSE(std::filesystem::exists(key_path("k")));
  EXPECT_REASON((*store)->signer({.label = "k"}), "keystore.no-key");
  EXPECT_REASON((*store)->destroy({.label = "k"}), "keystore.no-key");
}

TEST_F(FileStore, P_KEYSTORE_002_imported_key_is_the_same_key) {
  const auto key = ossl::generate_key(KeyAlgorithm::rsa_2048);
  ASSERT_OK(key);
  const auto pkcs8 = write_pkcs8(key->get());
  ASSERT_OK(pkcs8);
  const auto store = open(open_uri());
  ASSERT_OK(store);
  const auto info = (*store)->import_key("imported", *pkcs8);
  ASSERT_OK(info);
  EXPECT_EQ(info->public_key, *ossl::from_evp(key->get()));
  EXPECT_REASON((*store)->import_key("bad", Secret::copy_of(as_bytes("not a key"))), "keystore.import");
}

TEST_F(FileStore, refuses_renamed_files_and_odd_labels) {
  const auto store = open(open_uri());
  ASSERT_OK(store);
  ASSERT_OK((*store)->generate("one", KeyAlgorithm::ec_p256));
  for (const char* label : {"", "../x", "a/b", ".hidden", "-x", "a b", "a\n", "\xff"}) {
    EXPECT_REASON((*store)->generate(label, KeyAlgorithm::ec_p256), "keystore.label");
  }
  std::filesystem::rename(key_path("one"), key_path("two"));
  EXPECT_REASON((*store)->signer({.label = "two"}), "keystore.file-malformed");
}

TEST_F(FileStore, prompts_twice_for_a_new_passphrase) {
  std::vector<std::string> answers{"a", "b"};
  const Options options{.ask = [&](std::string_view) -> Result<Secret> {
    const std::string answer = answers.front();
    answers.erase(answers.begin());
    return Secret::copy_of(as_bytes(answer));
  }};
  const auto store = open("file:" + (folder_ / "keys").string(), options);
  ASSERT_OK(store);
  EXPECT_REASON((*store)->generate("k", KeyAlgorithm::ec_p256), "keystore.passphrase-differs");
  answers = {"", ""};
  EXPECT_REASON((*store)->generate("k", KeyAlgorithm::ec_p256), "keystore.secret-empty");
  answers = {"same", "same", "same"};
  ASSERT_OK((*store)->generate("k", KeyAlgorithm::ec_p256));
  EXPECT_OK((*store)->signer({.label = "k"}));
  EXPECT_TRUE(answers.empty());
}

TEST_F(FileStore, P_KEYSTORE_007_two_makers_of_one_label_leave_one_key) {
  std::atomic<int> made = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto store = open(open_uri());
      if (store && (*store)->generate("contested", KeyAlgorithm::ec_p256)) ++made;
    });
  }
  threads.clear();
  EXPECT_EQ(made, 1);
}

TEST_F(FileStore, missing_store_and_key) {
  const auto store = open(open_uri());
  ASSERT_OK(store);
  EXPECT_REASON((*store)->list(), "keystore.no-store");
  EXPECT_REASON(open_signer(open_uri("&label=k")), "keystore.no-store");
  EXPECT_REASON(open_signer(open_uri()), "keystore.uri-names-no-key");
}

TEST(Uri, P_KEYSTORE_013_what_is_not_understood_is_refused) {
  struct Row {
    const char* uri;
    const char* reason;
  };
  constexpr Row k_rows[] = {
      {"", "keystore.scheme"},
      {"keys", "keystore.scheme"},
      {"/path", "keystore.scheme"},
      {"tpm2:x", "keystore.scheme"},
      {"FILE:x", "keystore.scheme"},
      {"file:", "keystore.uri"},
      {"file://host/x", "keystore.uri"},
      {"file:x?pasphrase-file=y", "keystore.uri"},
      {"file:x?passphrase=secret", "keystore.uri"},
      {"file:x?label=a&label=b", "keystore.uri"},
      {"file:x?label=", "keystore.uri"},
      {"file:x?label", "keystore.uri"},
      {"file:x%0", "keystore.uri"},
      {"file:x%00", "keystore.uri"},
      {"pkcs11:token", "keystore.uri"},
      {"pkcs11:token=a;token=b", "keystore.uri"},
      {"pkcs11:tokn=a", "keystore.uri"},
      {"pkcs11:x-vendor=a", "keystore.uri"},
      {"pkcs11:token=a;", "keystore.uri"},
      {"pkcs11:token=a b", "keystore.uri"},
      {"pkcs11:token=%zz", "keystore.uri"},
      {"pkcs11:token=a%00", "keystore.uri"},
      {"pkcs11:slot-id=x", "keystore.uri"},
      {"pkcs11:type=key", "keystore.uri"},
      {"pkcs11:type=cert?module-path=x", "keystore.uri"},
      {"pkcs11:?pin-value=1&pin-source=2", "keystore.uri"},
      {"pkcs11:?module-name=/a/b", "keystore.uri"},
      {"pkcs11:?nonsense=1", "keystore.uri"},
      {"tpm:", "keystore.uri"},
      {"tpm://host/x", "keystore.uri"},
      {"tpm:x?lable=a", "keystore.uri"},
      {"tpm:x?label=a&label=b", "keystore.uri"},
      {"tpm:x?tcti=", "keystore.uri"},
      {"tpm:x?tcti", "keystore.uri"},
      {"tpm:x?tcti=%0", "keystore.uri"},
      {"tpm:x?owner-auth=secret", "keystore.uri"},
      {"tpm:x?purpose=all", "keystore.uri"},
      {"keystored://host/x", "keystore.uri"},
      {"keystored:?purpose=", "keystore.uri"},
      {"keystored:?purpose=TLS", "keystore.uri"},
      {"keystored:/x?key=a", "keystore.uri"},
  };
  for (const Row& row : k_rows) EXPECT_REASON(open(row.uri), row.reason) << row.uri;
}

}  // namespace signet::keystore
