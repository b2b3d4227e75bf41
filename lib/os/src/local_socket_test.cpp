// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/local_socket.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

namespace signet::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two ends of one connection.
struct Pair {
  test::TempDir folder;
  Result<LocalListener> listener = LocalListener::listen(folder / "s");
  Result<LocalSocket> client = LocalSocket::connect(folder / "s", milliseconds(300));
  Result<LocalSocket> server = listener->accept(milliseconds(300));
};

TEST(LocalSocket, messages_stay_whole) {
  Pair pair;
  ASSERT_OK(pair.server);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{1'000'000}}) {
    const Bytes message(size, std::byte{'m'});
    std::thread sender([&] { EXPECT_OK(pair.client->send(message)); });
    const auto received = pair.server->receive(1'000'000);
    sender.join();
    ASSERT_OK(received);
    EXPECT_TRUE(equal(*received, message));
  }
  ASSERT_OK(pair.server->send(as_bytes("back")));
  EXPECT_EQ(as_text(*pair.client->receive(10)), "back");
}

TEST(LocalSocket, P_OS_007_the_kernel_says_who_is_there) {
  Pair pair;
  ASSERT_OK(pair.server);
  for (const LocalSocket* end : {&*pair.server, &*pair.client}) {
    EXPECT_EQ(end->peer().pid, ::getpid());
    EXPECT_EQ(end->peer().uid, ::getuid());
    EXPECT_EQ(end->peer().gid, ::getgid());
  }
}

TEST(LocalSocket, an_oversized_message_is_refused_before_it_is_read) {
  Pair pair;
  ASSERT_OK(pair.server);
  ASSERT_OK(pair.client->send(Bytes(11)));
  EXPECT_REASON(pair.server->receive(10), "os.message-size");
}

TEST(LocalSocket, a_silent_peer_and_a_gone_one_are_told_apart) {
  Pair pair;
  ASSERT_OK(pair.server);
  EXPECT_REASON(pair.server->receive(10), "os.timeout");
  pair.client = Error(Errc::unavailable, "test.gone", "");
  EXPECT_REASON(pair.server->receive(10), "os.closed");
  EXPECT_FALSE(pair.server->send(Bytes(10)).has_value());
}

TEST(LocalSocket, nobody_connects) {
  const test::TempDir folder;
  auto listener = LocalListener::listen(folder / "s");
  ASSERT_OK(listener);
  EXPECT_REASON(listener->accept(milliseconds(20)), "os.timeout");
  EXPECT_REASON(LocalSocket::connect(folder / "none"), "os.not-found");
  EXPECT_REASON(LocalSocket::connect(folder / std::string(200, 'x')), "os.socket-path");
}

TEST(LocalSocket, a_full_queue_does_not_block_for_ever) {
  const test::TempDir folder;
  auto listener = LocalListener::listen(folder / "s");
  ASSERT_OK(listener);
  std::vector<LocalSocket> waiting;
  for (int i = 0; i < 1000; ++i) {
    auto socket = LocalSocket::connect(folder / "s", milliseconds(20));
    if (!socket) {
      EXPECT_REASON(socket, "os.timeout");
      return;
    }
    waiting.push_back(*std::move(socket));
  }
  FAIL() << "the queue never filled";
}

TEST(LocalListener, a_live_socket_is_a_conflict_and_a_stale_one_is_replaced) {
  const test::TempDir folder;
  {
    const auto first = LocalListener::listen(folder / "s");
    ASSERT_OK(first);
    EXPECT_REASON(LocalListener::listen(folder / "s"), "os.locked");
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "s"));
  {  // as after kill -9: the name is there, nobody listens
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(static_cast<char*>(address.sun_path), (folder / "s").c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(folder / "s"));
  EXPECT_OK(LocalListener::listen(folder / "s"));
}

TEST(LocalListener, a_file_that_is_no_socket_is_left_alone) {
  const test::TempDir folder;
  ASSERT_OK(create_new(folder / "s"));
  EXPECT_FALSE(LocalListener::listen(folder / "s").has_value());
  EXPECT_TRUE(std::filesystem::is_regular_file(folder / "s"));
}

TEST(LocalListener, P_OS_007_the_mode_decides_who_may_connect) {
  const test::TempDir folder;
  const auto listener = LocalListener::listen(folder / "s", 0600);
  ASSERT_OK(listener);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace signet::os
