// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/os/fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace signet::os {

/// Who is at the other end of a local socket, as the kernel says (SO_PEERCRED, SO_PEERGROUPS); it cannot be forged by
/// the peer.
struct Peer {
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  std::vector<gid_t> groups = {};  ///< supplementary ones
};

/// One connection that carries whole messages: each is a 4-byte big-endian length and that many bytes.
class LocalSocket {
 public:
  static Result<LocalSocket> connect(const std::filesystem::path& path,
                                     std::chrono::milliseconds timeout = std::chrono::seconds(10));

  /// Sends one message of at most 2^32-1 bytes.
  Result<void> send(ByteView message);
  /// Receives one message; larger than `size_bytes_max` is an error, and the connection is of no further use. An
  /// orderly end of the connection is "os.closed" (unavailable).
  Result<Bytes> receive(std::uint32_t size_bytes_max);
  [[nodiscard]] const Peer& peer() const { return peer_; }
  /// Waits until something can be received, or the other side has gone: "os.timeout" (unavailable) if nothing came.
  Result<void> wait_readable(std::chrono::milliseconds timeout);

 private:
  friend class LocalListener;
  LocalSocket(Fd fd, Peer peer) : fd_(std::move(fd)), peer_(std::move(peer)) {}
  static Result<LocalSocket> adopt(Fd fd, std::chrono::milliseconds timeout);
  Fd fd_;
  Peer peer_;
};

/// Listens on a path in the file system; a stale socket file is replaced, a live one is a conflict.
class LocalListener {
 public:
  /// `mode` of the socket file decides who may connect at all.
  static Result<LocalListener> listen(const std::filesystem::path& path, unsigned mode = 0660);
  LocalListener(LocalListener&&) noexcept = default;
  LocalListener& operator=(LocalListener&&) noexcept = default;
  ~LocalListener();

  /// Waits for the next connection; "os.timeout" (unavailable) if none came. The timeout also bounds each later read
  /// and write, unless `io_timeout` is given.
  Result<LocalSocket> accept(std::chrono::milliseconds timeout,
                             std::chrono::milliseconds io_timeout = std::chrono::milliseconds(0));

 private:
  LocalListener(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::filesystem::path path_;
};

}  // namespace signet::os
