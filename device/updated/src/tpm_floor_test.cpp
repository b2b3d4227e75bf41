// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored.hpp"
#include "signet/os/local_socket.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/fake_clock.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/vendor.hpp"
#include "signet/tpm.hpp"
#include "signet/updated.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace signet::updated {
namespace {

using test::k_now;
using test::must;
using tpm::FloorApproval;

constexpr std::uint32_t k_idevid_handle = 0x81020000;

/// Plays signet-keystored's part of the floor over a real TPM: it reads, and it writes what the TPM lets it.
class FloorKeeper {
 public:
  FloorKeeper(const std::string& tcti, std::filesystem::path socket, const crypto::PublicKey& floor_key)
      : tpm_(must(tpm::Tpm::connect(tcti))), socket_(std::move(socket)) {
    auto idevid = must(tpm_->create_idevid(tpm::DevidTemplate::h2_p256, {}, {}));
    must(tpm_->persist(idevid.object, k_idevid_handle, {}));
    device_name_ = idevid.object.name();
    must(tpm_->define_nv(must(tpm::floor_public(floor_key, false)), {}, {}));
    start();
  }
  ~FloorKeeper() { stop(); }
  FloorKeeper(const FloorKeeper&) = delete;
  FloorKeeper& operator=(const FloorKeeper&) = delete;

  Result<std::uint64_t> write(const FloorApproval& approval) {
    Bytes value(8);
    put_be64(value, approval.value);
    TRY_ASSIGN(const tpm::Policy policy, approval.policy(k_idevid_handle));
    TRY(tpm_->write_nv(tpm::k_floor_index, value, policy));
    return read();
  }
  Result<std::uint64_t> read() {
    TRY_ASSIGN(const Secret value, tpm_->read_nv(tpm::k_floor_index, {}));
    return get_be64(value.read(SecretAccess::for_cryptography()));
  }
  [[nodiscard]] const Bytes& device_name() const { return device_name_; }
  std::uint32_t reset_count() { return must(tpm_->clock()).reset_count; }

  void start() {
    ending_ = false;
    auto listener = std::make_shared<os::LocalListener>(must(os::LocalListener::listen(socket_)));
    thread_ = std::thread([this, listener] { serve(*listener); });
  }
  void stop() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void serve(os::LocalListener& listener) {
    while (!ending_) {
      auto connection = listener.accept(std::chrono::milliseconds(50));
      if (!connection) continue;
      while (!ending_) {
        const auto message = connection->receive(keystore::k_keystored_message_bytes_max);
        if (!message || !connection->send(keystore::encode_answer(answer(*message)))) break;
      }
    }
  }
  Result<Json> answer(ByteView message) {
    TRY_ASSIGN(const keystore::KeystoredRequest request, keystore::KeystoredRequest::parse(message));
    if (request.op == "floor-write") {
      TRY_ASSIGN(const Json json, request.arguments.object_at("approval"));
      TRY_ASSIGN(const FloorApproval approval, FloorApproval::parse(as_bytes(json.dump())));
      TRY_ASSIGN(const std::uint64_t value, write(approval));
      return Json::object({{"floor", value}});
    }
    TRY_ASSIGN(const std::uint64_t value, read());
    TRY_ASSIGN(const tpm::NvPublic area, tpm_->nv_public(tpm::k_floor_index));
    return Json::object({{"floor", value}, {"name", to_base64(area.name)}});
  }

  std::shared_ptr<tpm::Tpm> tpm_;
  std::filesystem::path socket_;
  Bytes device_name_;
  std::thread thread_;
  std::atomic<bool> ending_{false};
};

/// A device in files whose floor lives in a software TPM.
class TpmFloorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    swtpm_ = std::make_unique<test::Swtpm>();
    keeper_ = std::make_unique<FloorKeeper>(swtpm_->tcti(), folder_ / "keystored.sock", floor_key_->public_key());
    must(keeper_->write(must(tpm::approve_floor(*floor_key_, FloorApproval::Kind::first, 3))));
    test::write_file(folder_ / "root.pem", as_bytes(vendor_.root().pem()));
    must(make_file_device(folder_ / "device", {.product = must(ProductId::parse("cam-a")),
                                               .hardware = "cam-a-r2",
                                               .roles = {"rootfs"},
                                               .anchors = {folder_ / "root.pem"},
                                               .signers_required = 1,
                                               .log_keys = {},
                                               .witness_keys = {},
                                               .floor_socket = folder_ / "keystored.sock"}));
    std::filesystem::create_directories(folder_ / "device/state");
    std::filesystem::create_directories(folder_ / "device/slots/a");
    std::filesystem::create_directories(folder_ / "device/slots/b");
    test::write_file(folder_ / "device/slots/a/rootfs", as_bytes("old"));
    test::write_file(folder_ / "rootfs", test::sample_bytes(5000));
  }

  Installer installer() {
    return {must(DeviceConfig::load(folder_ / "device/device.json")),
            file_boot_control(folder_ / "device/state/boot.json"), tpm_version_floor(folder_ / "keystored.sock"),
            std::make_shared<test::FakeClock>(k_now)};
  }

  std::filesystem::path make_bundle(std::uint64_t security_version, const std::vector<Bytes>& approvals) {
    const auto path = folder_ / ("bundle-" + std::to_string(++bundles_));
    bundle::Manifest manifest = test::sample_manifest();
    manifest.security_version = security_version;
    must(bundle::pack(manifest, {{"rootfs", folder_ / "rootfs"}}, path));
    must(bundle::sign(path, alice_.signer, alice_.certificate, {}));
    for (const Bytes& approval : approvals)
      must(bundle::add_record(path, bundle::RecordKind::floor_approval, approval));
    return path;
  }
  Bytes raise_to(std::uint64_t value, crypto::Signer& key) {
    return must(tpm::approve_floor(key, FloorApproval::Kind::raise, value)).encode();
  }
  Bytes raise_to(std::uint64_t value) { return raise_to(value, *floor_key_); }
  void update_to(const std::filesystem::path& bundle) {
    must(installer().install(bundle));
    must(installer().start());
    must(installer().confirm());
  }

  test::TempDir folder_;
  test::Vendor vendor_;
  test::Identity alice_ = vendor_.issue("Alice");
  std::shared_ptr<crypto::Signer> floor_key_ = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  std::unique_ptr<test::Swtpm> swtpm_;
  std::unique_ptr<FloorKeeper> keeper_;
  int bundles_ = 0;
};

