// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/swtpm.hpp"

#include "signet/core/ensure.hpp"
#include "signet/os/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <ranges>
#include <string_view>
#include <thread>
#include <vector>

namespace signet::test {

namespace {

/// A TPM maker's CA and configuration for swtpm_setup; swtpm_localca makes the keys at its first use.
class Maker {
 public:
  Maker() {
    const std::string ca = folder_.path().string() + "/ca";
    std::filesystem::create_directory(ca);
    (void)folder_.write("localca.options", {});
    const std::string localca = folder_.write(
        "localca.conf", as_bytes("statedir = " + ca + "\nsigningkey = " + ca + "/signkey.pem\nissuercert = " + ca +
                                 "/issuercert.pem\ncertserial = " + ca + "/certserial\n"));
    (void)folder_.write("setup.conf", as_bytes("create_certs_tool = /usr/bin/swtpm_localca\n"
                                               "create_certs_tool_config = " +
                                               localca + "\ncreate_certs_tool_options = " +
                                               (folder_ / "localca.options").string() + "\n"));
  }

  void manufacture(const std::filesystem::path& state) {
    const std::lock_guard lock(mutex_);  // one serial number file
    std::filesystem::create_directories(state);
    const std::string log = (folder_ / "log").string();
    const auto done =
        os::run({"swtpm_setup", "--tpm2", "--tpmstate", "dir://" + state.string(), "--create-ek-cert", "--lock-nvram",
                 "--pcr-banks", "sha256", "--config", (folder_ / "setup.conf").string(), "--logfile", log});
    ensure(done.has_value() && done->exit_code == 0, "swtpm_setup makes a TPM");
  }

  /// Into `state`, a copy of the one that is made once.
  void copy(const std::filesystem::path& state) {
    std::call_once(once_, [this] { manufacture(folder_ / "state"); });
    std::filesystem::copy(folder_ / "state", state);
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    std::ifstream in(folder_.path() / "ca" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  TempDir folder_;
  std::mutex mutex_;
  std::once_flag once_;
};

Maker& maker(const SwtpmOptions& options) {
  static Maker usual;
  static Maker other;
  return options.other_ca ? other : usual;
}

/// Whether something listens on the socket.
bool answers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ensure(path.size() < sizeof address.sun_path, "the socket's path fits");
  std::ranges::copy(path, address.sun_path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

bool in_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  for (const auto folder : std::views::split(std::string_view(path == nullptr ? "" : path), ':')) {
    const std::string place = std::string(folder.begin(), folder.end()) + "/" + std::string(program);
    if (::access(place.c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

std::string Swtpm::missing() {
  static const std::string reason = [] {
    for (const std::string_view program : {"swtpm", "swtpm_setup"}) {
      if (!in_path(program)) return std::string(program) + " is missing: install swtpm and swtpm-tools";
    }
    return std::string();
  }();
  return reason;
}

Swtpm::Swtpm(SwtpmOptions options) : options_(options) {
  if (options_.fresh_ek || options_.other_ca) {
    maker(options_).manufacture(state_folder());
  } else {
    maker(options_).copy(state_folder());
  }
  start();
}

Swtpm::~Swtpm() { kill(); }

std::string Swtpm::tcti() const { return "swtpm:path=" + (folder_ / "tpm").string(); }
std::string Swtpm::ek_issuer_pem() const { return maker(options_).file("issuercert.pem"); }
std::string Swtpm::ek_root_pem() const { return maker(options_).file("swtpm-localca-rootca-cert.pem"); }

void Swtpm::restart() {
  kill();
  start();
}

void Swtpm::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Swtpm::start() {
  ensure(pid_ < 0, "it is off");
  const std::string socket = (folder_ / "tpm").string();
  for (const char* stale : {"tpm", "tpm.ctrl"}) std::filesystem::remove(folder_ / stale);
  // The TCTI looks for the control channel at the data channel's path and ".ctrl".
  std::vector<std::string> words{"swtpm",
                                 "socket",
                                 "--tpm2",
                                 "--tpmstate",
                                 "dir=" + state_folder().string(),
                                 "--server",
                                 "type=unixio,path=" + socket,
                                 "--ctrl",
                                 "type=unixio,path=" + socket + ".ctrl",
                                 "--flags",
                                 options_.started ? "not-need-init,startup-clear" : "not-need-init"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string log = (folder_ / "log").string();
  pid_ = ::fork();
  ensure(pid_ >= 0, "fork");
  if (pid_ == 0) {  // between fork and exec only what is safe in a copy of a process with threads
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, STDOUT_FILENO);
    ::dup2(fd, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  for (int i = 0; i < 1000; ++i) {
    if (answers(socket)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ensure(false, "swtpm starts");
}

}  // namespace signet::test
