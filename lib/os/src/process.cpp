// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/process.hpp"

#include "signet/os/fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

namespace signet::os {

namespace {

constexpr std::size_t k_output_bytes_max = 16U << 20U;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(errno, "make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// posix_spawn file actions, freed at the end of the scope.
class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void connect(const Fd& from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from.get(), to); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// Gives the program the signal handling that a shell would, whatever this process ignores or blocks.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    sigset_t all{};
    sigset_t none{};
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

/// Keeps SIGPIPE from this thread: a program that stops reading its input must not end us, and other threads must not
/// notice.
class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeBlock() {
    const timespec now{};
    if (sigismember(&before_, SIGPIPE) == 0) ::sigtimedwait(&pipe_, nullptr, &now);  // takes away the one we caused
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

/// Waits for the end of a program that may live on after it has closed its outputs; false when the time is up.
bool wait_until(pid_t pid, std::chrono::steady_clock::time_point deadline, int& status) {
  for (;;) {
    if (::waitpid(pid, &status, WNOHANG) == pid) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Reads what is there; closes `fd` at the end of the stream.
void drain(Fd& fd, std::string& into) {
  std::array<std::byte, 65536> piece{};
  const auto count = read_some(fd, piece);
  if (!count || *count == 0) {
    fd = Fd();
  } else if (into.size() < k_output_bytes_max) {
    into += as_text(ByteView(piece).first(std::min(*count, k_output_bytes_max - into.size())));
  }
}

/// Writes a piece; closes `fd` when all is written or the program does not want more.
void feed(Fd& fd, ByteView& input) {
  const ssize_t count = input.empty() ? 0 : ::write(fd.get(), input.data(), std::min<std::size_t>(input.size(), 4096));
  if (count > 0) input = input.subspan(static_cast<std::size_t>(count));
  if (input.empty() || (count < 0 && errno != EINTR && errno != EAGAIN)) fd = Fd();
}

/// Moves bytes until both outputs have ended; false when the time is up.
bool exchange(Pipe& in, Pipe& out, Pipe& err, ByteView input, ProcessResult& result,
              std::chrono::steady_clock::time_point deadline) {
  while (out.read.is_open() || err.read.is_open()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 3> polls{pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0},
                                pollfd{in.write.get(), POLLOUT, 0}};
    if (::poll(polls.data(), polls.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 1000))) < 0) continue;
    if (polls[0].revents != 0) drain(out.read, result.out);
    if (polls[1].revents != 0) drain(err.read, result.err);
    if (in.write.is_open() && polls[2].revents != 0) feed(in.write, input);
  }
  return true;
}

}  // namespace

namespace {

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

Result<pid_t> spawn(const std::vector<std::string>& arguments, const SpawnActions& actions) {
  ensure(!arguments.empty(), "a program to run");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const SpawnAttributes attributes;
  const int failed = ::posix_spawnp(&pid, argv[0], actions.get(), attributes.get(), argv.data(), environ);
  if (failed != 0) return errno_error(failed, "start '" + printable(arguments[0]) + "'");
  return pid;
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!input.is_open() || !output.is_open()) return errno_error(errno, "open '" + printable(log.native()) + "'");
  SpawnActions actions;
  actions.connect(input, STDIN_FILENO);
  actions.connect(output, STDOUT_FILENO);
  actions.connect(output, STDERR_FILENO);
  TRY_ASSIGN(const pid_t pid, spawn(arguments, actions));
  return Child(pid);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    exit_code_ = other.exit_code_;
  }
  return *this;
}

Child::~Child() { stop(); }

std::optional<int> Child::ended() {
  if (!exit_code_ && pid_ > 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) exit_code_ = exit_code_of(status);
  }
  return exit_code_;
}

int Child::stop() {
  constexpr auto k_patience = std::chrono::seconds(5);
  if (pid_ <= 0 || ended()) return exit_code_.value_or(0);
  ::kill(pid_, SIGTERM);
  int status = 0;
  if (!wait_until(pid_, std::chrono::steady_clock::now() + k_patience, status)) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  exit_code_ = exit_code_of(status);
  return *exit_code_;
}

Result<ProcessResult> run(const std::vector<std::string>& arguments, ByteView input,
                          std::chrono::milliseconds timeout) {
  TRY_ASSIGN(Pipe in, make_pipe());
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  SpawnActions actions;
  actions.connect(in.read, STDIN_FILENO);
  actions.connect(out.write, STDOUT_FILENO);
  actions.connect(err.write, STDERR_FILENO);
  TRY_ASSIGN(const pid_t pid, spawn(arguments, actions));
  in.read = Fd();
  out.write = Fd();
  err.write = Fd();
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  const SigpipeBlock no_sigpipe;
  ProcessResult result;
  int status = 0;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const bool in_time = exchange(in, out, err, input, result, deadline) && wait_until(pid, deadline, status);
  if (!in_time) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return Error(Errc::unavailable, "os.timeout",
                 "'" + printable(arguments[0]) + "' did not end in time and was stopped");
  }
  result.exit_code = exit_code_of(status);
  return result;
}

}  // namespace signet::os
