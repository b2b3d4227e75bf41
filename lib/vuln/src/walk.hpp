// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/vuln/feed.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace signet::vuln {

/// What has been handed out so far, and whether it is still within bounds; one for a source and all archives within it.
class Budget {
 public:
  explicit Budget(const FeedLimits& limits) : limits_(limits) {}

  [[nodiscard]] const FeedLimits& limits() const { return limits_; }
  /// Another `size_bytes` of documents: "feed.too-big" (exhausted).
  Result<void> take_bytes(std::uint64_t size_bytes);
  /// Another document: "feed.too-many" (exhausted).
  Result<void> take_document();

 private:
  FeedLimits limits_;
  std::uint64_t bytes_ = 0;
  std::uint64_t documents_ = 0;
};

/// Whether a name is that of a document, or of a packed one or an archive (zip, tar).
[[nodiscard]] bool is_document_name(std::string_view name);
[[nodiscard]] bool is_packed_name(std::string_view name);

/// "feed.path" unless a name in an archive is relative, stays below, and is printable.
Result<void> check_entry_name(std::string_view name);

/// Hands out the documents of a packed file or an archive. `depth` counts the archives around it.
Result<void> read_packed_file(const std::filesystem::path& path, Budget& budget, const FeedSource::Take& take);
Result<void> read_packed_bytes(std::string_view name, ByteView packed, unsigned depth, Budget& budget,
                               const FeedSource::Take& take);

/// The content of one packed file without entries (.gz); for changelogs.
Result<std::string> unpack_bytes(ByteView packed, std::uint64_t size_bytes_max);

}  // namespace signet::vuln
