// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include "signet/crypto.hpp"
#include "signet/tuf.hpp"

#include "paths.hpp"

namespace signet::tuf {

namespace {

constexpr const char* k_lock = ".lock";
constexpr const char* k_rotation_note = ".rotation";  ///< SHA-256 of the root with which to forget

std::string fingerprint(ByteView bytes) { return to_hex(crypto::digest(crypto::HashAlgorithm::sha256, bytes)); }

}  // namespace

std::filesystem::path Store::path_of(std::string_view role) const {
  return folder_ / (percent_encoded(role) + ".json");
}

Result<Store> Store::open(const std::filesystem::path& folder) {
  TRY(os::make_folders(folder));
  TRY_ASSIGN(os::FileLock lock,
             os::FileLock::try_acquire(folder / k_lock, "the update metadata in " + folder.string()));
  Store store(folder, std::move(lock));
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) os::remove_leftovers(store.path_of(role));
  os::remove_leftovers(folder / k_rotation_note);
  TRY(store.settle());
  return store;
}

Result<std::optional<Bytes>> Store::read(std::string_view role, std::uint64_t size_bytes_max) const {
  auto bytes = os::read_file(path_of(role), size_bytes_max);
  if (bytes) return std::optional(*std::move(bytes));
  if (bytes.error().code() == Errc::not_found) return std::optional<Bytes>();
  return std::move(bytes).error();
}

Result<void> Store::write(std::string_view role, ByteView bytes) {
  os::remove_leftovers(path_of(role));  // of delegated roles, whose names open() does not know
  return os::replace_file(path_of(role), bytes);
}

Result<void> Store::write_root_and_forget(ByteView root) {
  TRY(os::replace_file(folder_ / k_rotation_note, as_bytes(fingerprint(root))));
  TRY(write("root", root));
  return forget();
}

Result<void> Store::forget() {
  TRY(os::remove_file(path_of("timestamp")));
  TRY(os::remove_file(path_of("snapshot")));
  return os::remove_file(folder_ / k_rotation_note);
}

Result<void> Store::settle() {
  auto note = os::read_file(folder_ / k_rotation_note, 1024);
  if (!note) {
    if (note.error().code() == Errc::not_found) return {};
    return std::move(note).error();
  }
  TRY_ASSIGN(const std::optional<Bytes> root, read("root", Limits().root_size_bytes_max));
  if (root && fingerprint(*root) == as_text(*note)) return forget();
  return os::remove_file(folder_ / k_rotation_note);  // the new root never came to be
}

}  // namespace signet::tuf
