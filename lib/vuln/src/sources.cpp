// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_archive_fuzz)
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"
#include "signet/vuln/feed.hpp"

#include "openpgp.hpp"
#include "walk.hpp"

#include <algorithm>
#include <optional>

namespace signet::vuln {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_list_size_bytes_max = 64U << 20U;
constexpr std::uint64_t k_beside_size_bytes_max = 1U << 20U;

/// Checks that a document is what the digests and signatures beside it say (CSAF 2.0 sections 7.1.18 and 7.1.19).
class Witnesses {
 public:
  Result<void> trust(const FeedTrust& trust) {
    if (trust.openpgp_keys.empty()) return {};
    TRY_ASSIGN(keys_, OpenPgpKeys::load(trust.openpgp_keys));
    return {};
  }

  Result<void> check(const fs::path& path, std::string_view name, ByteView content) {
    TRY(check_hash(path, name, content, ".sha256", crypto::HashAlgorithm::sha256));
    TRY(check_hash(path, name, content, ".sha512", crypto::HashAlgorithm::sha512));
    if (!keys_ || !is_csaf(content)) return {};
    const auto signature = os::read_file(path.string() + ".asc", k_beside_size_bytes_max);
    if (!signature) {
      return Error(Errc::untrusted, "feed.signature", printable(name) + " has no signature beside it",
                   "A trusted provider signs each document (CSAF 2.0 section 7.1.19); fetch NAME.asc as well.");
    }
    return keys_->check(content, *signature).context("check the signature of " + printable(name));
  }

 private:
  /// Good enough to say what must be signed: a document that hides this word is no CSAF document.
  static bool is_csaf(ByteView content) { return as_text(content).find("\"csaf_version\"") != std::string_view::npos; }

  static Result<void> check_hash(const fs::path& path, std::string_view name, ByteView content, const char* suffix,
                                 crypto::HashAlgorithm algorithm) {
    const auto beside = os::read_file(path.string() + suffix, k_beside_size_bytes_max);
    if (!beside && beside.error().code() == Errc::not_found) return {};
    if (!beside) return beside.error();
    std::string_view text = as_text(*beside);
    text = text.substr(0, text.find_first_of(" \t\r\n"));
    const auto wanted = from_hex(text);
    if (wanted && equal(*wanted, crypto::digest(algorithm, content))) return {};
    return Error(Errc::untrusted, "feed.hash",
                 printable(name) + " does not have the digest that " +
                     printable(fs::path(std::string(name) + suffix).filename().string()) + " states",
                 "It was altered, or only one of the two was fetched; fetch both again.");
  }

  std::optional<OpenPgpKeys> keys_;
};

class FileSource : public FeedSource {
 public:
  FileSource(fs::path path, Witnesses witnesses, const FeedLimits& limits)
      : path_(std::move(path)), witnesses_(std::move(witnesses)), limits_(limits) {}
  [[nodiscard]] std::string name() const override { return path_.string(); }

  Result<void> read(const Take& take) override {
    Budget budget(limits_);
    return read_one(path_, path_.filename().string(), budget, take);
  }

 protected:
  Result<void> read_one(const fs::path& path, const std::string& name, Budget& budget, const Take& take) {
    if (is_packed_name(name)) return read_packed_file(path, budget, take).context("read " + printable(name));
    TRY(budget.take_document());
    const auto content = os::read_file(path, budget.limits().document_size_bytes_max);
    if (!content) return content.error();
    TRY(budget.take_bytes(content->size()));
    TRY(witnesses_.check(path, name, *content));
    return take(name, *content).context("read " + printable(name));
  }

  fs::path path_;
  Witnesses witnesses_;
  FeedLimits limits_;
};

class FolderSource : public FileSource {
 public:
  using FileSource::FileSource;

  Result<void> read(const Take& take) override {
    Budget budget(limits_);
    TRY_ASSIGN(const std::vector<std::string> names, list());
    TRY(check_listed(names));
    for (const std::string& name : names) {
      if (is_document_name(name) || is_packed_name(name)) TRY(read_one(path_ / name, name, budget, take));
    }
    return {};
  }

 private:
  /// All files below, by their relative names, sorted. Links are not followed: a feed has none.
  [[nodiscard]] Result<std::vector<std::string>> list() const {
    std::vector<std::string> names;
    std::error_code error;
    fs::recursive_directory_iterator at(path_, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      if (at->is_symlink(error)) {
        return Error(Errc::invalid_input, "feed.link",
                     printable(at->path().string()) + " is a link, and could lead anywhere",
                     "Put the file itself into the folder.");
      }
      if (!at->is_regular_file(error)) continue;
      names.push_back(at->path().lexically_relative(path_).string());
      if (names.size() > 4 * limits_.documents_max) {
        return Error(Errc::exhausted, "feed.too-many", "the folder has too many files",
                     "Read its folders one after the other.");
      }
    }
    if (error) return errno_error(error.value(), "list " + printable(path_.string()));
    std::ranges::sort(names);
    return names;
  }

  /// A document that the provider's own lists name and that is not there was withheld, or the copy is not whole
  /// (CSAF 2.0 sections 7.1.12 and 7.1.13).
  [[nodiscard]] Result<void> check_listed(const std::vector<std::string>& names) const {
    for (const std::string& list : names) {
      const std::string file = fs::path(list).filename().string();
      if (file != "index.txt" && file != "changes.csv") continue;
      TRY_ASSIGN(const Bytes content, os::read_file(path_ / list, k_list_size_bytes_max));
      std::string_view rest = as_text(content);
      while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        if (line.starts_with('"')) line = line.substr(1, line.find('"', 1) - 1);
        if (file == "changes.csv") line = line.substr(0, line.find(','));
        while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
        if (!line.ends_with(".json")) continue;
        TRY(check_entry_name(line));
        const std::string wanted = (fs::path(list).parent_path() / line).lexically_normal().string();
        if (std::ranges::binary_search(names, wanted)) continue;
        return Error(Errc::not_found, "feed.listed",
                     printable(list) + " lists " + printable(line) + ", which is not there",
                     "Fetch the whole provider again.");
      }
    }
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<FeedSource>> open_feed(const std::filesystem::path& path, const FeedTrust& trust,
                                              const FeedLimits& limits) {
  Witnesses witnesses;
  TRY(witnesses.trust(trust));
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::is_directory(status)) {
    return std::unique_ptr<FeedSource>(std::make_unique<FolderSource>(path, std::move(witnesses), limits));
  }
  if (!fs::exists(status)) {
    return Error(Errc::not_found, "feed.missing", "there is no feed at " + printable(path.string()),
                 "Name a file, an archive or a folder that holds the publisher's documents.");
  }
  return std::unique_ptr<FeedSource>(std::make_unique<FileSource>(path, std::move(witnesses), limits));
}

}  // namespace signet::vuln
