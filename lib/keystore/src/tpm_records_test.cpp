// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/tpm_keystore.hpp"

#include "ossl.hpp"
#include "software_key.hpp"
#include "tpm_record.hpp"
#include "tpm_store_test.hpp"
#include "tpm_uri.hpp"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

namespace signet::keystore {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;
using tpm::KeyUse;

TEST_F(TpmStoreTest, P_KEYSTORE_016_a_record_from_another_tpm_is_untrusted) {
  make("k");
  const test::Swtpm other({.fresh_ek = true});
  const auto elsewhere = must(TpmKeystore::open({keys(), root_of(other)}));
  const auto refused = elsewhere->sign("k", Purpose::tls, SignatureScheme::ecdsa_sha256, Bytes(32));
  EXPECT_REASON(refused, "keystore.foreign-tpm");
  EXPECT_EQ(refused.error().code(), Errc::untrusted);
  EXPECT_FALSE(refused.error().hint().empty());
  // A thief who writes the other parent's name into the record is told the same by the TPM.
  ASSERT_OK(elsewhere->generate("own", KeyAlgorithm::ec_p256));
  const auto own = os::read_file(file("own"), 65'536);
  const auto stolen = os::read_file(file("k"), 65'536);
  auto record = TpmRecord::parse(*stolen);
  ASSERT_OK(record);
  record->parent_name = TpmRecord::parse(*own)->parent_name;
  ASSERT_OK(os::replace_file(file("k"), record->text().read(SecretAccess::for_export()), 0600));
  EXPECT_REASON(elsewhere->sign("k", Purpose::tls, SignatureScheme::ecdsa_sha256, Bytes(32)), "keystore.foreign-tpm");
  EXPECT_OK(elsewhere->sign("own", Purpose::tls, SignatureScheme::ecdsa_sha256, Bytes(32)));
}

TEST_F(TpmStoreTest, P_KEYSTORE_011_every_changed_or_missing_byte_of_a_record_is_found) {
  make("k");
  make("good");
  const auto whole = os::read_file(file("k"), 65'536);
  ASSERT_OK(whole);
  for (std::size_t i = 0; i < whole->size(); ++i) {
    Bytes changed = *whole;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(TpmRecord::parse(changed).has_value()) << "byte " << i;
    EXPECT_FALSE(TpmRecord::parse(ByteView(*whole).first(i)).has_value()) << "cut at " << i;
  }
  ASSERT_OK(os::replace_file(file("k"), ByteView(*whole).first(whole->size() / 2), 0600));
  const auto refused = sign("k");
  EXPECT_REASON(refused, "keystore.record");
  EXPECT_NE(refused.error().message().find(file("k").string()), std::string::npos);
  EXPECT_OK(sign("good"));
  const auto listed = store_->list();
  ASSERT_OK(listed);
  EXPECT_EQ(listed->size(), 1U);
  const auto described = store_->describe();
  ASSERT_OK(described);
  ASSERT_EQ(described->damaged.size(), 1U);
  EXPECT_NE(described->damaged.front().find(file("k").string()), std::string::npos);
  ASSERT_OK(os::replace_file(file("k"), as_bytes(R"({"version":3})"), 0600));
  EXPECT_REASON(sign("k"), "keystore.record-version");
  std::filesystem::rename(file("good"), file("renamed"));
  EXPECT_REASON(sign("renamed"), "keystore.record");
}

TEST_F(TpmStoreTest, P_KEYSTORE_012_folders_and_records_open_to_others_are_refused) {
  make("k");
  struct stat status{};
  ASSERT_EQ(::stat(file("k").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(keys().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ::chmod(keys().c_str(), 0750);
  EXPECT_REASON(TpmKeystore::open({keys(), root_of(*swtpm_)}), "keystore.folder-open-to-others");
  EXPECT_REASON(store_->generate("l", KeyAlgorithm::ec_p256), "keystore.folder-open-to-others");
  ::chmod(keys().c_str(), 0700);
  ::chmod(file("k").c_str(), 0640);
  EXPECT_REASON(sign("k"), "keystore.folder-open-to-others");
}

TEST_F(TpmStoreTest, P_KEYSTORE_017_records_of_version_0_are_brought_up_on_open) {
  make("signing");
  make("data", Purpose::storage);
  for (const char* label : {"signing", "data"}) {
    const auto now = os::read_file(file(label), 65'536);
    ASSERT_OK(now);
    ASSERT_OK(os::replace_file(file(label), as_version_0(*now), 0600));
    ASSERT_OK(os::replace_file(keys() / (std::string(label) + ".tpmkey.new-1-1"), as_bytes("half"), 0600));
  }
  reopen();
  for (const char* label : {"signing", "data"}) {
    const auto text = os::read_file(file(label), 65'536);
    const auto record = TpmRecord::parse(*text);
    ASSERT_OK(record);
    EXPECT_EQ(record->version, 1U);
    struct stat status{};
    ASSERT_EQ(::stat(file(label).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_FALSE(std::filesystem::exists(keys() / (std::string(label) + ".tpmkey.new-1-1")));
  }
  EXPECT_EQ(store_->info("signing")->purpose, Purpose::tls);
  EXPECT_EQ(store_->info("data")->purpose, Purpose::storage);
  EXPECT_OK(sign("signing"));
}

TEST_F(TpmStoreTest, P_KEYSTORE_017_a_full_disk_stops_neither_old_records_nor_leaves_half_ones) {
  make("k");
  const auto now = os::read_file(file("k"), 65'536);
  ASSERT_OK(now);
  const Bytes old = as_version_0(*now);
  ASSERT_OK(os::replace_file(file("k"), old, 0600));
  store_.reset();
  // A limit on file sizes stands for the full disk: the write stops in the middle of the record.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{100, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  store_ = open_store();
  const bool signs = sign("k").has_value();
  const bool made = store_->generate("l", KeyAlgorithm::ec_p256).has_value();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(signs);
  EXPECT_FALSE(made);
  EXPECT_TRUE(equal(*os::read_file(file("k"), 65'536), old));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(keys()))
    files += entry.path().filename() == ".lock" ? 0U : 1U;
  EXPECT_EQ(files, 1U);
  reopen();
  EXPECT_OK(store_->generate("l", KeyAlgorithm::ec_p256));
}

TEST_F(TpmStoreTest, a_folder_that_cannot_be_written_is_read) {
  make("k");
  const auto now = os::read_file(file("k"), 65'536);
  ASSERT_OK(os::replace_file(file("k"), as_version_0(*now), 0600));
  // A folder where the lock should be stands for a read-only disk, for root as well.
  std::filesystem::remove(keys() / ".lock");
  std::filesystem::create_directory(keys() / ".lock");
  reopen();
  EXPECT_OK(sign("k"));
  EXPECT_FALSE(store_->generate("l", KeyAlgorithm::ec_p256).has_value());
}

}  // namespace signet::keystore
