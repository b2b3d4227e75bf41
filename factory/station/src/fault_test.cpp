// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Units that are not what they should be, and a station whose disk is full or whose ledger somebody changed.
#include "signet/device_certificate.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"

#include "line_for_test.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>

using namespace signet;
using namespace signet::station;
using unit::Manners;
using unit::must;
using unit::TestLine;
using unit::TestUnit;

namespace {

class Faults : public test::SwtpmTest {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    line_ = std::make_unique<TestLine>();
    unit_ = std::make_unique<TestUnit>();
    line_->know_maker(unit_->swtpm());
  }
  Station open() { return must(line_->open()); }
  TestLine::Outcome meet(Station& station, const Manners& manners) {
    unit_->forget_identity();
    return TestLine::meet(station, *unit_, manners);
  }
  [[nodiscard]] std::filesystem::path ledger() const { return line_->config().ledger_folder; }
  [[nodiscard]] std::uint64_t entries() const {
    const auto published = ledger::Published::open(ledger());
    return published ? published->size() : 0;
  }
  [[nodiscard]] std::vector<Failed> failed() const { return must(failures(line_->config())); }
  /// How many certificates of a profile the line's authority has issued.
  [[nodiscard]] std::size_t issued(std::string_view profile) const {
    const auto authority = must(ca::Authority::open(line_->config().ca_folder, nullptr, line_->clock()));
    return static_cast<std::size_t>(std::ranges::count(authority.list(), profile, &ca::Entry::profile));
  }

  std::unique_ptr<TestLine> line_;
  std::unique_ptr<TestUnit> unit_;
};

}  // namespace

TEST_F(Faults, P_STATION_018_OneTpmHasOneSerialHoweverManyEndorsementKeysAreCertified) {
  {
    Station station = open();
    ASSERT_OK(meet(station, {.serial = "A1"}).station);
    const auto again = meet(station, {.serial = "A2", .endorsement = crypto::KeyAlgorithm::rsa_2048});
    EXPECT_REASON(again.station, "station.ek-kind");
    EXPECT_REASON(again.unit, "station.ek-kind");
    EXPECT_EQ(entries(), 1U);
    ASSERT_EQ(failed().size(), 1U);
    EXPECT_EQ(failed()[0].step, "endorsement");
    EXPECT_TRUE(failed()[0].quarantined);
  }
  // Once chosen, the kind stays: else the same TPM would come again after a change of one word.
  Config changed = line_->config();
  changed.tpm_endorsement_key = crypto::KeyAlgorithm::rsa_2048;
  EXPECT_REASON(Station::open(changed, line_->clock()), "station.ek-kind-changed");
  // The other key is as genuine as the first: a new line that knows TPMs by it takes this one.
  TestLine other;
  other.know_maker(unit_->swtpm());
  Config& config = other.config();
  config.policy = line_->config().policy;
  config.policy_key = line_->config().policy_key;
  config.tpm_endorsement_key = crypto::KeyAlgorithm::rsa_2048;
  config.state = other.path("state-rsa");
  config.ledger_folder = other.path("ledger-rsa");
  must(init(config));
  Station station = must(other.open());
  // It asks for that kind: the unit would show another of itself, and one that insists on it is refused.
  EXPECT_OK(meet(station, {.serial = "A2"}).station);
  EXPECT_REASON(meet(station, {.serial = "A3", .endorsement = crypto::KeyAlgorithm::ec_p384}).station,
                "station.ek-kind");
}

TEST_F(Faults, P_STATION_018_ATpmWithoutTheKindThatIsAskedForIsRefusedByName) {
  TestLine line;
  line.know_maker(unit_->swtpm());
  Config& config = line.config();
  config.tpm_endorsement_key = crypto::KeyAlgorithm::rsa_3072;  // software TPMs have P-384 and RSA-2048
  config.state = line.path("state-rsa");
  config.ledger_folder = line.path("ledger-rsa");
  must(init(config));
  Station station = must(line.open());
  const auto outcome = meet(station, {});
  EXPECT_REASON(outcome.station, "station.ek-kind");
  EXPECT_REASON(outcome.unit, "station.ek-kind");
  const std::string said = outcome.unit.error().text();
  EXPECT_NE(said.find("of kind p384"), std::string::npos) << said;
  EXPECT_NE(said.find("of kind rsa3072"), std::string::npos) << said;
  EXPECT_EQ(must(failures(config)).at(0).step, "endorsement");
}

