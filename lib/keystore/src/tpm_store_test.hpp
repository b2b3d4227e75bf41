// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/tpm_keystore.hpp"

#include "tpm_uri.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

/// A key store over a software TPM. For tests only.
namespace signet::keystore {

inline std::unique_ptr<TpmKeystore> must(Result<std::unique_ptr<TpmKeystore>> made) {
  if (!made) ADD_FAILURE() << made.error().message();
  return made ? *std::move(made) : nullptr;
}

inline void expect_signs(crypto::Signer& signer) {
  const auto scheme = default_scheme(signer.public_key().algorithm());
  const auto signature = signer.sign(scheme, as_bytes("message"));
  ASSERT_OK(signature);
  EXPECT_OK(signer.public_key().verify(scheme, as_bytes("message"), *signature));
}

/// A record of our version, told as one of version 0.
inline Bytes as_version_0(ByteView text) {
  const auto json = Json::parse(text);
  Json old = Json::object();
  old.set("version", 0);
  for (const char* name : {"label", "algorithm", "parent", "public", "private", "auth"})
    old.set(name, *json->find(name));
  return to_bytes(old.dump());
}

class TpmStoreTest : public test::SwtpmTest {
 protected:
  void SetUp() override {
    test::SwtpmTest::SetUp();
    if (swtpm_ == nullptr) return;
    store_ = open_store();
  }
  [[nodiscard]] std::filesystem::path keys() const { return folder_ / "keys"; }
  [[nodiscard]] std::filesystem::path file(const std::string& label) const { return keys() / (label + ".tpmkey"); }
  [[nodiscard]] std::string uri(const std::string& more = {}) const {
    TpmUri made;
    made.folder = keys();
    made.tcti = swtpm_->tcti();
    return made.of_key({}) + more;
  }
  [[nodiscard]] OpenTpmRoot root_of(const test::Swtpm& swtpm) {
    return [this, tcti = swtpm.tcti()]() -> Result<TpmRoot> {
      ++roots_made_;
      TRY_ASSIGN(auto tpm, tpm::Tpm::connect(tcti));
      TRY_ASSIGN(tpm::Object parent, tpm->create_storage_primary(tpm::Hierarchy::owner, Secret(), "signet storage 1"));
      return TpmRoot{std::move(tpm), std::make_shared<const tpm::Object>(std::move(parent))};
    };
  }
  std::unique_ptr<TpmKeystore> open_store() { return must(TpmKeystore::open({keys(), root_of(*swtpm_)})); }
  /// Another process's view: the software TPM serves one connection at a time.
  void reopen() {
    store_.reset();
    store_ = open_store();
  }
  TpmKeyInfo make(std::string_view label, Purpose purpose = Purpose::tls,
                  crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ec_p256) {
    auto made = store_->generate(label, algorithm, purpose, default_use(purpose, algorithm));
    if (!made) {
      ADD_FAILURE() << made.error().message();
      std::abort();
    }
    return *std::move(made);
  }
  Result<Bytes> sign(std::string_view label, Purpose purpose = Purpose::tls) {
    return store_->sign(label, purpose, crypto::SignatureScheme::ecdsa_sha256,
                        crypto::digest(crypto::HashAlgorithm::sha256, {}));
  }

  test::TempDir folder_;
  std::unique_ptr<TpmKeystore> store_;
  int roots_made_ = 0;
};

}  // namespace signet::keystore
