// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ffmpeg.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <optional>
#include <thread>

namespace signet::media {

namespace {

constexpr std::uint32_t k_ticks_a_second = 1'200'000;  // the time base of ffmpeg's readers of raw streams

Error not_sent(const Error& why) {
  return {Errc::unavailable, "media.not-sent", "the stream cannot be sent on: " + why.message(),
          "Does somebody listen there? A RTSP server must allow to record."};
}

/// The host and the port of "rtp://HOST:PORT"; the host of IPv6 stands in brackets.
std::optional<std::pair<std::string, std::uint16_t>> receiver_in(std::string_view where) {
  where.remove_prefix(std::min(where.size(), where.find("://") + 3));
  const std::size_t colon = where.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  if (std::ranges::any_of(where, [](char c) { return c <= ' '; })) return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = where.data() + where.size();
  const auto [stop, failed] = std::from_chars(where.data() + colon + 1, end, port);
  if (failed != std::errc() || stop != end || port == 0) return std::nullopt;
  std::string_view host = where.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::pair(std::string(host), port);
}

std::vector<std::string> arguments_for(const std::string& where, video::Codec codec, const SendOptions& options) {
  const std::string rate = std::to_string(options.rate);
  const std::string step = std::to_string(k_ticks_a_second / options.rate);
  std::vector<std::string> words;
  if (!options.is_live) words.emplace_back("-re");
  // Little is looked at before the first picture goes out.
  words.insert(words.end(), {"-probesize", "100000", "-framerate", rate, "-f"});
  words.emplace_back(codec == video::Codec::h264 ? "h264" : "hevc");
  // One after another, as they are decoded: a raw stream says no more.
  words.insert(words.end(), {"-i", "pipe:0", "-c", "copy", "-copyinkf", "-bsf:v"});
  words.push_back("setts=pts=N*" + step + ":dts=N*" + step);
  words.insert(words.end(), {"-flush_packets", "1", "-f"});
  if (where.starts_with("rtsp")) {
    words.insert(words.end(), {"rtsp", "-rtsp_transport", "tcp"});
  } else {
    words.emplace_back("rtp");
  }
  words.push_back(where);
  return words;
}

}  // namespace

class Sender::Impl {
 public:
  Impl(os::Fd input, std::unique_ptr<Feed> ffmpeg, std::shared_ptr<std::atomic<bool>> is_stopped)
      : input_(std::move(input)), ffmpeg_(std::move(ffmpeg)), is_stopped_(std::move(is_stopped)) {
    listener_ = std::jthread([this] { ended_ = listen(); });
  }
  ~Impl() { *is_stopped_ = true; }  // what was not finished is broken off
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> write(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(input_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        TRY(finish());  // why it has ended
        return Error(Errc::unavailable, "media.not-sent", "the stream cannot be sent on: ffmpeg has ended");
      }
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return {};
  }
  Result<void> finish() {
    input_ = os::Fd();
    if (listener_.joinable()) listener_.join();
    return ended_ ? Result<void>() : Result<void>(not_sent(ended_.error()));
  }

 private:
  /// Until it ends; what it prints is for nobody.
  Result<void> listen() {
    Bytes piece(4096);
    while (true) {
      TRY_ASSIGN(const std::size_t got, ffmpeg_->read(piece));
      if (got == 0) return {};
    }
  }

  os::Fd input_;
  std::unique_ptr<Feed> ffmpeg_;
  std::shared_ptr<std::atomic<bool>> is_stopped_;
  Result<void> ended_;
  std::jthread listener_;  // last: it uses what stands above
};

Sender::Sender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sender::Sender(Sender&&) noexcept = default;
Sender& Sender::operator=(Sender&&) noexcept = default;
Sender::~Sender() = default;

bool Sender::is_address(const std::string& where) {
  return where.starts_with("rtp://") || where.starts_with("rtsp://") || where.starts_with("rtsps://");
}

Result<std::string> Sender::session(const std::string& where, video::Codec codec) {
  const auto receiver = receiver_in(where);
  if (!where.starts_with("rtp://") || !receiver) {
    return Error(Errc::usage, "media.address", "'" + printable(where) + "' does not name a receiver of RTP",
                 "Write rtp://HOST:PORT.");
  }
  const auto& [host, port] = *receiver;
  const std::string family = host.find(':') == std::string::npos ? "IN IP4 " : "IN IP6 ";
  return "v=0\r\no=- 0 0 " + family + host + "\r\ns=Signed video\r\nc=" + family + host + "\r\nt=0 0\r\nm=video " +
         std::to_string(port) + " RTP/AVP 96\r\na=rtpmap:96 " + (codec == video::Codec::h264 ? "H264" : "H265") +
         "/90000\r\n" + (codec == video::Codec::h264 ? "a=fmtp:96 packetization-mode=1\r\n" : "");
}

Result<Sender> Sender::open(const std::string& where, video::Codec codec, const SendOptions& options) {
  if (codec == video::Codec::av1) {
    return Error(Errc::unsupported, "media.send-codec", "AV1 cannot be sent as RTP here",
                 "Write it into a file, or send H.264 or H.265.");
  }
  if (where.starts_with("rtp://")) TRY(session(where, codec));
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_error(errno, "make a way to ffmpeg");
  }
  os::Fd ours(ends[0]);
  FfmpegTask task;
  task.input = os::Fd(ends[1]);
  task.arguments = arguments_for(where, codec, options);
  task.confinement = {.may_network = true, .cpu_seconds = 24U * 3600U};
  task.silence_max = std::chrono::hours(24 * 365);  // it has nothing to say
  task.secret = secret_of(where);
  const auto is_stopped = std::make_shared<std::atomic<bool>>(false);
  task.is_stopped = [is_stopped] { return is_stopped->load(); };
  TRY_ASSIGN(std::unique_ptr<Feed> ffmpeg, run_ffmpeg(std::move(task)));
  return Sender(std::make_unique<Impl>(std::move(ours), std::move(ffmpeg), is_stopped));
}

Result<void> Sender::write(ByteView stream) { return impl_->write(stream); }
Result<void> Sender::finish() { return impl_->finish(); }

}  // namespace signet::media
