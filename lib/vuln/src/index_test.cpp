// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/index.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "index_format.hpp"

#include <gtest/gtest.h>

#include <map>

namespace signet::vuln {
namespace {

const std::filesystem::path k_feeds = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/psirt/feeds";
constexpr Instant k_now{1'800'000'000};

/// Documents from memory.
class MemoryFeed : public FeedSource {
 public:
  explicit MemoryFeed(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  [[nodiscard]] std::string name() const override { return "memory"; }
  Result<void> read(const Take& take) override {
    for (const auto& [name, text] : files_) TRY(take(name, as_bytes(text)));
    return {};
  }

 private:
  std::map<std::string, std::string> files_;
};

using Feeds = std::vector<std::unique_ptr<FeedSource>>;

Feeds feeds_of(std::map<std::string, std::string> files) {
  Feeds feeds;
  feeds.push_back(std::make_unique<MemoryFeed>(std::move(files)));
  return feeds;
}

Feeds vectors() {
  Feeds feeds;
  feeds.push_back(*open_feed(k_feeds));
  return feeds;
}

std::string osv(const std::string& id, const std::string& modified, const std::string& fixed) {
  return R"({"id":")" + id + R"(","modified":")" + modified +
         R"(","affected":[{"package":{"ecosystem":"PyPI","name":"Django"},"ranges":[{"type":"ECOSYSTEM","events":[
         {"introduced":"0"},{"fixed":")" +
         fixed + R"("}]}]}]})";
}

std::string fixed_in(const Index& index, const std::string& id) {
  const auto places = index.find_id(id);
  if (places.size() != 1) return "found " + std::to_string(places.size());
  const auto [first, count] = index.statements_of(places[0].advisory);
  return count == 1 ? index.statement(first).rules.at(0).to : "statements " + std::to_string(count);
}

TEST(Index, P_VULN_013_gives_back_what_was_put_in) {
  const auto bytes = make_index(vectors(), k_now);
  ASSERT_OK(bytes);
  const auto index = Index::from_bytes(*bytes);
  ASSERT_OK(index);
  EXPECT_EQ(index->info().created, k_now);
  std::map<std::string, Document> stored;
  for (std::uint32_t i = 0; i < index->info().documents; ++i) {
    const Document document = index->whole_document(i);
    stored[document.id] = document;
  }
  std::size_t documents = 0;
  const auto source = open_feed(k_feeds);
  ASSERT_OK(source);
  ASSERT_OK((*source)->read([&](std::string_view name, ByteView content) -> Result<void> {
    TRY_ASSIGN(const FeedContent read, FeedReader().read(content));
    for (const Document& document : read.documents) {
      EXPECT_EQ(stored[document.id], document) << name;
      for (const Advisory& advisory : document.advisories) EXPECT_FALSE(index->find_id(advisory.id).empty()) << name;
      ++documents;
    }
    return {};
  }));
  EXPECT_EQ(documents, index->info().documents);
  EXPECT_GT(documents, 15U);
}

TEST(Index, P_VULN_014_an_update_takes_newer_documents_and_never_older_ones) {
  const test::TempDir folder;
  const auto path = folder / "vuln.index";
  const auto update = [&](std::map<std::string, std::string> files) {
    return update_index(path, IndexMode::update, feeds_of(std::move(files)), k_now);
  };
  const auto first = update({{"a.json", osv("PYSEC-1", "2024-01-02T00:00:00Z", "1.0")},
                             {"b.json", osv("PYSEC-2", "2024-01-02T00:00:00Z", "2.0")},
                             {"kev.json", R"({"catalogVersion":"1","vulnerabilities":[
                               {"cveID":"CVE-2024-0001","dateAdded":"2024-01-01"}]})"}});
  ASSERT_OK(first);
  EXPECT_EQ(first->documents_new, 2U);
  const auto second = update({{"a.json", osv("PYSEC-1", "2024-01-03T00:00:00Z", "1.1")},
                              {"b.json", osv("PYSEC-2", "2024-01-01T00:00:00Z", "0.1")}});
  ASSERT_OK(second);
  EXPECT_EQ(second->documents_changed, 1U);
  EXPECT_EQ(second->documents_older, 1U);
  EXPECT_EQ(second->info.documents, 2U);
  const auto third = update({{"c.json", osv("PYSEC-1", "2024-01-03T00:00:00Z", "1.1")}});
  ASSERT_OK(third);
  EXPECT_EQ(third->documents_same, 1U);
  const auto index = Index::open(path);
  ASSERT_OK(index);
  EXPECT_EQ(fixed_in(*index, "PYSEC-1"), "1.1");
  EXPECT_EQ(fixed_in(*index, "PYSEC-2"), "2.0");
  EXPECT_TRUE(index->kev("CVE-2024-0001").has_value());
  EXPECT_FALSE(index->kev("CVE-2024-0002").has_value());
}

TEST(Index, P_VULN_015_whatever_fails_the_old_index_stays) {
  const test::TempDir folder;
  const auto path = folder / "vuln.index";
  ASSERT_OK(update_index(path, IndexMode::build, feeds_of({{"a.json", osv("PYSEC-1", "2024-01-02T00:00:00Z", "1.0")}}),
                         k_now));
  const Bytes before = *os::read_file(path, 1U << 30U);
  const std::map<std::string, std::string> bad = {{"a.json", osv("PYSEC-3", "2024-01-02T00:00:00Z", "1.0")},
                                                  {"b.json", "{\"a\":1,\"a\":2}"}};
  for (const IndexMode mode : {IndexMode::build, IndexMode::update}) {
    EXPECT_REASON(update_index(path, mode, feeds_of(bad), k_now), "feed.duplicate");
    EXPECT_REASON(update_index(path, mode, feeds_of({{"a.json", "{}"}}), k_now), "feed.empty");
    EXPECT_EQ(*os::read_file(path, 1U << 30U), before);
  }
  const auto skipped = update_index(path, IndexMode::update, feeds_of(bad), k_now, BadDocuments::skip);
  ASSERT_OK(skipped);
  EXPECT_EQ(skipped->skipped_count, 1U);
  EXPECT_EQ(skipped->info.documents, 2U);
}

TEST(Index, P_VULN_016_a_damaged_index_is_refused_at_every_byte) {
  const auto good = make_index(feeds_of({{"a.json", osv("PYSEC-1", "2024-01-02T00:00:00Z", "1.0")}}), k_now);
  ASSERT_OK(good);
  for (std::size_t i = 0; i < good->size(); ++i) {
    Bytes bad = *good;
    bad[i] ^= std::byte{1};
    EXPECT_FALSE(Index::from_bytes(std::move(bad))) << "byte " << i;
  }
  for (std::size_t size = 0; size < good->size(); size += 7) {
    EXPECT_FALSE(Index::from_bytes(Bytes(good->begin(), good->begin() + static_cast<std::ptrdiff_t>(size)))) << size;
  }
  const test::TempDir folder;
  EXPECT_REASON(Index::open(folder / "missing"), "index.missing");
  EXPECT_REASON(Index::open(folder.write("text", Bytes(1000))), "index.format");
}

TEST(Index, P_VULN_017_one_name_in_several_spellings_has_one_key) {
  const auto key = [](ProductName::Kind kind, const std::string& text) {
    return product_key({.kind = kind, .text = text, .vendor = {}, .release = {}});
  };
  using enum ProductName::Kind;
  EXPECT_EQ(key(name, "HTTP Server"), key(name, "http_server"));
  EXPECT_EQ(key(purl, "pkg:npm/%40angular/core@1.0"), key(purl, "pkg:npm/%40angular/core"));
  EXPECT_NE(key(purl, "pkg:npm/core"), key(purl, "pkg:pypi/core"));
  EXPECT_NE(key(name, "curl"), key(name, "libcurl"));
  EXPECT_EQ(key(cpe, "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"), key(cpe, "cpe:/a:haxx:curl:7.88.1"));
  EXPECT_FALSE(key(name, " -- ").has_value());
}

}  // namespace
}  // namespace signet::vuln
