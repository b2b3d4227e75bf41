// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "root.hpp"

#include "signet/core/ensure.hpp"
#include "signet/os/file.hpp"

#include "secrets_file.hpp"

#include <array>
#include <utility>
#include <vector>

namespace signet::keystored {

namespace {

constexpr std::string_view k_auths_kind = "signet birth  1";
constexpr std::string_view k_device_keys_kind = "signet devkey 1";
constexpr std::size_t k_context_bytes_max = 16384;

Error sealed_until_restart() {
  return {Errc::unavailable, "keystored.sealed-until-restart",
          "the TPM gives the endorsement auth out once per power cycle, and this was done",
          "Restart the device (not only signet-keystored)."};
}

Error foreign(std::string why) {
  return {Errc::untrusted, "keystored.foreign-tpm", "this state folder does not belong to this TPM: " + std::move(why),
          "Was the disk moved to another device, or the state folder lost? Neither can be mended here: the vendor's "
          "escrow opens the TPM."};
}

}  // namespace

tpm::NvPublic endorsement_auth_public() {
  return tpm::NvPublic::make(
      k_endorsement_auth_index,
      tpm::k_nv_auth_read | tpm::k_nv_auth_write | tpm::k_nv_write_define | tpm::k_nv_read_stclear | tpm::k_nv_no_da,
      {}, k_auth_size_bytes);
}

SameIndex same_index(const tpm::NvPublic& found, const tpm::NvPublic& wanted) {
  constexpr std::uint32_t k_noted = tpm::k_nv_written | k_nv_write_locked | k_nv_read_locked;
  const bool same = found.index == wanted.index && (found.attributes & ~k_noted) == (wanted.attributes & ~k_noted) &&
                    found.size_bytes == wanted.size_bytes && found.auth_policy == wanted.auth_policy;
  return same ? SameIndex::same : SameIndex::other;
}

Result<Auths> load_auths(const Paths& paths) {
  TRY_ASSIGN(auto secrets, load_secrets(paths.birth_auths(), k_auths_kind, 3));
  return Auths{.owner = std::move(secrets[0]), .endorsement = std::move(secrets[1]), .lockout = std::move(secrets[2])};
}

Result<void> save_auths(const Paths& paths, const Auths& auths) {
  TRY(os::make_folders(paths.birth_auths().parent_path(), 0700));
  const std::array secrets{auths.owner.clone(), auths.endorsement.clone(), auths.lockout.clone()};
  return save_secrets(paths.birth_auths(), k_auths_kind, secrets);
}

Result<DeviceKeyAuths> load_device_key_auths(const Paths& paths) {
  TRY_ASSIGN(auto secrets, load_secrets(paths.device_keys(), k_device_keys_kind, 2));
  return DeviceKeyAuths{.iak = std::move(secrets[0]), .idevid = std::move(secrets[1])};
}

Result<void> save_device_key_auths(const Paths& paths, const DeviceKeyAuths& auths) {
  const std::array secrets{auths.iak.clone(), auths.idevid.clone()};
  return save_secrets(paths.device_keys(), k_device_keys_kind, secrets);
}

std::string_view name_of(Seal seal) {
  switch (seal) {
    case Seal::open:
      return "open";
    case Seal::known:
      return "known";
    case Seal::dropped:
      return "dropped";
    case Seal::locked:
      return "locked";
  }
  ensure(false, "every seal has a name");
  return {};
}

void Root::configure(std::optional<tpm::DevidTemplate> devid, Birth birth, Bytes idevid_name) {
  const std::lock_guard lock(mutex_);
  devid_ = devid;
  birth_ = birth;
  idevid_name_ = std::move(idevid_name);
  if (birth == Birth::done && endorsement_auth_) {
    endorsement_auth_.reset();
    if (seal_ == Seal::known) seal_ = Seal::dropped;
  }
}

void Root::learn(const Secret& endorsement_auth) {
  const std::lock_guard lock(mutex_);
  endorsement_auth_ = endorsement_auth.clone();
  seal_ = Seal::known;
}

Seal Root::seal() {
  const std::lock_guard lock(mutex_);
  return seal_;
}

Result<Secret> Root::endorsement_auth() {
  const std::lock_guard lock(mutex_);
  if (!endorsement_auth_) return sealed_until_restart();
  return endorsement_auth_->clone();
}

/// Whether this is the TPM of this device: a copied state folder finds another identity key, or none.
Result<void> Root::check_device(tpm::Tpm& tpm) const {
  const auto idevid = tpm.open_persistent(k_idevid_handle, Secret());
  if (idevid && idevid->name() == idevid_name_) return {};
  if (idevid) return foreign("another device's identity key is in it");
  if (idevid.error().code() == Errc::not_found) return foreign("the device's identity key is not in it");
  return idevid.error();
}

/// Reads the auth and shuts the index behind itself in one breath; whoever comes later finds it locked.
Result<void> Root::take_from_nv(tpm::Tpm& tpm) {
  auto area = tpm.nv_public(k_endorsement_auth_index);
  if (!area && area.error().code() == Errc::not_found) return foreign("its endorsement hierarchy has another auth");
  if (!area) return std::move(area).error();
  if (same_index(*area, endorsement_auth_public()) == SameIndex::other) {
    return foreign("the index of the endorsement auth is not as Signet makes it");
  }
  auto auth = tpm.read_nv(k_endorsement_auth_index, Secret());
  if (!auth && auth.error().reason() == "tpm.locked") {
    seal_ = Seal::locked;
    return {};
  }
  if (!auth) return std::move(auth).error();
  TRY(tpm.lock_nv_read(k_endorsement_auth_index, Secret()));
  endorsement_auth_ = std::move(*auth);
  seal_ = Seal::known;
  return {};
}

/// A birth that was cut off after its closing finds the index open again after a power cycle; one that was cut off
/// within the closing still has to read it back.
Result<void> Root::shut_nv(tpm::Tpm& tpm) {
  const auto area = tpm.nv_public(k_endorsement_auth_index);
  if (!area && area.error().code() == Errc::not_found) return {};
  if (!area) return area.error();
  const bool closed = (area->attributes & k_nv_write_locked) != 0;
  if (!closed || (area->attributes & k_nv_read_locked) != 0) return {};
  return tpm.lock_nv_read(k_endorsement_auth_index, Secret());
}

Result<void> Root::take(tpm::Tpm& tpm) {
  endorsement_auth_.reset();
  // First of all, as a platform's firmware does before it starts an operating system: with the platform hierarchy open
  // anybody could clear the TPM or define and delete indexes.
  TRY(tpm.disable_platform());
  TRY_ASSIGN(const tpm::HierarchyState state, tpm.hierarchies());
  if (!state.endorsement_auth_set) {
    if (birth_ == Birth::done) return foreign("its hierarchies are open, so it was cleared or is another");
    endorsement_auth_ = Secret();
    seal_ = Seal::open;
    return {};
  }
  if (birth_ == Birth::done) {
    TRY(check_device(tpm));
  }
  auto auths = load_auths(paths_);
  if (auths) {  // a birth was cut off between closing and its end
    endorsement_auth_ = std::move(auths->endorsement);
    seal_ = Seal::known;
    return shut_nv(tpm);
  }
  if (auths.error().code() != Errc::not_found) return std::move(auths).error();
  return take_from_nv(tpm);
}

Result<tpm::Object> Root::storage(tpm::Tpm& tpm) {
  if (!endorsement_auth_) {
    const auto context = os::read_file(paths_.storage_context(), k_context_bytes_max);
    if (!context) return sealed_until_restart();
    auto loaded = tpm.load_context(*context, Secret());
    if (loaded || loaded.error().reason() == "tpm.gone") return loaded;
    return sealed_until_restart().with_context("loading the saved storage primary: " + loaded.error().text());
  }
  auto primary = tpm.create_storage_primary(tpm::Hierarchy::endorsement, *endorsement_auth_, k_storage_label);
  if (!primary && primary.error().reason() == "tpm.auth") return foreign("its endorsement hierarchy has another auth");
  if (!primary) return std::move(primary).error();
  TRY_ASSIGN(const Bytes context, tpm.save_context(*primary));
  TRY(os::make_folders(paths_.storage_context().parent_path(), 0700));
  TRY(os::replace_file(paths_.storage_context(), context, 0600));
  return std::move(*primary);
}

Result<keystore::TpmRoot> Root::open() {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(std::shared_ptr<tpm::Tpm> tpm, tpm::Tpm::connect(tcti_));
  TRY(take(*tpm));
  TRY_ASSIGN(tpm::Object parent, storage(*tpm));
  if (devid_ && endorsement_auth_) {
    const auto made = make_iak_locked(*tpm);
    // A birth that is about to make the key auths makes the key as well.
    if (!made && made.error().code() != Errc::not_found) return made.error();
  }
  if (birth_ == Birth::done && endorsement_auth_) {
    endorsement_auth_.reset();
    seal_ = Seal::dropped;
  }
  log_(LogLevel::info, "opened the TPM; endorsement auth: " + std::string(name_of(seal_)));
  return keystore::TpmRoot{.tpm = std::move(tpm), .parent = std::make_shared<const tpm::Object>(std::move(parent))};
}

Result<tpm::Public> Root::make_iak_locked(tpm::Tpm& tpm) {
  ensure(devid_.has_value(), "an IAK is made from a template");
  if (!endorsement_auth_) return sealed_until_restart();
  TRY_ASSIGN(const DeviceKeyAuths auths, load_device_key_auths(paths_));
  TRY_ASSIGN(const tpm::Primary iak, tpm.create_iak(*devid_, *endorsement_auth_, auths.iak));
  TRY_ASSIGN(const Bytes context, tpm.save_context(iak.object));
  TRY(os::make_folders(paths_.iak_context().parent_path(), 0700));
  TRY(os::replace_file(paths_.iak_context(), context, 0600));
  return iak.object.public_area();
}

Result<tpm::Public> Root::make_iak(tpm::Tpm& tpm) {
  const std::lock_guard lock(mutex_);
  return make_iak_locked(tpm);
}

Result<tpm::Object> Root::load_iak(tpm::Tpm& tpm) {
  TRY_ASSIGN(const DeviceKeyAuths auths, load_device_key_auths(paths_));
  const auto context = os::read_file(paths_.iak_context(), k_context_bytes_max);
  if (!context) return sealed_until_restart();
  auto loaded = tpm.load_context(*context, auths.iak);
  if (loaded || loaded.error().reason() == "tpm.gone") return loaded;
  return sealed_until_restart().with_context("loading the saved attestation key: " + loaded.error().text());
}

Result<tpm::Object> Root::load_idevid(tpm::Tpm& tpm) {
  TRY_ASSIGN(const DeviceKeyAuths auths, load_device_key_auths(paths_));
  auto key = tpm.open_persistent(k_idevid_handle, auths.idevid);
  if (key || key.error().code() != Errc::not_found) return key;
  return foreign("the device's identity key is not in it");
}

}  // namespace signet::keystored
