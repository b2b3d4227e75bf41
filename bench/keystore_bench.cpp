// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// P-256 signatures through signet-keystored, as it is shipped and over its socket, beside the TSS alone (raw_esys.hpp)
// with the same kind of session on the same software TPM.
//
// swtpm serves one connection at a time, so the two take turns, in batches so short that whatever else the machine does
// meets both alike. What counts is the median over the rounds of each round's own ratio. CPU time is that of all
// programs that take part; it does not depend on who else wants the processors.
#include "signet/keystored.hpp"
#include "signet/os/process.hpp"
#include "signet/tpm.hpp"

#include "raw_esys.hpp"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace signet;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int k_rounds = 15;
constexpr std::chrono::milliseconds k_batch{250};
constexpr int k_warm_up = 20;
const Bytes k_digest(32, std::byte{7});

template <typename T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench_keystore: %s\n", result.error().message().c_str());
  std::exit(1);  // a row whose peer did not run fails
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "signet-bench-XXXXXX").string();
    ensure(::mkdtemp(pattern.data()) != nullptr, "a folder");
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void wait_for(const std::string& path) {
  for (int i = 0; i < 2000 && !std::filesystem::exists(path); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ensure(std::filesystem::exists(path), "bench_keystore: a program starts (swtpm, signet-keystored)");
}

/// CPU time that a process has used, in seconds.
double cpu_seconds(pid_t process) {
  clockid_t clock{};
  timespec now{};
  ensure(::clock_getcpuclockid(process, &clock) == 0 && ::clock_gettime(clock, &now) == 0, "a process has a clock");
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Rates {
  double per_second = 0;
  double cpu_us = 0;  ///< for each signature, of all programs together
};

/// One batch: `clients` threads, each with a `sign` of its own, after a warm-up that is not counted.
Rates batch(const std::vector<pid_t>& processes, const std::vector<std::function<void()>>& clients) {
  for (const auto& sign : clients) {
    for (int i = 0; i < k_warm_up; ++i) sign();
  }
  const auto cpu = [&processes] {
    double sum = 0;
    for (const pid_t each : processes) sum += cpu_seconds(each);
    return sum;
  };
  std::vector<std::uint64_t> counts(clients.size());
  const double cpu_before = cpu();
  const auto start = Clock::now();
  const auto run = [&](std::size_t i) {
    for (; Clock::now() - start < k_batch; ++counts[i]) clients[i]();
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < clients.size(); ++i) threads.emplace_back(run, i);
  run(0);
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = Clock::now() - start;
  double count = 0;
  for (const std::uint64_t each : counts) count += static_cast<double>(each);
  return {count / took.count(), (cpu() - cpu_before) / count * 1e6};
}

/// The software TPM: as it makes itself where there is none yet.
class SoftwareTpm {
 public:
  explicit SoftwareTpm(const Folder& folder) : socket_(folder / "tpm") {
    std::filesystem::create_directory(folder / "tpm-state");
    child_.push_back(
        must(os::Child::start({"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + (folder / "tpm-state"), "--server",
                               "type=unixio,path=" + socket_, "--ctrl", "type=unixio,path=" + socket_ + ".ctrl",
                               "--flags", "not-need-init,startup-clear"},
                              folder / "tpm.log")));
    wait_for(socket_);
  }
  [[nodiscard]] std::string tcti() const { return "swtpm:path=" + socket_; }
  [[nodiscard]] pid_t pid() const { return child_.front().pid(); }

 private:
  std::string socket_;
  std::vector<os::Child> child_;
};

Rates raw(const SoftwareTpm& tpm) {
  RawEsys esys(tpm.tcti());
  return batch({tpm.pid(), ::getpid()}, {[&esys] { esys.sign(); }});
}

Rates library(const SoftwareTpm& tpm) {
  const auto connection = must(tpm::Tpm::connect(tpm.tcti()));
  const auto parent = must(connection->create_storage_primary(tpm::Hierarchy::endorsement, Secret(), "bench"));
  const Secret auth = crypto::random_secret(32);
  const auto blob = must(connection->create_key(parent, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::sign, auth));
  const auto key = must(connection->load(parent, blob, auth));
  return batch({tpm.pid(), ::getpid()},
               {[&] { (void)must(connection->sign(key, crypto::SignatureScheme::ecdsa_sha256, k_digest)); }});
}

Rates keystored(const SoftwareTpm& tpm, const Folder& folder, unsigned clients) {
  const std::string socket = folder / "keystored";
  const auto service = must(os::Child::start(
      {SIGNET_KEYSTORED, "--tpm", tpm.tcti(), "--state", folder / "state", "--socket", socket}, folder / "log"));
  wait_for(socket);
  std::vector<std::unique_ptr<keystore::KeystoredClient>> connections;
  std::vector<std::function<void()>> signs;
  for (unsigned i = 0; i < clients; ++i) {
    connections.push_back(std::make_unique<keystore::KeystoredClient>(socket));
    signs.emplace_back([client = connections.back().get()] {
      (void)must(client->sign("bench", keystore::Purpose::tls, crypto::SignatureScheme::ecdsa_sha256, k_digest));
    });
  }
  // There from the second round on; the first signature shows that it is.
  (void)connections.front()->generate("bench", keystore::Purpose::tls, crypto::KeyAlgorithm::ec_p256);
  return batch({tpm.pid(), ::getpid(), service.pid()}, signs);
}

/// The value below which `share` of the values are.
double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

struct Row {
  const char* name;
  std::function<Rates()> run;
  std::vector<Rates> rounds = {};

  template <typename Of>
  [[nodiscard]] std::vector<double> each(Of of) const {
    std::vector<double> out;
    for (const Rates& rates : rounds) out.push_back(of(rates));
    return out;
  }
};

void print(const Row& row, const Row& peer) {
  std::vector<double> speed;
  std::vector<double> cost;
  for (std::size_t i = 0; i < row.rounds.size(); ++i) {
    speed.push_back(100 * row.rounds[i].per_second / peer.rounds[i].per_second);
    cost.push_back(100 * row.rounds[i].cpu_us / peer.rounds[i].cpu_us);
  }
  std::printf("%-32s %8.0f %8.0f %% (%3.0f to %3.0f) %9.0f us %6.0f %%\n", row.name,
              quantile(row.each([](const Rates& r) { return r.per_second; }), 0.5), quantile(speed, 0.5),
              quantile(speed, 0.25), quantile(speed, 0.75),
              quantile(row.each([](const Rates& r) { return r.cpu_us; }), 0.5), quantile(cost, 0.5));
}

}  // namespace

int main() {
  const Folder folder;
  const SoftwareTpm tpm(folder);
  std::array rows{Row{"ESYS alone", [&] { return raw(tpm); }}, Row{"lib/tpm", [&] { return library(tpm); }},
                  Row{"keystored, 1 client", [&] { return keystored(tpm, folder, 1); }},
                  Row{"keystored, 8 clients", [&] { return keystored(tpm, folder, 8); }}};
  for (int round = 0; round < k_rounds; ++round) {
    for (Row& row : rows) row.rounds.push_back(row.run());
  }
  std::printf("P-256 signatures on swtpm, %d rounds of %d ms each, medians (quartiles)\n", k_rounds,
              static_cast<int>(k_batch.count()));
  std::printf("%-32s %8s %10s %13s %12s %8s\n", "", "per s", "of ESYS", "", "CPU each", "of ESYS");
  for (const Row& row : rows) print(row, rows.front());
  return 0;
}
