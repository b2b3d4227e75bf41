// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/bytes.hpp"
#include "signet/core/ids.hpp"
#include "signet/core/time.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// Each small text format has one spelling for one value, and printable text never steers a terminal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const std::string_view text = as_text(input);
  if (const auto bytes = from_base64(text)) FUZZ_ASSERT(to_base64(*bytes) == text);
  FUZZ_ASSERT(equal(*from_hex(to_hex(input)), input));
  FUZZ_ASSERT(equal(*from_base64(to_base64(input)), input));
  if (const auto instant = from_rfc3339(text)) {
    const auto again = from_rfc3339(to_rfc3339(*instant));
    FUZZ_ASSERT(again && *again == *instant);
  }
  if (const auto id = ProductId::parse(text)) FUZZ_ASSERT(id->str() == text && printable(text, 80) == text);
  const std::string safe = printable(text, size + 1);
  for (char c : safe) FUZZ_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  return 0;
}
