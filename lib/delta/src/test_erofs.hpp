// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

/// Small erofs images for tests, laid out as mkfs.erofs does without inlined tails.
namespace signet::delta::test {

struct ErofsFile {
  std::string name;  ///< in the root directory
  std::int64_t modified = 0;
  Bytes content;
};

/// An uncompressed erofs of blocks of 4 KiB: superblock, inodes, the root directory, files (linux/fs/erofs/erofs_fs.h).
class ErofsMaker {
 public:
  explicit ErofsMaker(std::vector<ErofsFile> files) : files_(std::move(files)) {
    std::ranges::sort(files_, {}, &ErofsFile::name);
    const std::uint64_t inode_blocks = blocks(k_inode_bytes * (files_.size() + 1));
    const Bytes directory = make_directory();
    const std::uint64_t directory_block = 1 + inode_blocks;
    image_.resize(static_cast<std::size_t>((directory_block + blocks(directory.size())) * k_block));
    put(k_super, 0xE0F5E1E2, 4);
    put(k_super + 12, 12, 1);  // blocks of 2^12 bytes
    put(k_super + 40, 1, 4);   // where inodes begin
    put_inode(0, 0040755, directory.size(), directory_block, 0);
    std::ranges::copy(directory, image_.begin() + static_cast<std::ptrdiff_t>(directory_block * k_block));
    for (std::size_t i = 0; i < files_.size(); ++i) {
      put_inode(i + 1, 0100644, files_[i].content.size(), image_.size() / k_block, files_[i].modified);
      append(image_, files_[i].content);
      image_.resize(static_cast<std::size_t>(blocks(image_.size()) * k_block));
    }
  }
  [[nodiscard]] const Bytes& image() const { return image_; }

 private:
  static constexpr std::uint64_t k_block = 4096;
  static constexpr std::size_t k_super = 1024;
  static constexpr std::size_t k_inode_bytes = 64;

  static std::uint64_t blocks(std::uint64_t size) { return (size + k_block - 1) / k_block; }
  static void put_into(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
  void put(std::size_t at, std::uint64_t value, std::size_t size) { put_into(image_, at, value, size); }

  void put_inode(std::size_t number, std::uint64_t mode, std::uint64_t size, std::uint64_t block, std::int64_t time) {
    const std::size_t at = static_cast<std::size_t>(k_block) + number * k_inode_bytes;
    put(at, 1, 2);  // an extended inode, its data in whole blocks
    put(at + 4, mode, 2);
    put(at + 8, size, 8);
    put(at + 16, block, 4);
    put(at + 32, static_cast<std::uint64_t>(time), 8);
  }

  /// One block: twelve bytes for each name, then the names. Inodes count in slots of 32 bytes.
  [[nodiscard]] Bytes make_directory() const {
    Bytes entries(12 * files_.size());
    Bytes names;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      put_into(entries, 12 * i, 2 * (i + 1), 8);
      put_into(entries, 12 * i + 8, entries.size() + names.size(), 2);
      append(names, as_bytes(files_[i].name));
    }
    append(entries, names);
    return entries;
  }

  std::vector<ErofsFile> files_;
  Bytes image_;
};

}  // namespace signet::delta::test
