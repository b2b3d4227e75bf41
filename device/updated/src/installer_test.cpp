// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/test/fake_clock.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor.hpp"
#include "signet/updated.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <set>

namespace signet::updated {
namespace {

using test::k_now;
using test::must;

/// A maker with bundles, and a device in files with both slots filled.
class InstallerTest : public ::testing::Test {
 protected:
  InstallerTest() {
    for (const SlotName slot : {SlotName::a, SlotName::b}) {
      for (const char* role : {"rootfs", "kernel"}) {
        const auto path = device_ / "slots" / name_of(slot) / role;
        std::filesystem::create_directories(path.parent_path());
        test::write_file(path, as_bytes("old " + std::string(role) + " in " + std::string(name_of(slot))));
        targets_[static_cast<std::size_t>(slot)][role] = Target{.path = path, .block = false, .size_bytes_max = {}};
      }
    }
    std::filesystem::create_directories(device_ / "state");
  }

  std::filesystem::path make_bundle(const bundle::Manifest& manifest, std::uint32_t seed = 7, bool sign_it = true) {
    test::write_file(folder_ / "rootfs", test::sample_bytes(2 * bundle::k_chunk_size_bytes + 5, seed));
    test::write_file(folder_ / "kernel", test::sample_bytes(5000, seed + 1));
    const auto path = folder_ / ("bundle-" + manifest.version + "-" + std::to_string(seed));
    must(bundle::pack(manifest, {{"rootfs", folder_ / "rootfs"}, {"kernel", folder_ / "kernel"}}, path));
    if (sign_it) must(bundle::sign(path, alice_.signer, alice_.certificate, {}));
    return path;
  }
  static bundle::Manifest manifest(const std::string& version = "2.0", std::uint64_t security_version = 7) {
    bundle::Manifest one = test::sample_manifest();
    one.version = version;
    one.security_version = security_version;
    return one;
  }

  Installer installer() {
    DeviceConfig config{.product = must(ProductId::parse("cam-a")),
                        .hardware = "cam-a-r2",
                        .slots = targets_,
                        .trust = trust_,
                        .state_folder = device_ / "state"};
    return {std::move(config), boot_, floor_, clock_};
  }

  [[nodiscard]] Bytes content(SlotName slot, const std::string& role) const {
    return test::read_file(targets_.at(static_cast<std::size_t>(slot)).at(role).path);
  }
  /// Everything that a refusal must leave alone: contents, boot state, floor, and no file more than before.
  struct Snapshot {
    std::vector<Bytes> contents;
    BootState boot;
    std::uint64_t floor = 0;
    std::ptrdiff_t files = 0;
    friend bool operator==(const Snapshot&, const Snapshot&) = default;
  };
  Snapshot snapshot() {
    Snapshot now;
    for (const SlotName slot : {SlotName::a, SlotName::b}) {
      for (const char* role : {"rootfs", "kernel"}) now.contents.push_back(content(slot, role));
    }
    now.boot = must(boot_->load());
    now.floor = must(floor_->read());
    now.files = std::distance(std::filesystem::recursive_directory_iterator(device_ / "slots"), {});
    return now;
  }
  void expect_refused(const std::filesystem::path& bundle, const std::string& reason) {
    const Snapshot before = snapshot();
    EXPECT_REASON(installer().install(bundle), reason);
    EXPECT_EQ(snapshot(), before) << reason;
  }
  /// Installs, starts and confirms.
  void update_to(const std::filesystem::path& bundle) {
    must(installer().install(bundle));
    must(installer().start());
    must(installer().confirm());
  }

