// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_rtp_fuzz)
#include "capture.hpp"
#include "ffmpeg.hpp"
#include "pump.hpp"
#include "rtp.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace signet::media {

namespace {

using video::Container;
using video::Recording;

constexpr std::size_t k_front_size_bytes = 1024;

/// By whom a recording is read.
enum class Kind : std::uint8_t { native, mp4, matroska, mpegts, capture };

/// A sync byte at the front of each of three packets of 188 bytes, or of 192 with a time before them (M2TS).
bool looks_like_mpegts(ByteView front) {
  for (const auto& [first, step] : {std::pair<std::size_t, std::size_t>{0, 188}, {4, 192}}) {
    bool is_one = front.size() > first + 2 * step;
    for (std::size_t i = 0; is_one && i < 3; ++i) is_one = front[first + i * step] == std::byte{0x47};
    if (is_one) return true;
  }
  return false;
}

Kind kind_of(ByteView front) {
  if (front.size() >= 4 && get_be32(front) == 0x1a45'dfa3) return Kind::matroska;  // EBML (RFC 8794, 11.2)
  if (Capture::is_one(front)) return Kind::capture;
  if (looks_like_mpegts(front)) return Kind::mpegts;
  constexpr std::array<std::string_view, 6> k_boxes{"ftyp", "styp", "moov", "free", "skip", "wide"};
  const bool is_mp4 = front.size() >= 8 && std::ranges::find(k_boxes, as_text(front.subspan(4, 4))) != k_boxes.end();
  return is_mp4 ? Kind::mp4 : Kind::native;
}

Result<Bytes> front_of(video::Source& source, std::uint64_t offset, std::size_t size_bytes) {
  Bytes front(size_bytes);
  std::size_t have = 0;
  while (have < front.size()) {
    TRY_ASSIGN(const std::size_t got, source.read_at(offset + have, ByteSpan(front).subspan(have)));
    if (got == 0) break;
    have += got;
  }
  front.resize(have);
  return front;
}

/// Whether an MP4 file can be read forward: its index stands in front, and says that more comes in fragments.
Result<Kind> forward_kind_of_mp4(video::Source& source) {
  constexpr std::uint64_t k_movie_size_bytes_max = 8U << 20U;
  std::uint64_t at = 0;
  while (at < k_movie_size_bytes_max) {
    TRY_ASSIGN(const Bytes head, front_of(source, at, 8));
    if (head.size() < 8) break;
    const std::uint64_t size = get_be32(head);
    const std::string_view name = as_text(ByteView(head).subspan(4));
    if (name == "mdat" || name == "moof" || size < 8) break;
    if (name == "moov" && size < k_movie_size_bytes_max) {
      TRY_ASSIGN(const Bytes movie, front_of(source, at, static_cast<std::size_t>(size)));
      return as_text(movie).find("mvex") != std::string_view::npos ? Kind::native : Kind::mp4;
    }
    at += size;
  }
  return Kind::mp4;
}

std::vector<std::string> unwrap_arguments(Kind kind) {
  std::vector<std::string> arguments{"-protocol_whitelist",
                                     "pipe",
                                     "-probesize",
                                     "5000000",
                                     "-f",
                                     kind == Kind::matroska ? "matroska" : "mpegts",
                                     "-i",
                                     "pipe:0"};
  for (const char* word : {"-map", "0:V:0", "-map_metadata", "0", "-c", "copy", "-copyinkf"})
    arguments.emplace_back(word);
  if (kind == Kind::matroska) {
    // NAL units keep their lengths, parameter sets stay apart, times and the date stay: nothing is rewritten.
    for (const char* word : {"-movflags", "frag_every_frame+empty_moov+default_base_moof", "-f", "mp4"}) {
      arguments.emplace_back(word);
    }
  } else {  // the payload as it stands: H.264 and H.265 are byte streams there
    arguments.insert(arguments.end(), {"-f", "data"});
  }
  arguments.emplace_back("pipe:1");
  return arguments;
}

Result<std::shared_ptr<ForwardSource>> unwrap(Kind kind, os::Fd input) {
  FfmpegTask task;
  task.arguments = unwrap_arguments(kind);
  task.input = std::move(input);
  TRY_ASSIGN(std::unique_ptr<Feed> feed, run_ffmpeg(std::move(task)));
  return std::make_shared<ForwardSource>(std::move(feed));
}

/// Opens twice what makes a source: once for the hash of the first signature, which judging needs before.
template <typename MakeSource>
Result<Opened> open_unwrapped(MakeSource make_source, const OpenOptions& options, std::optional<Container> container) {
  TRY_ASSIGN(const auto first, make_source());
  TRY_ASSIGN(Recording probe, Recording::open(first, options.codec));
  TRY_ASSIGN(const auto hash, video::probe_hash(probe));
  TRY_ASSIGN(const auto second, make_source());
  TRY_ASSIGN(Recording recording, Recording::open(second, options.codec));
  if (container) recording.came_in(*container);
  return Opened{.recording = std::move(recording), .hash = hash};
}

/// The same of a source that can be read only once: what the first look saw is kept for the second.
Result<Opened> open_forward(const std::shared_ptr<ForwardSource>& source, const OpenOptions& options,
                            std::optional<Container> container) {
  auto opened =
      open_unwrapped([&]() -> Result<std::shared_ptr<video::Source>> { return std::shared_ptr<video::Source>(source); },
                     options, container);
  source->release();
  return opened;
}

Result<Opened> open_rtp(const std::shared_ptr<video::Source>& source, const OpenOptions& options) {
  TRY_ASSIGN(RtpStream first, open_capture(source, options));
  Recording probe = Recording::from_units(Container::rtp, first.codec, std::move(first.units));
  TRY_ASSIGN(const auto hash, video::probe_hash(probe));
  TRY_ASSIGN(RtpStream second, open_capture(source, options));
  return Opened{.recording = Recording::from_units(Container::rtp, second.codec, std::move(second.units)),
                .hash = hash,
                .transport = second.transport};
}

Container container_of(Kind kind) { return kind == Kind::matroska ? Container::matroska : Container::mpegts; }

Result<Opened> open_pipe(os::Fd fd, const OpenOptions& options) {
  const auto is_abandoned = std::make_shared<std::atomic<bool>>(false);
  const auto is_over = [is_abandoned, stopped = options.is_stopped] { return *is_abandoned || (stopped && stopped()); };
  auto source = std::make_shared<ForwardSource>(read_pipe(std::move(fd), is_over));
  TRY_ASSIGN(const Bytes front, front_of(*source, 0, k_front_size_bytes));
  Kind kind = kind_of(front);
  if (kind == Kind::mp4) {
    TRY_ASSIGN(kind, forward_kind_of_mp4(*source));
  }
  switch (kind) {
    case Kind::native:
      return open_forward(source, options, std::nullopt);
    case Kind::mp4: {
      source->release();
      TRY_ASSIGN(const std::shared_ptr<video::Source> file, spool(*source, options.spool_size_bytes_max));
      return open_unwrapped([&]() -> Result<std::shared_ptr<video::Source>> { return file; }, options, std::nullopt);
    }
    case Kind::capture: {
      auto opened = open_rtp(source, options);
      source->release();
      return opened;
    }
    case Kind::matroska:
    case Kind::mpegts:
      break;
  }
  source->release();
  FfmpegTask task;
  task.arguments = unwrap_arguments(kind);
  TRY_ASSIGN(std::unique_ptr<Feed> feed, run_ffmpeg_on(std::move(task), source, is_abandoned));
  return open_forward(std::make_shared<ForwardSource>(std::move(feed)), options, container_of(kind));
}

Result<Opened> open_file(const std::string& path, const OpenOptions& options) {
  TRY_ASSIGN(os::Fd fd, os::open_read(path));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "look at '" + printable(path) + "'");
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) return open_pipe(std::move(fd), options);
  const std::shared_ptr<video::Source> source = read_file(std::move(fd));
  TRY_ASSIGN(const Bytes front, front_of(*source, 0, k_front_size_bytes));
  const Kind kind = kind_of(front);
  if (kind == Kind::capture) return open_rtp(source, options);
  if (kind == Kind::matroska || kind == Kind::mpegts) {
    const auto make_source = [&]() -> Result<std::shared_ptr<video::Source>> {
      TRY_ASSIGN(os::Fd input, os::open_read(path));
      TRY_ASSIGN(auto unwrapped, unwrap(kind, std::move(input)));
      unwrapped->release();
      return std::shared_ptr<video::Source>(std::move(unwrapped));
    };
    return open_unwrapped(make_source, options, container_of(kind));
  }
  return open_unwrapped([&]() -> Result<std::shared_ptr<video::Source>> { return source; }, options, std::nullopt);
}

