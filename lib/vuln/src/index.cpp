// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: vuln_index_fuzz)
#include "signet/vuln/index.hpp"

#include "signet/os/fd.hpp"
#include "signet/vuln/cpe.hpp"

#include "index_format.hpp"
#include "index_writer.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace signet::vuln {

namespace {

Error damaged(const std::string& what) {
  return {Errc::invalid_input, "index.damaged", "the index is damaged: " + what,
          "Make it anew: signet vuln index build."};
}

/// A file's bytes without reading them.
class Mapping {
 public:
  static Result<Mapping> map(const std::filesystem::path& path) {
    TRY_ASSIGN(const os::Fd fd, os::open_read(path));
    TRY_ASSIGN(const std::uint64_t size, os::size_of(fd));
    if (size < sizeof(format::Header)) return damaged("it is too short");
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (at == MAP_FAILED) return errno_error(errno, "map " + printable(path.string()));
    return Mapping(at, size);
  }
  Mapping() = default;
  Mapping(Mapping&& other) noexcept : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (at_ != nullptr) ::munmap(at_, size_);
  }
  [[nodiscard]] ByteView bytes() const { return {static_cast<const std::byte*>(at_), size_}; }

 private:
  Mapping(void* at, std::size_t size) : at_(at), size_(size) {}
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

/// Letters and digits; all that stands between them is one dash: "HTTP Server", "http_server" and "http-server" are
/// one.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_kept = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c < 0;
    if (is_kept) {
      plain += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!plain.empty() && plain.back() != '-') {
      plain += '-';
    }
  }
  while (plain.ends_with('-')) plain.pop_back();
  return plain;
}

}  // namespace

ProductKeys product_keys(const ProductName& product) {
  const auto hash = [](const std::string& text) { return format::hash_of(as_bytes(text)); };
  const auto hash_name = [&](std::string_view name) {
    const std::string plain = plain_name(name);
    return plain.empty() ? 0 : hash("n:" + plain);
  };
  switch (product.kind) {
    case ProductName::Kind::purl:
      return {.own = hash("p:" + product.text.substr(0, product.text.rfind('@')))};  // a scope's "@" is written %40
    case ProductName::Kind::cpe: {
      const auto cpe = Cpe::parse(product.text);
      if (!cpe) return {};
      const std::string& name = cpe->value(Cpe::product).text;
      return {.own = hash("c:" + cpe->value(Cpe::vendor).text + ":" + name), .by_name = hash_name(name)};
    }
    case ProductName::Kind::name:
      return {.own = hash_name(product.text)};
    case ProductName::Kind::ref:
      return {.own = hash("r:" + product.text)};
  }
  return {};
}

std::optional<std::uint64_t> product_key(const ProductName& product) {
  const ProductKeys keys = product_keys(product);
  return keys.own == 0 ? std::nullopt : std::optional(keys.own);
}

class Index::Impl {
 public:
  explicit Impl(Mapping mapping) : mapping_(std::move(mapping)) {}
  explicit Impl(Bytes bytes) : owned_(std::move(bytes)) {}

  Result<void> check() {
    const ByteView all = bytes();
    if (all.size() < sizeof header_) return damaged("it is too short");
    std::memcpy(&header_, all.data(), sizeof header_);
    if (header_.magic != format::k_magic) {
      return Error(Errc::invalid_input, "index.format", "this is no index of vulnerabilities",
                   "`signet vuln index build` makes one.");
    }
    if (header_.version != format::k_version || header_.header_size != sizeof header_) {
      return Error(Errc::incompatible, "index.version", "the index was made by another version of Signet",
                   "Make it anew: signet vuln index build.");
    }
    constexpr std::size_t k_checked = sizeof header_ - sizeof header_.header_checksum;
    if (format::hash_of(all.first(k_checked)) != header_.header_checksum) return damaged("its header was altered");
    if (header_.file_size != all.size()) return damaged("it is cut off");
    for (std::size_t i = 0; i < format::k_sections; ++i) {
      const auto& [offset, count] = header_.sections[i];
      if (offset > all.size() || count > (all.size() - offset) / format::k_record_sizes[i]) {
        return damaged("a section lies outside of it");
      }
    }
    if (format::hash_of(all.subspan(sizeof header_)) != header_.checksum) return damaged("its checksum does not hold");
    return {};
  }

