// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace signet::media {

namespace {

constexpr std::size_t k_read_size_bytes = 64U * 1024U;
constexpr std::size_t k_look_back_size_bytes = 4U << 20U;
constexpr int k_stop_asked_every_ms = 100;

class PipeFeed : public Feed {
 public:
  PipeFeed(os::Fd fd, std::function<bool()> is_stopped) : fd_(std::move(fd)), is_stopped_(std::move(is_stopped)) {}
  Result<std::size_t> read(ByteSpan out) override {
    while (!is_stopped_ || !is_stopped_()) {
      pollfd waiting{fd_.get(), POLLIN, 0};
      const int ready = ::poll(&waiting, 1, k_stop_asked_every_ms);
      if (ready < 0 && errno != EINTR) return errno_error(errno, "wait for the recording");
      if (ready > 0) return os::read_some(fd_, out);
    }
    return std::size_t{0};
  }

 private:
  os::Fd fd_;
  std::function<bool()> is_stopped_;
};

class FileSource : public video::Source {
 public:
  explicit FileSource(os::Fd fd) : fd_(std::move(fd)) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    if (offset > INT64_MAX - out.size()) return std::size_t{0};
    ssize_t got = 0;
    do {
      got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno_error(errno, "read the recording");
    return static_cast<std::size_t>(got);
  }

 private:
  os::Fd fd_;
};

}  // namespace

std::unique_ptr<Feed> read_pipe(os::Fd fd, std::function<bool()> is_stopped) {
  return std::make_unique<PipeFeed>(std::move(fd), std::move(is_stopped));
}

std::shared_ptr<video::Source> read_file(os::Fd fd) { return std::make_shared<FileSource>(std::move(fd)); }

void ForwardSource::trim() {
  if (is_kept_ || kept_.size() < 2 * k_look_back_size_bytes) return;
  const std::size_t old = kept_.size() - k_look_back_size_bytes;
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(old));
  base_ += old;
}

Result<std::size_t> ForwardSource::read_at(std::uint64_t offset, ByteSpan out) {
  if (offset < base_) {
    return Error(Errc::unsupported, "media.pipe-order", "this recording cannot be read in one go, from a pipe",
                 "Write it into a file first, and give the file.");
  }
  while (!is_over_ && offset >= base_ + kept_.size()) {
    trim();
    const std::size_t size = kept_.size();
    kept_.resize(size + k_read_size_bytes);
    auto got = feed_->read(ByteSpan(kept_).subspan(size));
    kept_.resize(size + (got ? *got : 0));
    if (!got) return std::move(got).error();
    is_over_ = *got == 0;
  }
  const auto at = static_cast<std::size_t>(std::min<std::uint64_t>(offset - base_, kept_.size()));
  const std::size_t size = std::min(out.size(), kept_.size() - at);
  std::copy_n(kept_.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
  return size;
}

Result<std::shared_ptr<video::Source>> spool(video::Source& source, std::uint64_t size_bytes_max) {
  const char* const folder = std::getenv("TMPDIR");
  os::Fd fd(::open(folder != nullptr ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.is_open()) return errno_error(errno, "make a file that holds what comes from the pipe");
  Bytes buffer(k_read_size_bytes * 4);
  std::uint64_t size = 0;
  while (true) {
    TRY_ASSIGN(const std::size_t got, source.read_at(size, buffer));
    if (got == 0) return read_file(std::move(fd));
    size += got;
    if (size > size_bytes_max) {
      return Error(Errc::exhausted, "media.spool-full",
                   "the pipe gives more than the " + std::to_string(size_bytes_max >> 20U) +
                       " MiB that are kept of a recording whose index stands at its end",
                   "Write it into a file first, and give the file.");
    }
    TRY(os::write_all(fd, ByteView(buffer).first(got)));
  }
}

}  // namespace signet::media
