// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/birth.hpp"
#include "signet/test/expect.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>

using namespace signet;
using birth::Channel;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds k_patience{5000};

struct Line {
  os::Fd raw;
  Channel channel;
};
Line line(milliseconds timeout = k_patience) {
  std::array<int, 2> ends{};
  ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
  return {os::Fd(ends[0]), Channel::over(os::Fd(ends[1]), timeout)};
}

Bytes framed(ByteView message) {
  Bytes bytes(4);
  put_be32(bytes, static_cast<std::uint32_t>(message.size()));
  append(bytes, ByteView(crypto::digest(crypto::HashAlgorithm::sha256, message)).first(4));
  append(bytes, message);
  return bytes;
}

}  // namespace

TEST(BirthChannel, P_BIRTH_005_CarriesWholeMessages) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  auto one = Channel::over(os::Fd(ends[0]), k_patience);
  auto two = Channel::over(os::Fd(ends[1]), k_patience);
  const Bytes large(birth::k_message_bytes_max, std::byte{7});
  std::jthread sender([&] {
    EXPECT_OK(one.send(as_bytes("small")));
    EXPECT_OK(one.send(large));
  });
  EXPECT_EQ(as_text(*two.receive()), "small");
  EXPECT_TRUE(equal(*two.receive(), large));
  EXPECT_REASON(two.send({}), "birth.message");
  EXPECT_REASON(two.send(Bytes(birth::k_message_bytes_max + 1)), "birth.message");
}

TEST(BirthChannel, P_BIRTH_005_AFlippedBitIsNoise) {
  const Bytes whole = framed(as_bytes("message"));
  for (std::size_t i = 4; i < whole.size(); ++i) {
    Line l = line();
    Bytes altered = whole;
    altered[i] ^= std::byte{0x10};
    ASSERT_OK(os::write_all(l.raw, altered));
    EXPECT_REASON(l.channel.receive(), "birth.noise") << "byte " << i;
  }
}

TEST(BirthChannel, P_BIRTH_005_HugeAndEmptyAreRefusedBeforeTheyAreRead) {
  for (const std::uint32_t size : {0U, birth::k_message_bytes_max + 1, 0xffffffffU}) {
    Line l = line();
    Bytes head(8);
    put_be32(head, size);
    ASSERT_OK(os::write_all(l.raw, head));
    EXPECT_REASON(l.channel.receive(), "birth.noise");
  }
}

