// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/tcp.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace signet::os {

namespace {

using SteadyClock = std::chrono::steady_clock;
using Addresses = Result<std::vector<SocketAddress>>;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

Error late(std::string text) { return {Errc::unavailable, "os.timeout", std::move(text)}; }

Addresses look_up(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* raw = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &raw); failed != 0) {
    return Error(Errc::unavailable, "os.resolve", std::string("its name is not known: ") + ::gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
  std::vector<SocketAddress> found;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    const auto* bytes = reinterpret_cast<const std::byte*>(each->ai_addr);
    found.push_back({.raw = Bytes(bytes, bytes + each->ai_addrlen)});
  }
  return found;
}

/// What a lookup and whoever waits for it share; whichever ends last frees it.
struct Question {
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<Addresses> answer;
};

/// A lookup cannot be called off. So it runs in a thread of its own, which is left to itself where it is late, and
/// touches nothing but what it owns.
Addresses look_up_by(const std::string& host, const std::string& port, Deadline deadline, Lookup lookup) {
  const auto question = std::make_shared<Question>();
  try {
    std::thread([question, host, port, lookup = std::move(lookup)] {
      Addresses found = lookup(host, port);
      const std::lock_guard lock(question->mutex);
      question->answer = std::move(found);
      question->answered.notify_all();
    }).detach();
  } catch (const std::system_error& error) {
    return Error(Errc::exhausted, "os.thread", std::string("cannot start a thread: ") + error.what());
  }
  std::unique_lock lock(question->mutex);
  if (!question->answered.wait_until(lock, deadline, [&] { return question->answer.has_value(); })) {
    return late("its name was not resolved in time");
  }
  return *std::move(question->answer);
}

Result<void> wait_connected(const Fd& fd, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    if (left <= 0) return late("it did not answer in time");
    pollfd wanted{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return errno_error(errno, "wait for a connection");
  }
}

Result<Fd> connect_one(const SocketAddress& address, Deadline deadline) {
  sockaddr_storage storage{};
  if (address.raw.size() < sizeof(sa_family_t) || address.raw.size() > sizeof storage) {
    return Error(Errc::internal, "os.address", "an address of the wrong size");
  }
  std::memcpy(&storage, address.raw.data(), address.raw.size());
  Fd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return errno_error(errno, "make a socket");
  const auto size = static_cast<socklen_t>(address.raw.size());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0) return fd;
  if (errno != EINPROGRESS) return errno_error(errno, "connect");
  TRY(wait_connected(fd, deadline));
  int error = 0;
  socklen_t error_size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
  if (error != 0) return errno_error(error, "connect");
  return fd;
}

}  // namespace

Addresses system_lookup(const std::string& host, const std::string& port) { return look_up(host, port, 0); }

Result<Fd> connect_tcp(const std::string& host, const std::string& port, Deadline deadline, Lookup lookup) {
  auto addresses = look_up(host, port, AI_NUMERICHOST);  // asks nobody
  if (!addresses) addresses = look_up_by(host, port, deadline, std::move(lookup));
  if (!addresses) return std::move(addresses).error();
  Result<Fd> fd = Error(Errc::unavailable, "os.resolve", "its name has no address");
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    // An address that swallows everything leaves the others their share of the time.
    const auto left = deadline - SteadyClock::now();
    const auto others = static_cast<std::int64_t>(addresses->size() - i);
    fd = connect_one((*addresses)[i], SteadyClock::now() + left / others);
    if (fd) return fd;
  }
  return fd;
}

}  // namespace signet::os
