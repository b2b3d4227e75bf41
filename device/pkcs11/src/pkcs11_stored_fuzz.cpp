// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "object.hpp"

/// What keystored gave back is written and read again the same, and a key's record and an object are never the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet::pkcs11;
  const signet::ByteView input = signet::test::fuzz_input(data, size);
  if (const auto record = KeyRecord::parse(input)) {
    const signet::Bytes written = record->encode();
    const auto again = KeyRecord::parse(written);
    FUZZ_ASSERT(again.has_value());
    FUZZ_ASSERT(again->encode() == written);
    FUZZ_ASSERT(!parse_object(written).has_value());
  }
  if (const auto attributes = parse_object(input)) {
    FUZZ_ASSERT(parse_object(encode_object(*attributes)) == attributes);
    (void)kept_object("object-1", *attributes);
  }
  return 0;
}
