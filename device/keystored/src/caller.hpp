// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystored_policy.hpp"
#include "signet/os/local_socket.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystored {

/// Who is at the other end of one connection, for as long as it lasts.
struct Caller {
  pid_t pid = -1;
  Subject subject;
  std::optional<std::uint64_t> login = {};  ///< of Logins

  /// Asks /proc once: what it says is of the process that connected, if that one still lives.
  static Caller of(const os::Peer& peer);
};

/// Whether keystored is allowed to see which programs run as that user: not without CAP_SYS_PTRACE, which its packaged
/// unit does not give it, unless they are of its own user.
[[nodiscard]] bool sees_programs_of(uid_t uid);

/// The system unit in a text as /proc/PID/cgroup has it: the outermost ".service", so that no user's own service
/// manager can call one by the name of another. Nothing where there is none.
[[nodiscard]] std::optional<std::string> unit_in(std::string_view cgroups);

}  // namespace signet::keystored
