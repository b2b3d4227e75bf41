// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger.hpp"
#include "signet/os/fd.hpp"

#include <span>

namespace signet::ledger {

/// The journal holds the entries that are acknowledged but not yet in full tiles; docs/formats/ledger.md gives its
/// bytes.
inline constexpr std::uint64_t k_journal_size_bytes_max = 256U * 1024U * 1024U;

using Salt = std::array<std::byte, 16>;

/// What the journal begins with.
struct JournalHeader {
  std::string origin;
  std::uint64_t base = 0;  ///< index of its first entry, a multiple of 256
  Salt salt{};             ///< keeps entries from posing as frames: whoever submits them does not know it

  [[nodiscard]] std::string encode() const;
  /// Takes the header off the front of `rest`. "ledger.journal-damaged".
  static Result<JournalHeader> decode(ByteView& rest);
};

/// Where an entry lies in the journal.
struct JournalEntry {
  std::uint64_t offset = 0;  ///< of its bytes, from the start of the file
  std::uint32_t size_bytes = 0;
  Hash leaf{};
};

/// What a journal holds: whole entries up to `end`, and how it goes on.
struct JournalScan {
  enum class Tail : std::uint8_t {
    clean,    ///< nothing follows
    torn,     ///< the rest of a write that was cut off before it was acknowledged
    damaged,  ///< a broken entry before a later write: it had been acknowledged
  };
  JournalHeader header;
  std::vector<JournalEntry> entries;
  std::uint64_t end = 0;
  Tail tail = Tail::clean;
};

/// Appends one entry's frame. `begins_write` marks the first of those written by one call: all before it was durable
/// then.
void append_frame(Bytes& to, const JournalHeader& header, std::uint64_t index, bool begins_write, ByteView entry);
/// Reads a whole journal.
Result<JournalScan> scan_journal(ByteView file);

}  // namespace signet::ledger
