// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "note.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;
using namespace signet::ledger;

// A note and a checkpoint have one spelling: what was read writes back as the same bytes, so a signature covers what
// was understood.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = signet::test::fuzz_input(data, size);
  if (const auto note = Note::decode(input)) {
    FUZZ_ASSERT(note->encode() == as_text(input));
    FUZZ_ASSERT(!note->signatures.empty() && note->signatures.size() <= k_note_signatures_max);
    if (const auto text = CheckpointText::decode(note->text)) FUZZ_ASSERT(text->encode() == note->text);
  }
  if (const auto text = CheckpointText::decode(as_text(input))) {
    FUZZ_ASSERT(text->encode() == as_text(input));
    const auto again = CheckpointText::decode(text->encode());
    FUZZ_ASSERT(again && again->size == text->size && again->root == text->root && again->origin == text->origin);
  }
  return 0;
}
