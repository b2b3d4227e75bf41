// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: ca_journal_fuzz)
#include "journal.hpp"

#include "signet/core/ensure.hpp"
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"

#include <algorithm>
#include <system_error>

namespace signet::ca {

namespace {

constexpr std::string_view k_magic = "SIGNETCA";
constexpr std::size_t k_head_size_bytes = 4 + 32;
constexpr std::size_t k_record_size_bytes_max = 256U << 10U;
constexpr std::uint64_t k_journal_size_bytes_max = 1ULL << 30U;

Error damaged(std::string text) {
  return {Errc::invalid_input, "ca.damaged", std::move(text),
          "The file was changed by something else than this program, or the disk lost a part of it. Restore the folder "
          "from a backup."};
}

Bytes link(ByteView chain, ByteView record) {
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  Bytes size(4);
  put_be32(size, static_cast<std::uint32_t>(record.size()));
  hasher.update(chain);
  hasher.update(size);
  hasher.update(record);
  return hasher.finish();
}

Bytes first_link() { return crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(k_magic)); }

Bytes frame(ByteView record, ByteView chain) {
  ensure(!record.empty() && record.size() <= k_record_size_bytes_max, "a record within bounds");
  Bytes bytes(4);
  put_be32(bytes, static_cast<std::uint32_t>(record.size()));
  append(bytes, chain);
  append(bytes, record);
  return bytes;
}

// A kill leaves the front of a frame; a power cut may also leave a file that has grown, but with zeros where its end
// should be. In either case it is one frame, the last. Anything else was whole once, and must not be dropped as if
// nobody had been told of it: records are text without zero bytes that ends in '}', while each head begins with a zero
// byte.
bool is_torn(ByteView rest, ByteView chain) {
  if (rest.size() > k_head_size_bytes + k_record_size_bytes_max) return false;
  ByteView written = rest;
  while (!written.empty() && written.back() == std::byte{0}) written = written.first(written.size() - 1);
  if (written.size() < k_head_size_bytes) return true;
  const std::size_t size = get_be32(rest);
  if (size == 0 || size > k_record_size_bytes_max || rest.size() > k_head_size_bytes + size) return false;
  const ByteView record = written.subspan(k_head_size_bytes);
  if (std::ranges::find(record, std::byte{0}) != record.end()) return false;  // swallows the head of a later frame
  if (written.size() == k_head_size_bytes + size) return false;
  return !equal(link(chain, record), rest.subspan(4, 32));  // whole, but for its size field
}

}  // namespace

Result<JournalContent> Journal::read(ByteView bytes) {
  if (bytes.size() < k_magic.size() || as_text(bytes.first(k_magic.size())) != k_magic) {
    return damaged("not the journal of a certificate authority");
  }
  JournalContent content{.records = {}, .size_bytes = k_magic.size(), .chain = first_link()};
  while (content.size_bytes < bytes.size()) {
    const ByteView rest = bytes.subspan(content.size_bytes);
    const std::size_t size = rest.size() < k_head_size_bytes ? 0 : get_be32(rest);
    const bool is_whole = size > 0 && size <= k_record_size_bytes_max && rest.size() - k_head_size_bytes >= size;
    const ByteView record = is_whole ? rest.subspan(k_head_size_bytes, size) : ByteView{};
    Bytes chain = link(content.chain, record);
    if (!is_whole || !equal(chain, rest.subspan(4, 32))) {
      if (is_torn(rest, content.chain)) break;
      return damaged("record " + std::to_string(content.records.size() + 1) +
                     " of the journal is not as it was written");
    }
    content.records.push_back(to_bytes(record));
    content.size_bytes += k_head_size_bytes + size;
    content.chain = std::move(chain);
  }
  if (content.records.empty()) return damaged("a journal without its first record");
  return content;
}

Result<void> Journal::create(const std::filesystem::path& path, ByteView first_record) {
  Bytes bytes = to_bytes(k_magic);
  signet::append(bytes, frame(first_record, link(first_link(), first_record)));
  return os::write_new_file(path, bytes, 0600);
}

Result<Journal> Journal::open(const std::filesystem::path& path, std::vector<Bytes>& records) {
  TRY_ASSIGN(os::Fd fd, os::open_read_write(path));
  TRY_ASSIGN(const std::uint64_t size, os::size_of(fd));
  if (size > k_journal_size_bytes_max) return damaged("a journal of more than 1 GiB");
  Bytes bytes(size);
  TRY(os::read_exact_at(fd, 0, bytes));
  TRY_ASSIGN(auto content, read(bytes));
  records = std::move(content.records);
  return Journal(path, std::move(fd), content.size_bytes, std::move(content.chain));
}

Result<void> Journal::cut_tail() {
  TRY_ASSIGN(const std::uint64_t size, os::size_of(fd_));
  if (size == size_bytes_) return {};
  std::error_code failed;
  std::filesystem::resize_file(path_, size_bytes_, failed);
  if (failed)
    return Error(Errc::io, "ca.io", "the journal could not be cut to its last whole record: " + failed.message());
  return os::sync(fd_);
}

Result<void> Journal::append(ByteView record) {
  TRY(cut_tail());
  Bytes chain = link(chain_, record);
  const Bytes bytes = frame(record, chain);
  if (size_bytes_ + bytes.size() > k_journal_size_bytes_max) {
    return Error(Errc::exhausted, "ca.full", "the journal of this authority is full", "Begin a new authority.");
  }
  auto written = os::write_all_at(fd_, size_bytes_, bytes);
  if (written) written = os::sync(fd_);
  if (!written) {
    // The record may or may not be on the disk. Nobody was told of it, so it must not come back.
    TRY(cut_tail().context("take back a record that could not be written"));
    return written;
  }
  size_bytes_ += bytes.size();
  chain_ = std::move(chain);
  return {};
}

}  // namespace signet::ca
