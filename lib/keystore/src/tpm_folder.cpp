// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The folder of a TPM key store: one record per key, replaced as a whole or not at all.
#include "private_path.hpp"
#include "tpm_store.hpp"

#include <algorithm>

namespace signet::keystore {

namespace {

constexpr std::string_view k_extension = ".tpmkey";
/// What os::replace_file() leaves beside a file if it is killed; it holds a key's auth.
constexpr std::string_view k_left_over = ".tpmkey.new-";

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

}  // namespace

std::filesystem::path TpmRecordFolder::path_of(std::string_view label) const {
  return folder_ / (std::string(label) + std::string(k_extension));
}

FileStamp TpmRecordFolder::stamp(std::string_view label) const {
  struct stat status{};
  if (::stat(path_of(label).c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .changed_ns = std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec,
          .size_bytes = status.st_size};
}

Result<void> TpmRecordFolder::check() const {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder_, ignored)) return check_closed(folder_, "700");
  return Error(Errc::not_found, "keystore.no-store", name() + " does not exist",
               "`signet key generate` makes it with its first key.");
}

Result<std::vector<std::string>> TpmRecordFolder::labels() const {
  TRY(check());
  std::vector<std::string> found;
  std::error_code failed;
  std::filesystem::directory_iterator entry(folder_, failed);
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const std::filesystem::path file_name = entry->path().filename();
    if (file_name.extension() == k_extension && check_label(file_name.stem().native()))
      found.push_back(file_name.stem().string());
  }
  if (failed) return errno_error(failed.value(), "list " + name());
  std::ranges::sort(found);
  return found;
}

Result<TpmRecordFolder::Untidy> TpmRecordFolder::look() const {
  Untidy untidy;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
    if (entry.path().filename().native().find(k_left_over) != std::string::npos)
      untidy.left_over.push_back(entry.path());
  }
  TRY_ASSIGN(const auto found, labels());
  for (const std::string& label : found) {
    const auto record = read(label);  // a damaged record must not close the store
    if (record && record->version < k_record_version) untidy.old.push_back(label);
  }
  return untidy;
}

Result<void> TpmRecordFolder::tidy() const {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder_, ignored)) return {};
  TRY(check());
  TRY_ASSIGN(Untidy untidy, look());
  if (untidy.left_over.empty() && untidy.old.empty()) return {};
  const auto lock = os::FileLock::acquire(folder_ / ".lock");
  if (!lock) return {};  // read-only: old versions are understood as they are
  // Whoever writes holds the lock, so what is unfinished now stays so.
  TRY_ASSIGN(untidy, look());
  for (const auto& path : untidy.left_over) std::filesystem::remove(path, ignored);
  for (const std::string& label : untidy.old) {
    if (!migrate(label)) break;  // the disk is full: old records stay whole, and the next opening tries again
  }
  return {};
}

Result<void> TpmRecordFolder::migrate(std::string_view label) const {
  TRY_ASSIGN(const TpmRecord record, read(label));
  const Secret text = record.text();
  return os::replace_file(path_of(label), text.read(SecretAccess::for_export()), 0600);
}

Result<TpmRecord> TpmRecordFolder::read(std::string_view label) const {
  TRY(check_label(label));
  TRY(check());
  const std::filesystem::path path = path_of(label);
  if (!is_there(path)) {
    return Error(Errc::not_found, "keystore.no-key", "the key '" + std::string(label) + "' is not in " + name(),
                 "`signet key list` shows the keys that are there.");
  }
  TRY(check_closed(path, "600"));
  TRY_ASSIGN(const Secret text, os::read_secret_file(path, k_record_bytes_max));
  auto record =
      TpmRecord::parse(text.read(SecretAccess::for_cryptography())).context("read '" + printable(path.native()) + "'");
  if (!record || record->label == label) return record;
  return Error(Errc::invalid_input, "keystore.record",
               "'" + printable(path.native()) + "' holds the key '" + record->label + "'",
               "Records of keys must not be renamed.");
}

Result<TpmKeyInfo> TpmRecordFolder::info(std::string_view label) {
  const FileStamp now = stamp(label);
  const auto at = known_.find(label);
  if (at != known_.end() && at->second.stamp == now) return at->second.info;
  if (at != known_.end()) known_.erase(at);
  TRY_ASSIGN(const TpmRecord record, read(label));
  TpmKeyInfo found = record.info();
  known_.emplace(std::string(label), Known{now, found});
  return found;
}

Result<os::FileLock> TpmRecordFolder::reserve(std::string_view label) const {
  TRY(check_label(label));
  TRY(os::make_folders(folder_, 0700));
  TRY(check());
  TRY_ASSIGN(os::FileLock lock, os::FileLock::acquire(folder_ / ".lock"));
  if (!is_there(path_of(label))) return lock;
  return Error(Errc::conflict, "keystore.label-taken",
               "there is already a key '" + std::string(label) + "' in " + name(),
               "Choose another label, or retire that key first.");
}

Result<void> TpmRecordFolder::write_new(const TpmRecord& record) const {
  const Secret text = record.text();
  return os::write_new_file(path_of(record.label), text.read(SecretAccess::for_export()), 0600);
}

Result<void> TpmRecordFolder::replace(const TpmRecord& record) const {
  TRY_ASSIGN(const os::FileLock lock, os::FileLock::acquire(folder_ / ".lock"));
  const Secret text = record.text();
  return os::replace_file(path_of(record.label), text.read(SecretAccess::for_export()), 0600);
}

Result<void> TpmRecordFolder::remove(std::string_view label) const {
  TRY(check());
  TRY_ASSIGN(const os::FileLock lock, os::FileLock::acquire(folder_ / ".lock"));
  return os::remove_file(path_of(label));
}

}  // namespace signet::keystore
