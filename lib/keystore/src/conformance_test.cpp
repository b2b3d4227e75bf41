// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/conformance.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/tpm_proxy.hpp"

#include "conformance_for_test.hpp"
#include "conformance_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace signet::keystore {

namespace {

using crypto::KeyAlgorithm;
using namespace std::chrono_literals;
using conformance::by_operation;
using conformance::operations;
using conformance::quick;
using conformance::SoftHsmConformance;
using conformance::told;

}  // namespace

TEST_F(SoftHsmConformance, P_CONFORM_001_every_operation_of_a_token_is_tried_and_checked) {
  const test::SoftHsmEd25519Leaks leaks(true);
  {
    const auto store = open(uri());
    ASSERT_OK(store);
    ASSERT_OK((*store)->generate("somebody-elses", KeyAlgorithm::ec_p256));
  }
  const auto report = check_backend(uri(), quick());
  ASSERT_OK(report);
  EXPECT_EQ(told(*report, Conformance::fails), "");
  EXPECT_EQ(told(*report, Conformance::unsupported), "");
  EXPECT_EQ(report->verdict(), Conformance::weak);  // SoftHSM does not claim hardware, and knows OAEP with SHA-1 only
  EXPECT_EQ(operations(*report, Conformance::weak),
            (std::vector<std::string>{"the store is guarded", "decrypt RSA-OAEP with rsa2048"}))
      << told(*report, Conformance::weak);
  auto rows = by_operation(*report);
  for (const char* name :
       {"refuse a wrong PIN", "generate p384", "generate rsa3072", "generate ed25519", "import p256",
        "sign rsa-pss-sha512 with rsa2048", "p256 cannot be wrapped", "rsa2048 cannot be made to leave",
        "the private value of ed25519 is not told", "a key for another use signs nothing", "derive by ECDH with p256",
        "random numbers of the token", "keys are there after reopening"}) {
    EXPECT_EQ(rows[name].outcome, Conformance::works) << name << ": " << rows[name].remark;
  }
  const auto& speed = rows["sign ecdsa-sha256 with p256"].speed;
  ASSERT_TRUE(speed.has_value());
  EXPECT_GE(speed->operations, 3U);
  EXPECT_GT(speed->per_second, 0);
  EXPECT_LE(speed->p50_us, speed->p99_us);
}

TEST_F(SoftHsmConformance, P_CONFORM_002_it_touches_no_other_key_and_leaves_none_behind) {
  const test::SoftHsmEd25519Leaks leaks(true);
  const auto labels = [&] {
    const auto store = open(uri());
    std::vector<std::string> found;
    const auto keys = (*store)->list();
    for (const KeyInfo& key : *keys) found.push_back(key.label + to_hex(key.public_key.fingerprint()));
    return found;
  };
  {
    const auto store = open(uri());
    ASSERT_OK((*store)->generate("p256", KeyAlgorithm::ec_p256));
    ASSERT_OK((*store)->generate("conformance-p256", KeyAlgorithm::ec_p256));
  }
  const auto before = labels();
  ASSERT_EQ(before.size(), 2U);
  ASSERT_OK(check_backend(uri(), quick()));
  EXPECT_EQ(labels(), before);
  {
    const ConformanceOptions options = quick();
    conformance::Run cut_off(uri(), options, [&] { return open(uri()); });  // its end comes early
    ASSERT_OK(cut_off.open());
    const auto key = cut_off.store().generate(cut_off.label("p256"), KeyAlgorithm::ec_p256);
    ASSERT_OK(key);
    cut_off.made(*key, conformance::MadeKey::Origin::generated);
    cut_off.close();
  }
  EXPECT_EQ(labels(), before);
}