TEST_F(Faults, P_STATION_019_AKeyThatCanLeaveItsTpmIsRefused) {
  Station station = open();
  const auto outcome = meet(station, {.import_video = true});
  EXPECT_REASON(outcome.station, "attest.not-resident");
  ASSERT_EQ(failed().size(), 1U);
  EXPECT_EQ(failed()[0].step, "residency");
  EXPECT_TRUE(failed()[0].quarantined);
  EXPECT_EQ(must(station.status()).identities_issued, 0U);
}

TEST_F(Faults, P_STATION_009_AFloorOfAnotherValueIsRefused) {
  Station station = open();
  // The vendor's own approval, of an older policy.
  const auto old = must(tpm::approve_floor(line_->floor_key(), tpm::FloorApproval::Kind::first, 6));
  EXPECT_REASON(meet(station, {.floor = old}).station, "station.floor");
  EXPECT_EQ(failed().at(0).step, "floor");
  EXPECT_EQ(must(station.status()).identities_issued, 0U);
}

TEST_F(Faults, P_STATION_009_AFloorUnderAnotherKeyIsRefused) {
  Station station = open();
  const auto other = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto own = must(tpm::approve_floor(*other, tpm::FloorApproval::Kind::first, 7));
  EXPECT_REASON(meet(station, {.floor = own}).station, "attest.other-floor");
  EXPECT_EQ(failed().at(0).step, "floor");
  EXPECT_EQ(must(station.status()).identities_issued, 0U);
}

TEST_F(Faults, P_STATION_020_ACopyOfADiskIsNoUnit) {
  Station station = open();
  std::optional<birth::Claim> disk;
  EXPECT_FALSE(meet(station, {.claim = [&](birth::Claim& c) { disk = c; }, .hang_up_at = "installed"}).station);
  TestUnit clone({.fresh_ek = true});
  const auto keys = [&](birth::Claim& c) { c.key_areas = disk->key_areas; };
  const auto all = [&](birth::Claim& c) { c = *disk; };
  // What it was told by its disk is its serial number, and keys that only the first TPM can load.
  EXPECT_REASON(TestLine::meet(station, clone, {.claim = keys}).station, "station.serial-taken");
  EXPECT_REASON(TestLine::meet(station, clone, {.serial = "A2", .claim = keys}).station, "attest.wrong-tpm");
  // With what was said on the line as well, down to the other's endorsement certificate.
  EXPECT_REASON(TestLine::meet(station, clone, {.claim = all}).station, "attest.wrong-tpm");
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(must(units(line_->config())).size(), 1U);
  // Somebody spoke in the name of the first one: it waits for the operator, and is born with what it has.
  EXPECT_REASON(meet(station, {}).station, "station.quarantined");
  ASSERT_OK(release(line_->config(), "A1"));
  EXPECT_OK(meet(station, {}).station);
  EXPECT_EQ(entries(), 1U);
}

namespace {

class Templates : public ::testing::TestWithParam<tpm::DevidTemplate> {};
INSTANTIATE_TEST_SUITE_P(Birth, Templates,
                         ::testing::Values(tpm::DevidTemplate::h1_rsa2048, tpm::DevidTemplate::h2_p256,
                                           tpm::DevidTemplate::h3_p384),
                         [](const auto& each) { return "H" + std::string(tpm::name_of(each.param).substr(2)); });

}  // namespace

TEST_P(Templates, P_STATION_021_AUnitIsBornFromEachOfTheTcgsTemplates) {
  NEEDS_SWTPM();
  TestLine line(attest::Strength::software, GetParam());
  TestUnit unit;
  line.know_maker(unit.swtpm());
  Station station = must(line.open());
  std::optional<birth::Claim> made;
  const auto outcome = TestLine::meet(station, unit, {.claim = [&](birth::Claim& claim) { made = claim; }});
  ASSERT_OK(outcome.station);
  const birth::Identity& identity = *unit.identity();
  const pki::ValidationInput judge{
      .anchors = {line.root()}, .intermediates = {identity.idevid.at(1)}, .at = line.clock().now()};
  for (const auto& [chain, purpose] :
       {std::pair{identity.idevid, pki::DevicePurpose::idevid}, std::pair{identity.iak, pki::DevicePurpose::iak}}) {
    const auto valid = pki::validate_device(chain.front(), purpose, judge);
    ASSERT_OK(valid);
    const auto algorithm = must(chain.front().public_key()).algorithm();
    EXPECT_EQ(algorithm, GetParam() == tpm::DevidTemplate::h1_rsa2048 ? crypto::KeyAlgorithm::rsa_2048
                         : GetParam() == tpm::DevidTemplate::h3_p384  ? crypto::KeyAlgorithm::ec_p384
                                                                      : crypto::KeyAlgorithm::ec_p256);
  }
  // A unit that made its keys from another template than the policy's is not born (with the genuine twin above).
  TestLine other(attest::Strength::software,
                 GetParam() == tpm::DevidTemplate::h2_p256 ? tpm::DevidTemplate::h3_p384 : tpm::DevidTemplate::h2_p256);
  other.know_maker(unit.swtpm());
  Station strict = must(other.open());
  const auto keep = [&](birth::Claim& claim) {
    claim.iak_area = made->iak_area;
    claim.idevid_area = made->idevid_area;
  };
  unit.forget_identity();
  EXPECT_REASON(TestLine::meet(strict, unit, {.claim = keep}).station, "station.template");
}

