// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/birth.hpp"
#include "signet/test/fuzz.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

using namespace signet;

// Whatever comes over the line: what is received is a message whose digest stood before it, and nothing is waited for
// after the other side is gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<int, 2> ends{};
  if (size > 4096 || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return 0;
  const ssize_t written = ::write(ends[1], data, size);
  ::close(ends[1]);
  if (written != static_cast<ssize_t>(size)) {
    ::close(ends[0]);
    return 0;
  }
  auto channel = birth::Channel::over(os::Fd(ends[0]), std::chrono::seconds(2));
  ByteView left = test::fuzz_input(data, size);
  while (true) {
    const auto message = channel.receive();
    if (!message) {
      FUZZ_ASSERT(message.error().reason() == "birth.closed" || message.error().reason() == "birth.noise");
      return 0;
    }
    FUZZ_ASSERT(left.size() >= 8 + message->size() && equal(left.subspan(8, message->size()), *message));
    const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, *message);
    FUZZ_ASSERT(equal(ByteView(digest).first(4), left.subspan(4, 4)));
    left = left.subspan(8 + message->size());
  }
}