TEST_F(SoftHsmConformance, P_CONFORM_002_a_wrong_pin_is_tried_only_where_it_was_asked_for) {
  ConformanceOptions options = quick();
  options.wrong_pin = WrongPin::spare;
  options.algorithms = {KeyAlgorithm::ec_p256};
  const auto report = check_backend(uri(), options);
  ASSERT_OK(report);
  EXPECT_EQ(by_operation(*report)["refuse a wrong PIN"].outcome, Conformance::not_tried);
  EXPECT_REASON(check_backend(uri("token=first", "wrong-pin"), options), "keystore.pin-wrong");
  EXPECT_REASON(check_backend("pkcs11:token=none?module-path=" + std::string(test::k_softhsm), options),
                "keystore.no-store");
}

TEST(Conformance, a_file_store_works_and_is_told_to_be_weak) {
  const test::TempDir folder;
  ASSERT_TRUE(os::replace_file(folder / "pass", as_bytes("correct horse\n"), 0600).has_value());
  ConformanceOptions options = quick();
  options.algorithms = {KeyAlgorithm::ec_p256, KeyAlgorithm::ed25519};
  const auto report =
      check_backend("file:" + (folder / "keys").string() + "?passphrase-file=" + (folder / "pass").string(), options);
  ASSERT_OK(report);
  EXPECT_EQ(told(*report, Conformance::fails), "");
  EXPECT_EQ(report->verdict(), Conformance::weak);
  auto rows = by_operation(*report);
  EXPECT_EQ(rows["generate p256"].outcome, Conformance::weak);
  EXPECT_EQ(rows["refuse a wrong passphrase"].outcome, Conformance::works);
}

TEST(Conformance, percentiles_are_those_of_the_nearest_rank) {
  std::vector<double> each;
  for (int i = 100; i > 0; --i) each.push_back(i);
  const Speed speed = conformance::speed_of(each, 2s);
  EXPECT_EQ(speed.operations, 100U);
  EXPECT_DOUBLE_EQ(speed.per_second, 50);
  EXPECT_DOUBLE_EQ(speed.p50_us, 50);
  EXPECT_DOUBLE_EQ(speed.p99_us, 99);
  EXPECT_EQ(conformance::speed_of({}, 1s).operations, 0U);
}

// --- TPMs that lack something. swtpm 0.7 has no profiles, so what a chip lacks is refused on the way, with the answers
// that the TPM 2.0 Library, Part 3, gives for it. ---