  [[nodiscard]] ByteView bytes() const { return owned_.empty() ? mapping_.bytes() : ByteView(owned_); }
  [[nodiscard]] const format::Header& header() const { return header_; }
  [[nodiscard]] std::uint32_t count(format::Section section) const {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(header_.sections[section].count, UINT32_MAX));
  }

  /// A record; one that does not exist is all zeros.
  template <typename Record>
  [[nodiscard]] Record get(format::Section section, std::uint64_t number) const {
    Record record{};
    if (number < header_.sections[section].count) {
      std::memcpy(&record, bytes().data() + header_.sections[section].offset + number * sizeof record, sizeof record);
    }
    return record;
  }

  /// A text; one that does not lie within its section is empty.
  [[nodiscard]] std::string_view text(format::Text at) const {
    const auto [offset, size] = header_.sections[format::strings];
    if (size < sizeof(std::uint32_t) || at > size - sizeof(std::uint32_t)) return {};
    std::uint32_t length = 0;
    std::memcpy(&length, bytes().data() + offset + at, sizeof length);
    if (length > size - sizeof length - at) return {};
    return as_text(bytes().subspan(offset + at + sizeof length, length));
  }
  [[nodiscard]] std::string copy(format::Text at) const { return std::string(text(at)); }

  /// The first record of a sorted section whose hash is not less; wrong, but within bounds, if it is not sorted.
  template <typename Record>
  [[nodiscard]] std::uint64_t lower_bound(format::Section section, std::uint64_t hash) const {
    std::uint64_t low = 0;
    std::uint64_t high = header_.sections[section].count;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (get<Record>(section, middle).hash < hash) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// How many records from `first` on there really are.
  [[nodiscard]] std::uint32_t clamp(format::Section section, std::uint32_t first, std::uint32_t wanted) const {
    const std::uint32_t all = count(section);
    return first >= all ? 0 : std::min(wanted, all - first);
  }

 private:
  Mapping mapping_;
  Bytes owned_;
  format::Header header_{};
};

