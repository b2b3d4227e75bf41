// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "journal.hpp"
#include "records.hpp"

using namespace signet;

// What is read from a journal is what stands at its front: cut there, it reads the same; with its last record cut, one
// record less. A record that is understood is written as it stood.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  if (const auto record = ca::decode(input)) FUZZ_ASSERT(equal(ca::encode(*record), input));
  const auto content = ca::Journal::read(input);
  if (!content) return 0;
  FUZZ_ASSERT(content->size_bytes <= input.size());
  const auto whole = ca::Journal::read(input.first(content->size_bytes));
  FUZZ_ASSERT(whole.has_value() && whole->records == content->records && whole->size_bytes == content->size_bytes);
  const auto shorter = ca::Journal::read(input.first(content->size_bytes - 1));
  FUZZ_ASSERT(shorter.has_value() ? shorter->records.size() + 1 == whole->records.size() : whole->records.size() == 1);
  for (const Bytes& each : content->records) {
    if (const auto record = ca::decode(each)) FUZZ_ASSERT(equal(ca::encode(*record), each));
  }
  return 0;
}
