// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/tuf.hpp"

#include <gtest/gtest.h>

namespace signet::tuf {
namespace {

// tests/vectors/tuf/README.md says who made them.
const std::filesystem::path k_python_tuf = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/tuf/python-tuf";
const Reference k_any_day{.now = *from_rfc3339("2026-11-22T12:00:00Z")};

TEST(TufInterop, P_TUF_010_a_repository_of_python_tuf_is_read) {
  const test::TempDir folder;
  ASSERT_OK(Client::init(folder.path(), *os::read_file(k_python_tuf / "metadata/1.root.json", 1U << 20U)));
  Client client = *Client::open(folder.path());
  const auto fetcher = make_folder_fetcher(k_python_tuf);
  const auto done = client.refresh(*fetcher, k_any_day);
  ASSERT_OK(done);
  EXPECT_EQ(done->root_version, 3U);
  EXPECT_EQ(done->timestamp_version, 9U);
  EXPECT_EQ(done->snapshot_version, 7U);
  EXPECT_EQ(done->targets_version, 4U);
  struct Case {
    const char* path;
    const char* role;
    const char* content;
  };
  for (const Case& one : {Case{"cam-a/11.9.60.bundle", "cam-a", "a firmware bundle, as far as this test goes\n"},
                          Case{"read me.txt", "targets", "by targets itself\n"},
                          Case{"file-in-a-bin", "bins", "in a bin\n"}}) {
    const auto target = client.locate(*fetcher, one.path);
    ASSERT_OK(target);
    EXPECT_EQ(target->role(), one.role);
    EXPECT_EQ(*target->custom().uint_at("size"), target->size_bytes());
    std::string content;
    EXPECT_OK(client.download(*fetcher, *target, [&](ByteView piece) -> Result<void> {
      content += as_text(piece);
      return {};
    }));
    EXPECT_EQ(content, one.content);
  }
  EXPECT_REASON(client.locate(*fetcher, "cam-a/other.bundle"), "tuf.no-target");
}

}  // namespace
}  // namespace signet::tuf
