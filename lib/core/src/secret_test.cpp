// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/secret.hpp"

#include "signet/test/emulator.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace signet {
namespace {

ByteView bytes_of(const Secret& secret) { return secret.read(SecretAccess::for_cryptography()); }

/// The kernel's flags ("VmFlags:") of the mapping that holds an address; empty where /proc does not tell.
std::string flags_at(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream range(line);
    if (range >> std::hex >> begin >> dash >> end && dash == '-') inside = wanted >= begin && wanted < end;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Secret, P_CORE_005_left_out_of_core_dumps_and_child_processes) {
  SKIP_UNDER_EMULATOR("it does not pass madvise() on to the kernel");
  const Secret secret = Secret::copy_of(as_bytes("PIN 1234"));
  const std::string flags = flags_at(bytes_of(secret).data());
  if (flags.empty()) GTEST_SKIP() << "the kernel does not show VmFlags";
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;  // MADV_DONTDUMP
  EXPECT_NE(flags.find(" wf "), std::string::npos) << flags;  // MADV_WIPEONFORK
}

TEST(Secret, P_CORE_005_a_child_process_sees_zeros) {
  SKIP_UNDER_EMULATOR("it does not pass madvise() on to the kernel");
  const Secret secret = Secret::copy_of(as_bytes("PIN 1234"));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(std::ranges::all_of(bytes_of(secret), [](std::byte b) { return b == std::byte{0}; }) ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(as_text(bytes_of(secret)), "PIN 1234");
}

TEST(Secret, wipe_overwrites) {
  Bytes bytes = to_bytes("secret");
  wipe(bytes);
  EXPECT_EQ(to_hex(bytes), "000000000000");
  std::string text = "a PIN that is longer than the small-string buffer";
  const char* start = text.data();
  const std::size_t size = text.size();
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_TRUE(std::all_of(start + 1, start + size, [](char c) { return c == '\0'; }));
}

TEST(Secret, compares_by_content_and_length) {
  const Secret a = Secret::copy_of(as_bytes("abc"));
  EXPECT_TRUE(a == Secret::copy_of(as_bytes("abc")));
  EXPECT_FALSE(a == Secret::copy_of(as_bytes("abd")));
  EXPECT_FALSE(a == Secret::copy_of(as_bytes("ab")));
  EXPECT_FALSE(a == Secret());
  EXPECT_TRUE(Secret() == Secret());
}

TEST(Secret, clone_is_a_copy_of_its_own) {
  Secret first = Secret::copy_of(as_bytes("abc"));
  const Secret second = first.clone();
  first.write(SecretAccess::for_cryptography())[0] = std::byte{'X'};
  EXPECT_EQ(as_text(bytes_of(second)), "abc");
  EXPECT_TRUE(Secret().clone().empty());
}

TEST(Secret, a_moved_from_secret_is_empty) {
  Secret first = Secret::copy_of(as_bytes("abc"));
  Secret second = std::move(first);
  EXPECT_EQ(first.size(), 0U);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(bytes_of(first).empty());
  first = std::move(second);
  EXPECT_EQ(as_text(bytes_of(first)), "abc");
  EXPECT_TRUE(bytes_of(second).empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, holds_sizes_around_a_page) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (const std::size_t size : {std::size_t{1}, page - 1, page, page + 1, 3 * page}) {
    Secret secret(size);
    std::ranges::fill(secret.write(SecretAccess::for_cryptography()), std::byte{0x5a});
    EXPECT_EQ(secret.size(), size);
    EXPECT_TRUE(secret.clone() == secret);
  }
}

}  // namespace
}  // namespace signet
