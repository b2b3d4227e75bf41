// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/block_device.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace signet::os {
namespace {

struct Access {
  std::uint64_t offset;
  std::size_t size;
  bool allowed;
};

TEST(BlockDevice, P_OS_005_no_access_passes_the_end) {
  constexpr auto k_max = std::numeric_limits<std::uint64_t>::max();
  const Access k_table[] = {{0, 0, true},          {0, 1024, true},  {1023, 1, true},  {1024, 0, true},
                            {0, 1025, false},      {1024, 1, false}, {1025, 0, false}, {k_max, 1, false},
                            {k_max - 1, 4, false}, {512, 513, false}};
  const test::TempDir folder;
  const Bytes before(1024, std::byte{'o'});
  ASSERT_OK(replace_file(folder / "disk", before));
  auto device = open_block_device(folder / "disk");
  ASSERT_OK(device);
  EXPECT_EQ((*device)->size_bytes(), 1024U);
  for (const Access& row : k_table) {
    Bytes room(row.size, std::byte{'o'});
    EXPECT_EQ((*device)->read_at(row.offset, room).has_value(), row.allowed) << row.offset << "+" << row.size;
    EXPECT_EQ((*device)->write_at(row.offset, room).has_value(), row.allowed) << row.offset << "+" << row.size;
  }
  EXPECT_REASON((*device)->write_at(1000, Bytes(100)), "os.beyond-device");
  EXPECT_OK((*device)->flush());
  EXPECT_TRUE(equal(*read_file(folder / "disk", 5000), before));
}

TEST(BlockDevice, what_is_written_is_read) {
  const test::TempDir folder;
  ASSERT_OK(replace_file(folder / "disk", Bytes(4096)));
  auto device = open_block_device(folder / "disk");
  ASSERT_OK(device);
  EXPECT_OK((*device)->write_at(4000, as_bytes("signet")));
  Bytes room(6);
  EXPECT_OK((*device)->read_at(4000, room));
  EXPECT_EQ(as_text(room), "signet");
}

TEST(BlockDevice, only_files_and_devices) {
  const test::TempDir folder;
  EXPECT_REASON(open_block_device(folder / "none"), "os.not-found");
  EXPECT_REASON(open_block_device("/dev/null"), "os.not-a-file");
  EXPECT_REASON(open_block_device(folder.path()), "os.is-a-folder");
}

}  // namespace
}  // namespace signet::os
