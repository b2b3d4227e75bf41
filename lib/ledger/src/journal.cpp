// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: journal_fuzz)
#include "journal.hpp"

#include "frontier.hpp"
#include "note.hpp"

#include <algorithm>

namespace signet::ledger {

namespace {

constexpr std::string_view k_first_line = "signet ledger journal 1";
constexpr std::size_t k_check_size_bytes = 8;
// "SLJ", flags, u64 index, u16 length, check
constexpr std::array<std::byte, 3> k_magic = {std::byte{'S'}, std::byte{'L'}, std::byte{'J'}};
constexpr std::size_t k_frame_header_size_bytes = 3 + 1 + 8 + 2 + k_check_size_bytes;
constexpr std::byte k_begins_write{0x01};

Error damaged(std::string text) {
  return {Errc::untrusted, "ledger.journal-damaged", "the ledger's journal is damaged: " + std::move(text),
          "Keep a copy of the folder, and restore the journal from a backup."};
}

using Check = std::array<std::byte, k_check_size_bytes>;

Check header_check(std::string_view lines) {
  Check check{};
  std::ranges::copy_n(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(lines)).begin(), k_check_size_bytes,
                      check.begin());
  return check;
}

Check frame_check(const Salt& salt, ByteView frame_start, const Hash& leaf) {
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(salt);
  hasher.update(frame_start);
  hasher.update(leaf);
  Check check{};
  std::ranges::copy_n(hasher.finish().begin(), k_check_size_bytes, check.begin());
  return check;
}

/// A frame that holds, at the front of `rest`.
struct Frame {
  std::uint64_t index = 0;
  bool begins_write = false;
  std::uint32_t size_bytes = 0;
  Hash leaf{};
};

std::optional<Frame> read_frame(const Salt& salt, ByteView rest) {
  constexpr std::size_t start_size = k_frame_header_size_bytes - k_check_size_bytes;
  if (rest.size() < k_frame_header_size_bytes || !equal(rest.first(k_magic.size()), k_magic)) return std::nullopt;
  const std::byte flags = rest[3];
  if ((flags & ~k_begins_write) != std::byte{0}) return std::nullopt;
  const std::uint16_t length = get_be16(rest.subspan(12));
  if (rest.size() - k_frame_header_size_bytes < length) return std::nullopt;
  const Hash leaf = leaf_hash(rest.subspan(k_frame_header_size_bytes, length));
  if (!equal(frame_check(salt, rest.first(start_size), leaf), rest.subspan(start_size, k_check_size_bytes)))
    return std::nullopt;
  return Frame{get_be64(rest.subspan(4)), flags == k_begins_write, length, leaf};
}

/// Whether a later write stands anywhere behind a broken frame. It began only after everything before it was durable,
/// so the broken frame was no torn write.
bool has_later_write(const Salt& salt, ByteView rest, std::uint64_t index) {
  auto at = rest.begin();
  while ((at = std::search(at, rest.end(), k_magic.begin(), k_magic.end())) != rest.end()) {
    const auto frame = read_frame(salt, ByteView(at, rest.end()));
    if (frame && frame->begins_write && frame->index > index) return true;
    ++at;
  }
  return false;
}

}  // namespace

std::string JournalHeader::encode() const {
  const std::string lines =
      std::string(k_first_line) + "\n" + origin + "\n" + std::to_string(base) + "\n" + to_hex(salt) + "\n";
  return lines + to_hex(header_check(lines)) + "\n";
}

Result<JournalHeader> JournalHeader::decode(ByteView& rest) {
  std::string_view text = as_text(rest);
  const std::string_view all = text;
  const auto first = take_line(text);
  const auto origin = take_line(text);
  const auto base = take_line(text);
  const auto salt = take_line(text);
  const auto check = take_line(text);
  if (first != k_first_line || !origin || !base || !salt || !check) return damaged("it does not begin as one");
  TRY(check_origin(*origin));
  JournalHeader header{.origin = std::string(*origin)};
  const auto number = parse_decimal(*base);
  const auto salt_bytes = from_hex(*salt);
  if (!number || *number % k_tile_width != 0 || !salt_bytes || salt_bytes->size() != header.salt.size()) {
    return damaged("its first lines make no sense");
  }
  header.base = *number;
  std::ranges::copy(*salt_bytes, header.salt.begin());
  const std::string encoded = header.encode();
  if (!all.starts_with(encoded)) return damaged("its first lines were changed");
  rest = rest.subspan(encoded.size());
  return header;
}

void append_frame(Bytes& to, const JournalHeader& header, std::uint64_t index, bool begins_write, ByteView entry) {
  ensure(entry.size() <= k_entry_size_bytes_max, "append_frame: the entry fits");
  Bytes start(k_magic.begin(), k_magic.end());
  start.resize(k_frame_header_size_bytes - k_check_size_bytes);
  start[3] = begins_write ? k_begins_write : std::byte{0};
  put_be64(ByteSpan(start).subspan(4), index);
  put_be16(ByteSpan(start).subspan(12), static_cast<std::uint16_t>(entry.size()));
  append(to, start);
  append(to, frame_check(header.salt, start, leaf_hash(entry)));
  append(to, entry);
}

Result<JournalScan> scan_journal(ByteView file) {
  JournalScan scan;
  ByteView rest = file;
  TRY_ASSIGN(scan.header, JournalHeader::decode(rest));
  scan.end = file.size() - rest.size();
  for (std::uint64_t index = scan.header.base; !rest.empty(); ++index) {
    const auto frame = read_frame(scan.header.salt, rest);
    if (!frame || frame->index != index) {
      const bool is_damaged = has_later_write(scan.header.salt, rest, index);
      scan.tail = is_damaged ? JournalScan::Tail::damaged : JournalScan::Tail::torn;
      return scan;
    }
    scan.entries.push_back({scan.end + k_frame_header_size_bytes, frame->size_bytes, frame->leaf});
    scan.end += k_frame_header_size_bytes + frame->size_bytes;
    rest = file.subspan(static_cast<std::size_t>(scan.end));
  }
  return scan;
}

}  // namespace signet::ledger
