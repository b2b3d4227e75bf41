// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/error.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/local_socket.hpp"

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// signet-keystored: the only holder of a device's TPM. Programs ask it over a local socket
/// (docs/formats/keystored-protocol.md); what a caller may do follows from what the kernel says about him.
namespace signet::keystored {

/// How a service is run.
struct Config {
  std::string tcti;               ///< as the TSS writes it: "device:/dev/tpmrm0", "swtpm:path=/run/tpm.sock"
  std::filesystem::path state;    ///< the one writable folder; 0700 (docs/formats/keystored-state.md)
  std::vector<uid_t> allow_uids;  ///< who may ask beside root and the service's own user
  std::optional<crypto::PublicKey> vendor_key = {};  ///< births under any other vendor's key are refused
  std::optional<std::filesystem::path> policy = {};  ///< in place of allow_uids (docs/formats/keystored-policy.md)
  std::uint64_t audit_bytes_max = 16U << 20U;        ///< for the record of uses; 0: none is written
  std::function<void(LogLevel, const std::string&)> log = {};  ///< one line per event, never with a secret
  std::shared_ptr<const os::Clock> clock = {};                 ///< the system's, if there is none
};

struct Caller;

/// One connection to the service: who is at its other end, and whether he has given a PIN.
class Connection {
 public:
  ~Connection();
  Connection(Connection&&) noexcept;

 private:
  friend class Service;
  explicit Connection(std::unique_ptr<Caller> caller);
  std::unique_ptr<Caller> caller_;
};

/// The service without its socket. Safe to call from several threads.
class Service {
 public:
  /// Opens the TPM and takes the endorsement auth at once. A TPM that is not well is no error here: `describe` says
  /// what is wrong, and each later call tries again. "os.locked" (conflict: another keystored has the state folder),
  /// "keystore.folder-open-to-others" (denied). A policy that is not whole is one: "policy.malformed" and others of
  /// keystored_policy.hpp, "keystored.two-policies" (usage: a policy and allow_uids).
  static Result<std::unique_ptr<Service>> open(Config config);
  ~Service();

  /// Answers one message of a caller; never fails: what went wrong stands in the answer. Reasons beside those of
  /// keystore::TpmKeystore and tpm::Tpm: "keystored.peer" (denied), "keystored.request" (invalid_input),
  /// "keystored.operation" (unsupported), "keystored.birth-order" and "keystored.born" (conflict),
  /// "keystored.foreign-tpm" (untrusted), "keystored.sealed-until-restart" (unavailable), "keystored.damaged"
  /// (invalid_input), and those of Policy::decide().
  [[nodiscard]] Bytes answer(Connection& connection, ByteView message);
  /// What the kernel says of a peer, and /proc.
  [[nodiscard]] static Connection connect(const os::Peer& peer);
  /// One message on a connection of its own.
  [[nodiscard]] Bytes answer(const os::Peer& peer, ByteView message);

  /// Reads the policy again; where that fails, the old one stays in force.
  Result<void> reload();

  /// Serves the socket until `stop` is set; reloads when `reload` is, and unsets it. At most 32 connections at once.
  Result<void> serve(const std::filesystem::path& socket, const std::atomic<bool>& stop,
                     std::atomic<bool>* reload = nullptr);

  /// Waits until the record of uses is written.
  void flush();
  /// TPM2_Shutdown, so that the next start does not count as a failure.
  void shut_down();

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace signet::keystored
