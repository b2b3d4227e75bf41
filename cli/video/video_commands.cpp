// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/video_commands.hpp"

#include "signet/os/fd.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace signet::cli {

namespace video_cli {

namespace {

class FileSource : public video::Source {
 public:
  explicit FileSource(os::Fd fd) : fd_(std::move(fd)) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    if (offset > INT64_MAX - out.size()) return std::size_t{0};
    ssize_t got = 0;
    do {
      got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == ESPIPE) {
      return Error(Errc::unsupported, "video.pipe", "a recording cannot be read from a pipe",
                   "Write it into a file first: the index of an MP4 file may stand at its end.");
    }
    if (got < 0) return errno_error(errno, "read the recording");
    return static_cast<std::size_t>(got);
  }

 private:
  os::Fd fd_;
};

}  // namespace

Result<std::shared_ptr<video::Source>> open_source(const std::string& file) {
  TRY_ASSIGN(os::Fd fd, os::open_read(file));
  return std::shared_ptr<video::Source>(std::make_shared<FileSource>(std::move(fd)));
}

bool names_file(const std::string& what) {
  return what != "-" && !what.starts_with("rtsp://") && !what.starts_with("rtsps://");
}

Option codec_option() {
  return {.name = "--codec",
          .value = "CODEC",
          .help = "What a stream without container holds, where it does not show.",
          .choices = {"h264", "h265", "av1"}};
}

std::optional<video::Codec> codec_of(const Invocation& call) {
  for (const video::Codec codec : {video::Codec::h264, video::Codec::h265, video::Codec::av1}) {
    if (call.get("--codec") == name_of(codec)) return codec;
  }
  return std::nullopt;
}

}  // namespace video_cli

std::vector<Command> video_commands() {
  return {video_cli::verify_command(), video_cli::report_verify_command(), video_cli::sign_command(),
          video_cli::export_command(), video_cli::inspect_command()};
}

}  // namespace signet::cli
