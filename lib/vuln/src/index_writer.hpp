// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/vuln/index.hpp"

#include "index_format.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace signet::vuln {

/// Under which keys a product is found; 0 where it has none.
struct ProductKeys {
  std::uint64_t own = 0;
  std::uint64_t by_name = 0;  ///< of a CPE name, so that components without one are found by its product
};
[[nodiscard]] ProductKeys product_keys(const ProductName& product);

/// Lays documents out as the bytes of an index.
class IndexWriter {
 public:
  IndexWriter();

  /// Adds a document that came from content with this hash; returns its number.
  std::uint32_t add(const Document& document, std::uint64_t digest);
  /// Takes a document back: its statements are no longer found.
  void forget(std::uint32_t document);
  void add(const KevEntry& entry);
  void add(const EpssEntry& entry);

  /// The hash of the content that document `number` of an index came from.
  [[nodiscard]] static std::uint64_t digest_of(const Index& index, std::uint32_t number);
  /// All entries of these lists.
  static void copy_lists(const Index& from, IndexWriter& to, bool with_kev, bool with_epss);

  /// "index.too-big" (exhausted): more than 4 GiB of texts, or 2^32 records.
  Result<Bytes> finish(Instant created) &&;

 private:
  format::Text intern(std::string_view text);
  void grow_table();
  void add_statement(const Statement& statement);
  void make_keys();

  std::vector<char> strings_;
  std::vector<format::Text> table_;  // of `strings_`, open addressing
  std::size_t texts_ = 0;
  std::vector<format::DocumentRecord> documents_;
  std::vector<bool> is_forgotten_;
  std::vector<format::AdvisoryRecord> advisories_;
  std::vector<format::StatementRecord> statements_;
  std::vector<format::ProductRecord> products_;
  std::vector<std::uint64_t> product_keys_;       // of each product, 0 if it has none
  std::vector<std::uint64_t> product_name_keys_;  // of the product within a CPE name, 0 if it has none
  std::vector<format::RuleRecord> rules_;
  std::vector<format::Text> aliases_;
  std::vector<format::KeyRecord> keys_;
  std::vector<format::KeyRecord> ids_;
  std::vector<format::KevRecord> kev_;
  std::vector<format::EpssRecord> epss_;
};

}  // namespace signet::vuln