TEST(BirthChannel, P_BIRTH_005_SilentSlowAndGonePeersEndInTime) {
  Line silent = line(milliseconds(50));
  EXPECT_REASON(silent.channel.receive(), "birth.timeout");
  // A byte every 20 ms would take 15 * 20 ms: each is in time, the message is not.
  Line slow = line(milliseconds(100));
  std::jthread dripping([&](const std::stop_token& stop) {
    for (const std::byte b : framed(as_bytes("message"))) {
      if (stop.stop_requested() || !os::write_all(slow.raw, std::array{b})) return;
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  EXPECT_REASON(slow.channel.receive(), "birth.timeout");
  dripping.request_stop();
  Line gone = line();
  ASSERT_OK(os::write_all(gone.raw, ByteView(framed(as_bytes("message"))).first(9)));
  gone.raw = os::Fd();
  EXPECT_REASON(gone.channel.receive(), "birth.closed");
  EXPECT_REASON(gone.channel.send(as_bytes("anybody?")), "birth.closed");
  // Nobody reads: the socket's buffer fills, and sending ends in time as well.
  Line full = line(milliseconds(50));
  Result<void> sent;
  for (int i = 0; i < 64 && sent; ++i) sent = full.channel.send(Bytes(birth::k_message_bytes_max, std::byte{1}));
  EXPECT_REASON(sent, "birth.timeout");
}

TEST(BirthChannel, ConnectsOverTcp) {
  const os::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string where = "tcp:127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  auto unit = Channel::connect(where, k_patience);
  ASSERT_OK(unit);
  auto station = Channel::over(os::Fd(::accept(listener.get(), nullptr, nullptr)), k_patience);
  EXPECT_OK(unit->send(as_bytes("here")));
  EXPECT_EQ(as_text(*station.receive()), "here");
}

namespace {

/// A serial line whose far end is in the test's hands.
struct Serial {
  os::Fd far{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  std::string where;

  Serial() {
    ensure(far.is_open() && ::grantpt(far.get()) == 0 && ::unlockpt(far.get()) == 0, "a pseudo-terminal");
    std::array<char, 128> name{};
    ensure(::ptsname_r(far.get(), name.data(), name.size()) == 0, "its name");
    where = "serial:" + std::string(name.data()) + "@115200";
  }
};

}  // namespace

TEST(BirthChannel, ConnectsOverASerialLine) {
  const Serial line;
  auto unit = Channel::connect(line.where, k_patience);
  ASSERT_OK(unit);
  // Control characters, as a terminal would act on them unless it is raw.
  const Bytes awkward = {std::byte{3}, std::byte{4}, std::byte{13}, std::byte{10}, std::byte{17}, std::byte{0xff}};
  auto station = Channel::over(os::Fd(::dup(line.far.get())), k_patience);
  EXPECT_OK(unit->send(awkward));
  EXPECT_TRUE(equal(*station.receive(), awkward));
  EXPECT_OK(station.send(awkward));
  EXPECT_TRUE(equal(*unit->receive(), awkward));
}

TEST(BirthChannel, P_BIRTH_006_ASerialLineMayBeOpenedInTheMiddleOfAMessage) {
  const Serial line;
  auto unit = Channel::connect(line.where, k_patience);
  ASSERT_OK(unit);
  EXPECT_REASON(unit->listen(milliseconds(50)), "birth.timeout");
  ASSERT_OK(os::write_all(line.far, as_bytes("U-Boot 2023.01\r\n{\"half\":\"a message\"}")));
  EXPECT_REASON(unit->listen(milliseconds(50)), "birth.timeout");
  const Bytes whole = framed(as_bytes("a whole one"));
  ASSERT_OK(os::write_all(line.far, ByteView(whole).first(1)));
  EXPECT_OK(unit->listen(k_patience));
  EXPECT_OK(unit->listen(milliseconds(0)));  // it has begun
  ASSERT_OK(os::write_all(line.far, ByteView(whole).subspan(1)));
  ASSERT_OK(os::write_all(line.far, as_bytes("noise")));
  ASSERT_OK(os::write_all(line.far, framed(as_bytes("the next"))));
  EXPECT_EQ(as_text(*unit->receive()), "a whole one");
  EXPECT_EQ(as_text(*unit->receive()), "the next");
  // A message that is damaged is not skipped: its sender waits for an answer.
  Bytes damaged = whole;
  damaged.back() ^= std::byte{1};
  ASSERT_OK(os::write_all(line.far, damaged));
  EXPECT_REASON(unit->receive(), "birth.noise");
}

TEST(BirthChannel, P_BIRTH_006_AQuestionThatWasAskedTwiceIsAnsweredOnce) {
  const Serial line;
  auto unit = Channel::connect(line.where, k_patience);
  ASSERT_OK(unit);
  const Bytes question = framed(as_bytes("who are you?"));
  for (int i = 0; i < 3; ++i) ASSERT_OK(os::write_all(line.far, question));
  EXPECT_EQ(as_text(*unit->receive()), "who are you?");
  EXPECT_OK(unit->send(as_bytes("A1")));
  ASSERT_OK(os::write_all(line.far, framed(as_bytes("welcome"))));
  EXPECT_EQ(as_text(*unit->receive()), "welcome");
}

TEST(BirthChannel, SaysWhatIsWrongWithAnAddress) {
  for (const char* where : {"", "tcp:", "tcp:host", "udp:host:1", "tcp:127.0.0.1:1", "tcp:127.0.0.1:x",
                            "serial:/dev/null@115200", "serial:/dev/null@7", "serial:/nowhere", "serial:/dev/null@"}) {
    EXPECT_REASON(Channel::connect(where, milliseconds(500)), "birth.connect") << where;
  }
}
