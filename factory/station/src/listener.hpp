// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/os/fd.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace signet::station {

/// Where units connect.
class Listener {
 public:
  /// "HOST:PORT" ("[::1]:7300" for IPv6; port 0 for any). "station.listen" (unavailable).
  static Result<Listener> open(const std::string& address);
  [[nodiscard]] std::uint16_t port() const;
  /// "os.timeout" (unavailable) if nobody came.
  Result<os::Fd> accept(std::chrono::milliseconds timeout);

 private:
  explicit Listener(os::Fd fd) : fd_(std::move(fd)) {}
  os::Fd fd_;
};

}  // namespace signet::station
