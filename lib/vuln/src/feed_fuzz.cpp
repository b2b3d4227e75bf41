// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/vuln/index.hpp"

#include <algorithm>

using namespace signet;

namespace {

class OneDocument : public vuln::FeedSource {
 public:
  explicit OneDocument(ByteView content) : content_(to_bytes(content)) {}
  [[nodiscard]] std::string name() const override { return "fuzz"; }
  Result<void> read(const Take& take) override { return take("fuzz.json", content_); }

 private:
  Bytes content_;
};

}  // namespace

// What is read can be put into an index, comes out of it unchanged, and is read the same a second time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 200'000) return 0;
  const ByteView input = test::fuzz_input(data, size);
  vuln::FeedReader reader;
  const auto first = reader.read(input);
  const auto second = reader.read(input);
  FUZZ_ASSERT(first.has_value() == second.has_value());
  if (!first) return 0;
  FUZZ_ASSERT(first->documents == second->documents && first->kev == second->kev && first->epss == second->epss);
  std::vector<std::unique_ptr<vuln::FeedSource>> feeds;
  feeds.push_back(std::make_unique<OneDocument>(input));
  const auto bytes = vuln::make_index(feeds, Instant{});
  if (!bytes) {
    FUZZ_ASSERT(first->documents.empty() && first->kev.empty() && first->epss.empty());
    return 0;
  }
  const auto index = vuln::Index::from_bytes(*bytes);
  FUZZ_ASSERT(index.has_value());
  FUZZ_ASSERT(index->info().documents <= first->documents.size());  // of one that stands twice, the newer one counts
  FUZZ_ASSERT(index->info().documents > 0 || first->documents.empty());
  for (std::uint32_t i = 0; i < index->info().documents; ++i) {
    FUZZ_ASSERT(std::ranges::find(first->documents, index->whole_document(i)) != first->documents.end());
  }
  return 0;
}
