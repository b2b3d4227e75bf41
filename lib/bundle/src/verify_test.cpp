// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor.hpp"

#include "layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace signet::bundle {
namespace {

using test::k_now;
using test::must;

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    test::write_file(folder_ / "rootfs", test::sample_bytes(100));
    must(pack(test::sample_manifest(), {{"rootfs", folder_ / "rootfs"}}, path_));
  }

  void sign_as(const test::Identity& who) { must(sign(path_, who.signer, who.certificate, {})); }
  [[nodiscard]] Untrusted<Head> head() const { return must(read_head(*must(open_source(path_)))); }
  [[nodiscard]] TrustPolicy policy(unsigned signers_required = 1) const {
    return {.anchors = {vendor_.root()}, .crls = {}, .signers_required = signers_required, .release_logs = {}};
  }

  test::TempDir folder_;
  std::filesystem::path path_ = folder_ / "bundle";
  test::Vendor vendor_;
};

TEST_F(VerifyTest, P_BUNDLE_010_UnsignedIsRefused) {
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.unsigned");
}

TEST_F(VerifyTest, P_BUNDLE_010_WrongSignerIsRefused) {
  test::Vendor mallory("Test Vendor Root");  // the same name, another key
  sign_as(mallory.issue("Alice"));
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.wrong-signer");
}

TEST_F(VerifyTest, P_BUNDLE_010_ExpiredSignerIsRefused) {
  sign_as(vendor_.issue("Alice", "firmware-signing", k_now.plus_days(-100), k_now.plus_days(-1)));
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.signer-expired");
}

TEST_F(VerifyTest, P_BUNDLE_010_NotYetValidSignerIsRefused) {
  sign_as(vendor_.issue("Alice", "firmware-signing", k_now.plus_days(1), k_now.plus_days(100)));
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.signer-not-yet-valid");
}

TEST_F(VerifyTest, P_BUNDLE_010_RevokedSignerIsRefused) {
  const auto alice = vendor_.issue("Alice");
  sign_as(alice);
  TrustPolicy trust = policy();
  trust.crls.push_back(vendor_.revoke(alice.certificate));
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.signer-revoked");
}

TEST_F(VerifyTest, P_BUNDLE_010_CertificateWithoutCodeSigningIsRefused) {
  sign_as(vendor_.issue("Alice", "tls-server"));
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.signer-usage");
}

TEST_F(VerifyTest, P_BUNDLE_010_ASignerOfAFleetsAuthorityIsRefused) {
  const auto fleet = vendor_.issue("Fleet", "fleet-ca");
  const auto mallory = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const pki::Order wanted{.profile = must(pki::profile_named("firmware-signing")),
                          .subject = {.common_name = "Alice"},
                          .public_key = mallory->public_key(),
                          .serial_hex = "5a77",
                          .not_before = k_now.plus_days(-1),
                          .not_after = k_now.plus_days(30)};
  const auto certificate = must(pki::issue({fleet.certificate, fleet.signer}, wanted));
  must(sign(path_, mallory, certificate, std::vector{fleet.certificate}));
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.signer-usage");
}

TEST_F(VerifyTest, P_BUNDLE_010_TooFewSignersAreRefused) {
  sign_as(vendor_.issue("Alice"));
  EXPECT_REASON(verify(head(), policy(2), k_now), "bundle.too-few-signers");
  sign_as(vendor_.issue("Bob"));
  EXPECT_OK(verify(head(), policy(2), k_now));
  EXPECT_REASON(verify(head(), policy(3), k_now), "bundle.too-few-signers");
}

TEST_F(VerifyTest, P_BUNDLE_011_OneKeyUnderTwoCertificatesIsOneSigner) {
  const auto alice = vendor_.issue("Alice");
  const auto again = vendor_.issue_for(alice.signer, "Alice again");
  sign_as(alice);
  // The tool refuses to add it, so an attacker writes the records by hand.
  const Bytes manifest = head().unverified().manifest;
  const Bytes second = must(pki::cms_sign(again.signer, again.certificate, {}, manifest));
  Head forged = head().unverified();
  forged.signatures.push_back(second);
  EXPECT_REASON(verify(Untrusted<Head>(forged), policy(2), k_now), "bundle.too-few-signers");
}

