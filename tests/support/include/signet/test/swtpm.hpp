// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

/// NEEDS_SWTPM(); ends a test as skipped, with the reason printed, where the programs of swtpm are not installed.
#define NEEDS_SWTPM()                                                     \
  do {                                                                    \
    const std::string signet_missing_ = ::signet::test::Swtpm::missing(); \
    if (!signet_missing_.empty()) GTEST_SKIP() << signet_missing_;        \
  } while (false)

namespace signet::test {

struct SwtpmOptions {
  /// Manufactured anew (2 s), else a copy of the one that was manufactured for this process: two copies are clones of
  /// one TPM, with the same EK and the same seeds.
  bool fresh_ek = false;
  /// The EK certificate comes from a CA of another maker. Implies fresh_ek.
  bool other_ca = false;
  /// TPM2_Startup has been sent, as a platform's firmware does.
  bool started = true;
};

/// A software TPM with EK certificates in NV, in a folder of its own, on a UNIX socket; killed at the end, and when the
/// thread that made it ends. Serves one connection at a time: a second client waits until the first is gone.
class Swtpm {
 public:
  /// Why there can be none here; empty if it can.
  static std::string missing();

  explicit Swtpm(SwtpmOptions options = {});
  ~Swtpm();
  Swtpm(const Swtpm&) = delete;
  Swtpm& operator=(const Swtpm&) = delete;

  /// For Tpm::connect(), and for TPM2TOOLS_TCTI.
  [[nodiscard]] std::string tcti() const;
  [[nodiscard]] std::filesystem::path state_folder() const { return folder_ / "state"; }
  /// The maker's CA certificates, PEM: the issuer of the EK certificate, and its root.
  [[nodiscard]] std::string ek_issuer_pem() const;
  [[nodiscard]] std::string ek_root_pem() const;
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// A power cut, and power again. What has not been written to NV is lost, as in a real TPM.
  void restart();
  /// A power cut.
  void kill();
  /// Power again.
  void start();

 private:
  TempDir folder_;
  SwtpmOptions options_;
  pid_t pid_ = -1;
};

/// A fixture with one software TPM.
class SwtpmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    swtpm_ = std::make_unique<Swtpm>();
  }
  std::unique_ptr<Swtpm> swtpm_;
};

}  // namespace signet::test
