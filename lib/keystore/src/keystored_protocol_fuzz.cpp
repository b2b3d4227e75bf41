// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A question that is understood means the same after it was written; an answer's error keeps what programs act on, and
// nothing foreign in it reaches a terminal unprintable; a key keeps every member.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  if (const auto request = keystore::KeystoredRequest::parse(input)) {
    const auto again = keystore::KeystoredRequest::parse(request->encode());
    FUZZ_ASSERT(again.has_value() && again->op == request->op && again->arguments == request->arguments);
  }
  const auto answer = keystore::parse_answer(input);
  const auto again = keystore::parse_answer(keystore::encode_answer(answer));
  if (!answer) {
    FUZZ_ASSERT(!again.has_value() && again.error().code() == answer.error().code() &&
                again.error().reason() == answer.error().reason() && again.error().context().size() <= 16);
    FUZZ_ASSERT(printable(again.error().reason(), 1000) == again.error().reason());
    return 0;
  }
  FUZZ_ASSERT(again.has_value() && *again == *answer);
  if (const auto key = keystore::KeystoredKey::parse(*answer)) {
    const auto same = keystore::KeystoredKey::parse(key->to_json());
    FUZZ_ASSERT(same.has_value() && same->to_json() == key->to_json());
  }
  return 0;
}
