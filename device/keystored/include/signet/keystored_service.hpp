// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/error.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
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
  std::optional<crypto::PublicKey> vendor_key = {};            ///< births under any other vendor's key are refused
  std::function<void(LogLevel, const std::string&)> log = {};  ///< one line per event, never with a secret
};

/// The service without its socket. Safe to call from several threads.
class Service {
 public:
  /// Opens the TPM and takes the endorsement auth at once. A TPM that is not well is no error here: `describe` says
  /// what is wrong, and each later call tries again. "os.locked" (conflict: another keystored has the state folder),
  /// "keystore.folder-open-to-others" (denied).
  static Result<std::unique_ptr<Service>> open(Config config);
  ~Service();

  /// Answers one message of a caller; never fails: what went wrong stands in the answer. Reasons beside those of
  /// keystore::TpmKeystore and tpm::Tpm: "keystored.peer" (denied), "keystored.request" (invalid_input),
  /// "keystored.operation" (unsupported), "keystored.birth-order" and "keystored.born" (conflict),
  /// "keystored.foreign-tpm" (untrusted), "keystored.sealed-until-restart" (unavailable), "keystored.damaged"
  /// (invalid_input).
  [[nodiscard]] Bytes answer(const os::Peer& peer, ByteView message);

  /// Serves the socket until `stop` is set. At most 32 connections at once.
  Result<void> serve(const std::filesystem::path& socket, const std::atomic<bool>& stop);

  /// TPM2_Shutdown, so that the next start does not count as a failure.
  void shut_down();

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace signet::keystored
