// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/device_certificate.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"

#include "line_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::station;
using test::SwtpmOptions;
using unit::Manners;
using unit::TestLine;
using unit::TestUnit;

namespace {

class Births : public test::SwtpmTest {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    line_ = std::make_unique<TestLine>();
    unit_ = std::make_unique<TestUnit>();
    line_->know_maker(unit_->swtpm());
  }
  Station open() { return unit::must(line_->open()); }
  [[nodiscard]] std::uint64_t ledger_entries() const {
    const auto published = ledger::Published::open(line_->config().ledger_folder);
    return published ? published->size() : 0;
  }
  [[nodiscard]] std::vector<Failed> failed() const { return unit::must(failures(line_->config())); }

  std::unique_ptr<TestLine> line_;
  std::unique_ptr<TestUnit> unit_;
};

}  // namespace

TEST_F(Births, P_STATION_001_AUnitIsBornWithIdentityRecordAndReceipt) {
  Station station = open();
  const auto outcome = TestLine::meet(station, *unit_, {.serial = "A1"});
  ASSERT_OK(outcome.station);
  ASSERT_OK(outcome.unit);
  EXPECT_EQ(*outcome.station, "A1");
  const birth::Identity& identity = *unit_->identity();
  const pki::ValidationInput judge{
      .anchors = {line_->root()}, .intermediates = {identity.idevid.at(1)}, .at = line_->clock().now()};
  for (const auto& [chain, purpose] :
       {std::pair{identity.idevid, pki::DevicePurpose::idevid}, std::pair{identity.iak, pki::DevicePurpose::iak},
        std::pair{identity.keys.at("video"), pki::DevicePurpose::media_signing}}) {
    const auto valid = pki::validate_device(chain.front(), purpose, judge);
    ASSERT_OK(valid);
    EXPECT_EQ(valid->serial(), "A1");
  }
  // Who signed the record, for everybody who knows the vendor's root.
  ASSERT_EQ(identity.station.size(), 2U);
  const auto station_chain = pki::validate_station(identity.station.front(), judge);
  ASSERT_OK(station_chain);
  EXPECT_EQ(*station_chain->leaf().public_key(),
            unit::must(keystore::open_signer(line_->config().station_key))->public_key());
  // The record is the station's, says what happened, and its receipt holds.
  const auto signer = unit::must(keystore::open_signer(line_->config().station_key))->public_key();
  const auto envelope =
      documents::open_envelope(Untrusted(ByteView(identity.record_envelope)), birth::k_record_type, std::array{signer});
  ASSERT_OK(envelope);
  const auto record = birth::Record::parse(envelope->payload());
  ASSERT_OK(record);
  EXPECT_EQ(record->serial, "A1");
  EXPECT_EQ(record->strength, attest::Strength::software);
  EXPECT_EQ(record->floor, 7U);
  EXPECT_EQ(record->certificates.at("idevid"), to_hex(identity.idevid.front().fingerprint()));
  const auto log = unit::must(keystore::open_signer(line_->config().ledger_key));
  const auto policy = unit::must(
      ledger::Policy::make({unit::must(ledger::VerifierKey::for_log("example.com/line-7", log->public_key()))}));
  EXPECT_OK(ledger::verify_proof_file(Untrusted(as_bytes(identity.receipt)), identity.record_envelope, policy));
  const auto now = station.status();
  ASSERT_OK(now);
  EXPECT_EQ(now->phases.at("born"), 1U);
  EXPECT_EQ(now->identities_issued, now->ledger_entries);
}

TEST_F(Births, P_STATION_002_AReplayedBirthIsRefused) {
  Station station = open();
  ASSERT_OK(TestLine::meet(station, *unit_, {}).station);
  unit_->forget_identity();
  const auto again = TestLine::meet(station, *unit_, {});
  EXPECT_REASON(again.station, "station.born");
  EXPECT_REASON(again.unit, "station.born");
  EXPECT_EQ(ledger_entries(), 1U);
}

TEST_F(Births, P_STATION_003_OneTpmHasOneSerialAndOneSerialOneTpm) {
  Station station = open();
  ASSERT_OK(TestLine::meet(station, *unit_, {.serial = "A1"}).station);
  unit_->forget_identity();
  EXPECT_REASON(TestLine::meet(station, *unit_, {.serial = "A2"}).station, "station.tpm-taken");
  TestUnit other({.fresh_ek = true});
  EXPECT_REASON(TestLine::meet(station, other, {.serial = "A1"}).station, "station.serial-taken");
  EXPECT_EQ(ledger_entries(), 1U);
  // Who was refused is held back, and the rightful owner is not.
  const auto boxes = failed();
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_TRUE(boxes[0].quarantined && boxes[1].quarantined);
  EXPECT_OK(TestLine::meet(station, other, {.serial = "A3"}).station);
}