TEST_F(VerifyTest, P_BUNDLE_011_AnUnknownSignerDoesNotCountAndDoesNotHarm) {
  test::Vendor other("Other");
  sign_as(vendor_.issue("Alice"));
  sign_as(other.issue("Mallory"));
  const auto verified = verify(head(), policy(), k_now);
  ASSERT_OK(verified);
  EXPECT_EQ(std::ranges::count_if(verified->signatures(), &SignatureReport::counts), 1);
  EXPECT_REASON(verify(head(), policy(2), k_now), "bundle.wrong-signer");
}

TEST_F(VerifyTest, P_BUNDLE_010_AlteredManifestIsRefused) {
  sign_as(vendor_.issue("Alice"));
  Head altered = head().unverified();
  const std::string_view text = as_text(altered.manifest);
  const std::size_t at = text.find("\"security_version\": 7");
  ASSERT_NE(at, std::string_view::npos);
  altered.manifest[at + 20] = std::byte{'9'};
  EXPECT_REASON(verify(Untrusted<Head>(altered), policy(), k_now), "bundle.altered");
}

TEST_F(VerifyTest, ASignatureThatIsNotOneIsRefusedEvenBesideAGoodOne) {
  sign_as(vendor_.issue("Alice"));
  Head forged = head().unverified();
  forged.signatures.push_back(test::sample_bytes(200));
  EXPECT_REASON(verify(Untrusted<Head>(forged), policy(), k_now), "bundle.altered");
}

TEST_F(VerifyTest, P_BUNDLE_012_ALedgerProofKeepsAReleaseInstallableAfterItsSignerExpired) {
  const Instant released = k_now.plus_days(-50);
  sign_as(vendor_.issue("Alice", "firmware-signing", k_now.plus_days(-100), k_now.plus_days(-10)));
  test::ReleaseLog log(folder_ / "log");
  must(add_record(path_, RecordKind::release_proof,
                  as_bytes(log.prove(ledger_entry(head().unverified().manifest), released))));
  EXPECT_REASON(verify(head(), policy(), k_now), "bundle.signer-expired");  // a device that trusts no ledger
  TrustPolicy trust = policy();
  trust.release_logs = log.policy();
  const auto verified = verify(head(), trust, k_now);
  ASSERT_OK(verified);
  EXPECT_TRUE(verified->release_time_proven());
  EXPECT_EQ(verified->judged_at(), released);
}

TEST_F(VerifyTest, P_BUNDLE_012_AProvenReleaseCanBeSignedAnewByAYoungerCertificate) {
  const auto lost = vendor_.issue("Lost key");
  sign_as(lost);
  test::ReleaseLog log(folder_ / "log");
  must(add_record(path_, RecordKind::release_proof,
                  as_bytes(log.prove(ledger_entry(head().unverified().manifest), k_now.plus_days(-20)))));
  TrustPolicy trust = policy();
  trust.release_logs = log.policy();
  trust.crls.push_back(vendor_.revoke(lost.certificate));
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.signer-revoked");
  sign_as(vendor_.issue("New key", "firmware-signing", k_now.plus_days(-2)));
  EXPECT_OK(verify(head(), trust, k_now));
}

TEST_F(VerifyTest, P_BUNDLE_011_ARenewedCertificateOfOneKeyIsAddedAndCountsOnce) {
  const auto alice = vendor_.issue("Alice");
  sign_as(alice);
  sign_as(vendor_.issue_for(alice.signer, "Alice, renewed"));
  EXPECT_OK(verify(head(), policy(1), k_now));
  EXPECT_REASON(verify(head(), policy(2), k_now), "bundle.too-few-signers");
}

TEST_F(VerifyTest, P_BUNDLE_012_AProofThatIsTooLateDoesNotHelp) {
  sign_as(vendor_.issue("Alice", "firmware-signing", k_now.plus_days(-100), k_now.plus_days(-10)));
  test::ReleaseLog log(folder_ / "log");
  must(add_record(path_, RecordKind::release_proof,
                  as_bytes(log.prove(ledger_entry(head().unverified().manifest), k_now.plus_days(-5)))));
  TrustPolicy trust = policy();
  trust.release_logs = log.policy();
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.signer-expired");
}