namespace {

constexpr std::uint32_t k_create = 0x153;
constexpr std::uint32_t k_create_primary = 0x131;
constexpr std::uint32_t k_import = 0x156;
constexpr std::uint32_t k_sign = 0x15d;
constexpr std::uint32_t k_test_parms = 0x18a;
constexpr std::uint32_t k_rc_curve = 0x2e6;   // TPM_RC_CURVE + parameter 2
constexpr std::uint32_t k_rc_scheme = 0x2d2;  // TPM_RC_SCHEME + parameter 2
constexpr std::uint32_t k_rc_type = 0x2ca;    // TPM_RC_TYPE + parameter 2

/// What a chip cannot do, as data: parts of a template that it refuses, hashes that it does not sign with.
struct Chip {
  const char* name;
  std::vector<std::pair<Bytes, std::uint32_t>> templates;
  std::vector<std::uint16_t> hashes;
  std::vector<std::string> unsupported;
};

Bytes hex(const char* text) { return *from_hex(text); }

std::vector<Chip> chips() {
  return {
      // What the TCG PC Client Platform TPM Profile 1.03 demands of a chip and no more: RSA-2048, P-256,
      // SHA-1 and SHA-256. Chips of its time (SLB 9665, SLB 9670) are so; from 1.05 on there are P-384 and SHA-384.
      {"PC Client Platform TPM Profile 1.03: no SHA-384, no P-384",
       {{hex("0010001000040010"), k_rc_curve}},  // symmetric and scheme null, TPM_ECC_NIST_P384, kdf null
       {0x000c, 0x000d},
       {"generate p384", "generate ed25519", "sign ecdsa-sha384 with p256", "sign ecdsa-sha512 with p256",
        "sign rsa-pkcs1-sha384 with rsa2048", "sign rsa-pkcs1-sha512 with rsa2048", "sign rsa-pss-sha384 with rsa2048",
        "sign rsa-pss-sha512 with rsa2048"}},
      {"RSA only",
       {{hex("0010001000030010"), k_rc_type},  // P-256 and P-384 of keys
        {hex("0010001000040010"), k_rc_type},
        {hex("0006008000430010000300"),
         k_rc_type}},  // and of what the store keeps its keys under: AES-128 in CFB, P-256
       {},
       {"generate p256", "generate p384", "generate ed25519", "import p256", "derive by ECDH with p256",
        "a key for stored data signs nothing"}},
  };
}

test::TpmProxy::Rule rule_of(const Chip& chip) {
  return [&chip](ByteView command, const test::TpmProxy::Ask& ask) -> std::optional<Bytes> {
    const std::uint32_t code = test::TpmProxy::code_of(command);
    if (code == k_create || code == k_create_primary || code == k_import || code == k_test_parms) {
      for (const auto& [part, refusal] : chip.templates) {
        if (!std::ranges::search(command, part).empty()) return test::TpmProxy::refusal(refusal);
      }
    }
    if (code == k_sign && command.size() > 10) {  // inScheme stands before the ticket: tag, hierarchy, empty digest
      const std::size_t at = command.size() - 10;
      const auto hash = static_cast<std::uint16_t>(std::to_integer<unsigned>(command[at]) << 8U |
                                                   std::to_integer<unsigned>(command[at + 1]));
      if (std::ranges::count(chip.hashes, hash) != 0) return test::TpmProxy::refusal(k_rc_scheme);
    }
    return ask(command);
  };
}

}  // namespace

TEST(Conformance, P_CONFORM_003_what_a_tpm_lacks_is_told_and_the_rest_works) {
  NEEDS_SWTPM();
  const test::Swtpm swtpm;
  for (const Chip& chip : chips()) {
    const test::TempDir folder;
    test::TpmProxy proxy(swtpm);
    proxy.set_rule(rule_of(chip));
    ConformanceOptions options = quick();
    options.algorithms = {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048, KeyAlgorithm::ed25519};
    const auto report = check_backend("tpm:" + (folder / "keys").string() + "?tcti=" + proxy.tcti(), options);
    ASSERT_OK(report) << chip.name;
    EXPECT_EQ(told(*report, Conformance::fails), "") << chip.name;
    auto unsupported = operations(*report, Conformance::unsupported);
    auto expected = chip.unsupported;
    std::ranges::sort(unsupported);
    std::ranges::sort(expected);
    EXPECT_EQ(unsupported, expected) << chip.name << "\n" << told(*report, Conformance::unsupported);
  }
}

TEST(Conformance, P_CONFORM_001_every_operation_of_a_tpm_is_tried_and_checked) {
  NEEDS_SWTPM();
  const test::Swtpm swtpm;
  const test::TempDir folder;
  ConformanceOptions options = quick();
  options.algorithms = {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048};
  const auto report = check_backend("tpm:" + (folder / "keys").string() + "?tcti=" + swtpm.tcti(), options);
  ASSERT_OK(report);
  EXPECT_EQ(told(*report, Conformance::fails), "");
  EXPECT_EQ(told(*report, Conformance::unsupported), "");
  auto rows = by_operation(*report);
  for (const char* name :
       {"decrypt RSA-OAEP-SHA256 with rsa2048", "derive by ECDH with p256", "random numbers of the TPM",
        "a key serves no other purpose", "a key for stored data signs nothing", "3 sessions at once with p256"}) {
    EXPECT_EQ(rows[name].outcome, Conformance::works) << name << ": " << rows[name].remark;
  }
}

}  // namespace signet::keystore
