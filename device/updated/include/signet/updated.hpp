// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The installer of a device: two slots, a boot control that says which one starts, and a version floor that only
/// rises. It takes a bundle only as a whole, and a power cut at any moment leaves a device that starts.
namespace signet::updated {

/// The two places that firmware can be in.
enum class SlotName : std::uint8_t { a, b };
/// "a" or "b".
[[nodiscard]] std::string_view name_of(SlotName slot);
[[nodiscard]] SlotName other(SlotName slot);

/// What is known of a slot's content.
enum class SlotState : std::uint8_t {
  empty,    ///< nothing to start
  writing,  ///< an installation began and has not ended: never started
  ready,    ///< complete and verified, to be tried a few times
  good,     ///< started and confirmed
};
[[nodiscard]] std::string_view name_of(SlotState state);

/// One slot as boot control sees it.
struct Slot {
  SlotState state = SlotState::empty;
  unsigned tries_left = 0;   ///< of a ready slot
  std::string version = {};  ///< empty where nothing is known
  std::uint64_t security_version = 0;
  std::string manifest_sha256 = {};  ///< of what was installed, hexadecimal
  std::string floor_approval = {};  ///< what lets the floor rise when this release is confirmed; empty where not needed

  friend bool operator==(const Slot&, const Slot&) = default;
};

/// All that decides what starts next; replaced as one, so a power cut leaves the old or the new.
struct BootState {
  std::array<Slot, 2> slots;
  SlotName active = SlotName::a;  ///< what the loader tries first
  SlotName booted = SlotName::a;  ///< what runs now

  [[nodiscard]] Slot& at(SlotName slot) { return slots.at(static_cast<std::size_t>(slot)); }
  [[nodiscard]] const Slot& at(SlotName slot) const { return slots.at(static_cast<std::size_t>(slot)); }
  friend bool operator==(const BootState&, const BootState&) = default;
};

/// Where the life of an update stands; follows from the BootState, nothing else is kept.
enum class Phase : std::uint8_t {
  idle,         ///< the running slot is good, nothing is pending
  interrupted,  ///< an installation did not end
  ready,        ///< a new release waits for the next start
  trying,       ///< the new release runs and is not confirmed yet
};
[[nodiscard]] std::string_view name_of(Phase phase);
[[nodiscard]] Phase phase_of(const BootState& state);

/// What can happen to a device's firmware.
enum class Event : std::uint8_t { begin, finish, abandon, start, confirm };
[[nodiscard]] std::string_view name_of(Event event);
/// The transition table (device/updated/src/life.cpp): the phase after an event, or none where it may not happen.
[[nodiscard]] std::optional<Phase> phase_after(Phase phase, Event event);

/// The loader's memory. The file-backed one serves process devices and tests; boot counting of systemd-boot is to come.
class BootControl {
 public:
  virtual ~BootControl() = default;
  virtual Result<BootState> load() = 0;
  /// Durable and atomic.
  virtual Result<void> store(const BootState& state) = 0;
};
/// In one JSON file; one that is missing is a device whose slot a runs and is good, b is empty.
std::unique_ptr<BootControl> file_boot_control(std::filesystem::path path);

/// What the loader does at power-on: takes the active slot if it may be started, counting a try, else the other. Stores
/// and returns the slot. "updated.no-bootable-slot" if there is none.
Result<SlotName> start_device(BootControl& control);

/// The lowest security version that this device accepts. The file-backed one protects against mistakes; the TPM's
/// against attackers who own the device's software.
class VersionFloor {
 public:
  virtual ~VersionFloor() = default;
  virtual Result<std::uint64_t> read() = 0;
  /// Which of a bundle's approvals will let the floor rise to `to`; empty where none is needed. Asked before anything
  /// is installed, so that nobody can keep the floor down by leaving the approval out: "updated.no-floor-approval"
  /// (untrusted).
  virtual Result<std::string> choose(std::uint64_t to, const std::vector<Bytes>& approvals) = 0;
  /// Raises; a value that is not higher changes nothing.
  virtual Result<void> raise(std::uint64_t to, std::string_view approval) = 0;
  /// Carries out an approval that stands alone, a lowering among them; returns the new floor. "updated.file-floor"
  /// (unsupported) where the floor is a file.
  virtual Result<std::uint64_t> apply(ByteView approval) = 0;
};
/// In one JSON file; one that is missing is 0, one that cannot be read is an error, never 0.
std::unique_ptr<VersionFloor> file_version_floor(std::filesystem::path path);
/// In the TPM, reached through signet-keystored.
std::unique_ptr<VersionFloor> tpm_version_floor(std::filesystem::path keystored_socket);

/// One image's place in a slot.
struct Target {
  std::filesystem::path path;
  bool block = false;  ///< written in place: a block device, or a file that stands for one
  std::optional<std::uint64_t> size_bytes_max = {};  ///< of a file target; a block device has its size
};

/// A device as its configuration describes it (docs/formats/device-config.md); relative paths start at the
/// configuration's folder.
struct DeviceConfig {
  ProductId product;
  std::string hardware;
  std::array<std::map<std::string, Target>, 2> slots;  ///< by role, for slot a and b
  bundle::TrustPolicy trust;
  std::filesystem::path state_folder;
  /// Where signet-keystored listens, if the floor lives in the TPM; otherwise it is a file in the state folder.
  std::optional<std::filesystem::path> floor_socket = {};