TEST_F(Births, P_STATION_004_ASoftwareTpmIsSoftwareWhateverItClaims) {
  TestLine strict(attest::Strength::trusted_environment);
  strict.know_maker(unit_->swtpm());
  Station station = unit::must(strict.open());
  const auto outcome = TestLine::meet(
      station, *unit_, {.claim = [](birth::Claim& claim) { claim.protection = "a chip of its own, certified"; }});
  EXPECT_REASON(outcome.station, "station.weak-tpm");
  EXPECT_REASON(outcome.unit, "station.weak-tpm");
  EXPECT_EQ(unit::must(station.status()).identities_issued, 0U);
}

TEST_F(Births, P_STATION_005_AnUnknownMakersTpmIsRefused) {
  TestUnit stranger({.other_ca = true});
  Station station = open();
  EXPECT_FALSE(TestLine::meet(station, stranger, {}).station.has_value());
  ASSERT_EQ(failed().size(), 1U);
  EXPECT_EQ(failed()[0].step, "endorsement");
}

TEST_F(Births, P_STATION_006_KeysSwappedBetweenUnitsAreRefused) {
  TestUnit other({.fresh_ek = true});
  Station station = open();
  std::optional<birth::Claim> theirs;
  const auto first = TestLine::meet(station, other, {.serial = "B1", .claim = [&](birth::Claim& c) { theirs = c; }});
  ASSERT_OK(first.station);
  struct Swap {
    const char* what;
    std::function<void(birth::Claim&)> claim;
  };
  const std::vector<Swap> swaps = {
      {"endorsement key", [&](birth::Claim& c) { c.ek_area = theirs->ek_area; }},
      {"endorsement certificate", [&](birth::Claim& c) { c.ek_certificates = theirs->ek_certificates; }},
      {"attester", [&](birth::Claim& c) { c.key_areas["attester"] = theirs->key_areas["attester"]; }},
      {"IAK", [&](birth::Claim& c) { c.iak_area = theirs->iak_area; }},
      {"IDevID", [&](birth::Claim& c) { c.idevid_area = theirs->idevid_area; }},
      {"video key", [&](birth::Claim& c) { c.key_areas["video"] = theirs->key_areas["video"]; }},
  };
  int number = 0;
  for (const Swap& swap : swaps) {
    const auto outcome =
        TestLine::meet(station, *unit_, {.serial = "C" + std::to_string(++number), .claim = swap.claim});
    ASSERT_FALSE(outcome.station.has_value()) << swap.what;
    EXPECT_TRUE(outcome.station.error().code() == Errc::untrusted || outcome.station.error().code() == Errc::conflict)
        << swap.what << ": " << outcome.station.error().reason();
  }
  EXPECT_EQ(ledger_entries(), 1U);
}

TEST_F(Births, P_STATION_007_ALyingResidentFlagIsRefused) {
  Station station = open();
  // The area says fixedTPM, and so does the unit; the TPM's own word speaks of another name.
  const auto lie = [](birth::Proof& proof) {
    auto& area = proof.keys["video"].public_area;
    area[7] = static_cast<std::byte>(static_cast<unsigned>(area[7]) ^ 0x12U);
  };
  EXPECT_FALSE(TestLine::meet(station, *unit_, {.serial = "D1", .proof = lie}).station.has_value());
  const auto borrowed = [](birth::Proof& proof) { proof.idevid.attestation = proof.keys["video"].attestation; };
  EXPECT_FALSE(TestLine::meet(station, *unit_, {.serial = "D2", .proof = borrowed}).station.has_value());
  EXPECT_EQ(unit::must(station.status()).identities_issued, 0U);
}

TEST_F(Births, P_STATION_008_AReplayedProofIsRefused) {
  Station station = open();
  std::optional<birth::Proof> old;
  ASSERT_OK(
      TestLine::meet(station, *unit_, {.proof = [&](birth::Proof& proof) { old = proof; }, .hang_up_at = "installed"})
          .unit);
  unit_->forget_identity();
  const auto replay = [&](birth::Proof& proof) {
    const Bytes secret = proof.secret;
    proof = *old;
    proof.secret = secret;  // even where the credential is opened anew
  };
  EXPECT_FALSE(TestLine::meet(station, *unit_, {.proof = replay}).station.has_value());
}

TEST_F(Births, P_STATION_009_OpenHierarchiesAndWrongFloorsAreRefused) {
  Station station = open();
  const auto outcome = TestLine::meet(station, *unit_, {.leave_open = true});
  EXPECT_REASON(outcome.station, "attest.open-hierarchy");
  EXPECT_EQ(failed().at(0).step, "hierarchies");
}

TEST_F(Births, P_STATION_010_TestsDecide) {
  line_->config().tests["focus"] = {.minimum = 0.5, .maximum = {}};
  Station station = open();
  EXPECT_REASON(TestLine::meet(station, *unit_, {.serial = "E1"}).station, "station.test-missing");
  EXPECT_REASON(TestLine::meet(station, *unit_, {.serial = "E2", .tests = Json::object({{"focus", 0.4}})}).station,
                "station.test-failed");
  EXPECT_OK(TestLine::meet(station, *unit_, {.serial = "E3", .tests = Json::object({{"focus", 0.6}})}).station);
}

