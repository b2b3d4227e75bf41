// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_archive_fuzz)
//
// Archives are read as a stream and never written out, so that a name can do no harm beyond a message; names that try
// are refused all the same, because whoever made them wanted something.
#include "walk.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>

namespace signet::vuln {

namespace {

using Archive = std::unique_ptr<::archive, decltype([](::archive* a) { ::archive_read_free(a); })>;

constexpr unsigned k_nested_max = 2;
constexpr std::uint64_t k_expansion_free_bytes = 64U << 20U;
constexpr std::size_t k_block_size_bytes = 256U << 10U;

Error bad_archive(::archive* archive) {
  const char* said = ::archive_error_string(archive);
  return {Errc::invalid_input, "feed.archive",
          "the archive is damaged: " + printable(said == nullptr ? "no reason given" : said), "Fetch it again."};
}

Archive make_reader() {
  Archive archive(::archive_read_new());
  ensure(archive != nullptr, "archive: memory");
  ::archive_read_support_filter_gzip(archive.get());
  ::archive_read_support_filter_bzip2(archive.get());
  ::archive_read_support_filter_xz(archive.get());
  ::archive_read_support_filter_zstd(archive.get());
  ::archive_read_support_format_tar(archive.get());
  ::archive_read_support_format_zip(archive.get());
  ::archive_read_support_format_raw(archive.get());
  ::archive_read_support_format_empty(archive.get());
  return archive;
}

std::string without_suffix(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return std::string(name.substr(0, dot));
}

/// Walks one archive; what is in it may be archives again.
class Walk {
 public:
  Walk(::archive* archive, std::string name, unsigned depth, Budget& budget, const FeedSource::Take& take)
      : archive_(archive), name_(std::move(name)), depth_(depth), budget_(budget), take_(take) {}

  Result<void> run() {
    while (true) {
      ::archive_entry* entry = nullptr;
      const int code = ::archive_read_next_header(archive_, &entry);
      if (code == ARCHIVE_EOF) return {};
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return bad_archive(archive_);
      TRY(read_entry(entry));
    }
  }

 private:
  Result<void> read_entry(::archive_entry* entry) {
    const bool is_raw = ::archive_format(archive_) == ARCHIVE_FORMAT_RAW;
    const char* path = ::archive_entry_pathname(entry);
    const std::string name = is_raw ? without_suffix(name_) : std::string(path == nullptr ? "" : path);
    if (is_raw && !is_document_name(name)) {
      return Error(Errc::invalid_input, "feed.archive", printable(name_) + " is no archive, or a damaged one",
                   "Fetch it again.");
    }
    if (!is_raw) {
      TRY(check_entry_name(name));
      const auto type = ::archive_entry_filetype(entry);
      if (type == AE_IFDIR) return {};
      if (type != AE_IFREG || ::archive_entry_hardlink(entry) != nullptr) {
        return Error(Errc::invalid_input, "feed.link", "the entry " + printable(name) + " of the archive is no file",
                     "A feed has no use for links and devices; do not trust this one.");
      }
    }
    const bool is_nested = is_packed_name(name);
    if (!is_nested && !is_document_name(name)) return skip();
    TRY(read_content(name));
    if (is_nested) return read_packed_bytes(name, content_, depth_ + 1, budget_, take_);
    TRY(budget_.take_document());
    return take_(name, content_).context("read " + printable(name));
  }

  /// What is skipped is unpacked all the same, and counts.
  Result<void> skip() {
    while (true) {
      const auto size = ::archive_read_data(archive_, block_.data(), block_.size());
      if (size < 0) return bad_archive(archive_);
      if (size == 0) return {};
      TRY(count(static_cast<std::uint64_t>(size)));
    }
  }

  Result<void> read_content(std::string_view name) {
    content_.clear();
    while (true) {
      const auto size = ::archive_read_data(archive_, block_.data(), block_.size());
      if (size < 0) return bad_archive(archive_);
      if (size == 0) return {};
      TRY(count(static_cast<std::uint64_t>(size)));
      append(content_, ByteView(block_).first(static_cast<std::size_t>(size)));
      if (content_.size() > budget_.limits().document_size_bytes_max) {
        return Error(Errc::exhausted, "feed.too-big",
                     printable(name) + " is larger than the " +
                         std::to_string(budget_.limits().document_size_bytes_max) + " bytes that a document may have",
                     "No publisher's document is that large; look at what you fetched.");
      }
    }
  }

