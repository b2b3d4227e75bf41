// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/os/file.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace signet::tuf {

/// The folder of trusted metadata: ROLE.json as it came from the repository, byte for byte (names percent-encoded).
///
/// Each file is replaced whole. The one step that needs two files to change together, a new root that takes keys away
/// from timestamp or snapshot (5.3.11), leaves a note first, so that a kill in between is made good at the next open().
class Store {
 public:
  /// Takes the lock and finishes what a kill has interrupted.
  static Result<Store> open(const std::filesystem::path& folder);

  /// What is kept of a role; nothing if there is no such file.
  [[nodiscard]] Result<std::optional<Bytes>> read(std::string_view role, std::uint64_t size_bytes_max) const;
  Result<void> write(std::string_view role, ByteView bytes);
  /// A new root, and with it the end of timestamp and snapshot.
  Result<void> write_root_and_forget(ByteView root);

 private:
  Store(std::filesystem::path folder, os::FileLock lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  [[nodiscard]] std::filesystem::path path_of(std::string_view role) const;
  Result<void> forget();
  Result<void> settle();

  std::filesystem::path folder_;
  os::FileLock lock_;
};

}  // namespace signet::tuf
