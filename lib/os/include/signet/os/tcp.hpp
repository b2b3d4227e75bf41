// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/fd.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

/// Connections over TCP whose deadline holds for all of it, the resolution of the name included.
namespace signet::os {

using Deadline = std::chrono::steady_clock::time_point;

/// A sockaddr as the system's calls take it.
struct SocketAddress {
  Bytes raw;
};

/// Finds a host's addresses, in the order in which they are to be tried. May block for as long as it likes; may be
/// called in another thread, and outlive whoever asked.
using Lookup = std::function<Result<std::vector<SocketAddress>>(const std::string& host, const std::string& port)>;
/// getaddrinfo(). "os.resolve" (unavailable).
Result<std::vector<SocketAddress>> system_lookup(const std::string& host, const std::string& port);

/// `host` is a name or an address (IPv6 without brackets), `port` a number. Reasons: "os.resolve" (unavailable: nobody
/// knows the name), "os.timeout" (unavailable: the name, or the host, did not answer by then), or the system's own for
/// the address that was tried last. The socket does not block.
Result<Fd> connect_tcp(const std::string& host, const std::string& port, Deadline deadline,
                       Lookup lookup = system_lookup);

}  // namespace signet::os