Index::Index(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Result<Index> Index::open(const std::filesystem::path& path) {
  auto mapping = Mapping::map(path);
  if (!mapping && mapping.error().code() == Errc::not_found) {
    return Error(Errc::not_found, "index.missing", "there is no index at " + printable(path.string()),
                 "`signet vuln index build` makes one.");
  }
  if (!mapping) return std::move(mapping).error();
  auto impl = std::make_unique<Impl>(*std::move(mapping));
  TRY(impl->check());
  return Index(std::move(impl));
}

Result<Index> Index::from_bytes(Bytes bytes) {
  auto impl = std::make_unique<Impl>(std::move(bytes));
  TRY(impl->check());
  return Index(std::move(impl));
}

IndexInfo Index::info() const {
  return {.size_bytes = impl_->header().file_size,
          .created = Instant{impl_->header().created},
          .documents = impl_->count(format::documents),
          .advisories = impl_->count(format::advisories),
          .statements = impl_->count(format::statements),
          .kev = impl_->count(format::kev),
          .epss = impl_->count(format::epss)};
}

std::vector<StatementPlace> Index::find(std::uint64_t key) const {
  std::vector<StatementPlace> found;
  for (std::uint64_t i = impl_->lower_bound<format::KeyRecord>(format::keys, key); i < impl_->count(format::keys);
       ++i) {
    const auto record = impl_->get<format::KeyRecord>(format::keys, i);
    if (record.hash != key) break;
    const auto advisory = impl_->get<format::StatementRecord>(format::statements, record.number).advisory;
    const auto document = impl_->get<format::AdvisoryRecord>(format::advisories, advisory).document;
    found.push_back({.document = document, .advisory = advisory, .statement = record.number});
  }
  return found;
}

std::vector<StatementPlace> Index::find_id(std::string_view id) const {
  std::vector<StatementPlace> found;
  const std::uint64_t hash = format::hash_of(as_bytes(id));
  for (std::uint64_t i = impl_->lower_bound<format::KeyRecord>(format::ids, hash); i < impl_->count(format::ids); ++i) {
    const auto record = impl_->get<format::KeyRecord>(format::ids, i);
    if (record.hash != hash) break;
    const auto all = ids(record.number);
    if (std::ranges::find(all, id) == all.end()) continue;
    const auto document = impl_->get<format::AdvisoryRecord>(format::advisories, record.number).document;
    found.push_back({.document = document, .advisory = record.number, .statement = 0});
  }
  return found;
}

std::vector<std::string_view> Index::ids(std::uint32_t advisory) const {
  const auto record = impl_->get<format::AdvisoryRecord>(format::advisories, advisory);
  std::vector<std::string_view> all = {impl_->text(record.id)};
  const std::uint32_t count = impl_->clamp(format::aliases, record.first_alias, record.alias_count);
  for (std::uint32_t i = 0; i < count; ++i) {
    all.push_back(impl_->text(impl_->get<format::Text>(format::aliases, record.first_alias + i)));
  }
  return all;
}

Statement Index::statement(std::uint32_t number) const {
  const auto record = impl_->get<format::StatementRecord>(format::statements, number);
  const auto status = [](std::uint32_t value) { return value <= 4 ? static_cast<Status>(value) : Status::unknown; };
  Statement statement{.products = {},
                      .rules = {},
                      .otherwise = status(record.otherwise & ~format::k_only_listed),
                      .only_listed = (record.otherwise & format::k_only_listed) != 0,
                      .note = impl_->copy(record.note),
                      .within = impl_->copy(record.within),
                      .condition = impl_->copy(record.condition)};
  const std::uint32_t products = impl_->clamp(format::products, record.first_product, record.product_count);
  for (std::uint32_t i = 0; i < products; ++i) {
    const auto one = impl_->get<format::ProductRecord>(format::products, record.first_product + i);
    statement.products.push_back(
        {.kind = one.kind <= 3 ? static_cast<ProductName::Kind>(one.kind) : ProductName::Kind::ref,
         .text = impl_->copy(one.text),
         .vendor = impl_->copy(one.vendor),
         .release = impl_->copy(one.release)});
  }
  const std::uint32_t rules = impl_->clamp(format::rules, record.first_rule, record.rule_count);
  for (std::uint32_t i = 0; i < rules; ++i) {
    const auto one = impl_->get<format::RuleRecord>(format::rules, record.first_rule + i);
    statement.rules.push_back(
        {.status = status(one.status),
         .kind = one.kind <= 2 ? static_cast<VersionRule::Kind>(one.kind) : VersionRule::Kind::text,
         .from_excluded = one.from_excluded != 0,
         .to_included = one.to_included != 0,
         .scheme = impl_->copy(one.scheme),
         .from = impl_->copy(one.from),
         .to = impl_->copy(one.to)});
  }
  return statement;
}

Advisory Index::advisory(std::uint32_t number) const {
  const auto record = impl_->get<format::AdvisoryRecord>(format::advisories, number);
  Advisory advisory{.id = impl_->copy(record.id),
                    .aliases = {},
                    .title = impl_->copy(record.title),
                    .cvss = impl_->copy(record.cvss),
                    .severity = impl_->copy(record.severity),
                    .score_tenths = std::min(record.score_tenths, 100U),
                    .published = Instant{record.published},
                    .modified = Instant{record.modified},
                    .is_withdrawn = record.is_withdrawn != 0,
                    .statements = {}};
  const auto all = ids(number);
  advisory.aliases.assign(all.begin() + 1, all.end());
  return advisory;
}

Document Index::document(std::uint32_t number) const {
  const auto record = impl_->get<format::DocumentRecord>(format::documents, number);
  return {.kind = record.kind <= 7 ? static_cast<DocumentKind>(record.kind) : DocumentKind::cve,
          .id = impl_->copy(record.id),
          .publisher = impl_->copy(record.publisher),
          .is_vendor = record.is_vendor != 0,
          .modified = Instant{record.modified},
          .advisories = {}};
}

std::pair<std::uint32_t, std::uint32_t> Index::statements_of(std::uint32_t advisory) const {
  const auto record = impl_->get<format::AdvisoryRecord>(format::advisories, advisory);
  return {record.first_statement, impl_->clamp(format::statements, record.first_statement, record.statement_count)};
}

Document Index::whole_document(std::uint32_t number) const {
  const auto record = impl_->get<format::DocumentRecord>(format::documents, number);
  Document whole = document(number);
  const std::uint32_t count = impl_->clamp(format::advisories, record.first_advisory, record.advisory_count);
  for (std::uint32_t i = 0; i < count; ++i) {
    whole.advisories.push_back(advisory(record.first_advisory + i));
    const auto [first, statements] = statements_of(record.first_advisory + i);
    for (std::uint32_t j = 0; j < statements; ++j) whole.advisories.back().statements.push_back(statement(first + j));
  }
  return whole;
}

std::optional<KevEntry> Index::kev(std::string_view id) const {
  const std::uint64_t hash = format::hash_of(as_bytes(id));
  const auto record =
      impl_->get<format::KevRecord>(format::kev, impl_->lower_bound<format::KevRecord>(format::kev, hash));
  if (record.hash != hash || impl_->text(record.id) != id) return std::nullopt;
  return KevEntry{.id = std::string(id),
                  .added = impl_->copy(record.added),
                  .due = impl_->copy(record.due),
                  .in_ransomware = record.in_ransomware != 0};
}

std::optional<EpssEntry> Index::epss(std::string_view id) const {
  const std::uint64_t hash = format::hash_of(as_bytes(id));
  const auto record =
      impl_->get<format::EpssRecord>(format::epss, impl_->lower_bound<format::EpssRecord>(format::epss, hash));
  if (record.hash != hash || hash == 0) return std::nullopt;
  return EpssEntry{
      .id = std::string(id), .probability_ppm = record.probability_ppm, .percentile_ppm = record.percentile_ppm};
}

std::uint64_t IndexWriter::digest_of(const Index& index, std::uint32_t number) {
  return index.impl_->get<format::DocumentRecord>(format::documents, number).digest;
}

void IndexWriter::copy_lists(const Index& from, IndexWriter& to, bool with_kev, bool with_epss) {
  for (std::uint32_t i = 0; with_kev && i < from.impl_->count(format::kev); ++i) {
    const auto record = from.impl_->get<format::KevRecord>(format::kev, i);
    if (const auto entry = from.kev(from.impl_->text(record.id))) to.add(*entry);
  }
  for (std::uint32_t i = 0; with_epss && i < from.impl_->count(format::epss); ++i) {
    to.epss_.push_back(from.impl_->get<format::EpssRecord>(format::epss, i));
  }
}

}  // namespace signet::vuln