  static Result<DeviceConfig> load(const std::filesystem::path& file);
};

/// What an installation did.
struct InstallReport {
  SlotName slot = SlotName::a;
  bundle::VerifiedBundle bundle;
};

/// A device's status for people and machines.
struct Status {
  BootState boot;
  Phase phase = Phase::idle;
  std::uint64_t version_floor = 0;
};

/// Installs, confirms and reports. One installer works at a time on one device, across processes.
class Installer {
 public:
  Installer(DeviceConfig config, std::shared_ptr<BootControl> boot, std::shared_ptr<VersionFloor> floor,
            std::shared_ptr<const os::Clock> clock)
      : config_(std::move(config)), boot_(std::move(boot)), floor_(std::move(floor)), clock_(std::move(clock)) {}

  /// Opens what a configuration file describes, with boot control and floor in its state folder.
  static Result<Installer> open(const std::filesystem::path& config_file);

  /// Whether this device would take the bundle, from its front alone: bundle::verify, then product
  /// ("updated.wrong-product"), hardware
  /// ("updated.wrong-hardware"), floor ("updated.rollback"), roles ("updated.missing-role", "updated.unknown-role") and
  /// size
  /// ("updated.too-large").
  Result<bundle::VerifiedBundle> decide(const Untrusted<bundle::Head>& head);

  /// Installs into the slot that does not run and makes it the next to start. From a file every byte is checked before
  /// the first one is written; from a pipe each MiB is. A refusal leaves both slots as they were, except that a block
  /// target fed from a pipe whose later bytes turn out bad stays marked as interrupted and is never started. Also
  /// "updated.trying" (conflict): confirm or restart first.
  Result<InstallReport> install(const std::filesystem::path& file, const bundle::Progress& progress = {});
  Result<InstallReport> install_stream(bundle::Source& source, const bundle::Progress& progress = {});

  /// Confirms that the running release works: it becomes good and the floor rises to its security version.
  Result<Status> confirm();
  /// Carries out a vendor's approval for the floor alone; the only way down. Intent and outcome go into the device's
  /// audit ledger (STATE/audit) before and after. Returns the new floor.
  Result<std::uint64_t> change_floor(ByteView approval);
  Result<Status> status();
  /// See start_device(). A real restart ends an installer; a played one is refused beside it ("os.locked"), since the
  /// installer would go on to write into the slot that now runs.
  Result<SlotName> start();

 private:
  Result<os::FileLock> lock_device();
  Result<void> settle_floor();
  Result<InstallReport> install_locked(bundle::Source& source, const bundle::Progress& progress);
  Result<Instant> trusted_now();
  Result<void> remember_time(Instant proven);

  DeviceConfig config_;
  std::shared_ptr<BootControl> boot_;
  std::shared_ptr<VersionFloor> floor_;
  std::shared_ptr<const os::Clock> clock_;
};

/// What `signet firmware device` makes: a device in files for trying things out.
struct DeviceTemplate {
  ProductId product;
  std::string hardware;
  std::vector<std::string> roles;
  std::vector<std::filesystem::path> anchors;  ///< PEM files, copied
  unsigned signers_required = 1;
  std::vector<std::string> log_keys;                       ///< whose release proofs count
  std::vector<std::string> witness_keys;                   ///< all of which are demanded
  std::optional<std::filesystem::path> floor_socket = {};  ///< a device whose floor lives in a TPM
};
/// Writes a new device folder with its configuration; a folder that holds one is a conflict.
Result<void> make_file_device(const std::filesystem::path& folder, const DeviceTemplate& wanted);

}  // namespace signet::updated
