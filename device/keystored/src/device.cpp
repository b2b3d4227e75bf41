// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "device.hpp"

#include "signet/core/ensure.hpp"

#include "secrets_file.hpp"

#include <array>
#include <utility>

namespace signet::keystored {

namespace {

Result<tpm::Public> area_of(const Bytes& wire) { return tpm::Public::parse(wire); }

/// A key of the device that is no child of the storage primary.
Result<keystore::OutsideKey> outside(std::string label, const Bytes& wire,
                                     std::function<Result<tpm::Object>(tpm::Tpm&)> load) {
  TRY_ASSIGN(const tpm::Public area, area_of(wire));
  if (!area.key) {
    return Error(Errc::invalid_input, "keystored.damaged", "the public area of '" + label + "' holds no key");
  }
  return keystore::OutsideKey{.info = {.label = std::move(label),
                                       .purpose = keystore::Purpose::device_id,
                                       .use = tpm::KeyUse::sign,
                                       .public_key = *area.key,
                                       .extractable = keystore::Extractable::never,
                                       .public_area = wire},
                              .load = std::move(load)};
}

}  // namespace

Device::Device(Config config)
    : config_(std::move(config)),
      paths_{config_.state},
      token_(config_.state),
      root_(std::make_shared<Root>(config_.tcti, paths_, config_.log)) {}

Result<std::unique_ptr<Device>> Device::open(Config config) {
  TRY(os::make_folders(config.state, 0700));
  std::unique_ptr<Device> device(new Device(std::move(config)));
  TRY_ASSIGN(device->lock_,
             os::FileLock::try_acquire(device->paths_.lock(), "the state folder " + device->paths_.state.string()));
  if (auto loaded = device->load(); !loaded) {
    device->config_.log(LogLevel::error, loaded.error().message());
    device->damage_ = loaded.error();
  }
  TRY(device->open_keys());
  const auto opened = device->keys_->with_room([](tpm::Tpm&, const tpm::Object&) { return Result<void>(); });
  if (!opened) device->config_.log(LogLevel::error, "cannot open the TPM: " + opened.error().message());
  return device;
}

Result<void> Device::load() {
  TRY_ASSIGN(state_, load_state(paths_.device()));
  if (state_.phase == Phase::factory) return {};
  TRY_ASSIGN(const birth::Policy policy, state_.order->policy());
  const bool born = state_.phase == Phase::born;
  TRY_ASSIGN(const tpm::Public idevid, area_of(state_.claim->idevid_area));
  root_->configure(policy.devid, born ? Birth::done : Birth::open, idevid.name);
  // Killed between the end of the birth and this.
  if (born) return destroy_secrets(paths_.birth_auths());
  return {};
}

Result<void> Device::open_keys() {
  keystore::TpmKeystore::Config config;
  config.folder = paths_.keys();
  config.open_root = [root = root_] { return root->open(); };
  TRY_ASSIGN(std::unique_ptr<keystore::TpmKeystore> made, keystore::TpmKeystore::open(std::move(config)));
  if (state_.claim) {
    TRY_ASSIGN(keystore::OutsideKey iak,
               outside("iak", state_.claim->iak_area, [root = root_](tpm::Tpm& tpm) { return root->load_iak(tpm); }));
    TRY(made->adopt(std::move(iak)));
  }
  if (state_.claim && state_.phase >= Phase::closed) {
    TRY_ASSIGN(keystore::OutsideKey idevid, outside("idevid", state_.claim->idevid_area,
                                                    [root = root_](tpm::Tpm& tpm) { return root->load_idevid(tpm); }));
    TRY(made->adopt(std::move(idevid)));
  }
  const std::lock_guard lock(keys_mutex_);
  keys_ = std::move(made);
  return {};
}

Result<void> Device::ready() {
  if (damage_) return *damage_;
  return {};
}

Result<std::shared_ptr<keystore::TpmKeystore>> Device::keys() {
  TRY(ready());
  const std::lock_guard lock(keys_mutex_);
  return keys_;
}

Result<void> Device::save(DeviceState next) {
  TRY(save_state(paths_.device(), next));
  if (next.phase != state_.phase) {
    config_.log(LogLevel::info,
                "birth: " + std::string(name_of(state_.phase)) + " -> " + std::string(name_of(next.phase)));
  }
  state_ = std::move(next);
  return {};
}

Result<Bytes> Device::sign_as_device(ByteView message) {
  TRY_ASSIGN(const auto store, keys());
  TRY_ASSIGN(const keystore::TpmKeyInfo info, store->info("idevid"));
  const crypto::SignatureScheme scheme = crypto::default_scheme(info.public_key.algorithm());
  const auto hash = crypto::hash_of(scheme);
  ensure(hash.has_value(), "keys of a TPM sign digests");
  return store->sign("idevid", keystore::Purpose::device_id, scheme, crypto::digest(*hash, message));
}

Result<void> Device::born() const {
  if (state_.phase == Phase::born) return {};
  return Error(
      Errc::not_found, "keystored.unborn",
      "this device has no identity yet; its birth is in the phase '" + std::string(name_of(state_.phase)) + "'",
      "`signet id birth` has it born at a station.");
}

Result<std::vector<pki::Certificate>> Device::certificates(const std::string& label) {
  const std::lock_guard lock(mutex_);
  TRY(ready());
  TRY(born());
  if (label == "idevid") return state_.identity->idevid;
  if (label == "iak") return state_.identity->iak;
  if (label == "station" && !state_.identity->station.empty()) return state_.identity->station;
  const auto found = state_.identity->keys.find(label);
  if (found != state_.identity->keys.end()) return found->second;
  return Error(Errc::not_found, "keystored.no-certificate",
               "the birth of this device certified no key '" + printable(label, 64) + "'",
               "A birth certifies what its policy names (signet station policy --further-key).");
}

Result<attest::IdentityStatement> Device::identity(const std::optional<Bytes>& nonce) {
  const std::lock_guard lock(mutex_);
  TRY(ready());
  TRY(born());
  attest::IdentityStatement statement{.idevid = state_.identity->idevid,
                                      .iak = state_.identity->iak,
                                      .idevid_evidence = *state_.evidence,
                                      .birth_nonce = state_.birth_nonce,
                                      .iak_area = state_.claim->iak_area,
                                      .birth_record = state_.identity->record_envelope,
                                      .receipt = state_.identity->receipt};
  if (nonce) {
    TRY_ASSIGN(statement.fresh_signature, sign_as_device(attest::challenge_message(*nonce)));
    statement.fresh_nonce = *nonce;
  }
  return statement;
}

Result<Floor> Device::read_floor() {
  TRY_ASSIGN(const auto store, keys());
  Floor floor;
  const auto act = [&floor](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY_ASSIGN(const tpm::NvPublic index, tpm.nv_public(tpm::k_floor_index));
    TRY_ASSIGN(const Secret value, tpm.read_nv(tpm::k_floor_index, Secret()));
    if (value.size() != 8) return Error(Errc::untrusted, "keystored.floor-shape", "the floor is not of 8 bytes");
    floor.value = get_be64(value.read(SecretAccess::for_export()));
    floor.name = index.name;
    TRY_ASSIGN(const tpm::ClockInfo clock, tpm.clock());
    floor.reset_count = clock.reset_count;
    return {};
  };
  TRY(store->with_tpm(act));
  const auto idevid = store->info("idevid");
  if (!idevid) return floor;
  TRY_ASSIGN(const tpm::Public area, tpm::Public::parse(idevid->public_area));
  floor.device_name = area.name;
  return floor;
}

Result<Floor> Device::write_floor(const tpm::FloorApproval& approval) {
  TRY(approval.check());
  TRY_ASSIGN(const auto store, keys());
  const auto act = [this, &approval](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY_ASSIGN(const tpm::Policy policy, approval.policy(k_idevid_handle));
    std::array<std::byte, 8> value{};
    put_be64(value, approval.value);
    if (approval.kind != tpm::FloorApproval::Kind::lower) return tpm.write_nv(tpm::k_floor_index, value, policy);
    TRY_ASSIGN(const tpm::Object idevid, root_->load_idevid(tpm));
    return tpm.write_nv(tpm::k_floor_index, value, policy, &idevid);
  };
  TRY(store->with_room(act));
  config_.log(approval.kind == tpm::FloorApproval::Kind::lower ? LogLevel::warning : LogLevel::info,
              "floor: " + std::to_string(approval.value));
  return read_floor();
}

Json Device::describe() {
  Json out = Json::object({{"birth", name_of(Phase::factory)}});
  Json::Array damaged;
  {
    const std::lock_guard lock(mutex_);
    out.set("birth", name_of(state_.phase));
    if (state_.order) out.set("serial", state_.order->serial).set("product", state_.order->product.str());
    if (damage_) damaged.emplace_back(damage_->message());
  }
  std::shared_ptr<keystore::TpmKeystore> store;
  {
    const std::lock_guard lock(keys_mutex_);
    store = keys_;
  }
  const auto asked = store->with_tpm([&out](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY_ASSIGN(const tpm::Description chip, tpm.describe());
    out.set("manufacturer", chip.manufacturer).set("vendor", chip.vendor);
    out.set("protection", keystore::name_of(keystore::protection_of(chip)));
    TRY_ASSIGN(const tpm::LockoutState lockout, tpm.lockout());
    out.set("lockout_failures", std::uint64_t{lockout.failures});
    out.set("lockout_failures_max", std::uint64_t{lockout.failures_max});
    return {};
  });
  out.set("tpm", asked ? "ready" : asked.error().reason());
  if (!asked) damaged.emplace_back(asked.error().message());
  out.set("seal", name_of(root_->seal()));
  out.set("damaged", Json::array(std::move(damaged)));
  return out;
}

void Device::shut_down() {
  const auto done = keys_->with_room([](tpm::Tpm& tpm, const tpm::Object&) { return tpm.shut_down(); });
  if (!done) config_.log(LogLevel::warning, "no orderly end of the TPM: " + done.error().message());
}

}  // namespace signet::keystored