TEST_F(Births, P_STATION_011_AQuarantinedUnitWaitsForItsRelease) {
  Station station = open();
  EXPECT_FALSE(TestLine::meet(station, *unit_, {.leave_open = true}).station.has_value());
  EXPECT_REASON(TestLine::meet(station, *unit_, {}).station, "station.quarantined");
  EXPECT_REASON(release(line_->config(), "nobody"), "station.not-quarantined");
  ASSERT_OK(release(line_->config(), "A1"));
  EXPECT_OK(TestLine::meet(station, *unit_, {}).station);
  EXPECT_TRUE(failed().empty());
}

TEST_F(Births, P_STATION_012_AnInterruptedBirthGoesOnWithTheSameIdentity) {
  for (const char* at : {"claim", "proof", "installed"}) {
    Station station = open();
    EXPECT_FALSE(TestLine::meet(station, *unit_, {.hang_up_at = at}).station.has_value()) << at;
    unit_->forget_identity();
  }
  std::vector<Bytes> seen;
  for (int i = 0; i < 2; ++i) {
    Station station = open();
    const auto outcome = TestLine::meet(
        station, *unit_, {.hang_up_at = i == 0 ? std::optional<std::string>("installed") : std::nullopt});
    ASSERT_TRUE(unit_->identity().has_value());
    seen.push_back(unit_->identity()->record_envelope);
    seen.push_back(unit_->identity()->idevid.front().der());
    unit_->forget_identity();
    if (i == 1) {
      EXPECT_OK(outcome.station);
    }
  }
  EXPECT_EQ(seen[0], seen[2]);
  EXPECT_EQ(seen[1], seen[3]);
  EXPECT_EQ(ledger_entries(), 1U);
}

TEST_F(Births, P_STATION_013_ALateWordIsTaken) {
  Station station = open();
  EXPECT_FALSE(TestLine::meet(station, *unit_, {.hang_up_at = "installed"}).station.has_value());
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  auto channel = birth::Channel::over(os::Fd(ends[1]), std::chrono::seconds(10));
  ASSERT_OK(channel.send(birth::encode(unit_->install())));
  const auto born = station.give_birth(birth::Channel::over(os::Fd(ends[0]), std::chrono::seconds(10)));
  ASSERT_OK(born);
  EXPECT_EQ(*born, "A1");
  EXPECT_EQ(unit::must(station.status()).phases.at("born"), 1U);
}

TEST_F(Births, P_STATION_014_ASecondStationOnTheSameLineIsRefused) {
  const Station station = open();
  EXPECT_REASON(line_->open(), "os.locked");
  // Another state, but the same authority and ledger.
  Config second = line_->config();
  second.state = line_->path("state-2");
  second.ledger_folder = line_->path("ledger-2");
  ASSERT_OK(init(second));
  EXPECT_REASON(Station::open(second, line_->clock()), "os.locked");
}

TEST_F(Births, P_STATION_015_AForgottenRegistryOrADamagedLedgerStopsTheLine) {
  {
    Station station = open();
    ASSERT_OK(TestLine::meet(station, *unit_, {}).station);
  }
  EXPECT_REASON(init(line_->config()), "station.used-ledger");
  std::filesystem::rename(line_->config().state, line_->path("away"));
  EXPECT_REASON(line_->open(), "station.none");
  Config other = line_->config();
  other.ledger_folder = line_->path("ledger-2");
  ASSERT_OK(init(other));  // an empty registry under the old name, beside the used ledger
  EXPECT_REASON(line_->open(), "station.registry-behind");
}

TEST_F(Births, P_STATION_016_BatchesCarryEveryRecordOnceAndInOrder) {
  {
    Station station = open();
    ASSERT_OK(TestLine::meet(station, *unit_, {}).station);
  }
  const auto out = line_->path("batch.json");
  const auto made = batch(line_->config(), std::nullopt, out, line_->clock().now());
  ASSERT_OK(made);
  EXPECT_EQ(made->first, 0U);
  EXPECT_EQ(made->count, 1U);
  EXPECT_EQ(made->left, 0U);
  const auto signer = unit::must(keystore::open_signer(line_->config().station_key))->public_key();
  const Bytes bytes = unit::must(os::read_file(out, 8U << 20U));
  const auto opened = documents::open_envelope(Untrusted(ByteView(bytes)), k_batch_type, std::array{signer});
  ASSERT_OK(opened);
  EXPECT_REASON(batch(line_->config(), std::nullopt, out, line_->clock().now()), "station.nothing-new");
  EXPECT_OK(batch(line_->config(), 0, out, line_->clock().now()));
}

TEST_F(Births, SilentAndSpeechlessPeersHarmNobody) {
  line_->config().timeout = std::chrono::seconds(1);
  Station station = open();
  for (const std::string_view words : {"", "GET / HTTP/1.1\r\n\r\n", "\xff\xff\xff\xff"}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const os::Fd peer(ends[1]);
    ASSERT_OK(os::write_all(peer, as_bytes(words)));
    EXPECT_FALSE(station.give_birth(birth::Channel::over(os::Fd(ends[0]), std::chrono::milliseconds(200))).has_value());
  }
  EXPECT_TRUE(failed().empty());
  EXPECT_OK(TestLine::meet(station, *unit_, {}).station);
}