Result<Opened> open_live(const std::string& url, const OpenOptions& options) {
  const bool is_tls = url.starts_with("rtsps://");
  FfmpegTask task;
  task.arguments = {"-protocol_whitelist",
                    is_tls ? "rtp,tcp,tls,crypto" : "rtp,udp,tcp",
                    "-rtsp_transport",
                    "tcp",
                    "-timeout",
                    "15000000",
                    "-allowed_media_types",
                    "video",
                    "-i",
                    url,
                    "-map",
                    "0:V:0",
                    "-c",
                    "copy",
                    "-copyinkf",
                    "-flush_packets",
                    "1",
                    "-f",
                    "data",
                    "pipe:1"};
  task.confinement = {.may_network = true, .cpu_seconds = 24U * 3600U};
  task.is_live = true;
  task.is_stopped = options.is_stopped;
  task.secret = secret_of(url);
  if (options.duration) task.ends = std::chrono::steady_clock::now() + *options.duration;
  TRY_ASSIGN(std::unique_ptr<Feed> feed, run_ffmpeg(std::move(task)));
  TRY_ASSIGN(Opened opened, open_forward(std::make_shared<ForwardSource>(std::move(feed)), options, Container::rtsp));
  opened.is_live = true;
  return opened;
}

}  // namespace

Result<Opened> open(const std::string& what, const OpenOptions& options) {
  if (what.starts_with("rtsp://") || what.starts_with("rtsps://")) return open_live(what, options);
  if (what != "-") return open_file(what, options);
  os::Fd input(::dup(STDIN_FILENO));
  if (!input.is_open()) return errno_error(errno, "read standard input");
  return open_pipe(std::move(input), options);
}

}  // namespace signet::media
