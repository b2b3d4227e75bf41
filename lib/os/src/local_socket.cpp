// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: local_socket_fuzz)
#include "signet/os/local_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace signet::os {

namespace {

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof(address.sun_path)) {
    return Error(Errc::invalid_input, "os.socket-path",
                 "the socket path '" + printable(path.native()) + "' is longer than " +
                     std::to_string(sizeof(address.sun_path) - 1) + " bytes",
                 "Choose a shorter folder.");
  }
  std::ranges::copy(path.native(), static_cast<char*>(address.sun_path));
  return address;
}

Result<Fd> make_socket() {
  const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (number < 0) return errno_error(errno, "make a local socket");
  return Fd(number);
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// Socket timeouts show as EAGAIN in blocking calls.
Error socket_error(int errno_value, std::string_view doing) {
  if (errno_value == EAGAIN) {
    return {Errc::unavailable, "os.timeout", "cannot " + std::string(doing) + ": the other side did not answer in time",
            "Is the service busy or stuck? Try again."};
  }
  return errno_error(errno_value, doing);
}

/// Also bounds connect(), which waits while the listener's queue is full.
void set_timeouts(const Fd& fd, std::chrono::milliseconds timeout) {
  const timeval limit{timeout.count() / 1000, timeout.count() % 1000 * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// What poll() says; a signal does not shorten the wait.
int poll_for(const Fd& fd, std::chrono::milliseconds timeout) {
  pollfd poll{fd.get(), POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  int ready = -1;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    ready = ::poll(&poll, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT32_MAX)));
  } while (ready < 0 && errno == EINTR);
  return ready;
}

/// None where the system does not say (an emulator): being in fewer groups never allows more.
std::vector<gid_t> groups_of(const Fd& fd) {
  std::vector<gid_t> groups(64);
  for (;;) {
    socklen_t size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      return groups;
    }
    const std::size_t wanted = size / sizeof(gid_t);  // the kernel says how many there are
    if (errno != ERANGE || wanted <= groups.size()) return {};
    groups.resize(wanted);
  }
}

Error closed() { return {Errc::unavailable, "os.closed", "the other side closed the connection"}; }

}  // namespace

Result<LocalSocket> LocalSocket::adopt(Fd fd, std::chrono::milliseconds timeout) {
  set_timeouts(fd, timeout);
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return errno_error(errno, "ask who is at the other end of a local socket");
  }
  Peer peer{.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid, .groups = groups_of(fd)};
  return LocalSocket(std::move(fd), std::move(peer));
}

Result<LocalSocket> LocalSocket::connect(const std::filesystem::path& path, std::chrono::milliseconds timeout) {
  TRY_ASSIGN(const sockaddr_un address, address_of(path));
  TRY_ASSIGN(Fd fd, make_socket());
  set_timeouts(fd, timeout);
  if (::connect(fd.get(), generic(address), sizeof address) != 0) {
    return socket_error(errno, "connect to '" + printable(path.native()) + "'");
  }
  return adopt(std::move(fd), timeout);
}

Result<void> LocalSocket::send(ByteView message) {
  if (message.size() > UINT32_MAX)
    return Error(Errc::invalid_input, "os.message-size", "a message is larger than 4 GiB");
  Bytes framed(4);
  put_be32(framed, static_cast<std::uint32_t>(message.size()));
  append(framed, message);
  ByteView left = framed;
  while (!left.empty()) {
    const ssize_t count = ::send(fd_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) return closed();
    if (count < 0) return socket_error(errno, "send");
    left = left.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<Bytes> LocalSocket::receive(std::uint32_t size_bytes_max) {
  const auto fill = [this](ByteSpan out) -> Result<void> {
    while (!out.empty()) {
      const ssize_t count = ::recv(fd_.get(), out.data(), out.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return socket_error(errno, "receive");
      if (count == 0) return closed();
      out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
  };
  std::array<std::byte, 4> prefix{};
  TRY(fill(prefix));
  const std::uint32_t size = get_be32(prefix);
  if (size > size_bytes_max) {
    return Error(
        Errc::invalid_input, "os.message-size",
        "a message of " + std::to_string(size) + " bytes is above the limit of " + std::to_string(size_bytes_max));
  }
  // Grown as the bytes arrive: a peer that only claims a large message costs nothing.
  Bytes message;
  while (message.size() < size) {
    const std::size_t piece = std::min<std::size_t>(size - message.size(), 65536);
    message.resize(message.size() + piece);
    TRY(fill(ByteSpan(message).last(piece)));
  }
  return message;
}

Result<LocalListener> LocalListener::listen(const std::filesystem::path& path, unsigned mode) {
  TRY_ASSIGN(const sockaddr_un address, address_of(path));
  if (LocalSocket::connect(path)) {
    return Error(Errc::conflict, "os.locked", "another service listens on '" + printable(path.native()) + "'",
                 "Stop that service first.");
  }
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  TRY_ASSIGN(Fd fd, make_socket());
  // Created closed to everybody, opened once it has its mode: there is no moment with a wider one.
  const mode_t before = ::umask(0777);
  const int bound = ::bind(fd.get(), generic(address), sizeof address);
  const int bind_errno = errno;
  ::umask(before);
  if (bound != 0) return errno_error(bind_errno, "listen on '" + printable(path.native()) + "'");
  if (::chmod(path.c_str(), mode) != 0) return errno_error(errno, "set the mode of '" + printable(path.native()) + "'");
  if (::listen(fd.get(), 64) != 0) return errno_error(errno, "listen on '" + printable(path.native()) + "'");
  return LocalListener(std::move(fd), path);
}

LocalListener::~LocalListener() {
  if (fd_.is_open()) ::unlink(path_.c_str());
}

Result<void> LocalSocket::wait_readable(std::chrono::milliseconds timeout) {
  const int ready = poll_for(fd_, timeout);
  if (ready < 0) return errno_error(errno, "wait for a message");
  if (ready == 0) return Error(Errc::unavailable, "os.timeout", "no message came in time");
  return {};
}

Result<LocalSocket> LocalListener::accept(std::chrono::milliseconds timeout, std::chrono::milliseconds io_timeout) {
  const int ready = poll_for(fd_, timeout);
  if (ready < 0) return errno_error(errno, "wait for a connection");
  if (ready == 0) return Error(Errc::unavailable, "os.timeout", "nobody connected in time");
  const int number = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  if (number < 0) return errno_error(errno, "accept a connection");
  return LocalSocket::adopt(Fd(number), io_timeout.count() > 0 ? io_timeout : timeout);
}

}  // namespace signet::os
