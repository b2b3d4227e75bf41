// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "signet/keystore.hpp"
#include "signet/os/file.hpp"
#include "signet/os/process.hpp"
#include "signet/test/emulator.hpp"
#include "signet/test/temp_dir.hpp"

namespace signet::test {

inline constexpr const char* k_softhsm = "/usr/lib/softhsm/libsofthsm2.so";
inline constexpr const char* k_pin = "2345";

/// SoftHSM 2.6.1 loses an ASN1_PRINTABLESTRING ("edwards25519") with each Ed25519 key; our own leaks are still found by
/// the tests of the other algorithms.
class SoftHsmEd25519Leaks {
 public:
#if defined(__SANITIZE_ADDRESS__)
  explicit SoftHsmEd25519Leaks(bool expected) : expected_(expected) {
    if (expected_) __lsan_disable();
  }
  ~SoftHsmEd25519Leaks() {
    if (expected_) __lsan_enable();
  }
  SoftHsmEd25519Leaks(const SoftHsmEd25519Leaks&) = delete;
  SoftHsmEd25519Leaks& operator=(const SoftHsmEd25519Leaks&) = delete;

 private:
  bool expected_;
#else
  explicit SoftHsmEd25519Leaks(bool /*expected*/) {}
#endif
};

/// A SoftHSM2 token of its own for each test. The module reads SOFTHSM2_CONF when it is initialised, which happens anew
/// for each test because the last key store of the test before has finalised it.
class SoftHsm : public ::testing::Test {
 protected:
  void SetUp() override {
    // A token's module runs inside this process, so it must be built for its processor.
    if (emulator() != nullptr && ::dlopen(k_softhsm, RTLD_NOW | RTLD_LOCAL) == nullptr) {
      SKIP_UNDER_EMULATOR("SoftHSM2 cannot be loaded: " + std::string(::dlerror()));
    }
    const std::string config = (folder_ / "softhsm2.conf").string();
    const std::string text =
        "directories.tokendir = " + folder_.path().string() + "\nobjectstore.backend = file\nlog.level = ERROR\n";
    ASSERT_TRUE(os::replace_file(config, as_bytes(text)).has_value());
    ASSERT_TRUE(os::replace_file(folder_ / "pin", as_bytes(std::string(k_pin) + "\n"), 0600).has_value());
    ASSERT_TRUE(os::replace_file(folder_ / "wrong-pin", as_bytes("9999\n"), 0600).has_value());
    ::setenv("SOFTHSM2_CONF", config.c_str(), 1);
    make_token("first");
  }

  static void make_token(const std::string& label) {
    const auto made =
        os::run({"softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "123456", "--pin", k_pin});
    ASSERT_TRUE(made.has_value() && made->exit_code == 0) << (made ? made->err : made.error().message());
  }

  [[nodiscard]] std::string uri(const std::string& path = "token=first", const std::string& pin = "pin") const {
    return "pkcs11:" + path + "?module-path=" + k_softhsm + "&pin-source=file:" + (folder_ / pin).string();
  }

  TempDir folder_;
};

}  // namespace signet::test
