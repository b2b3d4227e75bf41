// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ffmpeg.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

namespace signet::media {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_words_size_bytes_max = 4096;
constexpr auto k_patience = std::chrono::seconds(3);

struct Pipe {
  os::Fd read;
  os::Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(errno, "make a pipe");
  return Pipe{os::Fd(ends[0]), os::Fd(ends[1])};
}

Result<std::string> find_ffmpeg() {
  const char* const path = std::getenv("PATH");
  std::string folders = path != nullptr ? path : "/usr/bin:/bin";
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    const std::string program = folders.substr(at, end - at) + "/ffmpeg";
    if (program.front() == '/' && end > at && ::access(program.c_str(), X_OK) == 0) return program;
    at = end + 1;
  }
  return Error(Errc::unavailable, "media.no-ffmpeg", "this kind of recording is read through ffmpeg, which is not here",
               "Install it: apt-get install ffmpeg");
}

/// What happens between fork and exec; everything it needs has been made before.
[[noreturn]] void become(const char* program, char* const* arguments, const Sandbox& sandbox,
                         const std::array<int, 3>& fds, pid_t parent) {
  sigset_t none{};
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::signal(number, SIG_DFL);
  ::setsid();  // a Ctrl-C at the terminal is for us; we end the child in our own time
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  // Above the standard numbers first, so that none overwrites another.
  std::array<int, 3> moved{};
  for (std::size_t i = 0; i < fds.size(); ++i) moved[i] = ::fcntl(fds[i], F_DUPFD, 10);
  for (std::size_t i = 0; i < fds.size(); ++i) ::dup2(moved[i], static_cast<int>(i));
  ::close_range(3, ~0U, 0);
  if (!sandbox.enter()) ::_exit(126);
  static const char k_locale[] = "LC_ALL=C.UTF-8";
  static const char* const k_environment[] = {k_locale, nullptr};
  ::execve(program, arguments, const_cast<char* const*>(k_environment));
  ::_exit(127);
}

class Ffmpeg : public Feed {
 public:
  Ffmpeg(FfmpegTask task, pid_t pid, os::Fd output, os::Fd words)
      : task_(std::move(task)), pid_(pid), output_(std::move(output)), words_(std::move(words)) {
    ::fcntl(words_.get(), F_SETFL, O_NONBLOCK);
  }
  ~Ffmpeg() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  Ffmpeg(const Ffmpeg&) = delete;
  Ffmpeg& operator=(const Ffmpeg&) = delete;

  Result<std::size_t> read(ByteSpan out) override;

 private:
  int wait();
  void hear();
  void ask_to_end();
  Result<std::size_t> at_end();
  [[nodiscard]] Error unreadable(const std::string& why) const;

  FfmpegTask task_;
  pid_t pid_;
  os::Fd output_;
  os::Fd words_;
  std::string last_words_;
  std::uint64_t given_bytes_ = 0;
  std::optional<SteadyClock::time_point> asked_;
};

int Ffmpeg::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

/// What it says, without more than the end of it being kept.
void Ffmpeg::hear() {
  std::array<char, 1024> piece{};
  while (true) {
    const ssize_t got = ::read(words_.get(), piece.data(), piece.size());
    if (got <= 0) break;
    last_words_.append(piece.data(), static_cast<std::size_t>(got));
    if (last_words_.size() > k_words_size_bytes_max) last_words_.erase(0, last_words_.size() - k_words_size_bytes_max);
  }
}

void ask(pid_t pid, int number) {
  if (pid > 0) ::kill(pid, number);
}

/// It then finishes the unit at hand, and its output ends.
void Ffmpeg::ask_to_end() {
  if (!asked_) {
    asked_ = SteadyClock::now();
    ask(pid_, SIGTERM);
  } else if (SteadyClock::now() - *asked_ > k_patience) {
    ask(pid_, SIGKILL);
  }
}

Error Ffmpeg::unreadable(const std::string& why) const {
  std::string line = last_words_;
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (const std::size_t at = line.rfind('\n'); at != std::string::npos) line.erase(0, at + 1);
  for (std::size_t at = 0; !task_.secret.empty() && (at = line.find(task_.secret)) != std::string::npos;) {
    line.replace(at, task_.secret.size(), "***");
  }
  return {Errc::invalid_input, "media.unreadable",
          "ffmpeg cannot read this" + (why.empty() ? std::string() : " (" + why + ")") +
              (line.empty() ? std::string() : ": " + printable(line)),
          "Is it a whole recording with H.264, H.265 or AV1 video?"};
}

