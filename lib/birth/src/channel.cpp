// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: birth_channel_fuzz)
#include "signet/birth.hpp"
#include "signet/os/tcp.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace signet::birth {

namespace {

using SteadyClock = std::chrono::steady_clock;
using os::Deadline;

constexpr std::size_t k_head_bytes = 8;  // length, digest
// Of every message, since none is as long as 16 MiB; the text of a message has no such byte.
constexpr std::byte k_first_byte{0};
static_assert(k_message_bytes_max < 1U << 24U);

Error timed_out() {
  return {Errc::unavailable, "birth.timeout", "the other side did not answer in time", "Check the line; try again."};
}
Error closed() {
  return {Errc::unavailable, "birth.closed", "the other side closed the connection",
          "The other side's log says why; connect again."};
}
Error noise(std::string text) {
  return {Errc::invalid_input, "birth.noise", std::move(text),
          "Is something else at the other end, or is the line noisy? Connect again."};
}
Error unreachable(std::string_view where, std::string why) {
  return {Errc::unavailable, "birth.connect", "cannot connect to '" + printable(where, 100) + "': " + std::move(why),
          "Is the station running, and is the address right? Write tcp:HOST:PORT or serial:/dev/ttyS1@115200."};
}

Result<void> wait_for(int fd, short events, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    if (left < 0) return timed_out();
    pollfd wanted{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left + 1, 1 << 30)));
    if (ready > 0) return {};
    if (ready == 0) return timed_out();
    if (errno != EINTR) return errno_error(errno, "wait for the other side");
  }
}

bool try_later(int error) { return error == EINTR || error == EAGAIN || error == EWOULDBLOCK; }

/// A socket without SIGPIPE, or a terminal.
ssize_t put(int fd, ByteView bytes) {
  const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return count < 0 && errno == ENOTSOCK ? ::write(fd, bytes.data(), bytes.size()) : count;
}

Result<void> write_all(int fd, ByteView left, Deadline deadline) {
  while (!left.empty()) {
    TRY(wait_for(fd, POLLOUT, deadline));
    const ssize_t count = put(fd, left);
    if (count < 0 && try_later(errno)) continue;
    if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) return closed();
    if (count < 0) return errno_error(errno, "send to the other side");
    left = left.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> fill(int fd, ByteSpan out, Deadline deadline) {
  while (!out.empty()) {
    TRY(wait_for(fd, POLLIN, deadline));
    const ssize_t count = ::read(fd, out.data(), out.size());
    if (count < 0 && try_later(errno)) continue;
    if (count == 0 || (count < 0 && (errno == ECONNRESET || errno == EIO))) return closed();
    if (count < 0) return errno_error(errno, "receive from the other side");
    out = out.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

// --- TCP ---

/// "HOST:PORT"; an IPv6 address stands in brackets.
Result<os::Fd> connect_tcp(std::string_view where, std::string_view address, Deadline deadline) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return unreachable(where, "no port is named");
  std::string host(address.substr(0, colon));
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  auto fd = os::connect_tcp(host, std::string(address.substr(colon + 1)), deadline);
  if (fd) return fd;
  return unreachable(where, fd.error().text());
}

// --- Serial lines ---

struct Speed {
  unsigned baud;
  speed_t code;
};
constexpr std::array<Speed, 8> k_speeds = {{{9600, B9600},
                                            {19200, B19200},
                                            {38400, B38400},
                                            {57600, B57600},
                                            {115200, B115200},
                                            {230400, B230400},
                                            {460800, B460800},
                                            {921600, B921600}}};

Result<os::Fd> open_serial(std::string_view where, std::string_view address) {
  const std::size_t at = address.rfind('@');
  const std::string path(address.substr(0, at));
  const std::string_view digits = at == std::string_view::npos ? "115200" : address.substr(at + 1);
  unsigned baud = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), baud);
  const auto* const speed = std::ranges::find(k_speeds, baud, &Speed::baud);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || speed == k_speeds.end()) {
    return unreachable(where, "a serial line runs at 9600 to 921600 baud");
  }
  os::Fd fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.is_open()) return unreachable(where, errno_error(errno, "open it").text());
  termios raw{};
  if (::tcgetattr(fd.get(), &raw) != 0) return unreachable(where, "it is not a serial line");
  ::cfmakeraw(&raw);
  raw.c_cflag |= CLOCAL | CREAD;
  ::cfsetispeed(&raw, speed->code);
  ::cfsetospeed(&raw, speed->code);
  ::tcflush(fd.get(), TCIOFLUSH);  // nobody waits for what an earlier owner of the line has left in it
  if (::tcsetattr(fd.get(), TCSAFLUSH, &raw) != 0) return unreachable(where, "its speed cannot be set");
  return fd;
}

}  // namespace

Channel Channel::over(os::Fd fd, std::chrono::milliseconds timeout) {
  // Deadlines are kept by poll(); a descriptor that blocks would wait beyond them.
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  const int yes = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // fails on terminals, which is fine
  return {std::move(fd), timeout};
}

Result<Channel> Channel::connect(std::string_view where, std::chrono::milliseconds timeout) {
  constexpr std::string_view k_tcp = "tcp:";
  constexpr std::string_view k_serial = "serial:";
  if (where.starts_with(k_tcp)) {
    TRY_ASSIGN(os::Fd fd, connect_tcp(where, where.substr(k_tcp.size()), SteadyClock::now() + timeout));
    return over(std::move(fd), timeout);
  }
  if (where.starts_with(k_serial)) {
    TRY_ASSIGN(os::Fd fd, open_serial(where, where.substr(k_serial.size())));
    Channel channel = over(std::move(fd), timeout);
    channel.kind_ = Kind::serial;
    return channel;
  }
  return unreachable(where, "it is neither tcp: nor serial:");
}

Result<void> Channel::send(ByteView message) {
  if (message.empty() || message.size() > k_message_bytes_max) {
    return Error(Errc::invalid_input, "birth.message", "a message has 1 to 262144 bytes");
  }
  Bytes framed(4);
  put_be32(framed, static_cast<std::uint32_t>(message.size()));
  append(framed, ByteView(crypto::digest(crypto::HashAlgorithm::sha256, message)).first(4));
  append(framed, message);
  // The two take turns: what has come since the last message is an older question, asked again.
  if (kind_ == Kind::serial && heard_) ::tcflush(fd_.get(), TCIFLUSH);
  return write_all(fd_.get(), framed, SteadyClock::now() + timeout_);
}

Result<void> Channel::listen(std::chrono::milliseconds patience) {
  const Deadline deadline = SteadyClock::now() + patience;
  while (!begun_) {
    std::array<std::byte, 1> first{};
    TRY(fill(fd_.get(), first, deadline));
    begun_ = first[0] == k_first_byte;
  }
  return {};
}

Result<Bytes> Channel::receive() {
  const Deadline deadline = SteadyClock::now() + timeout_;
  if (kind_ == Kind::serial) TRY(listen(timeout_));
  std::array<std::byte, k_head_bytes> head{};
  TRY(fill(fd_.get(), ByteSpan(head).subspan(begun_ ? 1 : 0), deadline));
  begun_ = false;
  heard_ = true;
  const std::uint32_t size = get_be32(head);
  if (size == 0 || size > k_message_bytes_max) {
    return noise("what came is no message: its length would be " + std::to_string(size) + " bytes");
  }
  Bytes message(size);
  TRY(fill(fd_.get(), message, deadline));
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, message);
  if (!equal(ByteView(digest).first(4), ByteView(head).subspan(4))) return noise("a message was damaged on the way");
  return message;
}

}  // namespace signet::birth