namespace {

Bytes bytes_of(const std::filesystem::path& path) { return must(os::read_file(path, 64U << 20U)); }

/// Another root hash in a checkpoint, as well formed as the one before: base64 stays base64.
void other_root(const std::filesystem::path& checkpoint) {
  std::string text(as_text(bytes_of(checkpoint)));
  char& first = text.at(text.find('\n', text.find('\n') + 1) + 1);
  first = first == 'A' ? 'B' : 'A';
  std::ofstream(checkpoint, std::ios::binary | std::ios::trunc) << text;
}

/// Changes one bit of a file, as somebody with the disk in hand does.
void flip(const std::filesystem::path& path) {
  Bytes bytes = bytes_of(path);
  bytes.at(bytes.size() / 3) ^= std::byte{0x10};
  std::ofstream(path, std::ios::binary | std::ios::trunc) << as_text(bytes);
}

void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

struct Tampering {
  const char* what;
  const char* reason;
  std::function<void(const std::filesystem::path& ledger)> change;
};

}  // namespace

TEST_F(Faults, P_STATION_022_AStationDoesNotGoOnWithALedgerThatWasChanged) {
  TestUnit second({.fresh_ek = true});
  const auto first_only = line_->path("first-only");
  {
    Station station = open();
    ASSERT_OK(meet(station, {.serial = "A1"}).station);
    copy_folder(ledger(), first_only);
    ASSERT_OK(TestLine::meet(station, second, {.serial = "A2"}).station);
  }
  const auto good = line_->path("good");
  copy_folder(ledger(), good);
  const auto other_history = [this](const std::filesystem::path& folder) {
    std::filesystem::remove_all(folder);
    auto log = must(ledger::Ledger::create(folder, line_->config().ledger_origin));
    must(log.append_all({to_bytes("one"), to_bytes("two")}));
    must(log.checkpoint(*must(keystore::open_signer(line_->config().ledger_key))));
  };
  const std::vector<Tampering> cases = {
      {"an entry", "station.ledger-altered", [](const auto& l) { flip(l / "tile/entries/000.p/2"); }},
      {"a hash", "station.ledger-altered", [](const auto& l) { flip(l / "tile/0/000.p/2"); }},
      {"the journal", "ledger.journal-damaged", [](const auto& l) { flip(l / "journal/entries"); }},
      {"the checkpoint", "station.ledger-altered", [](const auto& l) { other_root(l / "checkpoint"); }},
      {"half a checkpoint", "ledger.bad-note", [](const auto& l) { resize_file(l / "checkpoint", 40); }},
      {"no checkpoint", "station.ledger-altered", [](const auto& l) { std::filesystem::remove(l / "checkpoint"); }},
      {"an older copy", "station.ledger-behind", [&](const auto& l) { copy_folder(first_only, l); }},
      {"another history", "station.ledger-altered", other_history},
  };
  for (const Tampering& each : cases) {
    each.change(ledger());
    const auto refused = line_->open();
    EXPECT_REASON(refused, each.reason) << each.what;
    ASSERT_FALSE(refused.has_value()) << each.what;
    EXPECT_FALSE(refused.error().hint().empty()) << each.what;
    copy_folder(good, ledger());
    ASSERT_OK(line_->open()) << each.what;
  }
}