  Result<void> count(std::uint64_t size) {
    unpacked_ += size;
    TRY(budget_.take_bytes(size));
    const auto packed = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_filter_bytes(archive_, -1), 1));
    if (unpacked_ > k_expansion_free_bytes && unpacked_ / packed > budget_.limits().expansion_max) {
      return Error(
          Errc::invalid_input, "feed.bomb",
          "the archive unpacks to more than " + std::to_string(budget_.limits().expansion_max) + " times its size",
          "No real feed does that; do not trust this one.");
    }
    return {};
  }

  ::archive* archive_;
  std::string name_;
  unsigned depth_;
  Budget& budget_;
  const FeedSource::Take& take_;
  Bytes block_ = Bytes(k_block_size_bytes);
  Bytes content_;
  std::uint64_t unpacked_ = 0;
};

bool ends_with_one_of(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

Result<void> Budget::take_bytes(std::uint64_t size_bytes) {
  bytes_ += size_bytes;
  if (bytes_ <= limits_.total_size_bytes_max) return {};
  return Error(Errc::exhausted, "feed.too-big",
               "the feed has more than " + std::to_string(limits_.total_size_bytes_max) + " bytes of documents",
               "Read it in parts: `signet vuln index update` adds to an index.");
}

Result<void> Budget::take_document() {
  if (++documents_ <= limits_.documents_max) return {};
  return Error(Errc::exhausted, "feed.too-many",
               "the feed has more than " + std::to_string(limits_.documents_max) + " documents",
               "Read it in parts: `signet vuln index update` adds to an index.");
}

bool is_document_name(std::string_view name) {
  // The list of changes of a CSAF provider (section 7.1.13) is checked, and is no document.
  return ends_with_one_of(name, {".json", ".csv"}) && !name.ends_with("changes.csv");
}

bool is_packed_name(std::string_view name) {
  return ends_with_one_of(name, {".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".json.gz",
                                 ".json.xz", ".json.bz2", ".json.zst", ".csv.gz", ".csv.xz", ".csv.bz2", ".csv.zst"});
}

Result<void> check_entry_name(std::string_view name) {
  bool is_bad = name.empty() || name.size() > 4096 || name.front() == '/' || name.find('\\') != std::string_view::npos;
  is_bad =
      is_bad || std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  for (std::string_view rest = name; !is_bad && !rest.empty();) {
    const std::size_t slash = rest.find('/');
    is_bad = rest.substr(0, slash) == "..";
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  if (!is_bad) return {};
  return Error(Errc::invalid_input, "feed.path", "the archive has an entry with the name '" + printable(name) + "'",
               "A feed's names are relative and stay below its folder; do not trust this one.");
}

Result<void> read_packed_file(const std::filesystem::path& path, Budget& budget, const FeedSource::Take& take) {
  const Archive archive = make_reader();
  if (::archive_read_open_filename(archive.get(), path.c_str(), k_block_size_bytes) != ARCHIVE_OK) {
    return bad_archive(archive.get());
  }
  return Walk(archive.get(), path.filename().string(), 0, budget, take).run();
}

Result<void> read_packed_bytes(std::string_view name, ByteView packed, unsigned depth, Budget& budget,
                               const FeedSource::Take& take) {
  if (depth > k_nested_max) {
    return Error(Errc::invalid_input, "feed.archive",
                 printable(name) + " is an archive within more than " + std::to_string(k_nested_max) + " others",
                 "Unpack the outer ones yourself.");
  }
  const Archive archive = make_reader();
  if (::archive_read_open_memory(archive.get(), packed.data(), packed.size()) != ARCHIVE_OK) {
    return bad_archive(archive.get());
  }
  return Walk(archive.get(), std::string(name), depth, budget, take).run();
}

Result<std::string> unpack_bytes(ByteView packed, std::uint64_t size_bytes_max) {
  Budget budget({.document_size_bytes_max = size_bytes_max, .total_size_bytes_max = size_bytes_max});
  std::string content;
  TRY(read_packed_bytes("content.json.gz", packed, 0, budget, [&](std::string_view, ByteView bytes) -> Result<void> {
    content = as_text(bytes);
    return {};
  }));
  return content;
}

}  // namespace signet::vuln
