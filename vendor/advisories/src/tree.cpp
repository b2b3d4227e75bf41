// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "provider.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

namespace signet::advisories {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_mark_name = ".signet-publication";
constexpr std::string_view k_mark = "signet-publication-1\n";
constexpr std::uint64_t k_file_size_bytes_max = 16U << 20U;

std::string quoted(const fs::path& path) { return "'" + printable(path.native()) + "'"; }

Error foreign(const fs::path& folder) {
  return {Errc::conflict, "publish.foreign-folder",
          quoted(folder) + " holds something that `signet advisory publish` did not make",
          "Name a folder that is not there yet, and let the web server serve that."};
}

/// Beside the folder, so that one rename puts it in its place.
fs::path beside(const fs::path& folder) { return folder.parent_path() / ("." + folder.filename().string() + ".new"); }

Result<void> write_tree(const fs::path& root, const Tree& tree) {
  std::error_code error;
  for (const auto& [name, content] : tree) {
    const fs::path path = root / name;
    fs::create_directories(path.parent_path(), error);
    if (error) return errno_error(error.value(), "make the folder " + quoted(path.parent_path()));
    TRY_ASSIGN(const os::Fd file, os::create_new(path, 0644));
    TRY(os::write_all(file, as_bytes(content)));
  }
  // One flush for all of them, before any of them can be seen under its name.
  TRY_ASSIGN(const os::Fd mark, os::open_read(root / k_mark_name));
  if (::syncfs(mark.get()) != 0) return errno_error(errno, "flush " + quoted(root));
  return {};
}

}  // namespace

Result<std::optional<Tree>> read_tree(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(folder, error);
  if (status.type() == fs::file_type::not_found) return std::optional<Tree>();
  if (error) return errno_error(error.value(), "look at " + quoted(folder));
  if (status.type() != fs::file_type::directory) return foreign(folder);
  Tree tree;
  fs::recursive_directory_iterator at(folder, error);
  if (error) return errno_error(error.value(), "list " + quoted(folder));
  if (at == fs::recursive_directory_iterator()) return std::optional<Tree>(Tree());  // an empty folder is nobody's
  const auto mark = os::read_file(folder / k_mark_name, k_mark.size());
  if (!mark && mark.error().code() != Errc::not_found) return mark.error();
  if (!mark || as_text(*mark) != k_mark) return foreign(folder);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_directory(error)) continue;
    TRY_ASSIGN(const Bytes content, os::read_file(at->path(), k_file_size_bytes_max));
    tree[at->path().lexically_relative(folder).string()] = std::string(as_text(content));
  }
  if (error) return errno_error(error.value(), "list " + quoted(folder));
  tree.erase(std::string(k_mark_name));
  return std::optional<Tree>(std::move(tree));
}

Result<void> remove_left_over(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(beside(folder), error);
  return error ? Result<void>(errno_error(error.value(), "remove " + quoted(beside(folder)))) : Result<void>();
}

Result<void> replace_tree(const fs::path& folder, const Tree& tree) {
  const fs::path made = beside(folder);
  std::error_code error;
  TRY(remove_left_over(folder));
  TRY(os::make_folders(made));
  Tree marked = tree;
  marked[std::string(k_mark_name)] = k_mark;
  TRY(write_tree(made, marked));
  const bool exists = fs::exists(fs::symlink_status(folder, error));
  const unsigned flags = exists ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, folder.c_str(), flags) != 0) {
    return errno_error(errno, "put the new folder in the place of " + quoted(folder));
  }
  TRY(os::sync_folder(folder.parent_path()));
  return remove_left_over(folder);  // which is the old one now
}

}  // namespace signet::advisories
