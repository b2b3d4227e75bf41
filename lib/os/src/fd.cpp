// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/fd.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace signet::os {

void Fd::reset(int number) noexcept {
  const int old = std::exchange(number_, number);
  if (old >= 0) ::close(old);
}

namespace {

Result<Fd> open_path(const std::filesystem::path& path, int flags, unsigned mode, const char* doing) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return errno_error(errno, std::string(doing) + " '" + printable(path.native()) + "'");
  return Fd(number);
}

/// Offsets travel as off_t, which is signed; 2^63 and more is no size of a file.
Result<void> check_range(std::uint64_t offset, std::size_t size) {
  constexpr auto k_max = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  if (offset <= k_max && size <= k_max - offset) return {};
  return Error(Errc::invalid_input, "os.offset", "an offset is beyond what a file can have");
}

}  // namespace

Result<Fd> open_read(const std::filesystem::path& path) {
  TRY_ASSIGN(Fd fd, open_path(path, O_RDONLY, 0, "open"));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "examine '" + printable(path.native()) + "'");
  if (S_ISDIR(status.st_mode)) return errno_error(EISDIR, "read '" + printable(path.native()) + "'");
  return fd;
}

Result<Fd> open_read_write(const std::filesystem::path& path) { return open_path(path, O_RDWR, 0, "open for writing"); }

Result<Fd> open_or_create(const std::filesystem::path& path, unsigned mode) {
  return open_path(path, O_RDWR | O_CREAT, mode, "open or create");
}

Result<Fd> create_new(const std::filesystem::path& path, unsigned mode) {
  return open_path(path, O_RDWR | O_CREAT | O_EXCL, mode, "create");
}

Result<std::uint64_t> size_of(const Fd& fd) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "examine a file");
  if (S_ISBLK(status.st_mode)) {
    std::uint64_t size = 0;
    if (::ioctl(fd.get(), BLKGETSIZE64, &size) != 0) return errno_error(errno, "ask a block device for its size");
    return size;
  }
  if (!S_ISREG(status.st_mode)) {
    return Error(Errc::invalid_input, "os.not-a-file", "neither a regular file nor a block device",
                 "Name a regular file.");
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> read_exact_at(const Fd& fd, std::uint64_t offset, ByteSpan out) {
  TRY(check_range(offset, out.size()));
  while (!out.empty()) {
    const ssize_t count = ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error(errno, "read");
    if (count == 0) {
      return Error(Errc::invalid_input, "os.truncated", "the file ends too early",
                   "It was cut off, perhaps while it was copied; get it again.");
    }
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<std::size_t> read_some(const Fd& fd, ByteSpan out) {
  for (;;) {
    const ssize_t count = ::read(fd.get(), out.data(), out.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return errno_error(errno, "read");
  }
}

Result<void> write_all(const Fd& fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error(errno, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> write_all_at(const Fd& fd, std::uint64_t offset, ByteView bytes) {
  TRY(check_range(offset, bytes.size()));
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error(errno, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> sync(const Fd& fd) {
  if (::fsync(fd.get()) != 0) return errno_error(errno, "flush to disk");
  return {};
}

}  // namespace signet::os
