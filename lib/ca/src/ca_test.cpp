// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/ca.hpp"

#include "signet/os/file.hpp"
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/fake_clock.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"

#include "journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace signet;
using ca::Authority;
using crypto::KeyAlgorithm;

namespace {

struct World {
  test::TempDir folder;
  test::FakeClock clock{*from_rfc3339("2026-11-22T12:00:00Z")};
  std::shared_ptr<crypto::Signer> key = test::make_memory_signer(KeyAlgorithm::ec_p256);
  std::shared_ptr<crypto::Signer> release = test::make_memory_signer(KeyAlgorithm::ec_p256);

  [[nodiscard]] std::filesystem::path path() const { return folder / "ca"; }
  [[nodiscard]] Result<Authority> create() const {
    return Authority::create_root(path(), key, *pki::profile_named("vendor-root"), {.common_name = "Root"}, {}, clock);
  }
  [[nodiscard]] Result<Authority> open() const { return Authority::open(path(), key, clock); }
  [[nodiscard]] ca::Application application(const std::string& name = "Release") const {
    return {.profile = *pki::profile_named("firmware-signing"),
            .subject = {.common_name = name},
            .public_key = release->public_key()};
  }
  [[nodiscard]] Bytes journal() const { return *os::read_file(path() / "journal", 1U << 20U); }
  void set_journal(const Bytes& bytes) const { ASSERT_OK(os::replace_file(path() / "journal", bytes)); }
};

}  // namespace

TEST(Authority, P_CA_001_RemembersWhatItDid) {
  World world;
  std::string serial;
  {
    auto authority = world.create();
    ASSERT_OK(authority);
    const auto certificate = authority->issue(world.application());
    ASSERT_OK(certificate);
    serial = certificate->serial_hex();
    ASSERT_OK(authority->issue(world.application("Second")));
    world.clock.set(world.clock.now().plus_days(1));
    ASSERT_OK(authority->revoke(serial, pki::RevocationReason::key_compromise));
    EXPECT_EQ(authority->crl(30)->number(), 1U);
  }
  auto authority = world.open();
  ASSERT_OK(authority);
  ASSERT_EQ(authority->list().size(), 2U);
  const ca::Entry& first = authority->list()[0];
  EXPECT_EQ(first.serial_hex, serial);
  EXPECT_EQ(first.profile, "firmware-signing");
  EXPECT_EQ(first.subject, "CN=Release");
  ASSERT_TRUE(first.revoked.has_value());
  EXPECT_EQ(first.revoked->reason, pki::RevocationReason::key_compromise);
  EXPECT_EQ(first.revoked->when, world.clock.now());
  EXPECT_FALSE(authority->list()[1].revoked.has_value());
  const auto crl = authority->crl(30);
  ASSERT_OK(crl);
  EXPECT_EQ(crl->number(), 2U);
  ASSERT_EQ(crl->revoked().size(), 1U);
  EXPECT_EQ(crl->revoked()[0].serial_hex, serial);
}

TEST(Authority, WhatItIssuesHoldsUntilRevoked) {
  World world;
  auto authority = world.create();
  ASSERT_OK(authority);
  const auto certificate = authority->issue(world.application());
  ASSERT_OK(certificate);
  pki::ValidationInput input{
      .anchors = {authority->certificate()}, .crls = {*authority->crl(30)}, .at = world.clock.now()};
  EXPECT_OK(pki::validate(*certificate, input));
  ASSERT_OK(authority->revoke(certificate->serial_hex(), pki::RevocationReason::superseded));
  input.crls = {*authority->crl(30)};
  EXPECT_REASON(pki::validate(*certificate, input), "pki.revoked");
}

TEST(Authority, P_CA_002_SerialNumbersAreRandomAndNeverTwice) {
  World world;
  auto authority = world.create();
  ASSERT_OK(authority);
  std::set<std::string> serials{authority->certificate().serial_hex()};
  for (int i = 0; i < 200; ++i) {
    const auto certificate = authority->issue(world.application());
    ASSERT_OK(certificate);
    EXPECT_EQ(certificate->serial_hex().size(), 32U);
    EXPECT_TRUE(serials.insert(certificate->serial_hex()).second);
  }
}

TEST(Authority, P_CA_003_AKillAtAnyByteLosesOnlyWhatNobodyWasTold) {
  World world;
  std::vector<std::size_t> sizes;  // of the journal after each act
  {
    auto authority = world.create();
    ASSERT_OK(authority);
    sizes.push_back(world.journal().size());
    const auto certificate = authority->issue(world.application());
    sizes.push_back(world.journal().size());
    ASSERT_OK(authority->revoke(certificate->serial_hex(), pki::RevocationReason::unspecified));
    sizes.push_back(world.journal().size());
    ASSERT_OK(authority->crl(1));
    sizes.push_back(world.journal().size());
  }
  const Bytes whole = world.journal();
  for (std::size_t size = sizes[0]; size <= whole.size(); ++size) {
    for (const bool zeros : {false, true}) {
      Bytes left(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      if (zeros) left.resize(whole.size());
      if (zeros && size < sizes[2]) continue;  // a power cut leaves zeros in the last record only
      const auto content = ca::Journal::read(left);
      ASSERT_OK(content) << size;
      const auto done =
          static_cast<std::size_t>(std::ranges::count_if(sizes, [size](std::size_t each) { return each <= size; }));
      EXPECT_EQ(content->records.size(), done) << size;
    }
  }
  Bytes torn = whole;
  torn.resize(sizes[2] + 50);
  world.set_journal(torn);
  auto authority = world.open();
  ASSERT_OK(authority);
  EXPECT_EQ(authority->crl_number(), 0U);
  EXPECT_EQ(authority->crl(1)->number(), 1U);
  EXPECT_EQ(world.journal().size(), whole.size());
}

TEST(Authority, P_CA_004_NoByteOfItsBooksCanBeChangedUnnoticed) {
  World world;
  {
    auto authority = world.create();
    ASSERT_OK(authority);
    ASSERT_OK(authority->issue(world.application()));
    ASSERT_OK(authority->issue(world.application()));
  }
  const Bytes whole = world.journal();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes altered = whole;
    altered[i] ^= std::byte{1};
    EXPECT_REASON(ca::Journal::read(altered), "ca.damaged") << "byte " << i;
  }
  Bytes cut = whole;
  cut.erase(cut.begin() + 700, cut.begin() + 800);
  EXPECT_REASON(ca::Journal::read(cut), "ca.damaged");
  world.set_journal(cut);
  EXPECT_REASON(world.open(), "ca.damaged");
}

