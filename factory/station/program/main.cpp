// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/version.hpp"
#include "signet/station.hpp"

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

using namespace signet;

namespace {

constexpr std::string_view k_help = R"(signet-station CONFIG

The service of a production line: units connect, and those that prove what they are get their identities.
CONFIG is described in docs/formats/station-config.md; 'signet station' makes and looks after what it needs.
Prints one line when it is ready. SIGTERM and SIGINT end it after the units that are being born.
)";

int report(const Error& error) {
  std::fprintf(stderr, "signet-station: %s (%s)\n", error.message().c_str(), error.reason().c_str());
  if (!error.hint().empty()) std::fprintf(stderr, "  %s\n", error.hint().c_str());
  return errc_info(error.code()).exit_code;
}

Result<void> serve(const std::string& path, const std::stop_token& stop) {
  TRY_ASSIGN(const auto config, station::Config::load(path));
  const os::SystemClock clock;
  TRY_ASSIGN(auto station, station::Station::open(config, clock));
  return station.serve(stop, [&](std::uint16_t units, std::uint16_t page) {
    std::printf("ready units=%u page=%u\n", unsigned{units}, unsigned{page});
    std::fflush(stdout);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string argument = argc == 2 ? argv[1] : "";
  if (argument == "--help" || argument == "-h") {
    std::fputs(std::string(k_help).c_str(), stdout);
    return 0;
  }
  if (argument == "--version") {
    std::printf("signet-station %s\n", std::string(project_version()).c_str());
    return 0;
  }
  if (argument.empty() || argument.starts_with("-")) {
    return report(Error(Errc::usage, "station.usage", "give one configuration file", "signet-station --help"));
  }
  // Blocked before any thread begins, so that only the one that waits for them sees them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::stop_source stop;
  std::thread([ends, stop]() mutable {
    int which = 0;
    sigwait(&ends, &which);
    stop.request_stop();
  }).detach();
  const auto served = serve(argument, stop.get_token());
  return served ? 0 : report(served.error());
}
