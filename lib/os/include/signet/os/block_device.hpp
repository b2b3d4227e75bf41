// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace signet::os {

/// A fixed number of bytes that survive a power cut once flushed: a partition, or a file that stands for one.
class BlockDevice {
 public:
  virtual ~BlockDevice() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  /// Fills `out`; beyond the end is an error.
  virtual Result<void> read_at(std::uint64_t offset, ByteSpan out) = 0;
  /// Beyond the end is an error and writes nothing.
  virtual Result<void> write_at(std::uint64_t offset, ByteView bytes) = 0;
  /// After success everything written before survives a power cut.
  virtual Result<void> flush() = 0;
};

/// A block device node, or a regular file of the device's size.
Result<std::unique_ptr<BlockDevice>> open_block_device(const std::filesystem::path& path);

}  // namespace signet::os
