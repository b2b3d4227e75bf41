// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// P-256 signatures through signet-keystored, as it is shipped, over its socket and through libsignet-pkcs11.so, beside
// the TSS alone (raw_esys.hpp), tpm2-openssl and tpm2-pkcs11 on the same software TPM; and SoftHSM alone and through
// lib/keystore.
//
// swtpm serves one connection at a time, so the rows take turns, in batches so short that whatever else the machine
// does meets all alike. What counts is the median over the rounds of each round's own ratio. CPU time is that of all
// programs that take part; it does not depend on who else wants the processors. A wait is compared with a client's
// turn: so many operations as there are clients, each as long as it took in that round. Where all are served alike,
// nobody waits much longer than that, however slow the machine is.
#include "signet/keystored.hpp"
#include "signet/os/process.hpp"
#include "signet/tpm.hpp"

#include "keystore_peers.hpp"
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
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace signet;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int k_rounds = 7;
constexpr std::chrono::milliseconds k_batch{300};
constexpr std::chrono::milliseconds k_long_batch{1500};  ///< of many clients, who each have their turn a few times
constexpr std::size_t k_many = 16;
constexpr int k_warm_up = 3;
constexpr const char* k_tpm2_pkcs11 = "libtpm2_pkcs11.so.1";
constexpr const char* k_softhsm = "/usr/lib/softhsm/libsofthsm2.so";
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
  double p50_ms = 0;  ///< how long a client waits
  double p99_ms = 0;
  double p99_turns = 0;  ///< the same over the clients' number of operations in this batch
};

