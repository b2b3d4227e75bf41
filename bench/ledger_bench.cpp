// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Durable appends beside SQLite (WAL, synchronous=FULL, one row a commit) on the same disk, and proofs at three sizes.
#include "signet/ledger_store.hpp"

#include <benchmark/benchmark.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

using namespace signet;

namespace {

constexpr std::size_t k_entry_size_bytes = 200;  // a birth record's digest and names

/// A folder on the disk under test: that of $SIGNET_BENCH_DIR, or the present one.
class BenchFolder {
 public:
  BenchFolder() {
    const char* parent = ::getenv("SIGNET_BENCH_DIR");
    std::string pattern = std::string(parent == nullptr ? "." : parent) + "/bench-ledger-XXXXXX";
    ensure(::mkdtemp(pattern.data()) != nullptr, "bench: a folder of its own");
    path_ = pattern;
  }
  ~BenchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

void run_sql(sqlite3* database, const char* sql) {
  ensure(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK, "bench: sqlite3_exec");
}

/// A connection of its own, as a thread of a server has.
std::unique_ptr<sqlite3, CloseDatabase> open_database(const std::filesystem::path& path) {
  sqlite3* database = nullptr;
  ensure(sqlite3_open(path.c_str(), &database) == SQLITE_OK, "bench: sqlite3_open");
  sqlite3_busy_timeout(database, 60'000);
  run_sql(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
  return std::unique_ptr<sqlite3, CloseDatabase>(database);
}

/// Appends a second, from so many threads for two seconds.
template <typename MakeAppend>
double appends_per_second(int threads, MakeAppend make_append) {
  std::atomic<std::uint64_t> count{0};
  std::atomic<bool> is_over{false};
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&] {
        auto append = make_append();
        while (!is_over) {
          append();
          ++count;
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::seconds(2));
    is_over = true;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(count) / took.count();
}

double ledger_appends(int threads) {
  const BenchFolder folder;
  auto ledger = ledger::Ledger::create(folder.path() / "log", "bench.example/log");
  ensure(ledger.has_value(), "bench: a ledger");
  const Bytes entry(k_entry_size_bytes);
  return appends_per_second(threads,
                            [&] { return [&] { ensure(ledger->append(entry).has_value(), "bench: append"); }; });
}

double sqlite_appends(int threads) {
  const BenchFolder folder;
  const std::filesystem::path path = folder.path() / "peer.sqlite";
  run_sql(open_database(path).get(), "CREATE TABLE entries (id INTEGER PRIMARY KEY, entry BLOB)");
  const Bytes entry(k_entry_size_bytes);
  return appends_per_second(threads, [&] {
    std::shared_ptr<sqlite3> database = open_database(path);
    sqlite3_stmt* raw = nullptr;
    ensure(sqlite3_prepare_v2(database.get(), "INSERT INTO entries (entry) VALUES (?)", -1, &raw, nullptr) == SQLITE_OK,
           "bench: prepare");
    const std::shared_ptr<sqlite3_stmt> statement(raw, FinishStatement());
    return [database, statement, &entry] {
      sqlite3_bind_blob(statement.get(), 1, entry.data(), static_cast<int>(entry.size()), SQLITE_STATIC);
      ensure(sqlite3_step(statement.get()) == SQLITE_DONE, "bench: insert");
      sqlite3_reset(statement.get());
    };
  });
}

void durable_appends(benchmark::State& state) {
  const int threads = static_cast<int>(state.range(0));
  double ours = 0;
  double peer = 0;
  for (auto _ : state) {
    ours = ledger_appends(threads);
    peer = sqlite_appends(threads);
  }
  state.counters["ledger/s"] = ours;
  state.counters["sqlite/s"] = peer;
  state.counters["ratio"] = ours / peer;
}
BENCHMARK(durable_appends)->Arg(1)->Arg(16)->Iterations(1)->Unit(benchmark::kSecond);

/// Signs with nothing: a checkpoint's signature is no part of what is measured here.
class NoSigner : public crypto::Signer {
 public:
  explicit NoSigner(crypto::PublicKey key) : key_(std::move(key)) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme, ByteView) override { return Bytes(64); }

 private:
  crypto::PublicKey key_;
};

NoSigner no_signer() {
  // The key of signed-note's example.
  return NoSigner(
      ledger::VerifierKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")->key());
}

/// A published ledger of so many entries, made once.
const std::filesystem::path& ledger_of(std::int64_t size) {
  static const BenchFolder k_folder;
  static std::map<std::int64_t, std::filesystem::path> k_made;
  if (const auto made = k_made.find(size); made != k_made.end()) return made->second;
  const std::filesystem::path path = k_folder.path() / std::to_string(size);
  auto ledger = ledger::Ledger::create(path, "bench.example/log");
  ensure(ledger.has_value(), "bench: a ledger");
  std::vector<Bytes> entries;
  for (std::int64_t i = 0; i < size; ++i) {
    entries.push_back(to_bytes("entry " + std::to_string(i)));
    if (entries.size() < 4096 && i + 1 < size) continue;
    ensure(ledger->append_all(entries).has_value(), "bench: append");
    entries.clear();
  }
  NoSigner signer = no_signer();
  ensure(ledger->checkpoint(signer).has_value(), "bench: checkpoint");
  return k_made.emplace(size, path).first->second;
}

void open_for_writing(benchmark::State& state) {
  const std::filesystem::path& path = ledger_of(state.range(0));
  for (auto _ : state) ensure(ledger::Ledger::open(path).has_value(), "bench: open");
}
BENCHMARK(open_for_writing)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void make_proof(benchmark::State& state) {
  const auto published = ledger::Published::open(ledger_of(state.range(0)));
  ensure(published.has_value(), "bench: open");
  std::uint64_t index = 0;
  std::size_t size_bytes = 0;
  for (auto _ : state) {
    index = (index + 7919) % published->size();
    size_bytes = published->proof_file(index)->encode().size();
  }
  state.counters["proof_bytes"] = static_cast<double>(size_bytes);
}
BENCHMARK(make_proof)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

void check_proof(benchmark::State& state) {
  const auto published = ledger::Published::open(ledger_of(state.range(0)));
  const std::uint64_t index = published->size() / 3;
  const auto proof = published->prove(index);
  const Bytes entry = *published->entry(index);
  for (auto _ : state) {
    const bool holds =
        ledger::check_inclusion(index, published->size(), ledger::leaf_hash(entry), proof->hashes, published->root())
            .has_value();
    ensure(holds, "bench: the proof holds");
  }
}
BENCHMARK(check_proof)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
