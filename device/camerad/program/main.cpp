// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/camerad.hpp"
#include "signet/core/version.hpp"

#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cstdio>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <thread>

namespace {

using signet::Errc;
using signet::Error;
using signet::LogLevel;
using signet::Result;
namespace camerad = signet::camerad;

constexpr const char* k_examples = R"(
Examples:
  signet-camerad /etc/signet/camera.json
  signet-camerad --source test: --key file:keys?label=video --chain video.pem --record segments
  signet-camerad --ask /run/signet-camerad/status.sock --json

CONFIG is described in docs/formats/camerad-config.md; options stand above it. It stays in the foreground, prints one
line when it is ready, writes one line per event to stderr, and ends on SIGTERM with its last GOP signed.
)";

/// As journald reads it: the priority first (sd-daemon(3)). One write per line, whole.
void log(LogLevel level, const std::string& text) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const char* priority = level == LogLevel::error ? "<3>" : level == LogLevel::warning ? "<4>" : "<6>";
  std::fprintf(stderr, "%ssignet-camerad: %s\n", priority, signet::printable(text, 2000).c_str());
}

int fail(const Error& error) {
  log(LogLevel::error, error.message() + " (" + error.reason() + ")");
  if (!error.hint().empty()) log(LogLevel::error, "-> " + error.hint());
  return signet::errc_info(error.code()).exit_code;
}

struct Options {
  std::string config;
  std::string source;
  std::string key;
  std::vector<std::string> chain;
  std::string rtsp;
  std::string record;
  std::uint64_t keep_mib = 0;
  std::uint32_t segment_seconds = 0;
  std::string status;
  std::string ask;
  bool json = false;
};

void declare(CLI::App& app, Options& options) {
  app.set_version_flag("--version", std::string(signet::project_version()), "Print the version.");
  app.set_help_flag("-h,--help", "Print this help.");
  app.footer(k_examples);
  app.add_option("CONFIG", options.config, "The configuration, a JSON file.")->type_name("");
  app.add_option("--source", options.source, "test:, rtsp://HOST/PATH, file:PATH or v4l2:/dev/video0.")
      ->type_name("URI");
  app.add_option("--key", options.key, "The key that signs: keystored:, tpm:, pkcs11: or file:.")->type_name("URI");
  app.add_option("--chain", options.chain, "The key's certificate, then those between it and the root (PEM).")
      ->type_name("FILE");
  app.add_option("--rtsp", options.rtsp, "Where RTSP is served, 127.0.0.1:8554 unless said otherwise; none: not.")
      ->type_name("ADDRESS:PORT");
  app.add_option("--record", options.record, "The folder for segments.")->type_name("FOLDER");
  app.add_option("--keep", options.keep_mib, "How much of segments is kept; the oldest go first.")->type_name("MIB");
  app.add_option("--segment", options.segment_seconds, "How long a segment is.")->type_name("SECONDS");
  app.add_option("--status", options.status, "The local socket that answers with the status.")->type_name("PATH");
  app.add_option("--ask", options.ask, "Print the status of the service behind this socket, and end.")
      ->type_name("PATH");
  app.add_flag("--json", options.json, "With --ask: one JSON value for machines.");
}

Result<camerad::Config> config_of(const Options& options) {
  camerad::Config config;
  if (!options.config.empty()) {
    TRY_ASSIGN(config, camerad::Config::load(options.config));
  }
  if (!options.source.empty()) config.source = options.source;
  if (!options.key.empty()) config.key = options.key;
  if (!options.chain.empty()) config.chain.assign(options.chain.begin(), options.chain.end());
  if (!options.rtsp.empty()) config.rtsp_listen = options.rtsp == "none" ? "" : options.rtsp;
  if (!options.record.empty()) config.record.folder = options.record;
  if (options.keep_mib != 0) config.record.keep_size_bytes = options.keep_mib << 20U;
  if (options.segment_seconds != 0) config.record.segment_seconds = options.segment_seconds;
  if (!options.status.empty()) config.status_socket = options.status;
  config.log = log;
  return config;
}

Result<void> show_status(const Options& options) {
  TRY_ASSIGN(const signet::Json status, camerad::ask_status(options.ask));
  std::printf("%s\n", status.dump(options.json ? 0 : 2).c_str());
  return {};
}

Result<void> run(const Options& options, const std::stop_token& stop) {
  if (!options.ask.empty()) return show_status(options);
  TRY_ASSIGN(camerad::Config config, config_of(options));
  TRY_ASSIGN(const auto service, camerad::Service::open(std::move(config)));
  TRY(service->serve(stop, [](std::uint16_t port) {
    std::printf("ready rtsp=%u\n", unsigned{port});
    std::fflush(stdout);
  }));
  log(LogLevel::info, "ended in good order");
  return {};
}

/// Before any thread begins, so that only the one that waits for them sees the signals.
void prepare_process(const std::stop_source& stop) {
  ::signal(SIGPIPE, SIG_IGN);
  ::umask(0027);
  ::prctl(PR_SET_DUMPABLE, 0);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::thread([ends, stop]() mutable {
    int which = 0;
    sigwait(&ends, &which);
    stop.request_stop();
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  const std::stop_source stop;
  try {
    prepare_process(stop);
    Options options;
    CLI::App app("Signs a live picture with the device's key, serves it over RTSP and records it.", "signet-camerad");
    declare(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app.exit(error);
      return code == 0 ? 0 : signet::errc_info(Errc::usage).exit_code;
    }
    const auto done = run(options, stop.get_token());
    return done ? 0 : fail(done.error());
  } catch (const std::bad_alloc&) {
    return fail(Error(Errc::exhausted, "camerad.memory", "out of memory"));
  } catch (const std::exception& error) {
    return fail(Error(Errc::internal, "camerad.fault", signet::printable(error.what())));
  }
}
