// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/block_device.hpp"

#include "signet/os/fd.hpp"

namespace signet::os {

namespace {

class FdBlockDevice : public BlockDevice {
 public:
  FdBlockDevice(Fd fd, std::uint64_t size_bytes) : fd_(std::move(fd)), size_bytes_(size_bytes) {}

  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }

  Result<void> read_at(std::uint64_t offset, ByteSpan out) override {
    TRY(check(offset, out.size()));
    return read_exact_at(fd_, offset, out);
  }

  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    TRY(check(offset, bytes.size()));
    return write_all_at(fd_, offset, bytes);
  }

  Result<void> flush() override { return sync(fd_); }

 private:
  Result<void> check(std::uint64_t offset, std::uint64_t size) const {
    if (offset <= size_bytes_ && size <= size_bytes_ - offset) return {};
    return Error(Errc::exhausted, "os.beyond-device",
                 "byte " + std::to_string(offset) + " + " + std::to_string(size) + " is beyond the device's " +
                     std::to_string(size_bytes_) + " bytes",
                 "Use a larger partition or a smaller image.");
  }

  Fd fd_;
  std::uint64_t size_bytes_;
};

}  // namespace

Result<std::unique_ptr<BlockDevice>> open_block_device(const std::filesystem::path& path) {
  TRY_ASSIGN(Fd fd, open_read_write(path));
  TRY_ASSIGN(const std::uint64_t size_bytes, size_of(fd));
  return std::unique_ptr<BlockDevice>(std::make_unique<FdBlockDevice>(std::move(fd), size_bytes));
}

}  // namespace signet::os