TEST(Authority, P_CA_005_OnlyOneProcessAtATime) {
  World world;
  const auto first = world.create();
  ASSERT_OK(first);
  EXPECT_REASON(world.open(), "os.locked");
}

TEST(Authority, IsMadeOnceAndFoundWhereItIs) {
  World world;
  EXPECT_REASON(world.open(), "ca.none");
  ASSERT_OK(world.create());
  EXPECT_REASON(world.create(), "ca.exists");
}

TEST(Authority, NeedsItsOwnKeyToIssueAndNoneToRevoke) {
  World world;
  std::string serial;
  {
    auto authority = world.create();
    ASSERT_OK(authority);
    serial = authority->issue(world.application())->serial_hex();
  }
  EXPECT_REASON(Authority::open(world.path(), world.release, world.clock), "pki.key-mismatch");
  auto authority = Authority::open(world.path(), nullptr, world.clock);
  ASSERT_OK(authority);
  EXPECT_REASON(authority->issue(world.application()), "ca.no-key");
  EXPECT_REASON(authority->crl(1), "ca.no-key");
  EXPECT_REASON(authority->revoke("abcd", pki::RevocationReason::unspecified), "ca.no-such-serial");
  EXPECT_OK(authority->revoke(serial, pki::RevocationReason::unspecified));
  EXPECT_REASON(authority->revoke(serial, pki::RevocationReason::superseded), "ca.already-revoked");
}

TEST(Authority, ALifeEndsWithItsAuthority) {
  World world;
  auto authority = world.create();
  ASSERT_OK(authority);
  const Instant end = authority->certificate().not_after();
  world.clock.set(end.plus_days(-10));
  EXPECT_EQ(authority->issue(world.application())->not_after(), end);
  auto longer = world.application();
  longer.days = 11;
  EXPECT_REASON(authority->issue(longer), "pki.order");
  longer.days = 10;
  EXPECT_OK(authority->issue(longer));
}

TEST(Authority, BelowAnotherItIssuesAsItsCertificateAllows) {
  World world;
  auto root = world.create();
  ASSERT_OK(root);
  const auto fleet_key = test::make_memory_signer(KeyAlgorithm::ec_p384);
  const auto certificate = root->issue({.profile = *pki::profile_named("fleet-ca"),
                                        .subject = {.common_name = "Fleet"},
                                        .public_key = fleet_key->public_key()});
  ASSERT_OK(certificate);
  EXPECT_REASON(Authority::create_below(world.folder / "x", world.release, *certificate, world.clock),
                "pki.key-mismatch");
  auto fleet = Authority::create_below(world.folder / "fleet", fleet_key, *certificate, world.clock);
  ASSERT_OK(fleet);
  const auto server = fleet->issue({.profile = *pki::profile_named("tls-server"),
                                    .subject = {.common_name = "manager.example"},
                                    .public_key = world.release->public_key(),
                                    .dns_names = {"manager.example"}});
  ASSERT_OK(server);
  EXPECT_OK(pki::validate(*server, {.anchors = {root->certificate()},
                                    .intermediates = {*certificate},
                                    .at = world.clock.now(),
                                    .usage = pki::Usage::tls_server}));
  const auto leaf = root->issue(world.application());
  EXPECT_REASON(Authority::create_below(world.folder / "leaf", world.release, *leaf, world.clock), "pki.order");
}

TEST(Authority, P_CA_007_ADevicesCertificateNeverEnds) {
  World world;
  auto root = world.create();
  ASSERT_OK(root);
  const auto key = test::make_memory_signer(KeyAlgorithm::ec_p256);
  const auto certificate = root->issue({.profile = *pki::profile_named("factory-ca"),
                                        .subject = {.common_name = "Line 3"},
                                        .public_key = key->public_key()});
  ASSERT_OK(certificate);
  EXPECT_EQ(certificate->not_after(), root->certificate().not_after());
  auto factory = Authority::create_below(world.folder / "factory", key, *certificate, world.clock);
  ASSERT_OK(factory);
  ca::Application wanted{.profile = *pki::profile_named("idevid"),
                         .subject = {.common_name = "Camera 7", .serial_number = "SN-0042"},
                         .public_key = world.release->public_key(),
                         .hardware = pki::HardwareModule{"1.3.6.1.4.1.32473.1", to_bytes("SN-0042")}};
  const auto idevid = factory->issue(wanted);
  ASSERT_OK(idevid);
  EXPECT_EQ(idevid->not_after(), pki::k_no_end);
  wanted.days = 3650;
  EXPECT_REASON(factory->issue(wanted), "pki.order");
}
