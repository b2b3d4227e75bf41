// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/secret.hpp"
#include "signet/os/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace signet::os {

/// The whole of a file that must not be larger than `size_bytes_max` (read to its end, so pipes work as well).
Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t size_bytes_max);
/// As read_file, into memory that is wiped; for keys and PINs.
Result<Secret> read_secret_file(const std::filesystem::path& path, std::uint64_t size_bytes_max);

/// Replaces a file's content so that after a crash at any moment either the old or the new content is there, whole:
/// writes a sibling, syncs it, renames it, syncs the folder.
Result<void> replace_file(const std::filesystem::path& path, ByteView content, unsigned mode = 0644);
/// Writes a file that must not exist yet, durable as replace_file.
Result<void> write_new_file(const std::filesystem::path& path, ByteView content, unsigned mode = 0644);
/// Makes names that were created, renamed or removed in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);
/// Creates a folder and its parents, durable; one that exists is fine.
Result<void> make_folders(const std::filesystem::path& folder, unsigned mode = 0755);
/// Removes a file, durable; one that does not exist is fine.
Result<void> remove_file(const std::filesystem::path& path);

/// Removes what killed writers left beside `path` on the way to it ("path.new-..."); that of living ones stays. Errors
/// are ignored: readers ignore left-overs as well.
void remove_leftovers(const std::filesystem::path& path);

/// A file that comes into being out of sight and appears under its name only at commit(): for outputs too large for
/// memory. Without commit() nothing remains.
class PendingFile {
 public:
  /// Does not look for what killed writers left: remove_leftovers() does, where a folder is small enough to be listed.
  static Result<PendingFile> create(const std::filesystem::path& path, unsigned mode = 0644);
  PendingFile(PendingFile&&) noexcept = default;
  PendingFile& operator=(PendingFile&&) = delete;
  ~PendingFile();

  [[nodiscard]] const Fd& fd() const { return fd_; }
  /// Syncs, renames to the final name (replacing what is there) and syncs the folder.
  Result<void> commit();
  /// As commit(), but a name that exists already is a conflict ("os.exists"), also if it appeared a moment ago.
  Result<void> commit_new();

 private:
  PendingFile(Fd fd, std::filesystem::path temporary, std::filesystem::path path);
  Fd fd_;
  std::filesystem::path temporary_;
  std::filesystem::path path_;
};

/// An exclusive advisory lock (flock) on a file, created if needed; held until destroyed, also by kill -9.
class FileLock {
 public:
  /// Does not wait: "os.locked" (conflict) if somebody else holds it. `what` names it in the error ("the ledger /x").
  static Result<FileLock> try_acquire(const std::filesystem::path& path, const std::string& what);
  /// Waits.
  static Result<FileLock> acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace signet::os
