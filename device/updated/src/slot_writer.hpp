// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/block_device.hpp"
#include "signet/os/file.hpp"
#include "signet/updated.hpp"

#include <map>
#include <memory>
#include <string>

namespace signet::updated {

/// Writes the images of one bundle into one slot. File targets are written beside the old content and take its place in
/// commit(); block targets are written in place, so `before_block_write` is called before the first byte of one is
/// touched.
class SlotWriter : public bundle::ImageSink {
 public:
  SlotWriter(const std::map<std::string, Target>& targets, std::function<Result<void>()> before_block_write)
      : targets_(targets), before_block_write_(std::move(before_block_write)) {}

  Result<void> begin(const bundle::Image& image) override;
  Result<void> write(std::uint64_t offset, ByteView chunk) override;
  Result<void> end(const bundle::Image& image) override;

  /// Flushes everything; file targets get their names. After it the slot's content is complete and durable.
  Result<void> commit();

 private:
  const std::map<std::string, Target>& targets_;
  std::function<Result<void>()> before_block_write_;
  std::vector<os::PendingFile> files_;  ///< complete ones, not yet under their names
  std::unique_ptr<os::PendingFile> file_;
  std::unique_ptr<os::BlockDevice> device_;
};

/// Room in bytes of a target.
Result<std::uint64_t> room_of(const Target& target);

}  // namespace signet::updated
