// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"
#include "signet/delta.hpp"
#include "signet/os/fd.hpp"

#include <algorithm>

namespace signet::delta {

namespace {

class FileReader : public ImageReader {
 public:
  FileReader(os::Fd fd, std::uint64_t size_bytes) : fd_(std::move(fd)), size_bytes_(size_bytes) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<void> read_at(std::uint64_t offset, ByteSpan out) override { return os::read_exact_at(fd_, offset, out); }

 private:
  os::Fd fd_;
  std::uint64_t size_bytes_;
};

class DeviceReader : public ImageReader {
 public:
  explicit DeviceReader(os::BlockDevice& device) : device_(device) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return device_.size_bytes(); }
  Result<void> read_at(std::uint64_t offset, ByteSpan out) override { return device_.read_at(offset, out); }

 private:
  os::BlockDevice& device_;
};

class DeviceWriter : public ImageWriter {
 public:
  explicit DeviceWriter(os::BlockDevice& device) : device_(device) {}
  Result<void> write_at(std::uint64_t offset, ByteView bytes) override { return device_.write_at(offset, bytes); }

 private:
  os::BlockDevice& device_;
};

class ImageRanges : public RangeSource {
 public:
  ImageRanges(ImageReader& image, std::uint64_t at) : image_(image), at_(at) {}
  Result<void> begin(Range range) override {
    left_ = range;
    return {};
  }
  Result<std::size_t> read(ByteSpan out) override {
    const std::uint64_t end = image_.size_bytes();
    const std::uint64_t from = at_ + left_.offset;
    if (from >= end) return std::size_t{0};
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({out.size(), left_.size_bytes, end - from}));
    TRY(image_.read_at(from, out.first(count)));
    left_ = {left_.offset + count, left_.size_bytes - count};
    return count;
  }

 private:
  ImageReader& image_;
  std::uint64_t at_;
  Range left_;
};

}  // namespace

Result<std::unique_ptr<ImageReader>> open_image(const std::filesystem::path& path) {
  TRY_ASSIGN(os::Fd fd, os::open_read(path));
  TRY_ASSIGN(const std::uint64_t size_bytes, os::size_of(fd));
  return std::unique_ptr<ImageReader>(std::make_unique<FileReader>(std::move(fd), size_bytes));
}

std::unique_ptr<ImageReader> reader_of(os::BlockDevice& device) { return std::make_unique<DeviceReader>(device); }
std::unique_ptr<ImageWriter> writer_to(os::BlockDevice& device) { return std::make_unique<DeviceWriter>(device); }
std::unique_ptr<RangeSource> ranges_of(ImageReader& image, std::uint64_t at) {
  return std::make_unique<ImageRanges>(image, at);
}

}  // namespace signet::delta
