// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/vuln/index.hpp"

#include "index_writer.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

namespace signet::vuln {

namespace {

constexpr std::size_t k_listed_max = 100;

/// By what a document is known from one day to the next. Identifiers of CVE, OSV, OpenVEX and packages are unique by
/// themselves, and their publisher may change; those of CSAF and of bills are unique for one publisher.
std::string key_of(const Document& document) {
  std::string key(name_of(document.kind));
  const bool has_publisher = document.kind == DocumentKind::csaf || document.kind == DocumentKind::cyclonedx;
  return key.append(1, '\0').append(has_publisher ? document.publisher : "").append(1, '\0').append(document.id);
}

/// Takes feeds in, document by document, and knows what the old index has.
class Intake {
 public:
  Intake(std::optional<Index> old, BadDocuments bad) : old_(std::move(old)), bad_(bad) {
    if (!old_) return;
    const auto count = static_cast<std::uint32_t>(old_->info().documents);
    is_replaced_.resize(count);
    for (std::uint32_t number = 0; number < count; ++number) {
      const Document document = old_->document(number);
      old_by_key_.emplace(key_of(document), number);
      old_by_digest_.emplace(IndexWriter::digest_of(*old_, number), number);
    }
  }

  Result<void> read(FeedSource& feed) {
    return feed.read([&](std::string_view name, ByteView content) { return take(name, content); });
  }

  Result<Bytes> finish(Instant now, IndexUpdate& update) && {
    const bool has_some = update_.documents_read > 0 || has_kev_ || has_epss_;
    if (!has_some) {
      return Error(Errc::invalid_input, "feed.empty", "the feeds have no document of a kind that is read",
                   "Read are CVE 5, OSV, CSAF 2, OpenVEX, CycloneDX, Debian's tracker, KEV and EPSS.");
    }
    if (old_) {
      for (std::uint32_t number = 0; number < is_replaced_.size(); ++number) {
        if (!is_replaced_[number]) writer_.add(old_->whole_document(number), IndexWriter::digest_of(*old_, number));
      }
      IndexWriter::copy_lists(*old_, writer_, !has_kev_, !has_epss_);
    }
    old_.reset();
    update = std::move(update_);
    return std::move(writer_).finish(now);
  }

 private:
  struct Seen {
    std::uint32_t number = 0;
    Instant modified;
  };

  Result<void> take(std::string_view name, ByteView content) {
    update_.bytes_read += content.size();
    const std::uint64_t digest = format::hash_of(content);
    const auto same = static_cast<std::uint64_t>(old_by_digest_.count(digest));
    if (same > 0) {
      update_.documents_same += same;
      update_.documents_read += same;
      return {};
    }
    auto read = reader_.read(content);
    if (!read) {
      if (bad_ == BadDocuments::refuse) return std::move(read).error();
      ++update_.skipped_count;
      if (update_.skipped.size() < k_listed_max) {
        update_.skipped.push_back(std::string(name) + ": " + read.error().message());
      }
      return {};
    }
    if (!read->is_known && read->documents.empty()) {
      ++update_.ignored_count;
      if (update_.ignored.size() < k_listed_max) update_.ignored.emplace_back(name);
    }
    for (const Document& document : read->documents) add(document, digest);
    for (const KevEntry& entry : read->kev) writer_.add(entry);
    for (const EpssEntry& entry : read->epss) writer_.add(entry);
    has_kev_ = has_kev_ || !read->kev.empty();
    has_epss_ = has_epss_ || !read->epss.empty();
    return {};
  }

  void add(const Document& document, std::uint64_t digest) {
    ++update_.documents_read;
    std::string key = key_of(document);
    if (const auto old = old_by_key_.find(key); old != old_by_key_.end()) {
      if (old_->document(old->second).modified > document.modified) {
        ++update_.documents_older;
        return;
      }
      is_replaced_[old->second] = true;
      ++update_.documents_changed;
    } else if (!seen_.contains(key)) {
      ++update_.documents_new;
    }
    if (const auto seen = seen_.find(key); seen != seen_.end()) {
      if (seen->second.modified > document.modified) return;
      writer_.forget(seen->second.number);
    }
    const std::uint32_t number = writer_.add(document, digest);
    seen_.insert_or_assign(std::move(key), Seen{number, document.modified});
  }

  std::optional<Index> old_;
  BadDocuments bad_;
  IndexWriter writer_;
  FeedReader reader_;
  IndexUpdate update_;
  std::unordered_map<std::string, std::uint32_t> old_by_key_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> old_by_digest_;
  std::vector<bool> is_replaced_;
  std::unordered_map<std::string, Seen> seen_;
  bool has_kev_ = false;
  bool has_epss_ = false;
};

Result<std::optional<Index>> open_old(const std::filesystem::path& path, IndexMode mode) {
  if (mode == IndexMode::build) return std::optional<Index>();
  auto old = Index::open(path);
  if (old) return std::optional<Index>(*std::move(old));
  if (old.error().code() == Errc::not_found) return std::optional<Index>();
  return std::move(old).error();
}

/// Holds until closed, also by kill -9. It is the folder that is locked, so that a refused command leaves no file
/// behind.
Result<os::Fd> lock_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  os::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "open the folder " + printable(folder.string()));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  return Error(Errc::conflict, "index.locked", "somebody else writes an index in " + printable(folder.string()),
               "Wait until that is done, and try again.");
}

}  // namespace

Result<IndexUpdate> update_index(const std::filesystem::path& path, IndexMode mode,
                                 std::span<const std::unique_ptr<FeedSource>> feeds, Instant now, BadDocuments bad) {
  TRY_ASSIGN(const os::Fd lock, lock_folder_of(path));
  os::remove_leftovers(path);
  TRY_ASSIGN(std::optional<Index> old, open_old(path, mode));
  Intake intake(std::move(old), bad);
  for (const auto& feed : feeds) TRY(intake.read(*feed));
  IndexUpdate update;
  TRY_ASSIGN(Bytes bytes, std::move(intake).finish(now, update));
  TRY(os::replace_file(path, bytes));
  TRY_ASSIGN(const Index made, Index::from_bytes(std::move(bytes)));
  update.info = made.info();
  return update;
}

Result<Bytes> make_index(std::span<const std::unique_ptr<FeedSource>> feeds, Instant now) {
  Intake intake(std::nullopt, BadDocuments::refuse);
  for (const auto& feed : feeds) TRY(intake.read(*feed));
  IndexUpdate update;
  return std::move(intake).finish(now, update);
}

}  // namespace signet::vuln
