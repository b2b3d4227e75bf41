// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// P-256 signatures through signet-keystored, over its socket, beside the same TPM used directly (lib/tpm over ESYS, the
// same kind of session) in the same run. swtpm serves one connection at a time, so the two take turns.
#include "signet/keystored.hpp"
#include "signet/keystored_service.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/tpm.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace signet;

namespace {

constexpr int k_rounds = 5;
constexpr std::chrono::seconds k_round_length{2};
const Bytes k_digest(32, std::byte{7});

template <typename T>
T must(Result<T> result) {
  ensure(result.has_value(), result.has_value() ? "" : result.error().message());
  return *std::move(result);
}

/// Calls per second of one round.
template <typename Sign>
double rate(Sign&& sign) {
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t count = 0;
  while (std::chrono::steady_clock::now() - start < k_round_length) {
    sign();
    ++count;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(count) / took.count();
}

double direct(const std::string& tcti) {
  const auto tpm = must(tpm::Tpm::connect(tcti));
  const auto parent = must(tpm->create_storage_primary(tpm::Hierarchy::endorsement, Secret(), "bench"));
  const Secret auth = crypto::random_secret(32);  // as keystored's keys have one: the session is the same
  const auto blob = must(tpm->create_key(parent, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::sign, auth));
  const auto key = must(tpm->load(parent, blob, auth));
  return rate([&] { (void)must(tpm->sign(key, crypto::SignatureScheme::ecdsa_sha256, k_digest)); });
}

double through_keystored(const std::string& tcti, const test::TempDir& folder, unsigned clients) {
  const auto service = must(keystored::Service::open({.tcti = tcti, .state = folder / "state", .allow_uids = {}}));
  std::atomic<bool> stop{false};
  const std::string socket = folder / "socket";
  std::thread server([&] { ensure(service->serve(socket, stop).has_value(), "bench: serve"); });
  while (!std::filesystem::exists(socket)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  keystore::KeystoredClient first(socket);
  (void)first.generate("bench", keystore::Purpose::tls, crypto::KeyAlgorithm::ec_p256);  // there from round two on
  std::vector<double> rates(clients);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      keystore::KeystoredClient client(socket);
      rates[i] = rate([&] {
        (void)must(client.sign("bench", keystore::Purpose::tls, crypto::SignatureScheme::ecdsa_sha256, k_digest));
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  server.join();
  double sum = 0;
  for (const double one : rates) sum += one;
  return sum;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main() {
  if (const std::string missing = test::Swtpm::missing(); !missing.empty()) {
    std::fprintf(stderr, "bench_keystore: %s\n", missing.c_str());
    return 1;  // a row whose peer did not run fails
  }
  const test::Swtpm tpm;
  const test::TempDir folder;
  std::vector<double> peer;
  std::vector<double> one;
  std::vector<double> two;
  for (int round = 0; round < k_rounds; ++round) {
    peer.push_back(direct(tpm.tcti()));
    one.push_back(through_keystored(tpm.tcti(), folder, 1));
    two.push_back(through_keystored(tpm.tcti(), folder, 2));
  }
  std::printf("%-40s %10s %10s\n", "P-256 signatures on swtpm", "per s", "of direct");
  std::printf("%-40s %10.0f %10s\n", "direct (lib/tpm, ESYS, HMAC session)", median(peer), "100 %");
  std::printf("%-40s %10.0f %8.0f %%\n", "keystored, 1 client", median(one), 100 * median(one) / median(peer));
  std::printf("%-40s %10.0f %8.0f %%\n", "keystored, 2 clients", median(two), 100 * median(two) / median(peer));
  return 0;
}
