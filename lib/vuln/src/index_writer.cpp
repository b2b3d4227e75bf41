// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "index_writer.hpp"

#include <algorithm>
#include <tuple>

namespace signet::vuln {

namespace {

constexpr format::Text k_free = UINT32_MAX;

std::uint32_t u32(std::size_t number) { return static_cast<std::uint32_t>(number); }

bool is_before(const format::KeyRecord& a, const format::KeyRecord& b) {
  return std::tie(a.hash, a.number) < std::tie(b.hash, b.number);
}
bool is_same(const format::KeyRecord& a, const format::KeyRecord& b) {
  return a.hash == b.hash && a.number == b.number;
}

/// Puts one section behind the others.
template <typename Record>
void place(format::Section section, const std::vector<Record>& records, format::Header& header, Bytes& to) {
  while (to.size() % 8 != 0) to.push_back(std::byte{0});
  header.sections[section] = {.offset = to.size(), .count = records.size()};
  append(to, std::as_bytes(std::span(records)));
}

}  // namespace

IndexWriter::IndexWriter() : table_(1U << 16U, k_free) { static_cast<void>(intern({})); }

void IndexWriter::grow_table() {
  std::vector<format::Text> grown(2 * table_.size(), k_free);
  for (const format::Text at : table_) {
    if (at == k_free) continue;
    std::uint32_t size = 0;
    std::memcpy(&size, strings_.data() + at, sizeof size);
    const std::string_view text(strings_.data() + at + sizeof size, size);
    std::size_t slot = format::hash_of(as_bytes(text)) & (grown.size() - 1);
    while (grown[slot] != k_free) slot = (slot + 1) & (grown.size() - 1);
    grown[slot] = at;
  }
  table_ = std::move(grown);
}

format::Text IndexWriter::intern(std::string_view text) {
  if (2 * texts_ >= table_.size()) grow_table();
  std::size_t slot = format::hash_of(as_bytes(text)) & (table_.size() - 1);
  for (; table_[slot] != k_free; slot = (slot + 1) & (table_.size() - 1)) {
    std::uint32_t size = 0;
    std::memcpy(&size, strings_.data() + table_[slot], sizeof size);
    if (std::string_view(strings_.data() + table_[slot] + sizeof size, size) == text) return table_[slot];
  }
  if (strings_.size() > UINT32_MAX - 2 * sizeof(std::uint32_t) - text.size()) return 0;  // finish() will refuse
  const auto at = u32(strings_.size());
  const auto size = u32(text.size());
  const auto* raw = reinterpret_cast<const char*>(&size);
  strings_.insert(strings_.end(), raw, raw + sizeof size);
  strings_.insert(strings_.end(), text.begin(), text.end());
  table_[slot] = at;
  ++texts_;
  return at;
}

void IndexWriter::add_statement(const Statement& statement) {
  format::StatementRecord record{.advisory = u32(advisories_.size()),
                                 .otherwise = static_cast<std::uint32_t>(statement.otherwise) |
                                              (statement.only_listed ? format::k_only_listed : 0U),
                                 .note = intern(statement.note),
                                 .within = intern(statement.within),
                                 .condition = intern(statement.condition),
                                 .first_product = u32(products_.size()),
                                 .product_count = u32(statement.products.size()),
                                 .first_rule = u32(rules_.size()),
                                 .rule_count = u32(statement.rules.size())};
  for (const ProductName& product : statement.products) {
    products_.push_back({.kind = static_cast<std::uint32_t>(product.kind),
                         .text = intern(product.text),
                         .vendor = intern(product.vendor),
                         .release = intern(product.release)});
    const ProductKeys keys = product_keys(product);
    product_keys_.push_back(keys.own);
    product_name_keys_.push_back(keys.by_name);
  }
  for (const VersionRule& rule : statement.rules) {
    rules_.push_back({.status = static_cast<std::uint8_t>(rule.status),
                      .kind = static_cast<std::uint8_t>(rule.kind),
                      .from_excluded = static_cast<std::uint8_t>(rule.from_excluded ? 1 : 0),
                      .to_included = static_cast<std::uint8_t>(rule.to_included ? 1 : 0),
                      .scheme = intern(rule.scheme),
                      .from = intern(rule.from),
                      .to = intern(rule.to)});
  }
  statements_.push_back(record);
}

std::uint32_t IndexWriter::add(const Document& document, std::uint64_t digest) {
  const auto number = u32(documents_.size());
  documents_.push_back({.digest = digest,
                        .modified = document.modified.seconds_since_epoch,
                        .id = intern(document.id),
                        .publisher = intern(document.publisher),
                        .first_advisory = u32(advisories_.size()),
                        .advisory_count = u32(document.advisories.size()),
                        .kind = static_cast<std::uint32_t>(document.kind),
                        .is_vendor = document.is_vendor ? 1U : 0U});
  is_forgotten_.push_back(false);
  for (const Advisory& advisory : document.advisories) {
    format::AdvisoryRecord record{.published = advisory.published.seconds_since_epoch,
                                  .modified = advisory.modified.seconds_since_epoch,
                                  .id = intern(advisory.id),
                                  .title = intern(advisory.title),
                                  .cvss = intern(advisory.cvss),
                                  .severity = intern(advisory.severity),
                                  .document = number,
                                  .score_tenths = advisory.score_tenths,
                                  .is_withdrawn = advisory.is_withdrawn ? 1U : 0U,
                                  .first_alias = u32(aliases_.size()),
                                  .alias_count = u32(advisory.aliases.size()),
                                  .first_statement = u32(statements_.size()),
                                  .statement_count = u32(advisory.statements.size()),
                                  .reserved = 0};
    for (const std::string& alias : advisory.aliases) aliases_.push_back(intern(alias));
    for (const Statement& statement : advisory.statements) add_statement(statement);
    advisories_.push_back(record);
  }
  return number;
}

void IndexWriter::forget(std::uint32_t document) { is_forgotten_[document] = true; }

void IndexWriter::add(const KevEntry& entry) {
  kev_.push_back({.hash = format::hash_of(as_bytes(entry.id)),
                  .id = intern(entry.id),
                  .added = intern(entry.added),
                  .due = intern(entry.due),
                  .in_ransomware = entry.in_ransomware ? 1U : 0U});
}

void IndexWriter::add(const EpssEntry& entry) {
  epss_.push_back({.hash = format::hash_of(as_bytes(entry.id)),
                   .probability_ppm = entry.probability_ppm,
                   .percentile_ppm = entry.percentile_ppm});
}

void IndexWriter::make_keys() {
  for (std::size_t number = 0; number < advisories_.size(); ++number) {
    const format::AdvisoryRecord& advisory = advisories_[number];
    if (is_forgotten_[advisory.document]) continue;
    const auto add_id = [&](format::Text at) {
      std::uint32_t size = 0;
      std::memcpy(&size, strings_.data() + at, sizeof size);
      const std::string_view id(strings_.data() + at + sizeof size, size);
      ids_.push_back({.hash = format::hash_of(as_bytes(id)), .number = u32(number), .reserved = 0});
    };
    add_id(advisory.id);
    for (std::uint32_t i = 0; i < advisory.alias_count; ++i) add_id(aliases_[advisory.first_alias + i]);
    for (std::uint32_t i = 0; i < advisory.statement_count; ++i) {
      const std::uint32_t at = advisory.first_statement + i;
      for (std::uint32_t j = 0; j < statements_[at].product_count; ++j) {
        const std::uint32_t product = statements_[at].first_product + j;
        for (const std::uint64_t hash : {product_keys_[product], product_name_keys_[product]}) {
          if (hash != 0) keys_.push_back({.hash = hash, .number = at, .reserved = 0});
        }
      }
    }
  }
  for (auto* sorted : {&keys_, &ids_}) {
    std::ranges::sort(*sorted, is_before);
    const auto rest = std::ranges::unique(*sorted, is_same);
    sorted->erase(rest.begin(), rest.end());
  }
}

Result<Bytes> IndexWriter::finish(Instant created) && {
  const std::size_t most = std::max({documents_.size(), advisories_.size(), statements_.size(), products_.size(),
                                     rules_.size(), aliases_.size(), keys_.size(), epss_.size()});
  if (strings_.size() > UINT32_MAX - (1U << 20U) || most >= UINT32_MAX) {
    return Error(Errc::exhausted, "index.too-big", "the feeds have more than one index can hold",
                 "Make several indexes and ask each of them.");
  }
  make_keys();
  const auto by_hash = [](auto& records) {
    std::ranges::stable_sort(records, {}, [](const auto& record) { return record.hash; });
    // Of several entries on one vulnerability the last one that was read counts.
    const auto rest = std::ranges::unique(records.rbegin(), records.rend(), {}, [](const auto& r) { return r.hash; });
    records.erase(records.begin(), rest.begin().base());
  };
  by_hash(kev_);
  by_hash(epss_);
  format::Header header{};
  header.magic = format::k_magic;
  header.version = format::k_version;
  header.header_size = sizeof header;
  header.created = created.seconds_since_epoch;
  Bytes bytes(sizeof header);
  bytes.reserve(strings_.size() + 64 * advisories_.size() + 36 * statements_.size() + 32 * products_.size() +
                16 * rules_.size() + 32 * keys_.size() + 16 * epss_.size() + (1U << 20U));
  place(format::strings, strings_, header, bytes);
  place(format::documents, documents_, header, bytes);
  place(format::advisories, advisories_, header, bytes);
  place(format::statements, statements_, header, bytes);
  place(format::products, products_, header, bytes);
  place(format::rules, rules_, header, bytes);
  place(format::aliases, aliases_, header, bytes);
  place(format::keys, keys_, header, bytes);
  place(format::ids, ids_, header, bytes);
  place(format::kev, kev_, header, bytes);
  place(format::epss, epss_, header, bytes);
  header.file_size = bytes.size();
  header.checksum = format::hash_of(ByteView(bytes).subspan(sizeof header));
  const ByteView raw = std::as_bytes(std::span(&header, 1));
  header.header_checksum = format::hash_of(raw.first(sizeof header - sizeof header.header_checksum));
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

}  // namespace signet::vuln