TEST_F(TpmFloorTest, P_UPDATED_010_ConfirmingRaisesTheFloorInTheTpm) {
  const auto bundle = make_bundle(7, {raise_to(7)});
  must(installer().install(bundle));
  must(installer().start());
  EXPECT_EQ(must(keeper_->read()), 3U);
  EXPECT_EQ(must(installer().confirm()).version_floor, 7U);
  EXPECT_EQ(must(keeper_->read()), 7U);
  EXPECT_EQ(must(installer().confirm()).version_floor, 7U);  // twice is once
  EXPECT_REASON(installer().install(make_bundle(6, {})), "updated.rollback");
  EXPECT_OK(installer().install(make_bundle(7, {})));  // nothing to raise, so nothing is demanded
}

TEST_F(TpmFloorTest, P_UPDATED_011_ABundleThatCannotRaiseTheFloorIsRefusedBeforeItIsInstalled) {
  const auto stranger = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto first = must(tpm::approve_floor(*floor_key_, FloorApproval::Kind::first, 9)).encode();
  for (const auto& approvals : std::vector<std::vector<Bytes>>{
           {}, {raise_to(8)}, {raise_to(10)}, {raise_to(9, *stranger)}, {first}, {to_bytes("{}")}, {to_bytes("")}}) {
    EXPECT_REASON(installer().install(make_bundle(9, approvals)), "updated.no-floor-approval");
  }
  EXPECT_EQ(must(installer().status()).phase, Phase::idle);
  EXPECT_OK(installer().install(make_bundle(9, {raise_to(9, *stranger), raise_to(8), raise_to(9)})));
}

TEST_F(TpmFloorTest, P_UPDATED_012_APowerCutBetweenGoodAndRaisedIsCaughtUpWithFirst) {
  must(installer().install(make_bundle(9, {raise_to(9)})));
  must(installer().start());
  keeper_->stop();  // the floor cannot be reached at the very moment of the confirmation
  EXPECT_FALSE(installer().confirm());
  EXPECT_EQ(must(file_boot_control(folder_ / "device/state/boot.json")->load()).at(SlotName::b).state, SlotState::good);
  keeper_->start();
  EXPECT_EQ(must(keeper_->read()), 3U);
  EXPECT_REASON(installer().install(make_bundle(8, {raise_to(8)})), "updated.rollback");
  EXPECT_EQ(must(keeper_->read()), 9U);
}

TEST_F(TpmFloorTest, P_UPDATED_013_AnOldCopyOfTheDiskDoesNotBringOldFirmwareBack) {
  const auto state = folder_ / "device/state";
  const auto older = make_bundle(5, {raise_to(5)});
  update_to(older);
  std::filesystem::copy(state, folder_ / "copy", std::filesystem::copy_options::recursive);
  update_to(make_bundle(9, {raise_to(9)}));
  std::filesystem::remove_all(state);
  std::filesystem::copy(folder_ / "copy", state, std::filesystem::copy_options::recursive);
  EXPECT_REASON(installer().install(older), "updated.rollback");
}

TEST_F(TpmFloorTest, P_UPDATED_014_OnlyAnApprovalForThisDeviceLowersTheFloorAndItIsLogged) {
  update_to(make_bundle(9, {raise_to(9)}));
  const Bytes other_name(keeper_->device_name().size(), std::byte{0x5a});
  const auto for_other = must(tpm::approve_lower(*floor_key_, 9, 7, other_name, keeper_->reset_count()));
  EXPECT_FALSE(installer().change_floor(for_other.encode()));
  const auto too_late = must(tpm::approve_lower(*floor_key_, 9, 7, keeper_->device_name(), keeper_->reset_count() + 1));
  EXPECT_FALSE(installer().change_floor(too_late.encode()));
  EXPECT_EQ(must(keeper_->read()), 9U);
  const auto lower = must(tpm::approve_lower(*floor_key_, 9, 7, keeper_->device_name(), keeper_->reset_count()));
  EXPECT_EQ(must(installer().change_floor(lower.encode())), 7U);
  EXPECT_FALSE(installer().change_floor(lower.encode()));  // the floor is not 9 any more
  const auto audit = must(ledger::Ledger::open(folder_ / "device/state/audit"));
  EXPECT_EQ(audit.size(), 8U);  // intent and outcome of each
}

}  // namespace
}  // namespace signet::updated
