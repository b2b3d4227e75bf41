// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/tuf_repository.hpp"

#include <memory>
#include <string>
#include <vector>

namespace signet::cli::repo {

/// Keys named on a command line: who they are, and those that can sign here and now.
struct Keys {
  std::vector<tuf::NamedKey> named;
  std::vector<std::shared_ptr<crypto::Signer>> signers;  ///< of those given as URIs

  void append(const Keys& more);
};

/// Whether a key's URI is kept in the repository, so that it signs unattended.
enum class Attendance : std::uint8_t { attended, unattended };

/// Each "[NAME=]URI" of a key store, or "[NAME=]FILE" with somebody's public key (PEM).
Result<Keys> load_keys(const std::vector<std::string>& values, Attendance attendance = Attendance::attended);

/// Signs all drafts with the keys at hand, makes public what is complete, and says so. `done` says what came before;
/// `members` are for machines.
Result<void> settle(const Invocation& call, tuf::Repository& repository, const Keys& keys, const std::string& done,
                    Json members);

/// Options that the commands share.
Option key_option();
Positional repo_positional();

// The groups of commands.
std::vector<Command> setup_commands();
std::vector<Command> release_commands();
std::vector<Command> track_commands();
std::vector<Command> sign_commands();

}  // namespace signet::cli::repo
