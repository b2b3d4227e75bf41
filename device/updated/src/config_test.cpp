// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor.hpp"

#include <gtest/gtest.h>

namespace signet::updated {
namespace {

using test::must;

class ConfigTest : public ::testing::Test {
 protected:
  void make() {
    test::write_file(folder_ / "root.pem", as_bytes(vendor_.root().pem()));
    must(make_file_device(folder_ / "cam", {.product = must(ProductId::parse("cam-a")),
                                            .hardware = "cam-a-r2",
                                            .roles = {"rootfs", "kernel"},
                                            .anchors = {folder_ / "root.pem"},
                                            .signers_required = 2,
                                            .log_keys = {},
                                            .witness_keys = {}}));
  }
  std::string text() { return std::string(as_text(test::read_file(folder_ / "cam/device.json"))); }

  test::TempDir folder_;
  test::Vendor vendor_;
};

TEST_F(ConfigTest, ADeviceThatIsMadeCanBeOpened) {
  make();
  const auto config = DeviceConfig::load(folder_ / "cam/device.json");
  ASSERT_OK(config);
  EXPECT_EQ(config->trust.signers_required, 2U);
  EXPECT_EQ(config->trust.anchors.size(), 1U);
  EXPECT_EQ(config->slots[1].at("kernel").path, folder_ / "cam/slots/b/kernel");
  EXPECT_OK(Installer::open(folder_ / "cam/device.json"));
}

TEST_F(ConfigTest, AnExistingDeviceIsNotOverwritten) {
  make();
  const std::string before = text();
  const Bytes anchor = test::read_file(folder_ / "cam/trust/anchor-1.pem");
  test::write_file(folder_ / "root.pem", as_bytes(test::Vendor().root().pem()));
  EXPECT_REASON(make_file_device(folder_ / "cam", {.product = must(ProductId::parse("cam-b")),
                                                   .hardware = "x",
                                                   .roles = {"rootfs"},
                                                   .anchors = {folder_ / "root.pem"},
                                                   .log_keys = {},
                                                   .witness_keys = {}}),
                "os.exists");
  EXPECT_EQ(text(), before);
  EXPECT_EQ(test::read_file(folder_ / "cam/trust/anchor-1.pem"), anchor);
}

TEST_F(ConfigTest, ARefusedDeviceLeavesNoFolder) {
  test::write_file(folder_ / "root.pem", as_bytes("no certificate"));
  EXPECT_REASON(make_file_device(folder_ / "cam", {.product = must(ProductId::parse("cam-a")),
                                                   .hardware = "x",
                                                   .roles = {"rootfs"},
                                                   .anchors = {folder_ / "root.pem"},
                                                   .log_keys = {},
                                                   .witness_keys = {}}),
                "pki.malformed");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cam"));
}

/// The configuration with more members of 'trust'.
std::string with_trust(std::string text, const std::string& members) {
  const std::string before = "\"signers_required\"";
  return text.replace(text.find(before), before.size(), members + ", " + before);
}

TEST_F(ConfigTest, P_BUNDLE_013_TwoKindsOfSignaturesCanBeDemanded) {
  make();
  Bytes key{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}, std::byte{0},
            std::byte{0}, std::byte{5}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{4}};
  key.resize(60);
  test::write_file(folder_ / "cam/trust/release.hss", key);
  const std::string keys = R"("hss_keys": ["trust/release.hss"])";
  const auto parse = [&](const std::string& members) {
    return parse_config(as_bytes(with_trust(text(), members)), folder_ / "cam");
  };
  const auto config = parse(keys + R"(, "algorithms_required": ["ecdsa", "hss"])");
  ASSERT_OK(config);
  ASSERT_EQ(config->trust.hss_keys.size(), 1U);
  EXPECT_EQ(config->trust.hss_keys.front().encoded(), key);
  EXPECT_EQ(config->trust.algorithms_required, (std::vector<std::string>{"ecdsa", "hss"}));
  EXPECT_FALSE(config->trust.release_proof_required);
  EXPECT_REASON(parse(R"("algorithms_required": ["hss"])"), "updated.config") << "no key could ever meet it";
  EXPECT_REASON(parse(R"("algorithms_required": ["md5"])"), "updated.config");
  EXPECT_REASON(parse(R"("hss_keys": ["trust/anchor-1.pem"])"), "crypto.key-unsupported");
  EXPECT_REASON(parse(R"("hss_keys": ["trust/gone.hss"])"), "os.not-found");
}

TEST_F(ConfigTest, P_BUNDLE_014_ALedgerThatHoldsTheReleaseCanBeDemanded) {
  make();
  const auto parse = [&](const std::string& members) {
    return parse_config(as_bytes(with_trust(text(), members)), folder_ / "cam");
  };
  const std::string log = test::ReleaseLog(folder_ / "log").policy().logs().front().str();
  const auto config = parse(R"("release_proof_required": true, "witnesses_required": 0, "logs": [")" + log + R"("])");
  ASSERT_OK(config);
  EXPECT_TRUE(config->trust.release_proof_required);
  EXPECT_REASON(parse(R"("release_proof_required": true)"), "updated.config") << "no ledger could ever meet it";
  EXPECT_FALSE(parse(R"("release_proof_required": "yes")").has_value());
}

struct BadConfig {
  std::string name, from, to, reason;
};

class BadConfigTest : public ConfigTest, public ::testing::WithParamInterface<BadConfig> {};

TEST_P(BadConfigTest, IsRefused) {
  make();
  std::string bad = text();
  const std::size_t at = bad.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  bad.replace(at, GetParam().from.size(), GetParam().to);
  EXPECT_REASON(parse_config(as_bytes(bad), folder_ / "cam"), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadConfigTest,
    ::testing::Values(BadConfig{"typo", "\"signers_required\"", "\"signer_required\"", "json.unknown-member"},
                      BadConfig{"no_signers", "\"signers_required\": 2", "\"signers_required\": 0", "updated.config"},
                      BadConfig{"no_anchor", "\"trust/anchor-1.pem\"", "", "updated.config"},
                      BadConfig{"anchor_missing", "trust/anchor-1.pem", "trust/anchor-9.pem", "os.not-found"},
                      BadConfig{"both_kinds", "\"file\"", "\"block\": \"/dev/x\", \"file\"", "updated.config"},
                      BadConfig{"not_json", "{", "[", "json.syntax"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace signet::updated
