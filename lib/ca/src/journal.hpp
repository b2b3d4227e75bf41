// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/os/fd.hpp"

#include <filesystem>
#include <vector>

namespace signet::ca {

/// What a journal's bytes hold: the records, and how much of the file they fill. The rest is what a crash left of a
/// record that nobody was told of.
struct JournalContent {
  std::vector<Bytes> records;
  std::size_t size_bytes = 0;
  Bytes chain;  ///< the digest of the last frame
};

/// Records that are only ever added, each bound to all before it by a digest (docs/formats/ca-state.md).
class Journal {
 public:
  /// Writes a journal with its first record; it appears whole or not at all. "os.exists" (conflict) if there is one.
  static Result<void> create(const std::filesystem::path& path, ByteView first_record);
  /// Reads a journal and makes it ready to be added to.
  static Result<Journal> open(const std::filesystem::path& path, std::vector<Bytes>& records);
  /// Reads the bytes of a journal. "ca.damaged" if anything but its end is not as it was written.
  static Result<JournalContent> read(ByteView bytes);

  /// Adds a record; on return it survives a power cut. After an error the record is not there.
  Result<void> append(ByteView record);

 private:
  Journal(std::filesystem::path path, os::Fd fd, std::size_t size_bytes, Bytes chain)
      : path_(std::move(path)), fd_(std::move(fd)), size_bytes_(size_bytes), chain_(std::move(chain)) {}
  Result<void> cut_tail();
  std::filesystem::path path_;
  os::Fd fd_;
  std::size_t size_bytes_;
  Bytes chain_;
};

}  // namespace signet::ca
