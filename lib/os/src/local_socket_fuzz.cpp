// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/local_socket.hpp"

#include "signet/test/fuzz.hpp"
#include "signet/test/temp_dir.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

using namespace signet;

namespace {

/// Connects without LocalSocket and writes raw bytes, as a hostile peer would.
void write_raw(const std::filesystem::path& path, ByteView bytes) {
  const os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(static_cast<char*>(address.sun_path), path.c_str(), sizeof(address.sun_path) - 1);
  FUZZ_ASSERT(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  FUZZ_ASSERT(os::write_all(fd, bytes).has_value());
}

}  // namespace

// Whatever a peer sends is cut into whole messages within the limit, or refused; no byte is lost or made up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t k_message_bytes_max = 4096;
  const ByteView input = test::fuzz_input(data, std::min<std::size_t>(size, 16'384));
  static const test::TempDir folder;
  static auto listener = os::LocalListener::listen(folder / "socket");
  FUZZ_ASSERT(listener.has_value());
  write_raw(folder / "socket", input);
  auto socket = listener->accept(std::chrono::seconds(5));
  FUZZ_ASSERT(socket.has_value());
  FUZZ_ASSERT(socket->peer().uid == ::getuid());
  std::size_t consumed = 0;
  while (const auto message = socket->receive(k_message_bytes_max)) {
    FUZZ_ASSERT(message->size() <= k_message_bytes_max);
    FUZZ_ASSERT(equal(*message, input.subspan(consumed + 4, message->size())));
    consumed += 4 + message->size();
  }
  FUZZ_ASSERT(consumed <= input.size());
  return 0;
}
