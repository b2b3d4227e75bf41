// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/tpm_proxy.hpp"

#include "signet/core/ensure.hpp"
#include "signet/os/fd.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace signet::test {

namespace {

// Both directions: a tag, the size of the whole, and a code (Part 1, section 18).
constexpr std::size_t k_header_size_bytes = 10;
constexpr std::size_t k_size_at = 2;
constexpr std::size_t k_code_at = 6;
constexpr std::size_t k_message_size_bytes_max = 65536;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ensure(path.size() < sizeof address.sun_path, "the socket's path fits");
  std::ranges::copy(path, address.sun_path);
  return address;
}

os::Fd connect_to(const std::string& path) {
  const sockaddr_un address = address_of(path);
  os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  return {};
}

int listen_at(const std::string& path) {
  const sockaddr_un address = address_of(path);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ensure(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "the proxy binds");
  ensure(::listen(listener, 4) == 0, "the proxy listens");
  return listener;
}

/// One whole message; empty if the other side is gone, or the proxy ends.
Bytes receive(int fd, const std::atomic<bool>& stop) {
  Bytes message;
  std::size_t wanted = k_header_size_bytes;
  while (message.size() < wanted) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 20) == 0) {
      if (stop) return {};
      continue;
    }
    const std::size_t had = message.size();
    message.resize(wanted);
    const ssize_t count = ::recv(fd, message.data() + had, wanted - had, 0);
    if (count <= 0) return {};
    message.resize(had + static_cast<std::size_t>(count));
    if (wanted == k_header_size_bytes && message.size() == wanted) {
      wanted =
          std::clamp<std::size_t>(get_be32(ByteView(message).subspan(k_size_at)), wanted, k_message_size_bytes_max);
    }
  }
  return message;
}

void send(int fd, ByteView message) {
  while (!message.empty()) {
    const ssize_t count = ::send(fd, message.data(), message.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the next read finds out
    message = message.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace

TpmProxy::TpmProxy(const Swtpm& behind) : socket_((folder_ / "tpm").string()) {
  constexpr std::string_view k_prefix = "swtpm:path=";
  behind_ = behind.tcti().substr(k_prefix.size());
  thread_ = std::thread([this, listener = listen_at(socket_)] { serve(listener); });
  control_thread_ = std::thread([this, listener = listen_at(socket_ + ".ctrl")] { serve_control(listener); });
}

TpmProxy::~TpmProxy() {
  stop_ = true;
  thread_.join();
  control_thread_.join();
}

void TpmProxy::set_rule(Rule rule) {
  const std::lock_guard lock(mutex_);
  rule_ = std::move(rule);
}

std::uint32_t TpmProxy::code_of(ByteView command) { return get_be32(command.subspan(k_code_at)); }

Bytes TpmProxy::refusal(std::uint32_t response_code) {
  Bytes out(k_header_size_bytes);
  put_be16(out, 0x8001);  // TPM_ST_NO_SESSIONS
  put_be32(ByteSpan(out).subspan(k_size_at), k_header_size_bytes);
  put_be32(ByteSpan(out).subspan(k_code_at), response_code);
  return out;
}

void TpmProxy::serve(int listener) {
  const os::Fd held(listener);
  while (!stop_) {
    pollfd ready{listener, POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const os::Fd program(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    const os::Fd tpm = connect_to(behind_);
    if (program.is_open() && tpm.is_open()) converse(program.get(), tpm.get());
  }
}

/// Whatever is asked over the control channel was done: nothing that the TSS asks there matters to swtpm's state, and a
/// TSS whose TPM died between its two sockets leaks memory.
void TpmProxy::serve_control(int listener) {
  const os::Fd held(listener);
  while (!stop_) {
    pollfd ready{listener, POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const os::Fd program(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    Bytes question(64);
    pollfd asked{program.get(), POLLIN, 0};
    while (program.is_open() && !stop_ && ::poll(&asked, 1, 20) == 0) continue;
    if (::recv(program.get(), question.data(), question.size(), MSG_DONTWAIT) > 0) send(program.get(), Bytes(4));
  }
}

void TpmProxy::converse(int program, int tpm) {
  const Ask ask = [this, tpm](ByteView command) {
    send(tpm, command);
    return receive(tpm, stop_);
  };
  while (!stop_) {
    const Bytes command = receive(program, stop_);
    if (command.empty()) return;
    ++commands_;
    Rule rule;
    {
      const std::lock_guard lock(mutex_);
      rule = rule_;
    }
    const std::optional<Bytes> answer = rule ? rule(command, ask) : ask(command);
    if (!answer || answer->empty()) return;
    send(program, *answer);
    if (answer->size() < k_header_size_bytes || answer->size() < get_be32(ByteView(*answer).subspan(k_size_at))) return;
  }
}

}  // namespace signet::test
