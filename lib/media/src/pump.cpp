// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pump.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <thread>

namespace signet::media {

namespace {

/// Writes all of it unless the reader has gone or a stop is asked for.
bool write_some(const os::Fd& fd, ByteView bytes, const std::stop_token& stop) {
  while (!bytes.empty() && !stop.stop_requested()) {
    pollfd waiting{fd.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, 100) <= 0) continue;
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return bytes.empty();
}

class PumpedFeed : public Feed {
 public:
  PumpedFeed(std::shared_ptr<video::Source> source, os::Fd to, std::unique_ptr<Feed> from,
             std::shared_ptr<std::atomic<bool>> is_abandoned)
      : from_(std::move(from)),
        is_abandoned_(std::move(is_abandoned)),
        pump_([this, source = std::move(source), fd = std::move(to)](const std::stop_token& stop) {
          pump(stop, *source, fd);
        }) {}
  ~PumpedFeed() override { *is_abandoned_ = true; }
  PumpedFeed(const PumpedFeed&) = delete;
  PumpedFeed& operator=(const PumpedFeed&) = delete;

  Result<std::size_t> read(ByteSpan out) override {
    auto got = from_->read(out);
    if (got && *got > 0) return got;
    const std::scoped_lock lock(mutex_);
    if (failure_) return *failure_;  // says more than what ffmpeg makes of it
    return got;
  }

 private:
  void pump(const std::stop_token& stop, video::Source& source, const os::Fd& fd) {
    sigset_t pipe{};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    Bytes piece(64U * 1024U);
    std::uint64_t at = 0;
    while (!stop.stop_requested()) {
      const auto got = source.read_at(at, piece);
      if (!got) {
        const std::scoped_lock lock(mutex_);
        failure_ = got.error();
      }
      if (!got || *got == 0 || !write_some(fd, ByteView(piece).first(*got), stop)) return;
      at += *got;
    }
  }

  std::mutex mutex_;
  std::optional<Error> failure_;
  std::unique_ptr<Feed> from_;
  std::shared_ptr<std::atomic<bool>> is_abandoned_;
  std::jthread pump_;  // the last, so that it ends first
};

}  // namespace

Result<std::unique_ptr<Feed>> run_ffmpeg_on(FfmpegTask task, std::shared_ptr<video::Source> source,
                                            std::shared_ptr<std::atomic<bool>> is_abandoned) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(errno, "make a pipe");
  task.input = os::Fd(ends[0]);
  os::Fd to(ends[1]);
  TRY_ASSIGN(std::unique_ptr<Feed> from, run_ffmpeg(std::move(task)));
  return std::unique_ptr<Feed>(
      std::make_unique<PumpedFeed>(std::move(source), std::move(to), std::move(from), std::move(is_abandoned)));
}

}  // namespace signet::media
