// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "tpm_test.hpp"

namespace signet::tpm {

namespace {

using Kind = FloorApproval::Kind;

constexpr std::uint32_t k_index = 0x01800100;

class Nv : public TpmTest {
 protected:
  std::uint64_t floor() {
    const auto value = tpm_->read_nv(k_floor_index, none());
    return value ? get_be64(open_secret(*value)) : 0;
  }
  Result<void> write_floor(const FloorApproval& approval, const Object* idevid = nullptr) {
    TRY(approval.check());
    TRY_ASSIGN(const Policy policy, approval.policy(0x81020000));
    Bytes value(8);
    put_be64(value, approval.value);
    return tpm_->write_nv(k_floor_index, value, policy, idevid);
  }
  void define_floor(const crypto::PublicKey& key) {
    ASSERT_OK(tpm_->define_nv(*floor_public(key, false), none(), none()));
  }
};

TEST_F(Nv, P_TPM_020_ASecretIsWrittenOnceAndReadOncePerPowerCycle) {
  const auto area = NvPublic::make(
      k_index, k_nv_auth_read | k_nv_auth_write | k_nv_write_define | k_nv_read_stclear | k_nv_no_da, {}, 32);
  EXPECT_REASON(tpm_->nv_public(k_index), "tpm.handle");
  ASSERT_OK(tpm_->define_nv(area, none(), none()));
  EXPECT_REASON(tpm_->define_nv(area, none(), none()), "tpm.exists");
  const Bytes data = digest32("kept");
  ASSERT_OK(tpm_->write_nv(k_index, Secret::copy_of(data), none()));
  ASSERT_OK(tpm_->lock_nv_write(k_index, none()));
  EXPECT_REASON(tpm_->write_nv(k_index, Secret(32), none()), "tpm.locked");
  const auto read = tpm_->read_nv(k_index, none());
  ASSERT_OK(read);
  EXPECT_EQ(open_secret(*read), data);
  ASSERT_OK(tpm_->lock_nv_read(k_index, none()));
  EXPECT_REASON(tpm_->read_nv(k_index, none()), "tpm.locked");
  swtpm_->restart();
  connect();
  EXPECT_OK(tpm_->read_nv(k_index, none()));
  EXPECT_REASON(tpm_->write_nv(k_index, Secret(32), none()), "tpm.locked");
  ASSERT_OK(tpm_->undefine_nv(k_index, none()));
}

TEST_F(Nv, P_TPM_021_FullNvIsSaid) {
  Result<void> done = Result<void>();
  for (std::uint32_t i = 0; i < 300 && done; ++i) {
    done = tpm_->define_nv(NvPublic::make(k_index + i, k_nv_auth_read | k_nv_auth_write, {}, 1024), none(), none());
  }
  EXPECT_REASON(done, "tpm.no-space");
}

TEST_F(Nv, P_TPM_022_TheLockOutIsSaidAndRecoveredFrom) {
  const auto idevid = tpm_->create_idevid(DevidTemplate::h2_p256, none(), secret("right"));
  ASSERT_OK(idevid);
  ASSERT_OK(tpm_->persist(idevid->object, 0x81020000, none()));
  auto wrong = tpm_->open_persistent(0x81020000, secret("wrong"));
  ASSERT_OK(wrong);
  const auto limit = tpm_->lockout();
  ASSERT_OK(limit);
  for (unsigned i = 0; i < limit->failures_max; ++i) {
    EXPECT_REASON(tpm_->sign(*wrong, crypto::SignatureScheme::ecdsa_sha256, Bytes(32)), "tpm.auth");
  }
  wrong = Error(Errc::internal, "test", "closed");  // one handle, one object of the TSS
  const auto right = tpm_->open_persistent(0x81020000, secret("right"));
  ASSERT_OK(right);
  EXPECT_REASON(tpm_->sign(*right, crypto::SignatureScheme::ecdsa_sha256, Bytes(32)), "tpm.lockout");
  EXPECT_TRUE(tpm_->hierarchies()->in_lockout);
  ASSERT_OK(tpm_->set_lockout_limits(none(), 32, 600, 3600));
  ASSERT_OK(tpm_->reset_lockout(none()));
  EXPECT_OK(tpm_->sign(*right, crypto::SignatureScheme::ecdsa_sha256, Bytes(32)));
  EXPECT_EQ(tpm_->lockout()->failures_max, 32U);
}

TEST_F(Nv, P_TPM_023_SealedDataOpensOnlyUnderItsPolicy) {
  const Object parent = storage();
  const auto pcr = tpm_->read_pcrs({16});
  ASSERT_OK(pcr);
  const Policy policy{PolicyPcr{*pcr}};
  const auto blob = tpm_->seal(parent, secret("sealed"), digest_of(policy), none());
  ASSERT_OK(blob);
  const auto sealed = tpm_->load(parent, *blob, none());
  ASSERT_OK(sealed);
  EXPECT_EQ(as_text(open_secret(*tpm_->unseal(*sealed, policy))), "sealed");
  EXPECT_REASON(tpm_->unseal(*sealed, {}), "tpm.auth");
  EXPECT_REASON(tpm_->unseal(*sealed, {PolicyCommand{0x15e}}), "tpm.policy");
  ASSERT_OK(tpm_->extend_pcr(16, digest32("event")));
  EXPECT_REASON(tpm_->unseal(*sealed, policy), "tpm.policy");
}

TEST_F(Nv, P_FLOOR_001_IsRaisedOnceAndNeverRepeatedOrLowered) {
  const auto vendor = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  define_floor(vendor->public_key());
  EXPECT_EQ(tpm_->nv_public(k_floor_index)->name, floor_public(vendor->public_key(), false)->name);
  const auto raise_early = approve_floor(*vendor, Kind::raise, 3);
  EXPECT_FALSE(write_floor(*raise_early).has_value());
  const auto first = approve_floor(*vendor, Kind::first, 5);
  ASSERT_OK(first);
  ASSERT_OK(write_floor(*first));
  EXPECT_EQ(tpm_->nv_public(k_floor_index)->name, floor_public(vendor->public_key(), true)->name);
  EXPECT_REASON(write_floor(*first), "tpm.policy");
  EXPECT_REASON(write_floor(*approve_floor(*vendor, Kind::raise, 5)), "tpm.policy");
  EXPECT_REASON(write_floor(*approve_floor(*vendor, Kind::raise, 4)), "tpm.policy");
  EXPECT_EQ(floor(), 5U);
  const auto raise = approve_floor(*vendor, Kind::raise, 7);
  ASSERT_OK(write_floor(*raise));
  EXPECT_EQ(floor(), 7U);
  EXPECT_REASON(write_floor(*raise), "tpm.policy");
  const auto stranger = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  EXPECT_FALSE(write_floor(*approve_floor(*stranger, Kind::raise, 9)).has_value());
  EXPECT_REASON(tpm_->write_nv(k_floor_index, Secret(8), none()), "tpm.auth");
  EXPECT_EQ(floor(), 7U);
}

TEST_F(Nv, P_FLOOR_002_IsLoweredOnOneDeviceInOnePowerCycle) {
  const auto vendor = test::make_memory_signer(crypto::KeyAlgorithm::rsa_2048);
  define_floor(vendor->public_key());
  ASSERT_OK(write_floor(*approve_floor(*vendor, Kind::first, 5)));
  {
    const auto idevid = tpm_->create_idevid(DevidTemplate::h2_p256, none(), secret("idevid"));
    ASSERT_OK(idevid);
    ASSERT_OK(tpm_->persist(idevid->object, 0x81020000, none()));
  }
  const auto idevid = tpm_->open_persistent(0x81020000, secret("idevid"));
  ASSERT_OK(idevid);
  const auto now = tpm_->clock();
  ASSERT_OK(now);
  Bytes elsewhere = idevid->name();
  elsewhere.back() ^= std::byte{1};
  EXPECT_REASON(write_floor(*approve_lower(*vendor, 5, 2, elsewhere, now->reset_count), &*idevid), "tpm.policy");
  EXPECT_REASON(write_floor(*approve_lower(*vendor, 6, 2, idevid->name(), now->reset_count), &*idevid), "tpm.policy");
  EXPECT_REASON(write_floor(*approve_lower(*vendor, 5, 2, idevid->name(), now->reset_count + 1), &*idevid),
                "tpm.policy");
  const auto lower = approve_lower(*vendor, 5, 2, idevid->name(), now->reset_count);
  ASSERT_OK(lower);
  ASSERT_OK(write_floor(*lower, &*idevid));
  EXPECT_EQ(floor(), 2U);
  ASSERT_OK(write_floor(*approve_floor(*vendor, Kind::raise, 5)));
  swtpm_->restart();
  connect();
  const auto again = tpm_->open_persistent(0x81020000, secret("idevid"));
  ASSERT_OK(again);
  EXPECT_REASON(write_floor(*lower, &*again), "tpm.policy");
  EXPECT_EQ(floor(), 5U);
}

TEST_F(Nv, P_FLOOR_003_IsNotDeletedWithoutTheOwnersAuth) {
  const auto vendor = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  define_floor(vendor->public_key());
  ASSERT_OK(write_floor(*approve_floor(*vendor, Kind::first, 5)));
  ASSERT_OK(tpm_->set_auth(Hierarchy::owner, none(), secret("owner")));
  EXPECT_REASON(tpm_->undefine_nv(k_floor_index, none()), "tpm.auth");
  EXPECT_REASON(tpm_->undefine_nv(k_floor_index, secret("guess")), "tpm.auth");
  EXPECT_EQ(floor(), 5U);
  const auto iak = tpm_->create_iak(DevidTemplate::h2_p256, none(), none());
  const auto said = tpm_->certify_nv(k_floor_index, iak->object, as_bytes("n"));
  EXPECT_OK(said);
  const auto verified = verify(iak->object.public_area(), *said);
  EXPECT_OK(verified);
  const auto& body = std::get<CertifiedNv>(verified->body());
  EXPECT_EQ(body.index_name, floor_public(vendor->public_key(), true)->name);
  EXPECT_EQ(get_be64(body.contents), 5U);
}

TEST(Floor, P_FLOOR_004_ApprovalsAreReadStrictlyAndNoneIsForged) {
  const auto vendor = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto raise = approve_floor(*vendor, Kind::raise, 7);
  ASSERT_OK(raise);
  const auto again = FloorApproval::parse(raise->encode());
  ASSERT_OK(again);
  EXPECT_EQ(again->encode(), raise->encode());
  EXPECT_OK(again->check());
  FloorApproval other = *again;
  other.value = 8;
  EXPECT_REASON(other.check(), "tpm.approval-signature");
  other = *again;
  other.kind = Kind::first;
  EXPECT_REASON(other.check(), "tpm.approval-signature");
  EXPECT_REASON(approve_floor(*vendor, Kind::lower, 1), "tpm.approval");
  EXPECT_REASON(approve_floor(*vendor, Kind::raise, 0), "tpm.approval");
  EXPECT_REASON(approve_lower(*vendor, 5, 5, Bytes(34), 0), "tpm.approval");
  EXPECT_REASON(approve_lower(*vendor, 5, 4, Bytes(3), 0), "tpm.approval");
  for (const std::string_view text :
       {"", "{}", "[]", "{\"floor_approval\":2}", "{\"floor_approval\":1,\"kind\":\"x\"}"}) {
    EXPECT_REASON(FloorApproval::parse(as_bytes(text)), "tpm.approval") << text;
  }
  const auto ed = test::make_memory_signer(crypto::KeyAlgorithm::ed25519);
  EXPECT_REASON(approve_floor(*ed, Kind::raise, 7), "tpm.key-unsupported");
}

}  // namespace

}  // namespace signet::tpm
