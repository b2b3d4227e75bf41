// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/tpm.hpp"
#include "signet/tpm_keystore.hpp"

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystored {

/// Where the endorsement auth lives, readable once per power cycle.
inline constexpr std::uint32_t k_endorsement_auth_index = 0x01800100;
/// The only persistent slot that Signet takes.
inline constexpr std::uint32_t k_idevid_handle = 0x81020000;
inline constexpr std::string_view k_storage_label = "signet storage 1";
/// Bits that the TPM sets itself (Part 2, section 13.4).
inline constexpr std::uint32_t k_nv_write_locked = 1U << 11U;
inline constexpr std::uint32_t k_nv_read_locked = 1U << 28U;

/// The index of the endorsement auth before its first write.
[[nodiscard]] tpm::NvPublic endorsement_auth_public();

/// Whether an index is one that this public area describes, whatever the TPM has since noted about writes and locks.
enum class SameIndex : std::uint8_t { same, other };
[[nodiscard]] SameIndex same_index(const tpm::NvPublic& found, const tpm::NvPublic& wanted);

/// Auth values of the hierarchies while a birth is under way; in a file until the birth is done.
struct Auths {
  Secret owner;
  Secret endorsement;
  Secret lockout;
};
/// Auth values of the device's own two keys.
struct DeviceKeyAuths {
  Secret iak;
  Secret idevid;
};

/// Where things are below the state folder (docs/formats/keystored-state.md).
struct Paths {
  std::filesystem::path state;
  [[nodiscard]] std::filesystem::path device() const { return state / "device.json"; }
  [[nodiscard]] std::filesystem::path lock() const { return state / "lock"; }
  [[nodiscard]] std::filesystem::path keys() const { return state / "keys"; }
  [[nodiscard]] std::filesystem::path device_keys() const { return state / "device-keys"; }
  [[nodiscard]] std::filesystem::path birth_auths() const { return state / "birth" / "auths"; }
  [[nodiscard]] std::filesystem::path storage_context() const { return state / "runtime" / "storage.context"; }
  [[nodiscard]] std::filesystem::path iak_context() const { return state / "runtime" / "iak.context"; }
};

Result<Auths> load_auths(const Paths& paths);
Result<void> save_auths(const Paths& paths, const Auths& auths);
Result<DeviceKeyAuths> load_device_key_auths(const Paths& paths);
Result<void> save_device_key_auths(const Paths& paths, const DeviceKeyAuths& auths);

/// How the TPM stands to this device.
enum class Seal : std::uint8_t {
  open,     ///< no auth is set: before birth
  known,    ///< the endorsement auth is at hand
  dropped,  ///< it was used at the start and then forgotten; keys work, what needs the auth does not
  locked,   ///< keystored was restarted without a power cycle; the same
};
/// "open", "known", "dropped", "locked".
[[nodiscard]] std::string_view name_of(Seal seal);

/// Whether a birth has come to its end.
enum class Birth : std::uint8_t { open, done };

/// The device's root in its TPM: connects, shuts the doors that a platform's firmware would shut, gets the endorsement
/// auth before anybody else can, and makes the primaries. Safe to call from several threads.
class Root {
 public:
  using Log = std::function<void(LogLevel, std::string)>;
  Root(std::string tcti, Paths paths, Log log)
      : tcti_(std::move(tcti)), paths_(std::move(paths)), log_(std::move(log)) {}

  /// Which keys there are: none before a birth has begun. After the birth the TPM must be
  /// closed, the key of that name must be in it, and the endorsement
  /// auth does not outlive open().
  void configure(std::optional<tpm::DevidTemplate> devid, Birth birth, Bytes idevid_name = {});

  /// The endorsement auth that a birth has just set.
  void learn(const Secret& endorsement_auth);

  /// As keystore::OpenTpmRoot: called at the first need, and after the TPM went away. "keystored.foreign-tpm"
  /// (untrusted: closed, but not by this device's birth), "keystored.sealed-until-restart" (unavailable).
  Result<keystore::TpmRoot> open();

  /// "keystored.sealed-until-restart" (unavailable).
  Result<Secret> endorsement_auth();
  [[nodiscard]] Seal seal();

  /// The attestation key from its saved context.
  Result<tpm::Object> load_iak(tpm::Tpm& tpm);
  Result<tpm::Object> load_idevid(tpm::Tpm& tpm);
  /// Makes the IAK anew, saves its context and says what its public area is.
  Result<tpm::Public> make_iak(tpm::Tpm& tpm);

 private:
  Result<void> take(tpm::Tpm& tpm);
  Result<void> check_device(tpm::Tpm& tpm) const;
  Result<void> take_from_nv(tpm::Tpm& tpm);
  static Result<void> shut_nv(tpm::Tpm& tpm);
  Result<tpm::Object> storage(tpm::Tpm& tpm);
  Result<tpm::Public> make_iak_locked(tpm::Tpm& tpm);

  const std::string tcti_;
  const Paths paths_;
  const Log log_;
  std::mutex mutex_;
  std::optional<tpm::DevidTemplate> devid_;
  Birth birth_ = Birth::open;
  Bytes idevid_name_;
  Seal seal_ = Seal::open;
  std::optional<Secret> endorsement_auth_;
};

}  // namespace signet::keystored
