// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/tpm_proxy.hpp"

#include "unit_test.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// A unit after its birth, whose TPM is going to fail: keystored names the state, lives through it, and comes back with
/// every key. For tests only.
namespace signet::keystored {

using fake::Station;
using fake::Unit;
using test::TpmProxy;

// Part 2, sections 6.5.2 and 6.6.3.
inline constexpr std::uint32_t k_rc_failure = 0x101;
inline constexpr std::uint32_t k_cc_nv_write = 0x137;
inline constexpr std::uint32_t k_cc_create = 0x153;
inline constexpr std::uint32_t k_cc_load = 0x157;
inline constexpr std::uint32_t k_cc_sign = 0x15D;
inline constexpr std::uint32_t k_cc_get_capability = 0x17A;
inline constexpr std::uint32_t k_cc_get_test_result = 0x17C;

inline Json sign_arguments(const std::string& label, const std::string& purpose, ByteView digest) {
  return Json::object(
      {{"label", label}, {"purpose", purpose}, {"scheme", "ecdsa-sha256"}, {"input", to_base64(digest)}});
}

class Fault : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    std::signal(SIGPIPE, SIG_IGN);  // as the program does: the TSS writes to a TPM that has gone
    unit_ = std::make_unique<Unit>();
    const auto born = fake::give_birth(station_, unit_->caller());
    ASSERT_OK(born) << unit_->log();
    ASSERT_OK(unit_->call("generate", Json::object({{"label", "web"}, {"purpose", "tls"}, {"algorithm", "p256"}})));
    for (const char* label : {"video", "web", "idevid"}) keys_.emplace(label, public_key(label));
  }

  crypto::PublicKey public_key(const std::string& label) {
    return fake::must(
               keystore::KeystoredKey::parse(fake::must(unit_->call("public", Json::object({{"label", label}})))))
        .public_key;
  }
  Result<void> sign(const std::string& label, const std::string& purpose) {
    const Bytes message = crypto::random_bytes(20);
    const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, message);
    TRY_ASSIGN(const Json answer, unit_->call("sign", sign_arguments(label, purpose, digest)));
    TRY_ASSIGN(const Bytes signature, keystore::bytes_at(answer, "signature"));
    return keys_.at(label).verify(crypto::SignatureScheme::ecdsa_sha256, message, signature);
  }
  Result<Json> identity() {
    return unit_->call("identity", Json::object({{"nonce", to_base64(crypto::random_bytes(32))}}));
  }
  /// Every key that there was does its work, and nobody had to start keystored anew.
  void expect_all_well() {
    EXPECT_OK(sign("video", "video")) << unit_->log();
    EXPECT_OK(sign("web", "tls"));
    EXPECT_OK(sign("idevid", "device-id"));
    EXPECT_OK(identity());
    EXPECT_OK(unit_->call("certify", Json::object({{"label", "video"}, {"nonce", to_base64(Bytes(20))}})));
    EXPECT_EQ(unit_->call("floor-read")->uint_at("floor").value_or(0), fake::k_first_floor);
    const auto told = unit_->describe();
    ASSERT_OK(told);
    EXPECT_EQ(told->string_at("tpm").value_or("?"), "ready");
    EXPECT_EQ(told->string_at("birth").value_or("?"), "born");
  }
  std::string tpm_state() { return fake::must(unit_->describe()).string_at("tpm").value_or("?"); }

  /// What keystored must not lose: every file but those that a power cycle makes void.
  std::map<std::string, Bytes> files() {
    std::map<std::string, Bytes> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(unit_->state())) {
      // The record of uses grows with each call, whatever becomes of it.
      const auto folder = entry.path().parent_path().filename();
      if (!entry.is_regular_file() || folder == "runtime" || folder == "audit") continue;
      out.emplace(entry.path().string(), fake::must(os::read_file(entry.path(), 1U << 20U)));
    }
    return out;
  }

  Station station_;
  std::unique_ptr<Unit> unit_;
  std::map<std::string, crypto::PublicKey> keys_;
};

/// All operations that need the TPM, with arguments that are right.
inline const std::vector<std::pair<std::string, Json>>& operations_of_the_tpm() {
  static const std::vector<std::pair<std::string, Json>> k_operations{
      {"sign", sign_arguments("video", "video", Bytes(32))},
      {"sign", sign_arguments("idevid", "device-id", Bytes(32))},
      {"generate", Json::object({{"label", "new"}, {"purpose", "tls"}, {"algorithm", "p256"}})},
      {"random", Json::object({{"size_bytes", std::uint64_t{16}}})},
      {"seal", Json::object({{"data", to_base64(Bytes(16))}})},
      {"quote", Json::object({{"nonce", to_base64(Bytes(20))}, {"pcrs", Json::array({std::uint64_t{7}})}})},
      {"certify", Json::object({{"label", "video"}, {"nonce", to_base64(Bytes(20))}})},
      {"identity", Json::object({{"nonce", to_base64(Bytes(32))}})},
      {"floor-read", Json::object()},
  };
  return k_operations;
}

}  // namespace signet::keystored
