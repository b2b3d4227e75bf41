// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

#include "caller.hpp"

#include <cstdint>
#include <deque>
#include <mutex>

namespace signet::keystored {

/// Who has given the token's user PIN, and on which connections it counts. A login is made on one connection; a ticket
/// carries it to others of the same process, since a program has several and PKCS#11 has one login for all of them.
/// Safe to call from several threads.
class Logins {
 public:
  /// A new login for a caller whose PIN was right; gives its ticket. Older ones of the same user give way.
  Bytes begin(Caller& caller);
  /// Takes the login of a ticket over to this connection. "token.ticket" (denied).
  Result<void> join(Caller& caller, ByteView ticket);
  /// Ends the caller's login, on all connections.
  void end(Caller& caller);
  /// Ends all: the PIN is another one now.
  void end_all();
  [[nodiscard]] bool holds(const Caller& caller);

 private:
  struct Login {
    std::uint64_t id;
    uid_t uid;
    pid_t pid;
    Bytes ticket_sha256;
  };
  std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::deque<Login> logins_;  ///< oldest first
};

}  // namespace signet::keystored
