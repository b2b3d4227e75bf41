// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "journal.hpp"

#include "signet/test/fuzz.hpp"

#include <algorithm>

using namespace signet;
using namespace signet::ledger;

namespace {

/// A journal whose last write holds the fuzzer's input in two entries, so that the fuzzer cuts and changes real frames.
Bytes journal_around(ByteView input, Bytes& whole) {
  const JournalHeader header{.origin = "fuzz.example/log", .base = 256};
  Bytes file = to_bytes(header.encode());
  append_frame(file, header, 256, true, as_bytes("acknowledged"));
  whole = file;
  const std::size_t half = std::min(input.size() / 2, k_entry_size_bytes_max);
  append_frame(file, header, 257, true, input.first(half));
  append_frame(file, header, 258, false, input.first(half));
  return file;
}

}  // namespace

// Whatever a journal holds, its whole entries rebuild its first bytes; and a last write cut anywhere never costs an
// earlier entry, nor is it taken for damage.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = signet::test::fuzz_input(data, size);
  if (const auto scan = scan_journal(input)) {
    FUZZ_ASSERT(scan->end <= input.size());
    FUZZ_ASSERT((scan->tail == JournalScan::Tail::clean) == (scan->end == input.size()));
    for (const JournalEntry& entry : scan->entries) {
      FUZZ_ASSERT(entry.offset + entry.size_bytes <= scan->end);
      const ByteView bytes = input.subspan(static_cast<std::size_t>(entry.offset), entry.size_bytes);
      FUZZ_ASSERT(leaf_hash(bytes) == entry.leaf);
    }
    const auto again = scan_journal(input.first(static_cast<std::size_t>(scan->end)));
    FUZZ_ASSERT(again && again->tail == JournalScan::Tail::clean && again->entries.size() == scan->entries.size());
  }
  if (size < 2) return 0;
  Bytes whole;
  const Bytes file = journal_around(input, whole);
  const std::size_t last_size = file.size() - whole.size();
  const std::size_t cut = whole.size() + (std::size_t{data[0]} * 256 + data[1]) % last_size;
  const auto torn = scan_journal(ByteView(file).first(cut));
  FUZZ_ASSERT(torn && !torn->entries.empty() && torn->tail != JournalScan::Tail::damaged);
  FUZZ_ASSERT(torn->end >= whole.size() && torn->end <= cut);
  return 0;
}
