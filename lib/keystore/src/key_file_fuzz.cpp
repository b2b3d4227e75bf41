// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "key_file.hpp"

#include "signet/test/fuzz.hpp"

#include "software_key.hpp"

using namespace signet;

// A key file has one spelling; a private key that is accepted can be written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  if (const auto file = keystore::KeyFile::parse(input)) {
    FUZZ_ASSERT(file->text() == as_text(input));
  }
  if (const auto key = keystore::parse_pkcs8(Secret::copy_of(input))) {
    const auto der = keystore::write_pkcs8(key->get());
    FUZZ_ASSERT(der.has_value() && keystore::parse_pkcs8(*der).has_value());
  }
  return 0;
}