Result<std::size_t> Ffmpeg::at_end() {
  if (pid_ < 0) return std::size_t{0};
  const auto deadline = SteadyClock::now() + k_patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (SteadyClock::now() > deadline) ask(pid_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  pid_ = -1;
  hear();
  if (asked_ || (task_.is_live && given_bytes_ > 0)) return std::size_t{0};
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    const bool is_limit = number == SIGKILL || number == SIGXCPU;
    return unreadable(is_limit ? "it used more time than a recording may need" : "it was ended by a signal");
  }
  constexpr int k_no_sandbox = 126;
  if (WEXITSTATUS(status) == k_no_sandbox) {
    return Error(Errc::unsupported, "media.no-sandbox", "ffmpeg cannot be confined on this machine",
                 "The kernel must have seccomp filters.");
  }
  if (WEXITSTATUS(status) != 0) return unreadable({});
  return std::size_t{0};
}

Result<std::size_t> Ffmpeg::read(ByteSpan out) {
  constexpr int k_look_every_ms = 100;
  auto last = SteadyClock::now();
  while (pid_ > 0) {
    std::array<pollfd, 2> polls{pollfd{output_.get(), POLLIN, 0}, pollfd{words_.get(), POLLIN, 0}};
    const int ready = ::poll(polls.data(), polls.size(), k_look_every_ms);
    if (ready < 0 && errno != EINTR) return errno_error(errno, "wait for ffmpeg");
    const auto now = SteadyClock::now();
    const bool is_time = (task_.ends && now >= *task_.ends) || (task_.is_stopped && task_.is_stopped());
    if (is_time) ask_to_end();
    if (ready > 0 && polls[1].revents != 0) {
      hear();
      if ((polls[1].revents & POLLHUP) != 0 && polls[0].revents == 0) std::this_thread::yield();
    }
    if (ready > 0 && polls[0].revents != 0) {
      TRY_ASSIGN(const std::size_t got, os::read_some(output_, out));
      if (got == 0) break;
      given_bytes_ += got;
      return got;
    }
    if (now - last > task_.silence_max) {
      ask(pid_, SIGKILL);
      if (task_.is_live && given_bytes_ > 0) break;
      hear();
      return Error(Errc::unavailable, "media.stalled",
                   "nothing came for " + std::to_string(task_.silence_max.count()) + " seconds",
                   "Is the camera on, and its stream not used up by others?");
    }
  }
  return at_end();
}

}  // namespace

std::string secret_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  const std::size_t end = url.find_last_of('@', url.find('/', begin));
  if (end == std::string::npos || end < begin) return {};
  return url.substr(begin, end - begin);
}

Result<std::unique_ptr<Feed>> run_ffmpeg(FfmpegTask task) {
  TRY_ASSIGN(const std::string program, find_ffmpeg());
  TRY_ASSIGN(Pipe output, make_pipe());
  TRY_ASSIGN(Pipe words, make_pipe());
  if (!task.input.is_open()) {
    TRY_ASSIGN(task.input, os::open_read("/dev/null"));
  }
  std::vector<std::string> texts{"ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-max_alloc", "268435456"};
  texts.insert(texts.end(), task.arguments.begin(), task.arguments.end());
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  const Sandbox sandbox(task.confinement);
  const std::array<int, 3> fds{task.input.get(), output.write.get(), words.write.get()};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error(errno, "start ffmpeg");
  if (pid == 0) become(program.c_str(), arguments.data(), sandbox, fds, parent);
  task.input = os::Fd();
  return std::unique_ptr<Feed>(
      std::make_unique<Ffmpeg>(std::move(task), pid, std::move(output.read), std::move(words.read)));
}

Result<Bytes> output_of(FfmpegTask task, std::size_t size_bytes_max) {
  TRY_ASSIGN(const std::unique_ptr<Feed> feed, run_ffmpeg(std::move(task)));
  Bytes bytes;
  Bytes piece(64U * 1024U);
  while (true) {
    TRY_ASSIGN(const std::size_t got, feed->read(piece));
    if (got == 0) return bytes;
    append(bytes, ByteView(piece).first(got));
    if (bytes.size() > size_bytes_max) {
      return Error(Errc::invalid_input, "media.unreadable", "ffmpeg gives more than was asked for");
    }
  }
}

}  // namespace signet::media