/// The value below which `share` of the values are.
double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// One batch: a thread for each client, after a warm-up that is not counted.
Rates batch(const std::vector<pid_t>& processes, const peers::Signers& clients) {
  const auto cpu = [&processes] {
    double sum = 0;
    for (const pid_t each : processes) sum += cpu_seconds(each);
    return sum;
  };
  for (const auto& sign : clients) sign();
  for (int i = 0; i < k_warm_up; ++i) clients.front()();
  const auto length = clients.size() < k_many ? k_batch : k_long_batch;
  std::vector<std::vector<double>> waits(clients.size());
  const double cpu_before = cpu();
  const auto start = Clock::now();
  const auto run = [&](std::size_t i) {
    for (auto before = Clock::now(); before - start < length;) {
      clients[i]();
      const auto after = Clock::now();
      waits[i].push_back(std::chrono::duration<double, std::milli>(after - before).count());
      before = after;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < clients.size(); ++i) threads.emplace_back(run, i);
  run(0);
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = Clock::now() - start;
  std::vector<double> all;
  for (const auto& each : waits) all.insert(all.end(), each.begin(), each.end());
  const auto count = static_cast<double>(all.size());
  const double turn_ms = static_cast<double>(clients.size()) * took.count() * 1e3 / count;
  const double p99_ms = quantile(all, 0.99);
  return {count / took.count(), (cpu() - cpu_before) / count * 1e6, quantile(all, 0.5), p99_ms, p99_ms / turn_ms};
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

/// Sets a peer up.
void run_tool(const std::vector<std::string>& words) {
  const os::ProcessResult done = must(os::run(words));
  if (done.exit_code == 0) return;
  std::fprintf(stderr, "bench_keystore: %s: %s\n", words.front().c_str(), done.err.c_str());
  std::exit(1);
}

std::string softhsm_uri(const std::string& what) { return what + "?module-path=" + k_softhsm + "&pin-value=1234"; }

/// Where each peer finds its TPM, keys and configuration.
class World {
 public:
  World() : tpm_(folder_) {
    ::setenv("TPM2OPENSSL_TCTI", tpm_.tcti().c_str(), 1);
    ::setenv("TPM2TOOLS_TCTI", tpm_.tcti().c_str(), 1);
    ::setenv("TPM2_PKCS11_TCTI", tpm_.tcti().c_str(), 1);
    ::setenv("TPM2_PKCS11_STORE", (folder_ / "tpm2-pkcs11").c_str(), 1);
    ::setenv("TPM2_PKCS11_LOG_LEVEL", "0", 1);
    ::setenv("SOFTHSM2_CONF", (folder_ / "softhsm.conf").c_str(), 1);
    ::setenv("SIGNET_KEYSTORED_SOCKET", (folder_ / "keystored").c_str(), 1);
    std::filesystem::create_directory(folder_ / "tpm2-pkcs11");
    std::filesystem::create_directory(folder_ / "softhsm");
    std::ofstream(folder_ / "softhsm.conf") << "directories.tokendir = " << (folder_ / "softhsm") << '\n';
    run_tool({"softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "1234", "--so-pin", "12345678"});
    (void)must(
        must(keystore::open(softhsm_uri("pkcs11:token=bench")))->generate("bench", crypto::KeyAlgorithm::ec_p256));
    run_tool({"openssl", "genpkey", "-provider", "tpm2", "-provider", "default", "-algorithm", "EC", "-pkeyopt",
              "group:P-256", "-out", key_file()});
    const std::vector<std::string> tool{"pkcs11-tool", "--module", k_tpm2_pkcs11};
    const auto with = [&tool](std::vector<std::string> more) {
      more.insert(more.begin(), tool.begin(), tool.end());
      return more;
    };
    clear();
    run_tool(with({"--slot-index", "0", "--init-token", "--label", "bench", "--so-pin", "12345678"}));
    clear();
    run_tool(with({"--token-label", "bench", "--login", "--login-type", "so", "--so-pin", "12345678", "--init-pin",
                   "--pin", "1234"}));
    clear();
    run_tool(with({"--token-label", "bench", "--login", "--pin", "1234", "--keypairgen", "--key-type", "EC:prime256v1",
                   "--label", "bench", "--usage-sign"}));
  }
  [[nodiscard]] std::string key_file() const { return folder_ / "tpm2-openssl.pem"; }
  [[nodiscard]] const SoftwareTpm& tpm() const { return tpm_; }
  [[nodiscard]] const Folder& folder() const { return folder_; }
  /// Takes out of the TPM what the peer before left in it: Signet does so when it connects.
  void clear() const { (void)must(tpm::Tpm::connect(tpm_.tcti())); }

 private:
  Folder folder_;
  SoftwareTpm tpm_;
};

/// What has one connection to the TPM serves its clients in turn.
peers::Signers in_turn(std::mutex& mutex, const std::function<void()>& sign, unsigned clients) {
  return peers::Signers(clients, [&mutex, sign] {
    const std::lock_guard lock(mutex);
    sign();
  });
}

Rates raw(const World& world, unsigned clients) {
  RawEsys esys(world.tpm().tcti());
  std::mutex mutex;
  return batch({world.tpm().pid(), ::getpid()}, in_turn(mutex, [&esys] { esys.sign(); }, clients));
}

Rates library(const World& world, unsigned clients) {
  const auto connection = must(tpm::Tpm::connect(world.tpm().tcti()));
  const auto parent = must(connection->create_storage_primary(tpm::Hierarchy::endorsement, Secret(), "bench"));
  const Secret auth = crypto::random_secret(32);
  const auto blob = must(connection->create_key(parent, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::sign, auth));
  const auto key = must(connection->load(parent, blob, auth));
  const auto sign = [&] { (void)must(connection->sign(key, crypto::SignatureScheme::ecdsa_sha256, k_digest)); };
  return batch({world.tpm().pid(), ::getpid()}, peers::Signers(clients, sign));
}

/// signet-keystored for the time of one batch, with a key.
class Service {
 public:
  explicit Service(const World& world) : socket_(world.folder() / "keystored") {
    std::filesystem::remove(socket_);
    child_.push_back(must(os::Child::start(
        {SIGNET_KEYSTORED, "--tpm", world.tpm().tcti(), "--state", world.folder() / "state", "--socket", socket_},
        world.folder() / "log")));
    wait_for(socket_);
    keystore::KeystoredClient client(socket_);
    while (!client.call("describe")) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // bound, not yet heard
    // There from the second time on; the first signature shows that it is.
    (void)client.generate("bench", keystore::Purpose::tls, crypto::KeyAlgorithm::ec_p256);
  }
  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] pid_t pid() const { return child_.front().pid(); }

 private:
  std::string socket_;
  std::vector<os::Child> child_;
};

Rates keystored(const World& world, unsigned clients) {
  const Service service(world);
  std::vector<std::unique_ptr<keystore::KeystoredClient>> connections;
  peers::Signers signs;
  for (unsigned i = 0; i < clients; ++i) {
    connections.push_back(std::make_unique<keystore::KeystoredClient>(service.socket()));
    signs.emplace_back([client = connections.back().get()] {
      (void)must(client->sign("bench", keystore::Purpose::tls, crypto::SignatureScheme::ecdsa_sha256, k_digest));
    });
  }
  return batch({world.tpm().pid(), ::getpid(), service.pid()}, signs);
}

Rates module(const World& world, unsigned clients) {
  const Service service(world);
  peers::Pkcs11 peer(SIGNET_PKCS11, "", "", "bench");
  return batch({world.tpm().pid(), ::getpid(), service.pid()}, peer.signers(clients));
}

Rates tpm2_openssl(const World& world, unsigned clients) {
  peers::Tpm2Openssl peer(world.key_file());
  return batch({world.tpm().pid(), ::getpid()}, peer.signers(clients));
}

Rates tpm2_pkcs11(const World& world, unsigned clients) {
  peers::Pkcs11 peer(k_tpm2_pkcs11, "bench", "1234", "bench");
  return batch({world.tpm().pid(), ::getpid()}, peer.signers(clients));
}

Rates softhsm(const World& /*world*/, unsigned clients) {
  peers::Pkcs11 peer(k_softhsm, "bench", "1234", "bench");
  return batch({::getpid()}, peer.signers(clients));
}

Rates softhsm_through_us(const World& /*world*/, unsigned clients) {
  const auto signer = must(keystore::open_signer(softhsm_uri("pkcs11:token=bench;object=bench")));
  const auto sign = [&signer] { (void)must(signer->sign(crypto::SignatureScheme::ecdsa_sha256, k_digest)); };
  return batch({::getpid()}, peers::Signers(clients, sign));
}

struct Peer {
  const char* name;
  Rates (*run)(const World& world, unsigned clients);
  bool uses_tpm = true;
};
/// The first of each kind is what the others are measured by.
constexpr std::array k_peers{Peer{"ESYS alone", raw},
                             Peer{"lib/tpm", library},
                             Peer{"keystored", keystored},
                             Peer{"libsignet-pkcs11", module},
                             Peer{"tpm2-openssl, empty auth", tpm2_openssl},
                             Peer{"tpm2-pkcs11", tpm2_pkcs11},
                             Peer{"SoftHSM", softhsm, false},
                             Peer{"SoftHSM through lib/keystore", softhsm_through_us, false}};
constexpr std::array k_clients{1U, 8U, 64U};

struct Row {
  const Peer* peer = nullptr;
  unsigned clients = 0;
  std::vector<Rates> rounds = {};

  [[nodiscard]] double median(double Rates::* of) const {
    std::vector<double> out;
    for (const Rates& rates : rounds) out.push_back(rates.*of);
    return quantile(out, 0.5);
  }
};

void print(const Row& row, const Row& measure) {
  std::vector<double> speed;
  for (std::size_t i = 0; i < row.rounds.size(); ++i)
    speed.push_back(100 * row.rounds[i].per_second / measure.rounds[i].per_second);
  std::printf("%-30s %7u %8.0f %7.0f %% (%3.0f to %3.0f) %9.2f %9.2f %9.2f %9.0f us\n", row.peer->name, row.clients,
              row.median(&Rates::per_second), quantile(speed, 0.5), quantile(speed, 0.25), quantile(speed, 0.75),
              row.median(&Rates::p50_ms), row.median(&Rates::p99_ms), row.median(&Rates::p99_turns),
              row.median(&Rates::cpu_us));
}

}  // namespace

int main() {
  const World world;
  std::vector<Row> rows;
  for (const unsigned clients : k_clients) {
    for (const Peer& peer : k_peers) rows.push_back({&peer, clients});
  }
  for (int round = 0; round < k_rounds; ++round) {
    for (Row& row : rows) {
      if (row.peer->uses_tpm) world.clear();
      row.rounds.push_back(row.peer->run(world, row.clients));
    }
  }
  std::printf("P-256 signatures on swtpm and SoftHSM, %d rounds of %d ms (64 clients: %d ms), medians (quartiles)\n",
              k_rounds, static_cast<int>(k_batch.count()), static_cast<int>(k_long_batch.count()));
  std::printf("%-30s %7s %8s %9s %12s %9s %9s %9s %12s\n", "", "clients", "per s", "of first", "", "p50 ms", "p99 ms",
              "p99/turn", "CPU each");
  for (const Row& row : rows) {
    const auto of_kind = [&](const Row& each) {
      return each.clients == row.clients && each.peer->uses_tpm == row.peer->uses_tpm;
    };
    print(row, *std::ranges::find_if(rows, of_kind));
  }
  return 0;
}
