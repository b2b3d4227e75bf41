// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "listener.hpp"

#include "signet/core/bytes.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace signet::station {

namespace {

Error cannot_listen(const std::string& address, const std::string& why) {
  return {Errc::unavailable, "station.listen", "cannot listen at '" + printable(address, 100) + "': " + why,
          "'listen' is HOST:PORT of an address of this machine that nobody else uses."};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

}  // namespace

Result<Listener> Listener::open(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return cannot_listen(address, "no port is named");
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &raw);
  if (failed != 0) return cannot_listen(address, ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
  os::Fd fd(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  if (!fd.is_open() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(fd.get(), list->ai_addr, list->ai_addrlen) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    return cannot_listen(address, errno_error(errno, "listen").text());
  }
  return Listener(std::move(fd));
}

std::uint16_t Listener::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
  return ntohs(address.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

Result<os::Fd> Listener::accept(std::chrono::milliseconds timeout) {
  pollfd wanted{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&wanted, 1, static_cast<int>(timeout.count())) <= 0) {
    return Error(Errc::unavailable, "os.timeout", "no unit came");
  }
  os::Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "take a unit's connection");
  return fd;
}

}  // namespace signet::station
