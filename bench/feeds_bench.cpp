// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// bench_feeds [FEED]: documents in memory, one thread. Each row has the bare parser of simdjson beside it, which checks
// syntax and UTF-8 and nothing else. Prints one JSON object; bench/vuln_bench.py calls it.
#include "signet/vuln/match.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace signet;

class MemoryFeed : public vuln::FeedSource {
 public:
  explicit MemoryFeed(const std::vector<Bytes>& documents) : documents_(documents) {}
  [[nodiscard]] std::string name() const override { return "memory"; }
  Result<void> read(const Take& take) override {
    for (const Bytes& document : documents_) TRY(take("x.json", document));
    return {};
  }

 private:
  const std::vector<Bytes>& documents_;
};

/// The shortest of several runs, in seconds.
template <typename Work>
double best_of(int runs, Work work) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const auto began = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  return best;
}

Result<void> measure(const std::string& path) {
  constexpr int k_runs = 3;
  std::vector<Bytes> documents;
  std::uint64_t bytes = 0;
  TRY_ASSIGN(const auto source, vuln::open_feed(path));
  TRY(source->read([&](std::string_view, ByteView content) -> Result<void> {
    documents.push_back(to_bytes(content));
    bytes += content.size();
    return {};
  }));
  std::uint64_t failures = 0;
  simdjson::dom::parser parser;
  const double bare = best_of(k_runs, [&] {
    for (const Bytes& document : documents) {
      failures += parser.parse(as_uchar(ByteView(document)), document.size(), true).error() ? 1U : 0U;
    }
  });
  vuln::FeedReader reader;
  const double read = best_of(k_runs, [&] {
    for (const Bytes& document : documents) failures += reader.read(document) ? 0U : 1U;
  });
  std::vector<std::unique_ptr<vuln::FeedSource>> feeds;
  feeds.push_back(std::make_unique<MemoryFeed>(documents));
  std::size_t size = 0;
  const double indexed = best_of(k_runs, [&] {
    const auto made = vuln::make_index(feeds, Instant{});
    size = made ? made->size() : 0;
  });
  if (failures != 0 || size == 0) return Error(Errc::internal, "bench.failed", "a document was not read", "");
  const double megabytes = static_cast<double>(bytes) / 1e6;
  std::printf(
      "{\"documents\":%zu,\"megabytes\":%.1f,\"index_megabytes\":%.1f,\"bare_parse_mb_s\":%.0f,"
      "\"read_mb_s\":%.0f,\"index_mb_s\":%.0f}\n",
      documents.size(), megabytes, static_cast<double>(size) / 1e6, megabytes / bare, megabytes / read,
      megabytes / indexed);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const char* vectors = std::getenv("SIGNET_VECTORS");
  if (argc != 2 && vectors == nullptr) {
    std::fprintf(stderr, "FAILED: name a feed, or set SIGNET_VECTORS\n");
    return 2;
  }
  const auto measured = measure(argc == 2 ? argv[1] : std::string(vectors) + "/psirt/vulnrichment-1500.tar.xz");
  if (!measured) std::fprintf(stderr, "%s\n", measured.error().message().c_str());
  return measured ? 0 : 1;
}
