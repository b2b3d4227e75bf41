// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/vuln/advisory.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signet::vuln {

/// Bounds within which a feed is read.
struct FeedLimits {
  std::uint64_t document_size_bytes_max = 192U << 20U;
  std::uint64_t total_size_bytes_max = 64ULL << 30U;  ///< of all documents of one source, unpacked
  std::uint64_t documents_max = 2'000'000;
  std::uint64_t expansion_max = 2000;  ///< unpacked bytes for each packed one, beyond the first 64 MiB
};

/// Where documents come from: a file, a folder, an archive, or whatever else can hand them out one after the other.
class FeedSource {
 public:
  /// Gets a document's name (relative, for messages) and its bytes, which are valid during the call only.
  using Take = std::function<Result<void>(std::string_view name, ByteView content)>;

  virtual ~FeedSource() = default;
  /// For messages.
  [[nodiscard]] virtual std::string name() const = 0;
  /// Hands out every document (names ending with .json, .csv, or .gz and .xz of these), always in the same order. Ends
  /// with the first error, its own or one of `take`.
  virtual Result<void> read(const Take& take) = 0;
};

/// Whose signatures a feed must have.
struct FeedTrust {
  /// A file of OpenPGP public keys. If given, every CSAF document must have a valid signature (NAME.asc) by one of
  /// them.
  std::filesystem::path openpgp_keys;
};

/// A file, a folder with all below it, or an archive (zip, tar, each also packed with gzip, xz, bzip2 or zstd; archives
/// within archives to a depth of two). Where a folder has NAME.sha256 or NAME.sha512 beside a document, it must match;
/// what index.txt and changes.csv of a CSAF provider list must exist (CSAF 2.0 section 7.1).
///
/// Not found: "feed.missing". While reading: "feed.path" (a name in an archive that is absolute, climbs, or has control
/// characters), "feed.link" (an entry that is no file), "feed.archive" (damaged), "feed.too-big", "feed.too-many",
/// "feed.bomb", "feed.hash" (untrusted), "feed.signature" (untrusted), "feed.listed" (listed, but not there).
Result<std::unique_ptr<FeedSource>> open_feed(const std::filesystem::path& path, const FeedTrust& trust = {},
                                              const FeedLimits& limits = {});

/// All that was found in one file.
struct FeedContent {
  std::vector<Document> documents;
  std::vector<KevEntry> kev;
  std::vector<EpssEntry> epss;
  bool is_known = true;  ///< false: well-formed, but of no kind that is read here
};

/// Reads documents, whose kind follows from their content: CVE Record 5.x (also a list of them), OSV 1.x, CSAF 2.0 and
/// 2.1, OpenVEX, CycloneDX with vulnerabilities, Debian's security tracker, the KEV catalogue, EPSS (CSV). Keeps its
/// memory from one to the next.
class FeedReader {
 public:
  FeedReader();
  FeedReader(FeedReader&&) noexcept;
  FeedReader& operator=(FeedReader&&) noexcept;
  ~FeedReader();

  /// Malformed: "feed.json" (syntax, bad UTF-8, too deep), "feed.duplicate" (a member twice), "feed.cve", "feed.osv",
  /// "feed.csaf", "feed.openvex", "feed.cyclonedx", "feed.debian", "feed.kev", "feed.epss".
  Result<FeedContent> read(ByteView content);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::vuln