  test::TempDir folder_;
  std::filesystem::path device_ = folder_ / "device";
  test::Vendor vendor_;
  test::Identity alice_ = vendor_.issue("Alice");
  std::array<std::map<std::string, Target>, 2> targets_;
  bundle::TrustPolicy trust_{.anchors = {vendor_.root()}, .crls = {}, .signers_required = 1, .release_logs = {}};
  std::shared_ptr<BootControl> boot_ = file_boot_control(device_ / "state" / "boot.json");
  std::shared_ptr<VersionFloor> floor_ = file_version_floor(device_ / "state" / "floor.json");
  std::shared_ptr<test::FakeClock> clock_ = std::make_shared<test::FakeClock>(k_now);
};

TEST_F(InstallerTest, AnUpdateLivesFromInstallToConfirm) {
  const auto bundle = make_bundle(manifest());
  const auto report = installer().install(bundle);
  ASSERT_OK(report);
  EXPECT_EQ(report->slot, SlotName::b);
  EXPECT_EQ(content(SlotName::b, "rootfs"), test::sample_bytes(2 * bundle::k_chunk_size_bytes + 5, 7));
  EXPECT_EQ(content(SlotName::a, "rootfs"), to_bytes("old rootfs in a"));
  EXPECT_EQ(must(installer().status()).phase, Phase::ready);
  EXPECT_EQ(must(installer().start()), SlotName::b);
  EXPECT_EQ(must(installer().status()).phase, Phase::trying);
  EXPECT_EQ(must(floor_->read()), 0U);  // not before it has proved itself
  const auto status = installer().confirm();
  ASSERT_OK(status);
  EXPECT_EQ(status->phase, Phase::idle);
  EXPECT_EQ(status->version_floor, 7U);
}

TEST_F(InstallerTest, P_UPDATED_001_EachRefusalLeavesBothSlotsAsTheyWere) {
  update_to(make_bundle(manifest("2.0", 7)));
  expect_refused(make_bundle(manifest("2.1", 7), 20, false), "bundle.unsigned");

  test::Vendor mallory;
  const auto forged = make_bundle(manifest("2.2", 7), 21, false);
  const auto impostor = mallory.issue("Alice");
  must(bundle::sign(forged, impostor.signer, impostor.certificate, {}));
  expect_refused(forged, "bundle.wrong-signer");

  const auto good = make_bundle(manifest("2.3", 8), 22);
  Bytes bytes = test::read_file(good);
  bytes[bytes.size() - 4096 - 100] ^= std::byte{1};  // in the last image
  test::write_file(folder_ / "altered", bytes);
  expect_refused(folder_ / "altered", "bundle.payload-altered");

  test::write_file(folder_ / "truncated", ByteView(test::read_file(good)).first(1'500'000));
  expect_refused(folder_ / "truncated", "bundle.truncated");

  trust_.signers_required = 2;
  expect_refused(good, "bundle.too-few-signers");
  trust_.signers_required = 1;
  trust_.crls = {vendor_.revoke(alice_.certificate)};
  expect_refused(good, "bundle.signer-revoked");
  trust_.crls.clear();
  clock_->set(k_now.plus_days(3000));
  expect_refused(good, "bundle.signer-expired");
  clock_->set(k_now);
  expect_refused(folder_ / "missing", "os.not-found");
  expect_refused(folder_.path(), "os.is-a-folder");
  EXPECT_OK(installer().install(good));  // and the genuine one is still taken
}

TEST_F(InstallerTest, P_UPDATED_002_WrongProductHardwareAndRolesAreRefused) {
  bundle::Manifest other_product = manifest("3.0");
  other_product.product = must(ProductId::parse("cam-b"));
  expect_refused(make_bundle(other_product, 30), "updated.wrong-product");
  bundle::Manifest other_hardware = manifest("3.1");
  other_hardware.hardware = {"cam-a-r9"};
  expect_refused(make_bundle(other_hardware, 31), "updated.wrong-hardware");
  const auto good = make_bundle(manifest("3.2"), 32);
  targets_[1].erase("kernel");
  EXPECT_REASON(installer().install(good), "updated.unknown-role");
  targets_[1]["kernel"] = Target{.path = device_ / "slots/b/kernel"};
  targets_[1]["dtb"] = Target{.path = device_ / "slots/b/dtb"};
  EXPECT_REASON(installer().install(good), "updated.missing-role");
}

TEST_F(InstallerTest, P_UPDATED_002_AnImageThatDoesNotFitIsRefused) {
  targets_[1]["rootfs"].size_bytes_max = 2 * bundle::k_chunk_size_bytes;
  expect_refused(make_bundle(manifest()), "updated.too-large");
}

TEST_F(InstallerTest, P_UPDATED_003_AnOlderSecurityVersionIsRefusedAfterConfirm) {
  const auto older = make_bundle(manifest("1.9", 6), 40);
  update_to(make_bundle(manifest("2.0", 7), 41));
  expect_refused(older, "updated.rollback");
  EXPECT_OK(installer().install(make_bundle(manifest("2.0.1", 7), 42)));  // the same one is no rollback
}

TEST_F(InstallerTest, P_UPDATED_003_AFloorThatCannotBeReadIsNotZero) {
  test::write_file(device_ / "state" / "floor.json", as_bytes("{\"security_ver"));
  EXPECT_REASON(installer().install(make_bundle(manifest("1.9", 6))), "updated.state-damaged");
}

TEST_F(InstallerTest, NothingIsWrittenWhileANewReleaseIsTried) {
  must(installer().install(make_bundle(manifest("2.0", 7), 50)));
  must(installer().start());
  const Snapshot before = snapshot();
  EXPECT_REASON(installer().install(make_bundle(manifest("2.1", 8), 51)), "updated.trying");
  EXPECT_EQ(snapshot(), before);
}

TEST_F(InstallerTest, P_UPDATED_008_WhatIsNeverConfirmedGivesWayToTheOldRelease) {
  must(installer().install(make_bundle(manifest())));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(must(installer().start()), SlotName::b);
  EXPECT_EQ(must(installer().start()), SlotName::a);
  EXPECT_EQ(must(installer().status()).phase, Phase::idle);
  EXPECT_EQ(must(floor_->read()), 0U);
  EXPECT_OK(installer().install(make_bundle(manifest("2.1"), 52)));
}

TEST_F(InstallerTest, P_UPDATED_005_TwoInstallersAtOnceOneIsRefused) {
  const auto bundle = make_bundle(manifest());
  const auto lock = must(os::FileLock::try_acquire(device_ / "state" / "lock", "test"));
  expect_refused(bundle, "os.locked");
}

TEST_F(InstallerTest, P_UPDATED_005_NothingStartsOrIsConfirmedBesideAnInstaller) {
  must(installer().install(make_bundle(manifest())));
  const Snapshot before = snapshot();
  const auto lock = must(os::FileLock::try_acquire(device_ / "state" / "lock", "test"));
  EXPECT_REASON(installer().start(), "os.locked");
  EXPECT_REASON(installer().confirm(), "os.locked");
  EXPECT_EQ(snapshot(), before);
}

TEST_F(InstallerTest, WhatAKilledInstallerLeftBesideTheStateGoes) {
  for (const char* file : {"boot.json", "floor.json", "newest-signed-time"}) {
    test::write_file(device_ / "state" / (std::string(file) + ".new-4711-0"), as_bytes("{\"act"));
  }
  must(installer().install(make_bundle(manifest())));
  for (const auto& entry : std::filesystem::directory_iterator(device_ / "state")) {
    EXPECT_EQ(entry.path().native().find(".new-"), std::string::npos) << entry.path();
  }
}

TEST_F(InstallerTest, P_UPDATED_006_AFullDiskIsRefusedAndLeavesTheSlots) {
  const auto small = folder_ / "small";
  std::filesystem::create_directory(small);
  if (::mount("none", small.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "a small file system needs the right to mount";
  test::write_file(small / "rootfs", as_bytes("old"));
  targets_[1]["rootfs"].path = small / "rootfs";
  expect_refused(make_bundle(manifest()), "os.disk-full");
  EXPECT_EQ(test::read_file(small / "rootfs"), to_bytes("old"));
  ::umount(small.c_str());
}

TEST_F(InstallerTest, P_UPDATED_007_ABlockTargetIsWrittenInPlaceAfterAllBytesWereChecked) {
  const auto device = folder_ / "partition";
  const Bytes old(4 * bundle::k_chunk_size_bytes, std::byte{0xee});
  test::write_file(device, old);
  targets_[1]["rootfs"] = Target{.path = device, .block = true, .size_bytes_max = {}};
  const auto good = make_bundle(manifest());
  Bytes bytes = test::read_file(good);
  bytes[bytes.size() - 4096 - 100] ^= std::byte{1};  // the last image: the first one is right
  test::write_file(folder_ / "altered", bytes);
  EXPECT_REASON(installer().install(folder_ / "altered"), "bundle.payload-altered");
  EXPECT_EQ(test::read_file(device), old);
  EXPECT_EQ(must(boot_->load()).at(SlotName::b).state, SlotState::empty);
  must(installer().install(good));
  const Bytes image = test::sample_bytes(2 * bundle::k_chunk_size_bytes + 5, 7);
  EXPECT_TRUE(equal(ByteView(test::read_file(device)).first(image.size()), image));
}

TEST_F(InstallerTest, P_UPDATED_007_ATornPipeLeavesABlockSlotThatIsNeverStarted) {
  const auto device = folder_ / "partition";
  test::write_file(device, Bytes(4 * bundle::k_chunk_size_bytes));
  targets_[1]["rootfs"] = Target{.path = device, .block = true, .size_bytes_max = {}};
  const auto good = make_bundle(manifest());

  /// Gives the front and one chunk, then ends: a download that breaks off.
  class TornSource : public bundle::Source {
   public:
    explicit TornSource(Bytes bytes) : bytes_(std::move(bytes)) {}
    Result<std::size_t> read(ByteSpan out) override {
      const std::size_t count = std::min(out.size(), bytes_.size() - at_);
      std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, out.begin());
      at_ += count;
      return count;
    }
    [[nodiscard]] std::optional<std::uint64_t> size_bytes() const override { return std::nullopt; }

   private:
    Bytes bytes_;
    std::size_t at_ = 0;
  };
  TornSource torn(to_bytes(ByteView(test::read_file(good)).first(1'500'000)));
  EXPECT_REASON(installer().install_stream(torn), "bundle.truncated");
  EXPECT_EQ(must(installer().status()).phase, Phase::interrupted);
  EXPECT_EQ(must(installer().start()), SlotName::a);
  TornSource whole(test::read_file(good));
  EXPECT_OK(installer().install_stream(whole));  // begun anew, it ends well
  EXPECT_EQ(must(installer().start()), SlotName::b);
}

TEST_F(InstallerTest, P_UPDATED_009_AClockSetBackDoesNotReviveAnExpiredSigner) {
  test::ReleaseLog log(folder_ / "log");
  trust_.release_logs = log.policy();
  const auto proven = make_bundle(manifest("2.0", 7), 60);
  const auto entry =
      bundle::ledger_entry(must(bundle::read_head(*must(bundle::open_source(proven)))).unverified().manifest);
  must(bundle::add_record(proven, bundle::RecordKind::release_proof, as_bytes(log.prove(entry, k_now.plus_days(100)))));
  clock_->set(k_now);
  must(installer().install(proven));  // the device has now seen a signed time 100 days ahead of its clock
  must(installer().start());
  must(installer().confirm());
  const auto mallory = vendor_.issue("Lost key", "firmware-signing", k_now.plus_days(-30), k_now.plus_days(50));
  const auto late = make_bundle(manifest("2.1", 7), 61, false);
  must(bundle::sign(late, mallory.signer, mallory.certificate, {}));
  expect_refused(late, "bundle.signer-expired");
}

// --- the table ---

TEST(Life, EveryPhaseHasAWayBackToIdle) {
  const std::array k_phases{Phase::idle, Phase::interrupted, Phase::ready, Phase::trying};
  const std::array k_events{Event::begin, Event::finish, Event::abandon, Event::start, Event::confirm};
  for (const Phase from : k_phases) {
    std::set<Phase> reached{from};
    for (int step = 0; step < 4; ++step) {
      for (const Phase phase : std::set<Phase>(reached)) {
        for (const Event event : k_events) {
          if (const auto to = phase_after(phase, event)) reached.insert(*to);
        }
      }
    }
    EXPECT_TRUE(reached.contains(Phase::idle)) << name_of(from);
  }
}

TEST(Life, NothingIsBegunWhileTrying) { EXPECT_EQ(phase_after(Phase::trying, Event::begin), std::nullopt); }

struct StartCase {
  std::string name;
  SlotState a, b;
  unsigned b_tries;
  SlotName active;
  std::string starts;  ///< "a", "b" or a reason
};

class StartTest : public ::testing::TestWithParam<StartCase> {};

// The table of power cuts: whatever an installation left behind, the loader starts what is whole.
TEST_P(StartTest, P_UPDATED_004_WhateverACutLeftBehindTheLoaderStartsWhatIsWhole) {
  class MemoryBootControl : public BootControl {
   public:
    Result<BootState> load() override { return state; }
    Result<void> store(const BootState& next) override {
      state = next;
      return {};
    }
    BootState state;
  } control;
  const StartCase& c = GetParam();
  control.state.at(SlotName::a).state = c.a;
  control.state.at(SlotName::b) = {.state = c.b, .tries_left = c.b_tries};
  control.state.active = c.active;
  const auto started = start_device(control);
  if (c.starts.size() > 1) {
    EXPECT_REASON(started, c.starts);
    return;
  }
  ASSERT_OK(started);
  EXPECT_EQ(name_of(*started), c.starts);
}

INSTANTIATE_TEST_SUITE_P(
    Cuts, StartTest,
    ::testing::Values(StartCase{"new_device", SlotState::good, SlotState::empty, 0, SlotName::a, "a"},
                      StartCase{"torn_install", SlotState::good, SlotState::writing, 0, SlotName::a, "a"},
                      StartCase{"torn_install_marked_active", SlotState::good, SlotState::writing, 0, SlotName::b, "a"},
                      StartCase{"ready", SlotState::good, SlotState::ready, 3, SlotName::b, "b"},
                      StartCase{"tries_used_up", SlotState::good, SlotState::ready, 0, SlotName::b, "a"},
                      StartCase{"both_good", SlotState::good, SlotState::good, 0, SlotName::b, "b"},
                      StartCase{"nothing", SlotState::empty, SlotState::writing, 0, SlotName::a,
                                "updated.no-bootable-slot"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace signet::updated
