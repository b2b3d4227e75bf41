// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "segment_writer.hpp"

#include "signet/os/file.hpp"

#include "units.hpp"

namespace signet::camerad {

namespace {

class AnnexBSegment : public SegmentWriter {
 public:
  explicit AnnexBSegment(os::PendingFile file) : file_(std::move(file)) {}

  Result<void> add(const SignedPicture& picture) override { return write(*picture.bytes); }

  Result<void> finish(const std::vector<Bytes>& sei) override {
    Bytes rest;
    for (const Bytes& each : sei) append_unit(rest, each);
    TRY(write(rest));
    return file_.commit_new();
  }

  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }

 private:
  Result<void> write(ByteView bytes) {
    TRY(os::write_all(file_.fd(), bytes));
    size_bytes_ += bytes.size();
    return {};
  }

  os::PendingFile file_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<SegmentWriter>> open_annexb_segment(const std::filesystem::path& path) {
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(path, 0640));
  return std::unique_ptr<SegmentWriter>(std::make_unique<AnnexBSegment>(std::move(file)));
}

}  // namespace signet::camerad
