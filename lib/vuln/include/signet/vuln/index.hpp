// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/vuln/advisory.hpp"
#include "signet/vuln/feed.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::vuln {

/// How much an index holds.
struct IndexInfo {
  std::uint64_t size_bytes = 0;
  Instant created;
  std::uint64_t documents = 0;
  std::uint64_t advisories = 0;
  std::uint64_t statements = 0;
  std::uint64_t kev = 0;
  std::uint64_t epss = 0;
};

/// Where a statement stands: which advisory of which document says it.
struct StatementPlace {
  std::uint32_t document = 0;
  std::uint32_t advisory = 0;
  std::uint32_t statement = 0;

  friend auto operator<=>(const StatementPlace&, const StatementPlace&) = default;
};

/// All that is known of vulnerabilities, in one file that is mapped and not read: opening takes a few milliseconds, and
/// asking costs what is asked for. docs/formats/vuln-index.md has the bytes.
///
/// Opening checks the header and a checksum of the whole. Beyond that nothing is believed: each access is checked, so
/// that a hostile file gives wrong answers at worst. Safe to use from several threads.
class Index {
 public:
  /// Not found, or malformed: "index.format" (not an index), "index.version" (incompatible: made by another version),
  /// "index.damaged" (cut off, or its checksum does not hold).
  static Result<Index> open(const std::filesystem::path& path);
  /// The same from memory: for VEX documents that are read for one question, and for tests.
  static Result<Index> from_bytes(Bytes bytes);
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  [[nodiscard]] IndexInfo info() const;

  /// The statements about products that may be called by this key (product_key()); the caller compares names.
  [[nodiscard]] std::vector<StatementPlace> find(std::uint64_t key) const;
  /// The advisories on a vulnerability, by any of its identifiers.
  [[nodiscard]] std::vector<StatementPlace> find_id(std::string_view id) const;

  [[nodiscard]] Statement statement(std::uint32_t number) const;
  /// Without its statements.
  [[nodiscard]] Advisory advisory(std::uint32_t number) const;
  /// The identifiers of an advisory, its own first.
  [[nodiscard]] std::vector<std::string_view> ids(std::uint32_t advisory) const;
  /// Without its advisories.
  [[nodiscard]] Document document(std::uint32_t number) const;
  /// With its advisories and their statements.
  [[nodiscard]] Document whole_document(std::uint32_t number) const;
  /// The numbers of an advisory's statements.
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> statements_of(std::uint32_t advisory) const;

  [[nodiscard]] std::optional<KevEntry> kev(std::string_view id) const;
  [[nodiscard]] std::optional<EpssEntry> epss(std::string_view id) const;

 private:
  friend class IndexWriter;
  class Impl;
  explicit Index(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether update_index() takes over what an index has already.
enum class IndexMode : std::uint8_t { build, update };

/// What update_index() did.
struct IndexUpdate {
  std::uint64_t documents_read = 0;
  std::uint64_t documents_new = 0;
  std::uint64_t documents_changed = 0;
  std::uint64_t documents_same = 0;   ///< the index has exactly these already
  std::uint64_t documents_older = 0;  ///< the index has newer ones, which stay
  std::uint64_t bytes_read = 0;
  std::vector<std::string> ignored;  ///< files of no kind that is read here: the first hundred
  std::uint64_t ignored_count = 0;
  std::vector<std::string> skipped;  ///< bad documents that were left out, each with the reason: the first hundred
  std::uint64_t skipped_count = 0;
  IndexInfo info;
};

/// What to do with a document that cannot be read.
enum class BadDocuments : std::uint8_t { refuse, skip };

/// Reads feeds into the index at `path`. It is made beside the old one and takes its place only when whole: after an
/// error or a crash at any moment the old one is there. `update` keeps what the feeds do not mention, replaces a
/// document (same kind, publisher and id) by one with a later date or, at the same date, other content, and never goes
/// back; KEV and EPSS are replaced as a whole. Only one can write in a folder at a time ("index.locked", conflict).
/// Errors of the feeds as in feed.hpp; "feed.empty" (invalid_input): nothing in them was of a kind that is read.
Result<IndexUpdate> update_index(const std::filesystem::path& path, IndexMode mode,
                                 std::span<const std::unique_ptr<FeedSource>> feeds, Instant now,
                                 BadDocuments bad = BadDocuments::refuse);

/// The bytes of an index of these feeds, for Index::from_bytes().
Result<Bytes> make_index(std::span<const std::unique_ptr<FeedSource>> feeds, Instant now);

/// The key under which statements about a product are found: a hash of its name without version, case and punctuation
/// that spellings differ in. Nothing if the name has none.
[[nodiscard]] std::optional<std::uint64_t> product_key(const ProductName& product);

}  // namespace signet::vuln
