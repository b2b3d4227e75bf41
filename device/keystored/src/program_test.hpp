// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/local_socket.hpp"

#include "unit_test.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace signet::keystored::fake {

/// signet-keystored as it is shipped, in a process of its own; killed at the end.
class Program {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  Program(std::string tcti, std::filesystem::path folder, const Environment& environment = {},
          const std::vector<std::string>& rights = {"--allow-uid", "4242"})
      : socket_(folder / "socket") {
    std::vector<std::string> words{
        SIGNET_KEYSTORED, "--tpm",         std::move(tcti), "--state", (folder / "state").string(),
        "--socket",       socket_.string()};
    words.insert(words.end(), rights.begin(), rights.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string log = (folder / "log").string();
    pid_ = ::fork();
    ensure(pid_ >= 0, "fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(fd, STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  ~Program() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// One question; waits until the program listens. "fake.died" where it ended before it answered.
  Result<Json> call(const std::string& op, Json arguments) {
    for (int tries = 0; tries < 600; ++tries) {
      auto socket = os::LocalSocket::connect(socket_);
      if (socket) return ask(*socket, op, std::move(arguments));
      if (ended()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return Error(Errc::unavailable, "fake.died", "signet-keystored is not there");
  }
  Call caller() {
    return [this](const std::string& op, Json arguments) { return call(op, std::move(arguments)); };
  }

  void signal(int number) const { ::kill(pid_, number); }
  /// Sends a signal and gives how it ended (as waitpid).
  int end(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  /// Whether it has been killed by SIGKILL, by itself.
  bool killed() {
    if (pid_ < 0) return killed_;
    int status = 0;
    for (int tries = 0; tries < 100; ++tries) {
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        killed_ = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        return killed_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  bool ended() {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }
  static Result<Json> ask(os::LocalSocket& socket, const std::string& op, Json arguments) {
    const Error died(Errc::unavailable, "fake.died", "signet-keystored went away");
    if (!socket.send(keystore::KeystoredRequest{.op = op, .arguments = std::move(arguments)}.encode())) return died;
    const auto answer = socket.receive(keystore::k_keystored_message_bytes_max);
    if (!answer) return died;
    return keystore::parse_answer(*answer);
  }

  std::filesystem::path socket_;
  pid_t pid_ = -1;
  bool killed_ = false;
};

}  // namespace signet::keystored::fake
