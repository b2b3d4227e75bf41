// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/version.hpp"
#include "signet/keystored.hpp"
#include "signet/keystored_service.hpp"
#include "signet/os/file.hpp"

#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace {

using signet::Errc;
using signet::Error;
using signet::LogLevel;
using signet::Result;

std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

std::atomic<bool> g_reload{false};

void stop(int /*signal*/) { g_stop = true; }
void reload(int /*signal*/) { g_reload = true; }

constexpr const char* k_examples = R"(
Examples:
  signet-keystored --tpm device:/dev/tpm0 --state /var/lib/signet/keystored --allow-uid 990
  signet-keystored --tpm device:/dev/tpm0 --state /var/lib/signet/keystored --policy /etc/signet/keystored-policy.json
  signet-keystored --tpm swtpm:path=/run/tpm.sock --state ./state --socket ./keystored.sock

It stays in the foreground, writes one line per event to stderr, and ends on SIGTERM after it has told the TPM so.
SIGHUP makes it read the policy again.
Start it before every other program that could reach the TPM: it reads the endorsement auth and locks it away.
)";

/// As journald reads it: the priority first (sd-daemon(3)). One write per line, whole.
void log(LogLevel level, const std::string& text) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const char* priority = level == LogLevel::error ? "<3>" : level == LogLevel::warning ? "<4>" : "<6>";
  std::fprintf(stderr, "%ssignet-keystored: %s\n", priority, signet::printable(text, 2000).c_str());
}

int fail(const Error& error) {
  log(LogLevel::error, error.message() + " (" + error.reason() + ")");
  if (!error.hint().empty()) log(LogLevel::error, "-> " + error.hint());
  return signet::errc_info(error.code()).exit_code;
}

struct Options {
  signet::keystored::Config config;
  std::string state;
  std::string socket = std::string(signet::keystore::k_keystored_socket);
  std::string vendor_key;
  std::string policy;
  std::uint64_t audit_mib = 16;
};

Result<void> run(Options options) {
  options.config.state = options.state;
  options.config.log = log;
  options.config.audit_bytes_max = options.audit_mib << 20U;
  if (!options.policy.empty()) options.config.policy = options.policy;
  if (!options.vendor_key.empty()) {
    TRY_ASSIGN(const signet::Bytes pem, signet::os::read_file(options.vendor_key, 65536));
    TRY_ASSIGN(options.config.vendor_key, signet::crypto::PublicKey::from_pem(signet::as_text(pem)));
  }
  TRY_ASSIGN(const auto service, signet::keystored::Service::open(std::move(options.config)));
  TRY(service->serve(options.socket, g_stop, &g_reload));
  service->shut_down();
  log(LogLevel::info, "ended in good order");
  return {};
}

void prepare_process() {
  struct sigaction action{};
  action.sa_handler = stop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = reload;
  ::sigaction(SIGHUP, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
  ::umask(0077);
  // No core dump, and no ptrace by other programs of the same user; root is not kept out by this.
  ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

int main(int argc, char** argv) {
  prepare_process();
  try {
    Options options;
    CLI::App app("Keeps the keys of a device in its TPM, as the only program that talks to it.", "signet-keystored");
    app.set_version_flag("--version", std::string(signet::project_version()), "Print the version.");
    app.set_help_flag("-h,--help", "Print this help.");
    app.footer(k_examples);
    app.add_option("--tpm", options.config.tcti, "The TPM as the TSS names it (device:/dev/tpm0, swtpm:path=...).")
        ->type_name("TCTI")
        ->required();
    app.add_option("--state", options.state, "The folder for keys and state, for this service only.")
        ->type_name("FOLDER")
        ->required();
    app.add_option("--socket", options.socket, "Where programs ask.")->type_name("PATH")->capture_default_str();
    app.add_option("--allow-uid", options.config.allow_uids, "A user who may use keys; may be repeated.")
        ->type_name("N");
    app.add_option("--policy", options.policy, "Who may do what with which key; instead of --allow-uid.")
        ->type_name("FILE");
    app.add_option("--audit-mib", options.audit_mib, "Room for the record of uses; 0 writes none.")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{65536}))
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--vendor-key", options.vendor_key, "The only vendor (public key in PEM) whose birth is accepted.")
        ->type_name("FILE");
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app.exit(error);
      return code == 0 ? 0 : signet::errc_info(Errc::usage).exit_code;
    }
    const auto done = run(std::move(options));
    return done ? 0 : fail(done.error());
  } catch (const std::bad_alloc&) {
    return fail(Error(Errc::exhausted, "keystored.memory", "out of memory"));
  } catch (const std::exception& error) {
    return fail(Error(Errc::internal, "keystored.fault", signet::printable(error.what())));
  }
}
