// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"

#include "stream.hpp"

#include <unistd.h>

namespace signet::bundle {

namespace {

class FdSource : public Source {
 public:
  FdSource(os::Fd fd, std::optional<std::uint64_t> size_bytes) : fd_(std::move(fd)), size_bytes_(size_bytes) {}

  Result<std::size_t> read(ByteSpan out) override { return os::read_some(fd_, out); }
  [[nodiscard]] std::optional<std::uint64_t> size_bytes() const override { return size_bytes_; }

 private:
  os::Fd fd_;
  std::optional<std::uint64_t> size_bytes_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_source(const std::filesystem::path& path) {
  TRY_ASSIGN(os::Fd fd, os::open_read(path));
  std::optional<std::uint64_t> size_bytes;
  if (const auto size = os::size_of(fd)) size_bytes = *size;  // a pipe has none
  return std::unique_ptr<Source>(std::make_unique<FdSource>(std::move(fd), size_bytes));
}

std::unique_ptr<Source> standard_input_source() {
  return std::make_unique<FdSource>(os::Fd(::dup(STDIN_FILENO)), std::nullopt);
}

Result<void> read_exact(Source& source, ByteSpan out) {
  while (!out.empty()) {
    TRY_ASSIGN(const std::size_t count, source.read(out));
    if (count == 0) {
      return Error(Errc::invalid_input, "bundle.truncated", "the bundle ends too early",
                   "It was cut off, perhaps during a download; get it again.");
    }
    out = out.subspan(count);
  }
  return {};
}

}  // namespace signet::bundle
