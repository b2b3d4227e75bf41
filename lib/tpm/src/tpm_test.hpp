// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ensure.hpp"
#include "signet/test/command.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/tpm.hpp"

#include <memory>

namespace signet::tpm {

inline Secret secret(std::string_view text) { return Secret::copy_of(as_bytes(text)); }
inline Secret none() { return {}; }
inline Bytes open_secret(const Secret& s) { return to_bytes(s.read(SecretAccess::for_cryptography())); }
inline Bytes digest32(std::string_view text) { return crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(text)); }

/// One software TPM, connected.
class TpmTest : public test::SwtpmTest {
 protected:
  void SetUp() override {
    test::SwtpmTest::SetUp();
    if (IsSkipped()) return;
    connect();
  }
  void connect() {
    tpm_.reset();
    auto tpm = Tpm::connect(swtpm_->tcti());
    ASSERT_OK(tpm);
    tpm_ = *std::move(tpm);
  }
  Object storage() {
    auto parent = tpm_->create_storage_primary(Hierarchy::owner, none(), "test storage");
    ensure(parent.has_value(), parent ? "" : parent.error().message());
    return *std::move(parent);
  }
  std::shared_ptr<Tpm> tpm_;
  test::TempDir folder_;
};

}  // namespace signet::tpm
