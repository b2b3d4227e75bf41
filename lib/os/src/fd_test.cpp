// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/fd.hpp"

#include "signet/os/clock.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <limits>

namespace signet::os {
namespace {

TEST(Fd, closes_once_and_moves) {
  const test::TempDir folder;
  int number = -1;
  {
    auto first = create_new(folder / "a");
    ASSERT_OK(first);
    number = first->get();
    const Fd second = *std::move(first);
    EXPECT_FALSE(first->is_open());
    EXPECT_EQ(second.get(), number);
    EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Fd, creating_refuses_what_exists) {
  const test::TempDir folder;
  ASSERT_OK(create_new(folder / "a"));
  EXPECT_REASON(create_new(folder / "a"), "os.exists");
  EXPECT_OK(open_or_create(folder / "a"));
  EXPECT_REASON(open_read(folder.path()), "os.is-a-folder");
  EXPECT_REASON(open_read_write(folder / "b"), "os.not-found");
}

TEST(Fd, P_OS_006_a_short_file_is_truncated_not_zeros) {
  const test::TempDir folder;
  auto fd = create_new(folder / "a");
  ASSERT_OK(fd);
  ASSERT_OK(write_all_at(*fd, 5, as_bytes("12345")));
  EXPECT_EQ(*size_of(*fd), 10U);
  Bytes room(5);
  EXPECT_OK(read_exact_at(*fd, 5, room));
  EXPECT_EQ(as_text(room), "12345");
  EXPECT_REASON(read_exact_at(*fd, 6, room), "os.truncated");
  EXPECT_REASON(read_exact_at(*fd, 100, room), "os.truncated");
  EXPECT_REASON(read_exact_at(*fd, std::numeric_limits<std::uint64_t>::max(), room), "os.offset");
  EXPECT_REASON(write_all_at(*fd, std::uint64_t{1} << 63U, room), "os.offset");
}

TEST(Fd, a_full_device_is_exhausted) {
  const auto full = open_read_write("/dev/full");
  ASSERT_OK(full);
  EXPECT_REASON(write_all(*full, as_bytes("x")), "os.disk-full");
}

TEST(Clock, the_system_clock_is_of_this_century) {
  const Instant now = SystemClock().now();
  EXPECT_GT(now, *from_rfc3339("2020-01-01T00:00:00Z"));
  EXPECT_LT(now, *from_rfc3339("2100-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace signet::os
