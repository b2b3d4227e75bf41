// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"
#include "signet/os/file.hpp"

#include "slot_writer.hpp"

#include <algorithm>

namespace signet::updated {

namespace {

constexpr unsigned k_tries = 3;
constexpr std::string_view k_boot_file = "boot.json";
constexpr std::string_view k_floor_file = "floor.json";
constexpr std::string_view k_time_file = "newest-signed-time";

Error cannot_now(Phase phase, Event event) {
  return {Errc::conflict, "updated." + std::string(name_of(phase)),
          "cannot " + std::string(name_of(event)) + " while the device's update is in the phase '" +
              std::string(name_of(phase)) + "'",
          phase == Phase::trying
              ? "A new release is being tried: confirm it with 'signet firmware confirm', or restart to go back."
              : "See 'signet firmware status'."};
}

Result<void> demand(Phase phase, Event event) {
  if (phase_after(phase, event)) return {};
  return cannot_now(phase, event);
}

Result<void> check_targets(const bundle::Manifest& manifest, const std::map<std::string, Target>& targets) {
  for (const bundle::Image& image : manifest.images) {
    const auto target = targets.find(image.role);
    if (target == targets.end()) {
      return Error(Errc::incompatible, "updated.unknown-role",
                   "this device has no place for an image '" + image.role + "'",
                   "The bundle was packed for another layout of slots.");
    }
    TRY_ASSIGN(const std::uint64_t room, room_of(target->second));
    if (image.size_bytes > room) {
      return Error(Errc::incompatible, "updated.too-large",
                   "image '" + image.role + "' has " + std::to_string(image.size_bytes) +
                       " bytes, its slot has room for " + std::to_string(room),
                   "The bundle was packed for a device with larger slots.");
    }
  }
  for (const auto& [role, target] : targets) {
    const bool there =
        std::ranges::any_of(manifest.images, [&](const bundle::Image& image) { return image.role == role; });
    if (!there) {
      return Error(Errc::incompatible, "updated.missing-role",
                   "the bundle has no image '" + role + "', which this device needs",
                   "A slot is replaced as a whole; pack all of its images.");
    }
  }
  return {};
}

}  // namespace

Result<Installer> Installer::open(const std::filesystem::path& config_file) {
  TRY_ASSIGN(DeviceConfig config, DeviceConfig::load(config_file));
  TRY(os::make_folders(config.state_folder, 0700));
  std::shared_ptr<BootControl> boot = file_boot_control(config.state_folder / k_boot_file);
  std::shared_ptr<VersionFloor> floor = config.floor_socket ? tpm_version_floor(*config.floor_socket)
                                                            : file_version_floor(config.state_folder / k_floor_file);
  return Installer(std::move(config), std::move(boot), std::move(floor), std::make_shared<os::SystemClock>());
}

/// Whoever holds the lock is the only one who changes the device, so what a killed predecessor left half-written can
/// go.
Result<os::FileLock> Installer::lock_device() {
  TRY_ASSIGN(os::FileLock lock, os::FileLock::try_acquire(config_.state_folder / "lock", "this device's firmware"));
  for (const std::string_view file : {k_boot_file, k_floor_file, k_time_file})
    os::remove_leftovers(config_.state_folder / file);
  return lock;
}

/// A clock that was reset must not bring an expired signer back to life: time is at least the newest that a witness has
/// signed.
Result<Instant> Installer::trusted_now() {
  const auto text = os::read_file(config_.state_folder / k_time_file, 64);
  if (!text && text.error().code() == Errc::not_found) return clock_->now();
  if (!text) return text.error();
  std::string_view line = as_text(*text);
  if (line.ends_with('\n')) line.remove_suffix(1);
  auto newest = from_rfc3339(line);
  if (!newest) return std::move(newest).error().with_context("the newest signed time that this device has seen");
  return std::max(*newest, clock_->now());
}

Result<void> Installer::remember_time(Instant proven) {
  TRY_ASSIGN(const Instant now, trusted_now());
  if (proven <= now) return {};
  return os::replace_file(config_.state_folder / k_time_file, as_bytes(to_rfc3339(proven) + "\n"));
}

/// A power cut may have come between "good" and "raised": nothing is decided before the floor has caught up with what
/// was confirmed.
Result<void> Installer::settle_floor() {
  TRY_ASSIGN(const BootState state, boot_->load());
  const Slot& running = state.at(state.booted);
  if (running.state != SlotState::good) return {};
  return floor_->raise(running.security_version, running.floor_approval);
}

Result<bundle::VerifiedBundle> Installer::decide(const Untrusted<bundle::Head>& head) {
  TRY_ASSIGN(const Instant now, trusted_now());
  TRY_ASSIGN(bundle::VerifiedBundle verified, bundle::verify(head, config_.trust, now));
  const bundle::Manifest& manifest = verified.manifest();
  if (manifest.product != config_.product) {
    return Error(Errc::incompatible, "updated.wrong-product",
                 "the bundle is for the product '" + manifest.product.str() + "', this device is a '" +
                     config_.product.str() + "'",
                 "Get the firmware of this product.");
  }
  if (std::ranges::find(manifest.hardware, config_.hardware) == manifest.hardware.end()) {
    return Error(Errc::incompatible, "updated.wrong-hardware",
                 "the bundle does not support this device's hardware '" + config_.hardware + "'",
                 "Get the firmware for this hardware.");
  }
  TRY_ASSIGN(const std::uint64_t floor, floor_->read());
  if (manifest.security_version < floor) {
    return Error(Errc::rollback, "updated.rollback",
                 "the bundle's security version " + std::to_string(manifest.security_version) +
                     " is below this device's floor " + std::to_string(floor),
                 "Going back would bring back closed holes; get a newer release.");
  }
  TRY(floor_->choose(manifest.security_version, head.unverified().floor_approvals));
  TRY_ASSIGN(const BootState state, boot_->load());
  TRY(check_targets(manifest, config_.slots.at(static_cast<std::size_t>(other(state.booted)))));
  return verified;
}

Result<InstallReport> Installer::install(const std::filesystem::path& file, const bundle::Progress& progress) {
  TRY_ASSIGN(const os::FileLock lock, lock_device());
  TRY(settle_floor());
  TRY_ASSIGN(const std::unique_ptr<bundle::Source> first, bundle::open_source(file));
  if (!first->size_bytes()) return install_locked(*first, progress);
  TRY_ASSIGN(const BootState state, boot_->load());
  TRY(demand(phase_of(state), Event::begin));  // before hours may go into reading
  // First pass: every byte, before anything is written. The second pass checks again, since the file may change in
  // between.
  TRY_ASSIGN(const Untrusted<bundle::Head> head, bundle::read_head(*first));
  TRY_ASSIGN(const bundle::VerifiedBundle verified, decide(head));
  const auto half = [&](std::uint64_t offset_halves) -> bundle::Progress {
    if (!progress) return {};
    return [&progress, offset_halves](std::uint64_t done, std::uint64_t total) {
      progress(done + offset_halves * total, 2 * total);
    };
  };
  TRY(bundle::check_images(verified, *first, half(0)));
  TRY_ASSIGN(const std::unique_ptr<bundle::Source> second, bundle::open_source(file));
  return install_locked(*second, half(1));
}

Result<InstallReport> Installer::install_stream(bundle::Source& source, const bundle::Progress& progress) {
  TRY_ASSIGN(const os::FileLock lock, lock_device());
  TRY(settle_floor());
  return install_locked(source, progress);
}

Result<InstallReport> Installer::install_locked(bundle::Source& source, const bundle::Progress& progress) {
  TRY_ASSIGN(const Untrusted<bundle::Head> head, bundle::read_head(source));
  TRY_ASSIGN(bundle::VerifiedBundle verified, decide(head));
  TRY_ASSIGN(BootState state, boot_->load());
  TRY(demand(phase_of(state), Event::begin));

  const SlotName target = other(state.booted);
  bool begun = false;
  const auto begin = [&]() -> Result<void> {
    if (begun) return {};
    state.at(target) = Slot{.state = SlotState::writing};
    state.active = state.booted;  // a torn slot is never the one to start
    TRY(boot_->store(state));
    begun = true;
    return {};
  };
  SlotWriter writer(config_.slots.at(static_cast<std::size_t>(target)), begin);
  TRY(bundle::stream_images(verified, source, writer, progress));
  TRY(begin());
  TRY(writer.commit());
  TRY(demand(phase_of(state), Event::finish));

  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, head.unverified().manifest);
  TRY_ASSIGN(std::string approval,
             floor_->choose(verified.manifest().security_version, head.unverified().floor_approvals));
  state.at(target) = Slot{.state = SlotState::ready,
                          .tries_left = k_tries,
                          .version = verified.manifest().version,
                          .security_version = verified.manifest().security_version,
                          .manifest_sha256 = to_hex(digest),
                          .floor_approval = std::move(approval)};
  state.active = target;
  TRY(boot_->store(state));
  if (verified.release_time_proven()) TRY(remember_time(verified.judged_at()));
  return InstallReport{target, std::move(verified)};
}

Result<Status> Installer::confirm() {
  TRY_ASSIGN(const os::FileLock lock, lock_device());
  TRY_ASSIGN(BootState state, boot_->load());
  TRY(demand(phase_of(state), Event::confirm));
  Slot& running = state.at(state.booted);
  if (running.state == SlotState::ready) {
    running.state = SlotState::good;
    running.tries_left = 0;
    state.active = state.booted;
    TRY(boot_->store(state));
  }
  // Raised last: a power cut before leaves a good release under the old floor, and the next confirm raises it.
  TRY(floor_->raise(running.security_version, running.floor_approval));
  return status();
}

Result<SlotName> Installer::start() {
  TRY_ASSIGN(const os::FileLock lock, lock_device());
  return start_device(*boot_);
}

Result<Status> Installer::status() {
  Status status;
  TRY_ASSIGN(status.boot, boot_->load());
  status.phase = phase_of(status.boot);
  TRY_ASSIGN(status.version_floor, floor_->read());
  return status;
}

}  // namespace signet::updated