TEST_F(VerifyTest, P_BUNDLE_012_AProofOfAnotherReleaseIsRefused) {
  sign_as(vendor_.issue("Alice"));
  test::ReleaseLog log(folder_ / "log");
  must(add_record(path_, RecordKind::release_proof,
                  as_bytes(log.prove("signet-release-1 sha256:00\n", k_now.plus_days(-5)))));
  TrustPolicy trust = policy();
  trust.release_logs = log.policy();
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.release-proof");
}

TEST_F(VerifyTest, P_BUNDLE_012_AProofByAnUnknownLedgerSaysNothing) {
  sign_as(vendor_.issue("Alice"));
  test::ReleaseLog ours(folder_ / "ours"), theirs(folder_ / "theirs");
  must(add_record(path_, RecordKind::release_proof,
                  as_bytes(theirs.prove(ledger_entry(head().unverified().manifest), k_now.plus_days(-5)))));
  TrustPolicy trust = policy();
  trust.release_logs = ours.policy();
  const auto verified = verify(head(), trust, k_now);
  ASSERT_OK(verified);
  EXPECT_FALSE(verified->release_time_proven());
}

TEST_F(VerifyTest, P_BUNDLE_012_RevocationCountsWhateverTheReleaseTime) {
  const auto alice = vendor_.issue("Alice");
  sign_as(alice);
  test::ReleaseLog log(folder_ / "log");
  must(add_record(path_, RecordKind::release_proof,
                  as_bytes(log.prove(ledger_entry(head().unverified().manifest), k_now.plus_days(-20)))));
  TrustPolicy trust = policy();
  trust.release_logs = log.policy();
  trust.crls.push_back(vendor_.revoke(alice.certificate));  // revoked after the release, because the key was lost
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.signer-revoked");
}

// --- the manifest ---

struct ManifestCase {
  std::string name;
  std::string from;  ///< piece of a good manifest
  std::string to;    ///< what stands there instead
  std::string reason;
};

class ManifestTest : public ::testing::TestWithParam<ManifestCase> {};

TEST_P(ManifestTest, IsRefused) {
  bundle::Manifest manifest = test::sample_manifest();
  manifest.images = {{"rootfs", 5000, Bytes(32, std::byte{0xab})}};
  std::string text(as_text(manifest.encode()));
  ASSERT_EQ(must(Manifest::parse(as_bytes(text))), manifest);
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().from.size(), GetParam().to);
  EXPECT_REASON(Manifest::parse(as_bytes(text)), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Bad, ManifestTest,
    ::testing::Values(
        ManifestCase{"format", "signet-firmware-1", "signet-firmware-2", "bundle.manifest-format"},
        ManifestCase{"product_path", "\"cam-a\"", "\"../../etc\"", "core.bad-name"},
        ManifestCase{"unknown_member", "\"track\"", "\"trick\"", "json.unknown-member"},
        ManifestCase{"duplicate", "\"track\"", "\"version\"", "json.duplicate"},
        ManifestCase{"negative", "\"security_version\": 7", "\"security_version\": -7", "json.wrong-type"},
        ManifestCase{"fraction", "\"security_version\": 7", "\"security_version\": 7.5", "json.wrong-type"},
        ManifestCase{"huge_number", "\"security_version\": 7", "\"security_version\": 18446744073709551615",
                     "json.number"},
        ManifestCase{"digest_short", "abab", "ab", "bundle.manifest"},
        ManifestCase{"digest_capital", "abab", "ABab", "bundle.manifest"},
        ManifestCase{"too_large", "5000", "17592186044417", "bundle.manifest"},
        ManifestCase{"time", "2026-05-31T12:00:00Z", "yesterday", "core.bad-time"},
        ManifestCase{"truncated", "\"images\"", "", "json.syntax"},
        ManifestCase{"role", "\"rootfs\"", "\"root/fs\"", "core.bad-name"},
        ManifestCase{"no_hardware", "\"cam-a-r2\",\n    \"cam-a-r3\"", "", "bundle.manifest"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace signet::bundle
