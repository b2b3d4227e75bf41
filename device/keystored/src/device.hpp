// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"
#include "signet/tpm_keystore.hpp"

#include "root.hpp"
#include "state.hpp"
#include "token.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::keystored {

/// The version floor, and what an approval to lower it has to name.
struct Floor {
  std::uint64_t value = 0;
  Bytes name;  ///< of the index, written
  std::uint32_t reset_count = 0;
  Bytes device_name;  ///< of the IDevID key; empty before there is one
};

/// The device behind the operations: its state folder, its root in the TPM, its keys. Safe to call from several
/// threads; calls of the birth wait for each other, calls to keys for the TPM only.
class Device {
 public:
  struct Config {
    std::string tcti;
    std::filesystem::path state;
    std::optional<crypto::PublicKey> vendor_key;  ///< births under any other are refused
    Root::Log log;
  };
  /// Opens the root at once, so that the endorsement auth is read and locked before other programs run; a TPM that is
  /// not well is no error here, every later call tries again. "os.locked" (conflict: another keystored has the folder).
  static Result<std::unique_ptr<Device>> open(Config config);

  /// The keys, the device's own two among them. "keystored.damaged".
  Result<std::shared_ptr<keystore::TpmKeystore>> keys();

  /// `order` has all but the policy, which `begin` carries.
  Result<birth::Message> begin(const birth::Begin& begin, Order order);
  Result<birth::Proof> prove(const birth::Ask& ask, const Json& tests);
  Result<birth::Installed> install(const birth::Identity& identity);

  /// Who this device is; with a nonce, signed now. "keystored.unborn" (not_found).
  Result<attest::IdentityStatement> identity(const std::optional<Bytes>& nonce);
  /// What the birth certified for one of the device's keys ("idevid", "iak", "video", ...): its certificate and the
  /// issuers' without the root; for "station" those of who signed the birth record. "keystored.unborn" (not_found),
  /// "keystored.no-certificate" (not_found).
  Result<std::vector<pki::Certificate>> certificates(const std::string& label);
  Result<Floor> read_floor();
  /// The floor afterwards. The TPM decides: "tpm.policy" (denied).
  Result<Floor> write_floor(const tpm::FloorApproval& approval);
  [[nodiscard]] const std::optional<crypto::PublicKey>& vendor_key() const { return config_.vendor_key; }
  /// Never fails: what is not well stands in it.
  Json describe();
  /// What makes a PKCS#11 token of the keys.
  Token& token() { return token_; }
  /// An orderly end.
  void shut_down();

 private:
  explicit Device(Config config);
  Result<void> load();
  Result<void> open_keys();
  Result<void> ready();
  Result<void> born() const;
  Result<DeviceState> make_claim(Order order, const birth::Policy& policy, crypto::KeyAlgorithm endorsement_key);
  Result<void> make_further_keys(keystore::TpmKeystore& keys, const birth::Policy& policy, birth::Claim& claim);
  Result<Secret> answer_challenge(const birth::Ask& ask);
  Result<void> promise_escrow(const birth::Policy& policy);
  Result<void> close(const birth::Policy& policy);
  Result<birth::Proof> collect(const birth::Policy& policy, const Bytes& nonce);
  Result<Bytes> sign_as_device(ByteView message);
  Result<void> save(DeviceState next);

  Config config_;
  const Paths paths_;
  Token token_;
  std::optional<os::FileLock> lock_;
  std::shared_ptr<Root> root_;
  std::mutex mutex_;       // of the birth and the state
  std::mutex keys_mutex_;  // of the pointer only
  std::shared_ptr<keystore::TpmKeystore> keys_;
  DeviceState state_;
  std::optional<Error> damage_;
};

}  // namespace signet::keystored
