// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/tcp.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <memory>

namespace signet::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline in(milliseconds time) { return std::chrono::steady_clock::now() + time; }

/// A listener on loopback.
struct Host {
  Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string port;
  SocketAddress address;

  explicit Host(int backlog = 4) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    if (backlog >= 0) {
      EXPECT_EQ(::listen(fd.get(), backlog), 0);
    }
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    port = std::to_string(ntohs(name.sin_port));
    const auto* bytes = reinterpret_cast<const std::byte*>(&name);
    address.raw = Bytes(bytes, bytes + size);
  }
};

Lookup answers(std::vector<SocketAddress> addresses) {
  return [addresses = std::move(addresses)](const std::string&, const std::string&) {
    return Result<std::vector<SocketAddress>>(addresses);
  };
}

TEST(Tcp, P_OS_010_a_resolver_that_never_answers_ends_with_the_deadline) {
  // Held until the test is over, and longer: the thread of the lookup has it as well.
  const auto release = std::make_shared<std::promise<void>>();
  const auto ended = std::make_shared<std::promise<void>>();
  const Lookup silent = [released = release->get_future().share(), ended](const std::string&, const std::string&) {
    released.wait();
    ended->set_value();
    return Result<std::vector<SocketAddress>>(std::vector<SocketAddress>());
  };
  const auto began = std::chrono::steady_clock::now();
  const auto fd = connect_tcp("name.invalid", "443", in(milliseconds(200)), silent);
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_REASON(fd, "os.timeout");
  EXPECT_GE(took, milliseconds(200));
  EXPECT_LT(took, seconds(20));  // the machine may be busy; the lookup would never end
  // What is left behind comes to its end on its own, after whoever asked has gone.
  release->set_value();
  EXPECT_EQ(ended->get_future().wait_for(seconds(60)), std::future_status::ready);
}

TEST(Tcp, P_OS_010_addresses_are_not_looked_up) {
  const Host host;
  const Lookup never = [](const std::string&, const std::string&) -> Result<std::vector<SocketAddress>> {
    return Error(Errc::internal, "test.asked", "nobody may be asked for an address");
  };
  EXPECT_OK(connect_tcp("127.0.0.1", host.port, in(seconds(20)), never));
  EXPECT_REASON(connect_tcp("127.0.0.1x", host.port, in(seconds(20)), never), "test.asked");
}

TEST(Tcp, names_are_looked_up) {
  const Host host;
  EXPECT_OK(connect_tcp("localhost", host.port, in(seconds(20))));
  EXPECT_REASON(connect_tcp("a name with spaces", host.port, in(seconds(60))), "os.resolve");
  EXPECT_REASON(connect_tcp("empty", host.port, in(seconds(20)), answers({})), "os.resolve");
}

TEST(Tcp, P_OS_010_each_address_has_its_share_of_the_time) {
  const Host good;
  const Host closed(-1);
  // Its queue is full, so that the next connection is neither taken nor refused.
  const Host full(0);
  const auto first = connect_tcp("127.0.0.1", full.port, in(seconds(20)));
  ASSERT_OK(first);
  EXPECT_REASON(connect_tcp("127.0.0.1", full.port, in(milliseconds(300))), "os.timeout");
  EXPECT_OK(connect_tcp("host", "1", in(seconds(4)), answers({closed.address, full.address, good.address})));
  EXPECT_FALSE(connect_tcp("host", "1", in(seconds(20)), answers({closed.address})));
  EXPECT_REASON(connect_tcp("host", "1", in(seconds(20)), answers({SocketAddress{}})), "os.address");
}

}  // namespace
}  // namespace signet::os
