// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor.hpp"

#include "hss_test_signer.hpp"

#include <gtest/gtest.h>

namespace signet::bundle {
namespace {

using test::k_now;
using test::must;

class PolicyTest : public ::testing::Test {
 protected:
  PolicyTest() {
    test::write_file(folder_ / "rootfs", test::sample_bytes(100));
    must(pack(test::sample_manifest(), {{"rootfs", folder_ / "rootfs"}}, path_));
    const auto alice = vendor_.issue("Alice");
    must(sign(path_, alice.signer, alice.certificate, {}));
  }
  [[nodiscard]] Untrusted<Head> head() const { return must(read_head(*must(open_source(path_)))); }
  void attach() { must(attach_hss(path_, signer_.public_key(), signer_.sign(head().unverified().manifest))); }
  [[nodiscard]] TrustPolicy policy() const { return {.anchors = {vendor_.root()}, .crls = {}, .release_logs = {}}; }

  test::TempDir folder_;
  std::filesystem::path path_ = folder_ / "bundle";
  test::Vendor vendor_;
  test::HssTestSigner signer_{1};
};

TEST_F(PolicyTest, P_BUNDLE_013_TwoKindsOfSignaturesCanBeDemanded) {
  TrustPolicy hybrid = policy();
  hybrid.signers_required = 2;
  hybrid.hss_keys = {signer_.public_key()};
  hybrid.algorithms_required = {"ecdsa", "hss"};
  EXPECT_REASON(verify(head(), hybrid, k_now), "bundle.too-few-signers");
  hybrid.signers_required = 1;
  EXPECT_REASON(verify(head(), hybrid, k_now), "bundle.algorithm-missing");
  attach();
  hybrid.signers_required = 2;
  const auto verified = verify(head(), hybrid, k_now);
  ASSERT_OK(verified);
  EXPECT_EQ(verified->signatures().size(), 2U);
  hybrid.algorithms_required = {"ecdsa", "hss", "rsa"};
  EXPECT_REASON(verify(head(), hybrid, k_now), "bundle.algorithm-missing");
  EXPECT_OK(verify(head(), policy(), k_now)) << "who does not know the key is not harmed";
}

TEST_F(PolicyTest, P_BUNDLE_013_AnHssSignatureOfAKnownKeyMustHold) {
  attach();
  TrustPolicy trust = policy();
  trust.hss_keys = {signer_.public_key()};
  Head spoiled = head().unverified();
  spoiled.hss_signatures[0].back() ^= std::byte{1};
  EXPECT_REASON(verify(Untrusted<Head>(spoiled), trust, k_now), "bundle.altered");
  spoiled.hss_signatures[0].resize(31);
  EXPECT_REASON(verify(Untrusted<Head>(spoiled), trust, k_now), "bundle.malformed");
}

TEST_F(PolicyTest, P_BUNDLE_013_AnHssSignatureThatDoesNotHoldIsNotAttachedAndNoneTwice) {
  const test::HssTestSigner other(2);
  EXPECT_REASON(attach_hss(path_, signer_.public_key(), other.sign(head().unverified().manifest)),
                "crypto.bad-signature");
  attach();
  EXPECT_REASON(attach_hss(path_, signer_.public_key(), signer_.sign(head().unverified().manifest)),
                "bundle.signed-already");
}

TEST_F(PolicyTest, P_BUNDLE_014_ALedgerThatHoldsTheReleaseCanBeDemanded) {
  test::ReleaseLog ours(folder_ / "ours");
  test::ReleaseLog theirs(folder_ / "theirs");
  const std::string entry = ledger_entry(head().unverified().manifest);
  TrustPolicy trust = policy();
  trust.release_logs = ours.policy();
  trust.release_proof_required = true;
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.release-unproven");
  must(add_record(path_, RecordKind::release_proof, as_bytes(theirs.prove(entry, k_now.plus_days(-1)))));
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.release-unproven");
  must(add_record(path_, RecordKind::release_proof, as_bytes(ours.prove(entry, k_now.plus_days(-1)))));
  EXPECT_OK(verify(head(), trust, k_now));
  trust.release_logs.reset();
  EXPECT_REASON(verify(head(), trust, k_now), "bundle.release-unproven");
}

}  // namespace
}  // namespace signet::bundle
