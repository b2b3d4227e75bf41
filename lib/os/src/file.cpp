// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace signet::os {

namespace {

constexpr std::string_view k_temporary_mark = ".new-";

/// "4711-0", as the names of temporary files end.
bool is_process_and_serial(std::string_view text) {
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && dash > 0 && dash + 1 < text.size() &&
         text.find_first_not_of("0123456789", dash + 1) == std::string_view::npos &&
         text.find_first_not_of("0123456789") == dash;
}

std::string quoted(const std::filesystem::path& path) { return "'" + printable(path.native()) + "'"; }

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Error too_big(const std::filesystem::path& path, std::uint64_t size_bytes_max) {
  return {Errc::invalid_input, "os.too-big",
          quoted(path) + " is larger than the " + std::to_string(size_bytes_max) + " bytes allowed here",
          "Is it the right file?"};
}

/// A buffer that is wiped however its scope ends, because a key may have passed through it.
struct WipedPiece {
  std::array<std::byte, 65536> bytes{};
  ~WipedPiece() { wipe(bytes); }
};

/// Throwing overloads of std::filesystem would carry an unreadable parent folder past our errors.
bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// Feeds the file to `take` in pieces and stops with an error above the limit.
template <typename Take>
Result<void> read_pieces(const std::filesystem::path& path, std::uint64_t size_bytes_max, Take take) {
  TRY_ASSIGN(const Fd fd, open_read(path));
  WipedPiece buffer;
  const ByteSpan piece(buffer.bytes);
  std::uint64_t total = 0;
  for (;;) {
    auto count = read_some(fd, piece);
    if (!count) return std::move(count).error().with_context("read " + quoted(path));
    if (*count == 0) break;
    total += *count;
    if (total > size_bytes_max) return too_big(path, size_bytes_max);
    take(ByteView(piece).first(*count));
  }
  return {};
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t size_bytes_max) {
  Bytes content;
  TRY(read_pieces(path, size_bytes_max, [&](ByteView piece) { append(content, piece); }));
  return content;
}

Result<Secret> read_secret_file(const std::filesystem::path& path, std::uint64_t size_bytes_max) {
  Secret content;
  TRY(read_pieces(path, size_bytes_max, [&](ByteView piece) {
    Secret longer(content.size() + piece.size());
    const ByteSpan room = longer.write(SecretAccess::for_cryptography());
    std::ranges::copy(content.read(SecretAccess::for_cryptography()), room.begin());
    std::ranges::copy(piece, room.subspan(content.size()).begin());
    content = std::move(longer);
  }));
  return content;
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const int number = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) return errno_error(errno, "open the folder " + quoted(folder));
  return sync(Fd(number)).context("folder " + quoted(folder));
}

void remove_leftovers(const std::filesystem::path& path) {
  std::error_code failed;
  const std::string prefix = path.filename().string() + std::string(k_temporary_mark);
  for (std::filesystem::directory_iterator entry(folder_of(path), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || !is_process_and_serial(std::string_view(name).substr(prefix.size()))) continue;
    const Fd fd(::open(entry->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd.is_open() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
  }
}

PendingFile::PendingFile(Fd fd, std::filesystem::path temporary, std::filesystem::path path)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), path_(std::move(path)) {}

Result<PendingFile> PendingFile::create(const std::filesystem::path& path, unsigned mode) {
  static std::atomic<unsigned> serial{0};
  for (;;) {
    // A name of our own per process and call: two writers never share a temporary file. Left-overs of a killed process
    // are overwritten by a later process of the same number, and ignored by all readers.
    std::filesystem::path temporary = path;
    temporary += std::string(k_temporary_mark) + std::to_string(::getpid()) + "-" + std::to_string(serial++);
    ::unlink(temporary.c_str());
    auto fd = create_new(temporary, mode);
    if (!fd) return std::move(fd).error().with_context("write " + quoted(path));
    // The lock says that somebody is at work on it, and dies with us. Whoever cleaned up between the two calls took it
    // for a left-over.
    if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) continue;
    struct stat status{};
    if (::fstat(fd->get(), &status) == 0 && status.st_nlink == 0) continue;
    return PendingFile(*std::move(fd), std::move(temporary), path);
  }
}

PendingFile::~PendingFile() {
  if (fd_.is_open()) ::unlink(temporary_.c_str());
}

Result<void> PendingFile::commit() {
  ensure(fd_.is_open(), "PendingFile: commit() once");
  TRY(sync(fd_).context("write " + quoted(path_)));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return errno_error(errno, "replace " + quoted(path_));
  fd_ = Fd();
  return sync_folder(folder_of(path_));
}

Result<void> PendingFile::commit_new() {
  ensure(fd_.is_open(), "PendingFile: commit_new() once");
  TRY(sync(fd_).context("write " + quoted(path_)));
  // One step of the kernel, so that of two writers only one wins.
  int failed = ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  if (failed == EINVAL || failed == ENOSYS) {  // file systems without that flag
    failed = ::link(temporary_.c_str(), path_.c_str()) == 0 ? 0 : errno;
    if (failed == 0) ::unlink(temporary_.c_str());
  }
  if (failed != 0) return errno_error(failed, "create " + quoted(path_));
  fd_ = Fd();
  return sync_folder(folder_of(path_));
}

Result<void> replace_file(const std::filesystem::path& path, ByteView content, unsigned mode) {
  TRY_ASSIGN(PendingFile file, PendingFile::create(path, mode));
  TRY(write_all(file.fd(), content).context("write " + quoted(path)));
  return file.commit();
}

Result<void> write_new_file(const std::filesystem::path& path, ByteView content, unsigned mode) {
  TRY_ASSIGN(PendingFile file, PendingFile::create(path, mode));
  TRY(write_all(file.fd(), content).context("write " + quoted(path)));
  return file.commit_new();
}

Result<void> make_folders(const std::filesystem::path& folder, unsigned mode) {
  if (folder.empty() || is_folder(folder)) return {};
  TRY(make_folders(folder.parent_path(), mode));
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST)
    return errno_error(errno, "create the folder " + quoted(folder));
  if (!is_folder(folder)) return errno_error(ENOTDIR, "create the folder " + quoted(folder));
  return sync_folder(folder_of(folder));
}

Result<void> remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return errno_error(errno, "remove " + quoted(path));
  }
  return sync_folder(folder_of(path));
}

Result<FileLock> FileLock::try_acquire(const std::filesystem::path& path, const std::string& what) {
  TRY_ASSIGN(Fd fd, open_or_create(path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno != EWOULDBLOCK) return errno_error(errno, "lock " + quoted(path));
  return Error(Errc::conflict, "os.locked", "another program is at work on " + what,
               "Wait until it has finished, then try again.");
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  TRY_ASSIGN(Fd fd, open_or_create(path));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return errno_error(errno, "lock " + quoted(path));
  }
  return FileLock(std::move(fd));
}

}  // namespace signet::os
