// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "slot_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <limits>

namespace signet::updated {

Result<std::uint64_t> room_of(const Target& target) {
  if (!target.block) return target.size_bytes_max.value_or(std::numeric_limits<std::uint64_t>::max());
  TRY_ASSIGN(const auto device, os::open_block_device(target.path));
  return device->size_bytes();
}

Result<void> SlotWriter::begin(const bundle::Image& image) {
  const Target& target = targets_.at(image.role);  // decide() has seen that it exists
  if (target.block) {
    TRY(before_block_write_());
    TRY_ASSIGN(device_, os::open_block_device(target.path));
    return {};
  }
  TRY(os::make_folders(target.path.parent_path()));
  os::remove_leftovers(target.path);
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(target.path));
  file_ = std::make_unique<os::PendingFile>(std::move(file));
  // The whole size at once: zeros need not be written, and sparse images stay sparse.
  if (::ftruncate(file_->fd().get(), static_cast<off_t>(image.size_bytes)) != 0) {
    return errno_error(errno, "make room for image '" + image.role + "'");
  }
  return {};
}

Result<void> SlotWriter::write(std::uint64_t offset, ByteView chunk) {
  if (device_) return device_->write_at(offset, chunk);
  static const Bytes k_zeros(bundle::k_chunk_size_bytes);
  if (as_text(chunk) == as_text(k_zeros).substr(0, chunk.size())) return {};
  return os::write_all_at(file_->fd(), offset, chunk);
}

Result<void> SlotWriter::end(const bundle::Image&) {
  if (device_) {
    TRY(device_->flush());
    device_.reset();
    return {};
  }
  TRY(os::sync(file_->fd()));  // a full disk may show only here
  files_.push_back(std::move(*file_));
  file_.reset();
  return {};
}

Result<void> SlotWriter::commit() {
  for (os::PendingFile& file : files_) TRY(file.commit());
  files_.clear();
  return {};
}

}  // namespace signet::updated
