// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <utility>

namespace signet::os {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(-1); }

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  void reset(int number) noexcept;
  int number_ = -1;
};

/// Opens for reading; close-on-exec. A folder is an error.
Result<Fd> open_read(const std::filesystem::path& path);
/// Opens an existing file or device for reading and writing.
Result<Fd> open_read_write(const std::filesystem::path& path);
/// Opens or creates for reading and writing.
Result<Fd> open_or_create(const std::filesystem::path& path, unsigned mode = 0600);
/// Creates; a file that exists is a conflict.
Result<Fd> create_new(const std::filesystem::path& path, unsigned mode = 0600);

/// Size in bytes of a regular file or a block device.
Result<std::uint64_t> size_of(const Fd& fd);
/// Fills `out` from `offset`; an end before that is an error ("os.truncated").
Result<void> read_exact_at(const Fd& fd, std::uint64_t offset, ByteSpan out);
/// Reads up to out.size() bytes from the current position; 0 at the end. Works on pipes.
Result<std::size_t> read_some(const Fd& fd, ByteSpan out);
/// Writes all of it at the current position.
Result<void> write_all(const Fd& fd, ByteView bytes);
/// Writes all of it at `offset`.
Result<void> write_all_at(const Fd& fd, std::uint64_t offset, ByteView bytes);
/// Flushes data and size to stable storage.
Result<void> sync(const Fd& fd);

}  // namespace signet::os