TEST_F(Faults, P_STATION_022_NobodyIsBornIntoALedgerThatIsChangedMeanwhile) {
  TestUnit second({.fresh_ek = true});
  Station station = open();
  ASSERT_OK(meet(station, {.serial = "A1"}).station);
  flip(ledger() / "journal/entries");
  for (int i = 0; i < 2; ++i) {
    const auto outcome = TestLine::meet(station, second, {.serial = "A2"});
    ASSERT_FALSE(outcome.station.has_value());
    EXPECT_TRUE(outcome.station.error().reason().starts_with("ledger.")) << outcome.station.error().reason();
    EXPECT_REASON(outcome.unit, "station.fault");  // what is wrong in here is no business of a box on the line
  }
  ASSERT_EQ(failed().size(), 1U);
  EXPECT_FALSE(failed()[0].quarantined);  // and no fault of its own
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(must(units(line_->config())).size(), 2U);
}

namespace {

/// A disk that can be filled up, byte by byte: a small file system where we may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directory(folder_);
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, "size=4m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::filesystem::path path(const char* name) const { return folder_ / name; }

  /// Leaves this many pages of 4 KiB free.
  void fill(std::size_t free_pages) const {
    std::ofstream out(path("filler"), std::ios::binary | std::ios::trunc);
    const std::string page(4096, 'x');
    while (out.write(page.data(), 4096).flush()) {
    }
    out.close();
    const std::uint64_t size = std::filesystem::file_size(path("filler"));
    ensure(size > free_pages * 4096, "test: the disk has more pages than are to be free");
    std::filesystem::resize_file(path("filler"), size / 4096 * 4096 - free_pages * 4096);
  }
  void clear() const { std::filesystem::remove(path("filler")); }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace

TEST_F(Faults, P_STATION_023_AFullDiskGivesNobodyHalfAnIdentity) {
  const SmallDisk disk(line_->path("small"));
  if (!disk.mounted()) GTEST_SKIP() << "a small file system needs the right to mount";
  Config& config = line_->config();
  for (auto* folder : {&config.state, &config.ledger_folder, &config.ca_folder}) {
    const auto moved = disk.path(folder->filename().c_str());
    copy_folder(*folder, moved);
    *folder = moved;
  }
  // From no free page on until it gets through: so the disk is full at each step of a birth, and of a start.
  std::size_t told = 0;
  std::size_t unopened = 0;
  for (std::size_t free_pages = 0;; free_pages += 3) {
    ASSERT_LT(free_pages, 300U) << "the birth gets through";
    disk.fill(free_pages);
    auto station = line_->open();
    bool born = false;
    if (station) {
      const auto outcome = meet(*station, {});
      born = outcome.station.has_value();
      if (!born) {
        ++told;
        // Else it has all that it is to be given, and the disk was full when the station wanted to note that.
        if (!unit_->identity()) {
          EXPECT_REASON(outcome.unit, "station.fault") << outcome.station.error().reason();
        }
      }
    } else {
      ++unopened;
      EXPECT_TRUE(station.error().code() == Errc::exhausted || station.error().code() == Errc::io)
          << station.error().reason();
      EXPECT_FALSE(station.error().hint().empty()) << station.error().reason();
    }
    disk.clear();
    if (born) break;
  }
  EXPECT_GT(unopened, 0U);
  EXPECT_GT(told, 3U);
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(issued("idevid"), 1U);
  EXPECT_EQ(issued("iak"), 1U);
  EXPECT_EQ(issued("media-signing"), 1U);
  const auto now = must(status(config, line_->clock().now()));
  EXPECT_EQ(now.phases.at("born"), 1U);
  EXPECT_EQ(now.quarantined, 0U);
}

TEST_F(Faults, P_STATION_023_AfterAFullDiskTheSameStationGoesOn) {
  const SmallDisk disk(line_->path("small"));
  if (!disk.mounted()) GTEST_SKIP() << "a small file system needs the right to mount";
  Config& config = line_->config();
  for (auto* folder : {&config.state, &config.ledger_folder, &config.ca_folder}) {
    const auto moved = disk.path(folder->filename().c_str());
    copy_folder(*folder, moved);
    *folder = moved;
  }
  Station station = open();
  for (const std::size_t free_pages : {0U, 8U, 16U, 24U, 32U}) {
    disk.fill(free_pages);
    const auto outcome = meet(station, {});
    disk.clear();
    if (outcome.station) break;
    if (!unit_->identity()) {
      EXPECT_REASON(outcome.unit, "station.fault");
    }
  }
  const auto outcome = meet(station, {});
  EXPECT_TRUE(outcome.station.has_value() || outcome.station.error().reason() == "station.born")
      << outcome.station.error().message();
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(must(station.status()).phases.at("born"), 1U);
}
