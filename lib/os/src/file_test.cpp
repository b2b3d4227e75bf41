// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

namespace signet::os {
namespace {

std::string content_of(const std::filesystem::path& path) {
  const auto content = read_file(path, 1U << 20U);
  return content ? std::string(as_text(*content)) : "(" + content.error().reason() + ")";
}

std::size_t names_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

/// Runs `work` in a child process, whose limits it may change; true if it returned true.
template <typename Work>
bool in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST(File, replace_makes_and_replaces) {
  const test::TempDir folder;
  EXPECT_OK(replace_file(folder / "a", as_bytes("one"), 0600));
  EXPECT_EQ(content_of(folder / "a"), "one");
  EXPECT_OK(replace_file(folder / "a", as_bytes("two")));
  EXPECT_EQ(content_of(folder / "a"), "two");
  EXPECT_EQ(names_in(folder.path()), 1U);
}

TEST(File, P_OS_001_a_failed_replacement_leaves_the_old_content_and_nothing_else) {
  const test::TempDir folder;
  ASSERT_OK(replace_file(folder / "a", as_bytes("old")));
  const bool held = in_child([&] {
    const rlimit limit{10, 10};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = replace_file(folder / "a", Bytes(1000));
    return !result && result.error().code() == Errc::exhausted && result.error().reason() == "os.file-too-big";
  });
  EXPECT_TRUE(held);
  EXPECT_EQ(content_of(folder / "a"), "old");
  EXPECT_EQ(names_in(folder.path()), 1U);
}

TEST(File, P_OS_001_a_full_disk_leaves_the_old_content_and_nothing_else) {
  const test::TempDir folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "mounting a small tmpfs needs root";
  EXPECT_OK(replace_file(folder / "a", as_bytes("old")));
  EXPECT_REASON(replace_file(folder / "a", Bytes(100'000)), "os.disk-full");
  EXPECT_EQ(content_of(folder / "a"), "old");
  EXPECT_EQ(names_in(folder.path()), 1U);
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

TEST(File, P_OS_001_readers_see_one_whole_content_at_any_moment) {
  const test::TempDir folder;
  const Bytes a(50'000, std::byte{'a'});
  const Bytes b(70'000, std::byte{'b'});
  ASSERT_OK(replace_file(folder / "f", a));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; i < 40; ++i) (void)replace_file(folder / "f", i % 2 == 0 ? b : a).has_value();
    stop = true;
  });
  bool whole = true;
  while (!stop) {
    const auto seen = read_file(folder / "f", 1U << 20U);
    whole = whole && seen && (equal(*seen, a) || equal(*seen, b));
  }
  writer.join();
  EXPECT_TRUE(whole);
}

TEST(File, P_OS_002_of_many_writers_of_a_new_file_one_wins) {
  const test::TempDir folder;
  std::atomic<int> won{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const auto result = write_new_file(folder / "new", as_bytes(std::to_string(i)));
      if (result) ++won;
      if (!result && result.error().reason() == "os.exists") ++refused;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(names_in(folder.path()), 1U);
}

TEST(File, P_OS_003_a_pending_file_leaves_nothing_without_commit) {
  const test::TempDir folder;
  {
    auto pending = PendingFile::create(folder / "out");
    ASSERT_OK(pending);
    EXPECT_OK(write_all(pending->fd(), as_bytes("half")));
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    PendingFile moved = *std::move(pending);
    EXPECT_OK(write_all(moved.fd(), as_bytes("of it")));
  }
  EXPECT_EQ(names_in(folder.path()), 0U);
  EXPECT_REASON(PendingFile::create(folder / "missing" / "out"), "os.not-found");
}

TEST(File, P_OS_003_what_killed_writers_left_is_removed_and_nothing_else) {
  const test::TempDir folder;
  ASSERT_TRUE(in_child([&] {
    const auto killed = PendingFile::create(folder / "out");
    ::_exit(killed && write_all(killed->fd(), as_bytes("half")) ? 0 : 1);  // no destructor, as after kill -9
    return false;
  }));
  ASSERT_EQ(names_in(folder.path()), 1U);
  const std::vector<std::string> others{"out.new-",   "out.new-1",   "out.new-1-",
                                        "out.new--1", "out.new-1-x", "other.new-1-0"};
  for (const std::string& name : others) ASSERT_OK(create_new(folder / name));
  auto living = PendingFile::create(folder / "out");
  ASSERT_OK(living);
  remove_leftovers(folder / "out");
  EXPECT_EQ(names_in(folder.path()), others.size() + 1);
  EXPECT_OK(living->commit());
  for (const std::string& name : others) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  remove_leftovers(folder / "missing" / "out");
}

TEST(File, a_committed_pending_file_appears_whole) {
  const test::TempDir folder;
  auto pending = PendingFile::create(folder / "out", 0600);
  ASSERT_OK(pending);
  EXPECT_OK(write_all(pending->fd(), as_bytes("all")));
  EXPECT_OK(pending->commit());
  EXPECT_EQ(content_of(folder / "out"), "all");
  struct stat status{};
  ASSERT_EQ(::stat((folder / "out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(names_in(folder.path()), 1U);
}

TEST(File, reading_is_bounded) {
  const test::TempDir folder;
  ASSERT_OK(replace_file(folder / "a", Bytes(100)));
  EXPECT_OK(read_file(folder / "a", 100));
  EXPECT_REASON(read_file(folder / "a", 99), "os.too-big");
  EXPECT_REASON(read_file("/dev/zero", 1000), "os.too-big");
  EXPECT_REASON(read_file(folder.path(), 100), "os.is-a-folder");
  EXPECT_REASON(read_file(folder / "b", 100), "os.not-found");
  EXPECT_REASON(read_file(folder / "a" / "b", 100), "os.not-a-folder");
  ASSERT_OK(replace_file(folder / "pin", as_bytes("1234"), 0600));
  EXPECT_TRUE(*read_secret_file(folder / "pin", 10) == Secret::copy_of(as_bytes("1234")));
  EXPECT_REASON(read_secret_file(folder / "pin", 3), "os.too-big");
}

TEST(File, folders_are_made_with_their_parents) {
  const test::TempDir folder;
  EXPECT_OK(make_folders(folder / "a" / "b" / "c"));
  EXPECT_OK(make_folders(folder / "a" / "b" / "c"));
  EXPECT_OK(make_folders((folder / "d").string() + "/"));
  ASSERT_OK(replace_file(folder / "file", {}));
  EXPECT_REASON(make_folders(folder / "file"), "os.not-a-folder");
  EXPECT_REASON(make_folders(folder / "file" / "x"), "os.not-a-folder");
  EXPECT_REASON(make_folders(folder / std::string(300, 'x')), "os.io");
}

TEST(File, removing_is_idempotent) {
  const test::TempDir folder;
  ASSERT_OK(replace_file(folder / "a", {}));
  EXPECT_OK(remove_file(folder / "a"));
  EXPECT_OK(remove_file(folder / "a"));
  EXPECT_EQ(names_in(folder.path()), 0U);
}

TEST(File, P_OS_004_a_lock_has_one_holder_and_dies_with_it) {
  const test::TempDir folder;
  {
    const auto lock = FileLock::try_acquire(folder / "lock", "the ledger");
    ASSERT_OK(lock);
    const auto second = FileLock::try_acquire(folder / "lock", "the ledger");
    EXPECT_REASON(second, "os.locked");
    EXPECT_EQ(second.error().code(), Errc::conflict);
    EXPECT_NE(second.error().text().find("the ledger"), std::string::npos);
  }
  EXPECT_OK(FileLock::try_acquire(folder / "lock", "the ledger"));
  EXPECT_TRUE(in_child([&] {
    const auto lock = FileLock::acquire(folder / "lock");
    return lock.has_value();  // and _exit() without giving it back
  }));
  EXPECT_OK(FileLock::try_acquire(folder / "lock", "the ledger"));
}

}  // namespace
}  // namespace signet::os
